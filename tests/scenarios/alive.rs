//! Whether anybody is there: silence, black holes, sleep, the network's coming and going (faults F03, F04, F07, F14, F15,
//! F17, F23, F24, F25).

use std::cell::RefCell;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use waxwing::boundary::change::Reply;
use waxwing::boundary::command::{AccountCommand, Anchor, Attention, Command};
use waxwing::entity::account::Connection;
use waxwing::entity::message::Delivery;
use waxwing::entity::problem::Problem;

use crate::support::managed::Memory;
use crate::support::slow::Slow;
use crate::support::{Stage, send};

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Romeo is online, his session survives its sockets, and it has lasted.
fn managed() -> Stage {
    let mut stage = Stage::empty();
    stage.server.manages = Some(Memory::Session);
    stage.log_in(true).unwrap();
    stage.pass(seconds(70));
    stage
}

/// From now on nothing arrives on either side, and no socket says so.
fn black_hole(stage: &mut Stage) {
    stage.server.deaf = true;
    stage.server.mute.set(true);
}

/// How long it takes until there is another socket, or the connection is known to be lost.
fn until_lost(stage: &mut Stage) -> Duration {
    let begun = stage.world.now();
    let sockets = stage.server.sockets.len();
    while stage.connection() == Connection::Online && stage.server.sockets.len() == sockets {
        stage.pass(ms(250));
        assert!(stage.world.now().since(begun) < seconds(300), "never");
    }
    stage.world.now().since(begun)
}

fn sockets_open(stage: &Stage) -> usize {
    let sockets = stage.server.sockets.iter();
    sockets.filter(|socket| !socket.is_closed()).count()
}

fn hide(stage: &mut Stage) {
    stage.ask(Command::Attention(Attention::Hidden));
    stage.pass(seconds(11));
}

fn show(stage: &mut Stage) {
    stage.ask(Command::Attention(Attention::Focused));
}

/// The resources that were asked for so far.
fn resources(stage: &Stage) -> Vec<String> {
    let frames = stage.server.frames.iter();
    let named = frames.filter_map(|frame| frame.split_once("<resource>"));
    named
        .map(|(_, rest)| rest.split('<').next().unwrap().to_owned())
        .collect()
}

fn stream_error(condition: &str, text: &str) -> String {
    format!(
        "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
         <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{text}</text></stream:error>"
    )
}

#[test]
fn a_dead_connection_is_found_within_fifteen_seconds_by_whoever_looks() {
    for manages in [Some(Memory::Session), None] {
        for quiet in (0..16_000).step_by(900) {
            let mut stage = Stage::empty();
            stage.server.manages = manages;
            stage.log_in(true).unwrap();
            stage.pass(ms(60_000 + quiet));
            black_hole(&mut stage);
            let took = until_lost(&mut stage);
            assert!(took <= seconds(15), "{took:?} after {quiet} ms");
        }
    }
}

#[test]
fn ten_dead_connections_one_after_the_other_are_each_found_as_soon() {
    for quiet in [500, 4_000, 9_500, 30_000] {
        for writes in [true, false] {
            let mut stage = managed();
            for number in 0..10 {
                black_hole(&mut stage);
                if writes {
                    stage.say(&format!("Does anybody hear? {number}"));
                }
                let took = until_lost(&mut stage);
                assert!(took <= seconds(15), "{took:?}, no. {number}, {quiet} ms");
                // Nobody waits for the back-off here; the way that is free brings one word at least.
                stage.tell(AccountCommand::Reconnect).unwrap();
                stage.go();
                assert_eq!(stage.connection(), Connection::Online);
                stage.server.deliver("<message xmlns='jabber:client' from='juliet@example.org/b'><body>I do</body></message>");
                stage.pass(ms(quiet));
            }
            assert_eq!(
                stage.server.take_messages().len(),
                if writes { 10 } else { 0 }
            );
        }
    }
}

#[test]
fn a_slow_link_is_not_taken_for_a_dead_one_and_a_dead_slow_one_is_found_as_soon() {
    for seed in 0..4 {
        let mut stage = Stage::empty();
        stage.server.manages = Some(Memory::Session);
        stage.server.slow = Some(RefCell::new(Slow::new(seed)));
        stage.log_in_slowly();
        stage.pass(seconds(60));
        assert_eq!(stage.connection(), Connection::Online, "seed {seed}");
        let sockets = stage.server.sockets.len();
        for number in 0..15 {
            stage.ask(Command::Activity);
            stage.say(&format!("{number}"));
            stage.pass(seconds(25));
            let now = stage.server.sockets.len();
            assert_eq!(now, sockets, "given up at {number}, seed {seed}");
        }
        assert_eq!(stage.server.take_messages().len(), 15);
        black_hole(&mut stage);
        let took = until_lost(&mut stage);
        // What is under way at the end of the link still arrives.
        assert!(took <= seconds(15 + 7), "{took:?}, seed {seed}");
    }
}

#[test]
fn who_writes_into_a_black_hole_learns_it_as_soon_and_loses_nothing() {
    for quiet in (0..9_000).step_by(1_300) {
        let mut stage = managed();
        stage.pass(ms(quiet));
        black_hole(&mut stage);
        stage.say("into the void");
        let took = until_lost(&mut stage);
        assert!(took <= seconds(15), "{took:?} after {quiet} ms");
        stage.tell(AccountCommand::Reconnect).unwrap();
        stage.go();
        assert_eq!(stage.server.take_messages().len(), 1);
        assert_eq!(stage.stored()[0].delivery, Delivery::Sent);
    }
}

#[test]
fn a_link_that_is_dead_in_one_direction_only_is_found_though_the_other_lives() {
    let mut stage = managed();
    stage.watch(0, Anchor::Newest, 50);
    stage.server.deaf = true;
    stage.say("unheard");
    let begun = stage.world.now();
    let sockets = stage.server.sockets.len();
    let mut number = 0;
    while stage.server.sockets.len() == sockets {
        number += 1;
        stage.server.deliver(&format!(
            "<message xmlns='jabber:client' from='juliet@example.org/b' type='chat' id='j{number}'><body>j{number}</body></message>"
        ));
        stage.pass(seconds(2));
        let own = stage.pages[0].window.items.iter();
        let mut own = own.filter(|item| item.body == "unheard");
        let shown = own.next().unwrap().delivery.clone();
        assert!(
            shown == Delivery::Sending || stage.server.sockets.len() > sockets,
            "nobody has it"
        );
        assert!(stage.world.now().since(begun) <= seconds(40), "never");
    }
    stage.go();
    assert_eq!(stage.server.take_messages().len(), 1);
}

#[test]
fn when_nobody_looks_and_all_is_quiet_the_engine_wakes_once_a_minute() {
    for manages in [Some(Memory::Session), None] {
        let mut stage = Stage::empty();
        stage.server.manages = manages;
        stage.log_in(true).unwrap();
        hide(&mut stage);
        stage.pass(seconds(900));
        let before = stage.world.woken();
        stage.pass(seconds(3_600));
        let woken = stage.world.woken() - before;
        assert!(woken <= 60, "{woken} times in an hour");
        assert_eq!(stage.connection(), Connection::Online);
        assert_eq!(stage.server.sockets.len(), 1);
    }
}

#[test]
fn who_cuts_silent_connections_does_so_three_times_at_most_and_nobody_sees_us_come_and_go() {
    for limit in [30, 55] {
        let mut stage = managed();
        hide(&mut stage);
        let presences = stage.server.presences().len();
        let (mut cuts, mut frames, mut quiet) = (0, stage.server.frames.len(), Duration::ZERO);
        for _ in 0..3_600 {
            stage.pass(seconds(1));
            quiet += seconds(1);
            if stage.server.frames.len() != frames {
                (frames, quiet) = (stage.server.frames.len(), Duration::ZERO);
            }
            if quiet >= seconds(limit) && sockets_open(&stage) > 0 {
                stage.server.cut();
                cuts += 1;
                quiet = Duration::ZERO;
            }
        }
        // The first silence is no whole one: we said that nobody looks.
        assert!(cuts <= 3, "{cuts} cuts in an hour, after {limit} s each");
        assert_eq!(stage.connection(), Connection::Online);
        let shown = stage.server.presences();
        let away = |presence: &&&minidom::Element| presence.has_child("show", "jabber:client");
        let plain = shown[presences..].iter().filter(|shown| !away(shown));
        assert_eq!(plain.count(), 0, "flapping");
        assert!(shown.len() <= presences + 1, "away for once");
    }
}

#[test]
fn after_a_sleep_the_first_sign_of_life_has_the_connection_checked() {
    // It lives: nothing is lost, nothing is begun anew.
    let mut stage = managed();
    let (sockets, presences) = (stage.server.sockets.len(), stage.server.presences().len());
    stage.world.sleep(seconds(3_600));
    stage.ask(Command::Activity);
    stage.pass(seconds(10));
    assert_eq!(stage.server.sockets.len(), sockets);
    assert_eq!(stage.connection(), Connection::Online);
    // It does not: known after five seconds, and taken up again at once.
    black_hole(&mut stage);
    stage.world.sleep(seconds(3_600));
    stage.ask(Command::Activity);
    let took = until_lost(&mut stage);
    assert!(took <= ms(5_250), "{took:?}");
    stage.go();
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(stage.server.sockets.len(), sockets + 1);
    assert_eq!(stage.server.presences().len(), presences, "resumed");
}

/// On some systems a browser's clock goes on while the machine sleeps.
#[test]
fn an_answer_that_waits_in_the_socket_after_a_sleep_is_heard_before_the_connection_is_given_up() {
    for sleep in [seconds(30), seconds(3_600)] {
        let mut stage = managed();
        let sockets = stage.server.sockets.len();
        stage.page_wishes(Command::Account(stage.account, send("good night")));
        stage.world.run();
        stage.world.skip(sleep);
        stage.world.pass(ms(100));
        stage.go();
        assert_eq!(stage.connection(), Connection::Online);
        assert_eq!(stage.server.sockets.len(), sockets);
        assert_eq!(stage.stored()[0].delivery, Delivery::Sent);
        // Where nothing comes, it is known soon.
        stage.page_wishes(Command::Account(stage.account, send("good morrow")));
        stage.world.run();
        black_hole(&mut stage);
        stage.world.skip(sleep);
        let took = until_lost(&mut stage);
        assert!(took <= ms(5_500), "{took:?}");
    }
}

/// The server hangs up, and somebody logs out, in the same moment.
#[test]
fn whoever_has_logged_out_does_not_connect_again() {
    let mut stage = managed();
    let sockets = stage.server.sockets.len();
    // From now on a loss would be mended at once.
    stage.world.sleep(seconds(3_600));
    stage.ask(Command::Activity);
    assert_eq!(stage.server.sockets.len(), sockets);
    let log_out = AccountCommand::LogOut { erase: false };
    stage.page_wishes(Command::Account(stage.account, log_out));
    stage
        .server
        .deliver("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    stage.pass(seconds(60));
    assert_eq!(stage.connection_of(0), None);
    assert_eq!(stage.server.sockets.len(), sockets, "one more attempt");
}

#[test]
fn a_network_that_is_said_to_be_back_has_a_dead_connection_replaced_within_two_seconds() {
    let mut stage = managed();
    black_hole(&mut stage);
    stage.ask(Command::Network(true));
    let took = until_lost(&mut stage);
    assert!(took <= seconds(2), "{took:?}");
    stage.go();
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(sockets_open(&stage), 1);
}

/// Deep in the back-off, an attempt has just begun.
fn attempting(network: bool) -> Stage {
    let mut stage = managed();
    stage.leave();
    stage.pass(seconds(600));
    stage.ask(Command::Network(network));
    stage.pass(seconds(2));
    stage.server.refuses = false;
    let reconnect = Command::Account(stage.account, AccountCommand::Reconnect);
    stage.page_wishes(reconnect);
    stage.world.run();
    stage
}

#[test]
fn a_network_that_comes_has_an_attempt_begun_anew_that_hangs_where_there_was_none() {
    let mut stage = attempting(false);
    let hangs = stage.world.new_sockets();
    assert_eq!(hangs.len(), 1);
    // Each page says so.
    stage.page_wishes(Command::Network(true));
    stage.page_wishes(Command::Network(true));
    stage.world.run();
    assert!(hangs[0].is_closed());
    let sockets = stage.server.sockets.len();
    stage.go();
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(stage.server.sockets.len(), sockets + 1);
}

#[test]
fn an_attempt_that_fails_after_the_network_is_said_to_be_back_is_followed_by_another_at_once() {
    // Before its socket opens, and after; or nothing is heard there any more.
    for (opens, cut) in [(false, true), (true, true), (true, false)] {
        let mut stage = attempting(true);
        if opens {
            assert!(stage.server.serve(&stage.world));
            stage.server.deaf = true;
            stage.page_wishes(Command::Network(true));
            stage.world.run();
            if cut {
                stage.server.cut();
            } else {
                stage.pass(seconds(6));
            }
        } else {
            let sockets = stage.world.new_sockets();
            stage.page_wishes(Command::Network(true));
            stage.world.run();
            sockets[0].cut();
        }
        stage.go();
        assert_eq!(stage.connection(), Connection::Online);
    }
}

#[test]
fn a_network_that_is_said_to_be_gone_is_looked_after_and_then_left_alone_for_a_while() {
    let mut stage = managed();
    // It was not true.
    stage.ask(Command::Network(false));
    stage.pass(seconds(20));
    assert_eq!(stage.connection(), Connection::Online);
    stage.ask(Command::Network(false));
    black_hole(&mut stage);
    stage.pass(seconds(4));
    stage.ask(Command::Network(false));
    assert!(until_lost(&mut stage) <= seconds(15));
    let Connection::Waiting { problem, retry } = stage.connection() else {
        panic!("{:?}", stage.connection());
    };
    assert_eq!(problem, Problem::NoNetwork);
    assert!(retry.0 - stage.world.now().wall.0 >= 9_000);
    // Whatever the browser believes: there may be a way all the same.
    stage.pass(seconds(30));
    assert_eq!(stage.connection(), Connection::Online);
}

#[test]
fn a_network_that_goes_while_we_wait_is_said() {
    let mut stage = managed();
    stage.leave();
    stage.ask(Command::Network(false));
    let Connection::Waiting { problem, retry } = stage.connection() else {
        panic!("{:?}", stage.connection());
    };
    assert_eq!(problem, Problem::NoNetwork);
    assert!(retry.0 - stage.world.now().wall.0 >= 9_000);
    stage.server.refuses = false;
    stage.ask(Command::Network(true));
    assert_eq!(stage.connection(), Connection::Online);
}

#[test]
fn who_looks_again_does_not_wait() {
    let mut stage = managed();
    stage.leave();
    stage.pass(seconds(600));
    hide(&mut stage);
    stage.server.refuses = false;
    let before = stage.server.sockets.len();
    if matches!(stage.connection(), Connection::Waiting { .. }) {
        show(&mut stage);
    }
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(stage.server.sockets.len(), before + 1);
    // And a connection that died unseen is found out.
    hide(&mut stage);
    black_hole(&mut stage);
    show(&mut stage);
    let took = until_lost(&mut stage);
    assert!(took <= ms(5_250), "{took:?}");
}

#[test]
fn who_does_something_after_long_does_not_wait() {
    let mut waits = Vec::new();
    for _ in 0..8 {
        let mut stage = managed();
        // The page is there to be seen, and nobody sees it.
        stage.pass(seconds(600 + 61 * waits.len() as u64));
        let sockets = stage.server.sockets.len();
        stage.server.cut();
        stage.go();
        if let Connection::Waiting { retry, .. } = stage.connection() {
            waits.push(retry.0 - stage.world.now().wall.0);
        }
        stage.ask(Command::Activity);
        assert_eq!(stage.server.sockets.len(), sockets + 1);
        assert_eq!(stage.connection(), Connection::Online);
    }
    let longest = waits.into_iter().max().unwrap();
    assert!((3_000..=30_000).contains(&longest), "{longest}");
}

#[test]
fn a_server_that_sends_us_away_is_quoted_and_left_alone_until_the_user_says_otherwise() {
    let mut stage = managed();
    stage
        .server
        .deliver(&stream_error("policy-violation", "Too many stanzas"));
    stage.go();
    let Connection::Waiting { problem, retry } = stage.connection() else {
        panic!("{:?}", stage.connection());
    };
    let text = Some("Too many stanzas".to_owned());
    assert_eq!(problem, Problem::PolicyViolation(text));
    assert!(retry.0 - stage.world.now().wall.0 >= 39_000);
    hide(&mut stage);
    show(&mut stage);
    stage.ask(Command::Network(true));
    stage.pass(seconds(20));
    assert_eq!(stage.server.sockets.len(), 1, "no reason of ours counts");
    assert_eq!(stage.tell(AccountCommand::Reconnect), Ok(Reply::Done));
    assert_eq!(stage.connection(), Connection::Online);
}

#[test]
fn one_conflict_is_mended_in_silence_and_the_second_one_asks() {
    let mut stage = managed();
    stage.pages[0].changes.clear();
    stage.server.deliver(&stream_error("conflict", "bye"));
    stage.go();
    let Connection::Waiting { problem, .. } = stage.connection() else {
        panic!("{:?}", stage.connection());
    };
    assert_eq!(problem, Problem::ConnectionLost);
    stage.pass(seconds(4));
    assert_eq!(stage.connection(), Connection::Online);
    let names = resources(&stage);
    assert_eq!(names.len(), 2);
    assert_ne!(names[0], names[1], "the name that was taken");
    stage.server.deliver(&stream_error("conflict", "bye"));
    stage.go();
    assert_eq!(stage.connection(), Connection::Failed(Problem::Conflict));
    stage.pass(seconds(3_600));
    assert_eq!(stage.server.sockets.len(), 2, "nobody plays ping-pong");
    stage.tell(AccountCommand::Reconnect).unwrap();
    assert_eq!(stage.connection(), Connection::Online);
}

#[test]
fn a_password_that_was_changed_meanwhile_is_asked_for_once_and_what_was_written_waits() {
    for condition in ["not-authorized", "reset"] {
        let mut stage = managed();
        stage.server.password = "crayon".into();
        stage
            .server
            .deliver(&stream_error(condition, "Password changed"));
        stage.go();
        stage.pass(seconds(4));
        let Connection::Failed(problem) = stage.connection() else {
            panic!("{condition}: {:?}", stage.connection());
        };
        assert!(
            matches!(problem, Problem::PasswordNeeded | Problem::WrongPassword),
            "{problem:?}"
        );
        stage.say("kept");
        let tried = stage.server.sockets.len();
        stage.ask(Command::Network(true));
        hide(&mut stage);
        show(&mut stage);
        stage.pass(seconds(3_600));
        assert_eq!(stage.server.sockets.len(), tried, "asked once");
        let secret = waxwing::entity::secret::Secret::new("crayon".into());
        let provided = stage.tell(AccountCommand::ProvidePassword(secret));
        assert!(provided.is_ok(), "{provided:?}");
        stage.go();
        assert_eq!(stage.server.take_messages().len(), 1);
    }
}

#[test]
fn a_gateway_that_answers_in_place_of_the_server_is_no_wrong_address_for_who_was_in_before() {
    let mut stage = Stage::online();
    stage.server.refuses = true;
    stage
        .world
        .put_document("https://example.org/", "<html>502 Bad Gateway</html>");
    let mut stage = stage.restart();
    stage
        .world
        .put_document("https://example.org/", "<html>503</html>");
    let mut attempts = 0;
    for _ in 0..600 {
        stage.world.pass(seconds(1));
        let new = stage.world.new_sockets();
        attempts += new.len();
        new.iter()
            .for_each(waxwing::platform::fake::FakeSocket::cut);
        stage.go();
    }
    assert!((3..=15).contains(&attempts), "{attempts} in ten minutes");
    let Connection::Waiting { problem, .. } = stage.connection() else {
        panic!("{:?}", stage.connection());
    };
    assert_eq!(problem, Problem::Timeout, "the server does not answer");
}

#[test]
fn whatever_makes_us_hurry_there_is_one_attempt_at_a_time() {
    for seed in 0..40 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut stage = managed();
        for _ in 0..60 {
            match random.next_u32() % 9 {
                0 => stage.page_wishes(Command::Network(true)),
                1 => stage.page_wishes(Command::Network(false)),
                2 => stage.page_wishes(Command::Attention(Attention::Hidden)),
                3 => stage.page_wishes(Command::Attention(Attention::Focused)),
                4 => stage.world.sleep(seconds(60)),
                5 => {
                    let again = AccountCommand::Reconnect;
                    stage.page_wishes(Command::Account(stage.account, again));
                }
                6 => black_hole(&mut stage),
                7 => stage.server.refuses = random.next_u32().is_multiple_of(2),
                _ => {
                    if sockets_open(&stage) > 0 {
                        stage.server.cut();
                    }
                }
            }
            stage.pass(ms(u64::from(random.next_u32() % 6_000)));
            let open = sockets_open(&stage);
            assert!(open <= 1, "{open} sockets at a time (seed {seed})");
        }
        stage.server.refuses = false;
        stage.tell(AccountCommand::Reconnect).unwrap();
        stage.pass(seconds(200));
        assert_eq!(stage.connection(), Connection::Online, "seed {seed}");
        stage.say("the end");
        assert_eq!(stage.server.take_messages().len(), 1, "seed {seed}");
    }
}

#[test]
fn a_session_is_taken_up_where_the_server_wants_it_once() {
    let url = "wss://b.example.org/ws";
    let mut stage = Stage::empty();
    stage.server.manages = Some(Memory::Session);
    stage.server.location = url;
    stage.log_in(true).unwrap();
    for _ in 0..2 {
        stage.pass(seconds(70));
        stage.server.cut();
        stage.pass(seconds(4));
        assert_eq!(stage.connection(), Connection::Online);
        assert_eq!(stage.server.sockets.last().unwrap().url(), url);
    }
    // Nobody is there any more: the way that is known leads to the session, too.
    stage.pass(seconds(70));
    stage.leave();
    let mut urls = Vec::new();
    while urls.len() < 3 {
        stage.world.pass(seconds(1));
        for socket in stage.world.new_sockets() {
            urls.push(socket.url().to_owned());
            socket.cut();
        }
        stage.world.run();
    }
    let usual = "wss://example.org/ws";
    assert_eq!(urls, [url, usual, usual]);
}

#[test]
fn a_session_that_is_taken_up_and_not_heard_in_is_begun_anew_and_nothing_is_looked_for() {
    let mut stage = Stage::empty();
    stage.server.manages = Some(Memory::Session);
    stage.log_in(true).unwrap();
    stage.pass(seconds(70));
    stage.say("before");
    assert_eq!(stage.server.take_messages().len(), 1);
    stage.server.swallows = true;
    stage.server.cut();
    stage.say("meanwhile");
    stage.server.frames.clear();
    stage.pass(seconds(4));
    assert!(matches!(stage.connection(), Connection::Connecting(_)));
    assert_eq!(stage.server.sockets.len(), 2);
    stage.say("later");
    stage.pass(seconds(6));
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(stage.server.sockets.len(), 3);
    let messages = stage.server.take_messages();
    let bodies: Vec<_> = messages.iter().map(|(_, body)| body.as_str()).collect();
    assert_eq!(bodies, ["meanwhile", "later"]);
    let is_look = |frame: &&String| frame.contains("urn:xmpp:mam:2") && frame.contains("'with'");
    assert_eq!(stage.server.frames.iter().find(is_look), None);
    // It is not so for ever.
    stage.server.swallows = false;
    stage.pass(seconds(70));
    stage.server.cut();
    stage.pass(seconds(4));
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(stage.server.sockets.len(), 4);
}

#[test]
fn an_attempt_outlives_the_socket_that_was_closed_on_both_sides() {
    let mut stage = Stage::online();
    let url = "wss://b.example.org/ws";
    stage.server.deliver(&format!(
        "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='{url}'/>"
    ));
    stage.server.cut();
    stage.pass(ms(500));
    stage.pass(ms(500));
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(stage.server.sockets.last().unwrap().url(), url);
}
