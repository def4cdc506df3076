//! A thousand whole clients after one restart of their server: nobody comes back together with too many others.

use std::collections::BTreeMap;
use std::time::Duration;

use waxwing::platform::fake;

use crate::device::Device;
use crate::plan::Machine;
use crate::run;

/// How many clients.
const CLIENTS: u64 = 1_000;
/// So many of a hundred may come in one second.
const MOST: usize = 10;

/// How many sockets are opened in each second, if the server is away for so long: those that it takes.
fn returns(away: Duration) -> BTreeMap<u64, usize> {
    let machine = Machine {
        accounts: vec!["romeo@example.org"],
        ahead: Duration::ZERO,
        is_uneven: false,
    };
    let mut returns = BTreeMap::new();
    for client in 1..=CLIENTS {
        let mut device = Device::new(&machine, run::records(), client, None);
        let mut socket = None;
        device.world.run();
        for opened in device.world.new_sockets() {
            opened.accept();
            socket = Some(opened);
        }
        device.world.pass(Duration::from_secs(1));
        socket.expect("a socket").cut();
        let mut passed = Duration::ZERO;
        let step = Duration::from_millis(250);
        loop {
            device.world.pass(step);
            let sockets = device.world.new_sockets();
            if passed >= away && !sockets.is_empty() {
                *returns.entry(passed.as_secs()).or_default() += 1;
                break;
            }
            sockets.iter().for_each(fake::FakeSocket::cut);
            passed += step;
        }
    }
    returns
}

/// (A server that is back within the first three seconds is met by all of them then: so short is the first wait.)
#[test]
fn a_thousand_clients_do_not_come_back_in_the_same_second() {
    for seconds in [20, 60, 300] {
        let returns = returns(Duration::from_secs(seconds));
        let busiest = returns.values().max().copied().unwrap();
        let last = returns.keys().max().copied().unwrap();
        println!(
            "away for {seconds} s: at most {busiest} of {CLIENTS} in one second, the last after {last} s"
        );
        assert!(
            busiest * 100 <= MOST * usize::try_from(CLIENTS).unwrap(),
            "{returns:?}"
        );
    }
}
