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

/// How many sockets are opened in each second, if the server is away for so long: those that it takes. Somebody looks at one
/// client in so many.
fn returns(away: Duration, seen: u64) -> BTreeMap<u64, usize> {
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
        if client % seen != 0 {
            device.hide();
        }
        // Long enough that it counts.
        device.world.pass(Duration::from_secs(11));
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

fn assert_spread(away: Duration, seen: u64) {
    let returns = returns(away, seen);
    let busiest = returns.values().max().copied().unwrap();
    let last = returns.keys().max().copied().unwrap();
    println!(
        "away for {away:?}, one in {seen} is looked at: at most {busiest} of {CLIENTS} in one second, the last after {last} s"
    );
    assert!(
        busiest * 100 <= MOST * usize::try_from(CLIENTS).unwrap(),
        "{returns:?}"
    );
}

#[test]
fn a_thousand_clients_do_not_come_back_in_the_same_second() {
    for seconds in [20, 60, 300] {
        assert_spread(Duration::from_secs(seconds), 1);
    }
}

/// To whoever looks, a connection that was cut is back within three seconds, whatever the reason. If all did, a server that is
/// back sooner would meet a third of them in one second.
#[test]
fn a_server_that_is_back_soon_is_not_met_by_all_those_at_whom_nobody_looks() {
    for away in [0, 500, 1_000, 2_000, 3_000, 20_000] {
        assert_spread(Duration::from_millis(away), 10);
    }
}
