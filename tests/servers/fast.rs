//! XEP-0388, 0386, 0484 on a real server: Prosody 0.12 with Debian's `mod_sasl2_*`, and what of Prosody they miss there.
//!
//! What went over the wire is read from a proxy between the two, which makes each way last long enough to see who waits for whom.

use std::time::{Duration, Instant};

use waxwing::boundary::change::{AccountRow, Change};
use waxwing::boundary::command::AccountCommand;
use waxwing::entity::account::Connection;
use waxwing::entity::message::Delivery;
use xtask::fault::{Ends, Entry, FaultProxy, Shape, Way, What};
use xtask::prosody::{Options, Prosody};

use crate::PASSWORD;
use crate::person::{Person, run, until};

/// Each way.
const LATENCY: Duration = Duration::from_millis(40);

/// A server with these modules, and the way to it.
fn prosody(modules: &[&str]) -> (Prosody, FaultProxy) {
    let server = Prosody::start(Options::default().with_sasl2(modules)).unwrap();
    for user in ["romeo", "juliet"] {
        server.register(user, PASSWORD).unwrap();
    }
    let proxy = FaultProxy::start(server.http_port, 1).unwrap();
    for way in [Way::Up, Way::Down] {
        let latency = LATENCY;
        proxy.shape(
            way,
            Shape {
                latency,
                ..Shape::default()
            },
        );
    }
    (server, proxy)
}

const ALL: [&str; 4] = ["sasl2", "sasl2_bind2", "sasl2_sm", "sasl2_fast"];

fn url(proxy: &FaultProxy) -> String {
    proxy.url("/xmpp-websocket")
}

/// The frames of a connection, and which way they went.
fn frames(proxy: &FaultProxy, started: Instant, connection: u32) -> Vec<(Way, String)> {
    let of_it = |entry: Entry| match entry.what {
        What::Passed(way, text) if entry.connection == connection && text.starts_with('<') => {
            Some((way, text))
        }
        _ => None,
    };
    let all = proxy.since(started);
    all.into_iter().filter_map(of_it).collect()
}

/// How often we waited for the server until it let us in.
fn round_trips(frames: &[(Way, String)]) -> usize {
    let end = frames
        .iter()
        .position(|(_, text)| text.starts_with("<success "))
        .expect("a success");
    let turns = frames[..=end].windows(2);
    turns
        .filter(|turn| turn[0].0 == Way::Up && turn[1].0 == Way::Down)
        .count()
}

fn said(frames: &[(Way, String)], way: Way, text: &str) -> usize {
    let is_it = |frame: &&(Way, String)| frame.0 == way && frame.1.contains(text);
    frames.iter().filter(is_it).count()
}

#[test]
fn a_password_takes_three_round_trips_and_a_token_one() {
    run(async {
        let started = Instant::now();
        let (server, proxy) = prosody(&ALL);
        let mut romeo = Person::new("romeo");
        let mut juliet = Person::new("juliet");
        romeo.log_in(&url(&proxy), PASSWORD).await.unwrap();
        juliet.log_in(&server.ws_url(), PASSWORD).await.unwrap();
        romeo.watch(&juliet);
        juliet.watch(&romeo);
        romeo.say(&juliet, "one").await;
        romeo.until_delivery("one", &Delivery::Sent).await;
        let online = |row: &AccountRow| row.connection == Connection::Online;
        romeo
            .until(
                "the connection",
                |change| matches!(change, Change::Account(row) if online(row)),
            )
            .await;

        // The session has begun for everybody.
        until("our presence", async || {
            proxy.passed(started, Way::Up, "<presence").is_some()
        })
        .await;

        let first = frames(&proxy, started, 1);
        assert_eq!(round_trips(&first), 3, "{}", proxy.told(40));
        assert_eq!(said(&first, Way::Down, "<bound "), 1);
        assert_eq!(said(&first, Way::Up, "<auth "), 0);

        proxy.cut(Ends::Both);
        romeo.until_offline().await;
        juliet.say(&romeo, "two").await;
        romeo.say(&juliet, "three").await;
        romeo.until_message("two").await;
        romeo.until_delivery("three", &Delivery::Sent).await;
        juliet.until_message("three").await;
        assert_eq!((romeo.count("two"), juliet.count("three")), (1, 1));

        let second = frames(&proxy, started, 2);
        let told = proxy.told(60);
        assert_eq!(round_trips(&second), 1, "{told}");
        assert_eq!(said(&second, Way::Down, "<resumed "), 1, "{told}");
        // Nothing of a session that begins.
        for text in ["<presence", "jabber:iq:roster", "disco#info"] {
            assert_eq!(said(&second, Way::Up, text), 0, "{text}: {told}");
        }
    });
}

#[test]
fn where_the_session_is_lost_another_one_begins_in_the_same_round_trip() {
    run(async {
        let started = Instant::now();
        let (mut server, proxy) = prosody(&ALL);
        let mut romeo = Person::new("romeo");
        let mut juliet = Person::new("juliet");
        romeo.log_in(&url(&proxy), PASSWORD).await.unwrap();
        juliet.log_in(&server.ws_url(), PASSWORD).await.unwrap();
        romeo.watch(&juliet);
        proxy.cut(Ends::Both);
        server.restart().unwrap();
        romeo.until_offline().await;
        romeo.say(&juliet, "still here").await;
        romeo.until_delivery("still here", &Delivery::Sent).await;
        let last = frames(&proxy, started, proxy.opened());
        let told = proxy.told(60);
        assert_eq!(round_trips(&last), 1, "{told}");
        assert_eq!(said(&last, Way::Down, "<failed "), 1, "{told}");
        assert_eq!(said(&last, Way::Down, "<bound "), 1, "{told}");
    });
}

#[test]
fn a_token_that_the_server_has_forgotten_costs_no_question() {
    run(async {
        let started = Instant::now();
        let (server, proxy) = prosody(&ALL);
        let mut romeo = Person::new("romeo");
        let mut juliet = Person::new("juliet");
        romeo.log_in(&url(&proxy), PASSWORD).await.unwrap();
        juliet.log_in(&server.ws_url(), PASSWORD).await.unwrap();
        romeo.watch(&juliet);
        std::fs::remove_file(server.record("fast_tokens", "romeo", "dat")).unwrap();
        proxy.cut(Ends::Both);
        romeo.until_offline().await;
        romeo.say(&juliet, "let me in").await;
        romeo.until_delivery("let me in", &Delivery::Sent).await;
        let second = frames(&proxy, started, 2);
        let told = proxy.told(60);
        assert_eq!(said(&second, Way::Up, "<fast "), 1, "{told}");
        assert_eq!(said(&second, Way::Down, "not-authorized"), 1, "{told}");
        // The password on the same stream; this module's next answer is about tokens still, so on another one.
        assert_eq!(said(&second, Way::Up, "<request-token "), 1, "{told}");
        assert_eq!(said(&second, Way::Down, "invalid-mechanism"), 1, "{told}");
        let third = frames(&proxy, started, 3);
        assert_eq!(round_trips(&third), 3, "{told}");
        assert_eq!(said(&third, Way::Down, "<resumed "), 1, "{told}");
    });
}

#[test]
fn who_logs_out_gives_the_token_back() {
    run(async {
        let started = Instant::now();
        let (server, proxy) = prosody(&ALL);
        let mut romeo = Person::new("romeo");
        romeo.log_in(&url(&proxy), PASSWORD).await.unwrap();
        let record = server.record("fast_tokens", "romeo", "dat");
        let tokens = || {
            let record = std::fs::read_to_string(&record).unwrap_or_default();
            record.matches("secret-token").count()
        };
        assert_eq!(tokens(), 1);
        romeo.tell(AccountCommand::LogOut { erase: false });
        until("the token is given back", async || tokens() == 0).await;
        let second = frames(&proxy, started, 2);
        assert_eq!(said(&second, Way::Up, "invalidate="), 1);
        assert_eq!(said(&second, Way::Up, "<bind "), 0);
    });
}

/// These two work with Debian's Prosody as they are, on a WebSocket.
#[test]
fn without_tokens_and_resumption_the_rest_is_as_ever() {
    run(async {
        let started = Instant::now();
        let (server, proxy) = prosody(&["sasl2", "sasl2_bind2"]);
        let mut romeo = Person::new("romeo");
        let mut juliet = Person::new("juliet");
        romeo.log_in(&url(&proxy), PASSWORD).await.unwrap();
        juliet.log_in(&server.ws_url(), PASSWORD).await.unwrap();
        romeo.watch(&juliet);
        romeo.say(&juliet, "one").await;
        romeo.until_delivery("one", &Delivery::Sent).await;
        let first = frames(&proxy, started, 1);
        assert_eq!(round_trips(&first), 3, "{}", proxy.told(40));
        assert_eq!(said(&first, Way::Up, "<enable xmlns='urn:xmpp:sm:3'"), 1);
        // The session that waits is taken up by what comes after the log-in.
        proxy.cut(Ends::Both);
        romeo.until_offline().await;
        romeo.say(&juliet, "two").await;
        romeo.until_delivery("two", &Delivery::Sent).await;
        let second = frames(&proxy, started, 2);
        assert_eq!(
            said(&second, Way::Down, "<resumed "),
            1,
            "{}",
            proxy.told(40)
        );
    });
}
