//! Servers that freeze, die, are stopped or send us away, and networks that cut: every message arrives once, in order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use waxwing::boundary::change::{AccountRow, Change};
use waxwing::boundary::command::{AccountCommand, Anchor, Command};
use waxwing::entity::account::Connection;
use waxwing::entity::message::Delivery;
use waxwing::entity::problem::Problem;
use waxwing::entity::secret::Secret;
use xtask::fault::{Door, Ends, Entry, FaultProxy, Trap, Way, What};

use crate::evidence::{assert_same, heard};
use crate::person::{Person, until};
use crate::{PASSWORD, Server, aside};

/// Romeo and juliet, online, each looking at the other.
async fn two_who_talk(server: &impl Server, url: &str) -> [Person; 2] {
    let mut people = ["romeo", "juliet"].map(|user| {
        server.register(user);
        Person::new(user)
    });
    let [romeo, juliet] = &mut people;
    romeo.log_in(url, PASSWORD).await.unwrap();
    juliet.log_in(&server.url(), PASSWORD).await.unwrap();
    for person in [&mut *romeo, &mut *juliet] {
        let is_online = |row: &AccountRow| row.connection == Connection::Online;
        let online = |change: &Change| matches!(change, Change::Account(row) if is_online(row));
        person.until("the connection", online).await;
    }
    romeo.watch(juliet);
    juliet.watch(romeo);
    romeo.say(juliet, "romeo 0").await;
    juliet.until_message("romeo 0").await;
    juliet.say(romeo, "juliet 0").await;
    romeo.until_message("juliet 0").await;
    romeo.until_delivery("romeo 0", &Delivery::Sent).await;
    people
}

/// Each says the messages of these numbers.
async fn both_say(romeo: &mut Person, juliet: &mut Person, numbers: std::ops::Range<u32>) {
    for number in numbers {
        romeo.say(juliet, &format!("romeo {number}")).await;
        juliet.say(romeo, &format!("juliet {number}")).await;
    }
}

/// Each of them has what both said, each message once; and what each said in its order, as far as the server keeps that.
async fn nothing_is_lost_or_doubled<S: Server>(
    server: &S,
    romeo: &mut Person,
    juliet: &mut Person,
    count: u32,
) {
    let again = sent_again(server, romeo, juliet, count).await;
    assert_same("sent once more", &again, &[]);
}

/// The same; gives back what had to be sent once more.
async fn sent_again<S: Server>(
    _: &S,
    romeo: &mut Person,
    juliet: &mut Person,
    count: u32,
) -> Vec<String> {
    let mut again = Vec::new();
    for number in 0..count {
        let said = format!("romeo {number}");
        again.extend(romeo.until_sent(&said).await.then(|| said.clone()));
        juliet.until_message(&said).await;
        let said = format!("juliet {number}");
        again.extend(juliet.until_sent(&said).await.then(|| said.clone()));
        romeo.until_message(&said).await;
    }
    let stored = [
        ("romeo", romeo.stored(juliet).await),
        ("juliet", juliet.stored(romeo).await),
    ];
    for (whose, stored) in stored {
        for who in ["romeo", "juliet"] {
            let mut expected: Vec<_> = (0..count).map(|number| format!("{who} {number}")).collect();
            let theirs = stored.iter().filter(|body| body.starts_with(who));
            let mut theirs: Vec<String> = theirs.cloned().collect();
            if who != whose && !S::HANDS_OVER_IN_ORDER {
                expected.sort_unstable();
                theirs.sort_unstable();
            }
            assert_same(&format!("{whose} has of {who}"), &theirs, &expected);
        }
    }
    again
}

pub async fn a_frozen_server_is_noticed_in_time(server: impl Server) {
    let [mut romeo, mut juliet] = two_who_talk(&server, &server.url()).await;
    server.freeze();
    let frozen = Instant::now();
    both_say(&mut romeo, &mut juliet, 1..4).await;
    romeo.until_offline().await;
    let took = frozen.elapsed();
    // The limit is fifteen seconds, which the scenario of a dead connection proves by a clock of its own; the rest is for a busy
    // machine.
    assert!(took <= Duration::from_secs(25), "{took:?}");
    juliet.until_offline().await;
    server.thaw();
    for person in [&mut romeo, &mut juliet] {
        person.tell(AccountCommand::Reconnect);
    }
    nothing_is_lost_or_doubled(&server, &mut romeo, &mut juliet, 4).await;
    eprintln!("a frozen server was noticed after {took:?}");
}

/// The server ends, in the middle of a burst, by `end`; and is there again. On Prosody alone: ejabberd 23.01 loses what it
/// has confirmed and archived in the moment before its end, and accounts with it when it is killed. A Prosody that is killed
/// may have archived a message for who wrote it and not yet for whom it was: no client can tell. `cargo xtask soak chaos` plays
/// that, too, and tells it apart from what we lose.
async fn an_end_in_a_burst<S: Server>(mut server: S, end: impl FnOnce(&mut S)) {
    let [mut romeo, mut juliet] = two_who_talk(&server, &server.url()).await;
    both_say(&mut romeo, &mut juliet, 1..11).await;
    end(&mut server);
    for person in [&mut romeo, &mut juliet] {
        person.until_offline().await;
    }
    both_say(&mut romeo, &mut juliet, 11..16).await;
    server.restart();
    for person in [&mut romeo, &mut juliet] {
        person.tell(AccountCommand::Reconnect);
    }
    nothing_is_lost_or_doubled(&server, &mut romeo, &mut juliet, 16).await;
}

pub async fn a_server_that_is_stopped_in_a_burst_loses_nothing(server: impl Server) {
    an_end_in_a_burst(server, Server::stop).await;
}

/// How often that was said on the way, since then.
fn said(proxy: &FaultProxy, since: Instant, way: Way, text: &str) -> usize {
    let entries = proxy.since(since).into_iter();
    let passed = entries.filter(|entry| match &entry.what {
        What::Passed(of, frame) => *of == way && frame.contains(text),
        _ => false,
    });
    passed.count()
}

pub async fn a_cut_session_is_resumed_as_soon_as_the_network_is_back(server: impl Server) {
    const CUTS: u32 = 10;
    let (port, path) = server.place();
    let proxy = FaultProxy::start(port, 1).unwrap();
    let [mut romeo, mut juliet] = two_who_talk(&server, &proxy.url(&path)).await;
    let begun = Instant::now();
    let mut times = Vec::new();
    for number in 1..=CUTS {
        // Every other time the server believes that all is well.
        let ends = [Ends::Both, Ends::Browser][number as usize % 2];
        both_say(&mut romeo, &mut juliet, number * 2 - 1..number * 2).await;
        proxy.door(Door::Shut);
        proxy.cut(ends);
        romeo.until_offline().await;
        both_say(&mut romeo, &mut juliet, number * 2..number * 2 + 1).await;
        romeo.forget().await;
        proxy.door(Door::Open);
        let back = Instant::now();
        romeo.wish(Command::Network(true));
        romeo.until_online().await;
        times.push(back.elapsed());
    }
    assert_eq!(
        said(&proxy, begun, Way::Down, "<resumed "),
        CUTS as usize,
        "{}",
        proxy.told(40)
    );
    let shown = said(&proxy, begun, Way::Up, "<presence");
    assert_eq!(shown, 0, "nobody sees us come and go");
    // How long that may take is measured by `cargo xtask bench`.
    times.sort_unstable();
    eprintln!("resumed after {times:?}");
    // What was told is forgotten: look again.
    romeo.watch(&juliet);
    nothing_is_lost_or_doubled(&server, &mut romeo, &mut juliet, CUTS * 2 + 1).await;
}

/// What the client said in a session that goes on before the server had answered a question there.
fn said_too_early(entries: &[Entry]) -> Vec<String> {
    let mut is_proven = true;
    let mut early = Vec::new();
    for entry in entries {
        let (What::Passed(way, text) | What::Lost(way, text) | What::Torn(way, text, _)) =
            &entry.what
        else {
            continue;
        };
        match way {
            Way::Down if text.contains("<resumed ") => is_proven = false,
            Way::Down if text.starts_with("<a ") || text.contains("<enabled ") => is_proven = true,
            Way::Up if !is_proven && text.starts_with("<open ") => is_proven = true,
            Way::Up
                if !is_proven
                    && ["<message", "<iq", "<presence"]
                        .iter()
                        .any(|name| text.starts_with(name)) =>
            {
                early.push(text.clone());
            }
            _ => {}
        }
    }
    early
}

/// Held as long as a test runs: tells what went over the network if it fails.
struct Seen<'a>(&'a FaultProxy);

impl Drop for Seen<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the network:\n{}", self.0.told(120));
        }
    }
}

/// The connection is cut within a frame: within its header (eight bytes here), and within what it says. Prosody 0.12 reads what
/// comes on the next connection of the session as the rest of that frame.
pub async fn a_frame_that_is_torn_costs_no_message<S: Server>(server: S) {
    const TEARS: [usize; 7] = [1, 2, 3, 6, 9, 60, 180];
    let (port, path) = server.place();
    let proxy = FaultProxy::start(port, 1).unwrap();
    let _seen = Seen(&proxy);
    let [mut romeo, mut juliet] = two_who_talk(&server, &proxy.url(&path)).await;
    let begun = Instant::now();
    let mut count = 1;
    for (number, byte) in TEARS.into_iter().enumerate() {
        both_say(&mut romeo, &mut juliet, count..count + 1).await;
        romeo.forget().await;
        proxy.set(Trap::Tear {
            way: Way::Up,
            text: format!(">romeo {}<", count + 1),
            byte,
            ends: [Ends::Both, Ends::Browser][number % 2],
        });
        proxy.door(Door::Shut);
        both_say(&mut romeo, &mut juliet, count + 1..count + 4).await;
        until("a frame is torn", async || {
            proxy.strikes() as usize > number
        })
        .await;
        romeo.until_offline().await;
        romeo.forget().await;
        proxy.door(Door::Open);
        romeo.wish(Command::Network(true));
        romeo.until_online().await;
        both_say(&mut romeo, &mut juliet, count + 4..count + 6).await;
        count += 6;
    }
    romeo.watch_at(&juliet.address(), Anchor::Newest, 200);
    let again = sent_again(&server, &mut romeo, &mut juliet, count).await;
    assert!(again.is_empty() || S::RETURNS_WHAT_IS_ARCHIVED, "{again:?}");
    let entries = proxy.since(begun);
    assert_same("said too early", &said_too_early(&entries), &[]);
    for user in ["romeo", "juliet"] {
        let archive = server.foreign(user).archive();
        for who in ["romeo", "juliet"] {
            let of_them = archive.iter().filter(|[from, ..]| from.starts_with(who));
            let mut of_them: Vec<_> = of_them.map(|[_, _, body]| body.clone()).collect();
            let mut expected: Vec<_> = (0..count).map(|number| format!("{who} {number}")).collect();
            let twice = again.iter().filter(|said| said.starts_with(who));
            expected.extend(twice.cloned());
            if who != user && !S::HANDS_OVER_IN_ORDER || !again.is_empty() {
                expected.sort_unstable();
                of_them.sort_unstable();
            }
            let what = format!("what {who} said, in the archive of {user}");
            assert_same(&what, &of_them, &expected);
        }
    }
    eprintln!(
        "{} times resumed, {} times begun anew",
        said(&proxy, begun, Way::Down, "<resumed "),
        said(&proxy, begun, Way::Down, "<enabled ")
    );
}

pub async fn an_upgrade_that_is_refused_is_tried_again_and_not_too_often(server: impl Server) {
    let (port, path) = server.place();
    let proxy = FaultProxy::start(port, 1).unwrap();
    let [mut romeo, mut juliet] = two_who_talk(&server, &proxy.url(&path)).await;
    for (number, status) in [502, 503, 429].into_iter().enumerate() {
        let before = Instant::now();
        proxy.door(Door::Answer(status));
        proxy.cut(Ends::Both);
        let problem = romeo.until_waiting().await;
        assert_eq!(problem, Problem::ConnectionLost, "{status}");
        // Each of these tries at once; nothing else does within three seconds.
        for _ in 0..3 {
            romeo.tell(AccountCommand::Reconnect);
            romeo.until_waiting().await;
        }
        let tried = proxy.since(before).into_iter();
        let tried = tried.filter(|entry| entry.what == What::TurnedAway(status));
        let tried = tried.count();
        assert!(
            (3..=5).contains(&tried),
            "{tried} times: {}",
            proxy.told(20)
        );
        proxy.door(Door::Open);
        romeo.tell(AccountCommand::Reconnect);
        romeo.until_online().await;
        romeo.watch(&juliet);
        both_say(
            &mut romeo,
            &mut juliet,
            number as u32 + 1..number as u32 + 2,
        )
        .await;
    }
    nothing_is_lost_or_doubled(&server, &mut romeo, &mut juliet, 4).await;
}

pub async fn who_is_kicked_comes_back_once(server: impl Server) {
    let server = Arc::new(server);
    let [mut romeo, mut juliet] = two_who_talk(&*server, &server.url()).await;
    let mut ended = None;
    for times in 1.. {
        romeo.forget().await;
        aside(&server, |server| server.kick("romeo")).await;
        ended = romeo.until_back_or_failed().await;
        // Prosody 0.12 loses its last words where we say something at that moment: nobody can know then that it was meant.
        if ended.is_some() || times > 20 {
            break;
        }
        let text = format!("here again {times}");
        romeo.say(&juliet, &text).await;
        juliet.until_message(&text).await;
    }
    assert_eq!(ended, Some(Problem::Conflict));
    romeo.say(&juliet, "kept").await;
    romeo.forget().await;
    assert_eq!(heard("romeo", "<conflict"), 2, "sent away, and once again");
    romeo.tell(AccountCommand::Reconnect);
    romeo.until_online().await;
    juliet.until_message("kept").await;
}

pub async fn a_password_changed_meanwhile_is_asked_for_once(server: impl Server) {
    let server = Arc::new(server);
    let [mut romeo, mut juliet] = two_who_talk(&*server, &server.url()).await;
    romeo.forget().await;
    aside(&server, |server| server.change_password("romeo", "pencil")).await;
    // Some servers end the session for it, others do not.
    aside(&server, |server| server.kick("romeo")).await;
    let problem = romeo.until_failed().await;
    assert!(
        matches!(problem, Problem::PasswordNeeded | Problem::WrongPassword),
        "{problem:?}"
    );
    romeo.say(&juliet, "kept").await;
    // Nothing tries again by itself with what was refused.
    romeo.forget().await;
    romeo.wish(Command::Network(true));
    romeo.wish(Command::Activity);
    let again = romeo
        .ask(AccountCommand::ProvidePassword(Secret::new(
            "crayon".into(),
        )))
        .await;
    assert_eq!(again, Err(Problem::WrongPassword));
    let right = AccountCommand::ProvidePassword(Secret::new("pencil".into()));
    assert!(romeo.ask(right).await.is_ok());
    juliet.until_message("kept").await;
    assert_eq!(juliet.count("kept"), 1);
}

pub async fn who_is_banned_is_told_and_stays_away(server: impl Server) {
    let server = Arc::new(server);
    let [mut romeo, juliet] = two_who_talk(&*server, &server.url()).await;
    romeo.forget().await;
    aside(&server, |server| server.ban("romeo")).await;
    let problem = romeo.until_failed().await;
    assert!(
        matches!(
            problem,
            Problem::PasswordNeeded
                | Problem::WrongPassword
                | Problem::AccountDisabled
                | Problem::AuthFailed { .. }
        ),
        "{problem:?}"
    );
    romeo.say(&juliet, "kept").await;
    let stored = romeo.stored(&juliet).await;
    assert_eq!(stored.last().map(String::as_str), Some("kept"));
}
