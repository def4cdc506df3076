//! A real archive of many days, of which a new device has the newest part: gaps are filled page by page, and dates are found.

use std::collections::HashSet;
use std::time::SystemTime;

use waxwing::boundary::change::{GapState, Item, ItemKind, Reply};
use waxwing::boundary::command::{AccountCommand, Anchor, Command, Toward};
use waxwing::entity::address::Address;
use waxwing::entity::id::ItemId;
use waxwing::entity::message::{Direction, Position};
use waxwing::entity::problem::Problem;
use waxwing::entity::time::Timestamp;
use xtask::ejabberd::{self, Ejabberd};
use xtask::fault::{Door, Ends, FaultProxy, Trap, Way};
use xtask::foreign::Foreign;
use xtask::prosody::{self, Prosody};

use crate::evidence::assert_same;
use crate::person::{Person, WINDOW, run, until};
use crate::{PASSWORD, Server};

/// Long ago, at noon.
const FIRST: i64 = 1_700_049_600;
const DAY: i64 = 86_400;
/// On which days something was said: none on the third.
const DAYS: [i64; 10] = [0, 1, 3, 4, 5, 6, 7, 8, 9, 10];
/// How much juliet says on each of them, and romeo then.
const THEIRS: usize = 80;
const OURS: usize = 10;
const EACH: usize = THEIRS + OURS;

mod prosody_ {
    #[test]
    fn a_date_is_found_and_the_gaps_around_it_are_filled() {
        let server = super::Prosody::start(super::prosody::Options::default()).unwrap();
        super::run(super::dates_and_gaps(server));
    }

    #[test]
    fn what_was_missed_is_filled_where_somebody_looks() {
        let server = super::Prosody::start(super::prosody::Options::default()).unwrap();
        super::run(super::a_gap_of_what_was_missed(server));
    }
}

mod ejabberd_ {
    /// Its archive in SQLite.
    fn server() -> super::Ejabberd {
        super::Ejabberd::start(super::ejabberd::Options {
            durable: true,
            ..super::ejabberd::Options::default()
        })
        .unwrap()
    }

    #[test]
    fn a_date_is_found_and_the_gaps_around_it_are_filled() {
        super::run(super::dates_and_gaps(server()));
    }

    #[test]
    fn what_was_missed_is_filled_where_somebody_looks() {
        super::run(super::a_gap_of_what_was_missed(server()));
    }
}

/// When what is said on a day as the so-manyth was said: three in each second.
fn said_at(day: i64, number: usize) -> i64 {
    FIRST + day * DAY + i64::try_from(number / 3).unwrap()
}

/// Juliet and romeo's phone talk for ten days; gives back what they said, in order.
fn ten_days(server: &mut impl Server) -> Vec<(Direction, String)> {
    for user in ["romeo", "juliet"] {
        server.register(user);
    }
    let mut said = Vec::new();
    let mut times = Vec::new();
    {
        let mut juliet = server.foreign("juliet");
        let mut phone = server.foreign("romeo");
        for day in DAYS {
            let theirs = format!("juliet {day}");
            burst(&mut juliet, "romeo@localhost", &theirs, THEIRS, &mut phone);
            let ours = format!("romeo {day}");
            burst(&mut phone, "juliet@localhost", &ours, OURS, &mut juliet);
            phone.sync();
            for (direction, text, count) in [
                (Direction::Incoming, theirs, THEIRS),
                (Direction::Outgoing, ours, OURS),
            ] {
                said.extend((0..count).map(|number| (direction, format!("{text} {number}"))));
            }
            times.extend((0..EACH).map(|number| said_at(day, number)));
        }
        // The archive is whole.
        assert_eq!(phone.archive().len(), said.len());
    }
    server.date_archive("romeo", &times);
    said
}

/// Says many things, and waits until they are heard.
fn burst(who: &mut Foreign, to: &str, text: &str, count: usize, heard_by: &mut Foreign) {
    who.tell(serde_json::json!({"do": "burst", "to": to, "body": text, "count": count}));
    heard_by.hears(&format!("{text} {}", count - 1));
}

/// What is stored of the conversation with juliet.
async fn stored(romeo: &Person) -> Vec<(Direction, String)> {
    let stored = romeo.stored_with(&juliet()).await.into_iter();
    stored
        .map(|message| (message.direction, message.body))
        .collect()
}

fn juliet() -> Address {
    Address::parse("juliet@localhost").unwrap()
}

async fn find(romeo: &mut Person, second: i64) -> Option<Position> {
    let find = AccountCommand::FindDate {
        conversation: juliet(),
        from: Timestamp(second * 1_000),
    };
    match romeo.ask(find).await {
        Ok(Reply::Found(found)) => found,
        other => panic!("{other:?}"),
    }
}

/// What is shown as messages, and as gaps.
fn shown(items: &[Item]) -> (Vec<String>, Vec<(ItemId, GapState)>) {
    let (mut bodies, mut gaps) = (Vec::new(), Vec::new());
    for item in items {
        match &item.kind {
            ItemKind::Message(message) => bodies.push(message.body.clone()),
            ItemKind::Gap(state) => gaps.push((item.id, state.clone())),
        }
    }
    (bodies, gaps)
}

/// Fills the gaps that are shown, the oldest first, from one end and the other in turns; says how many messages each page
/// brought.
async fn fill(romeo: &mut Person) -> Vec<usize> {
    let mut pages = Vec::new();
    let mut ends = [Toward::Newer, Toward::Older].into_iter().cycle();
    let at_rest = |items: &[Item]| {
        let (bodies, gaps) = shown(items);
        if gaps.iter().any(|(_, state)| *state == GapState::Loading) {
            return None;
        }
        let is_open = |(_, state): &(_, _)| *state == GapState::Unknown;
        assert!(gaps.iter().all(is_open), "{gaps:?}");
        Some((
            bodies.len(),
            gaps.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        ))
    };
    loop {
        let (before, gaps) = romeo.until_window("no gap to be loading", at_rest).await;
        let Some(gap) = gaps.first() else {
            return pages;
        };
        romeo.wish(Command::Fill(WINDOW, *gap, ends.next().unwrap()));
        let is_done = |items: &[Item]| {
            at_rest(items).filter(|(count, left)| *count > before || left.len() < gaps.len())
        };
        let (after, _) = romeo.until_window("more of the gap", is_done).await;
        pages.push(after - before);
        assert!(pages.len() < 50, "it comes to no end: {pages:?}");
    }
}

async fn dates_and_gaps(mut server: impl Server) {
    let said = ten_days(&mut server);
    let mut romeo = Person::new("romeo");
    romeo.log_in(&server.url(), PASSWORD).await.unwrap();
    // Nothing but the newest: five hundred are enough for a list of conversations.
    romeo.watch_at(&juliet(), Anchor::Newest, 50);
    until("the newest to be stored", async || {
        stored(&romeo).await.len() >= 500
    })
    .await;
    let newest = stored(&romeo).await;
    assert!(newest.len() <= 600, "{}", newest.len());
    assert_same("the newest", &newest, &said[said.len() - newest.len()..]);

    // After the last message there is nothing, and nobody is asked.
    assert_eq!(find(&mut romeo, said_at(11, 0)).await, None);
    // What is stored is found there.
    assert_eq!(day_of(&mut romeo, said_at(9, 0) - 60).await, said_at(9, 0));
    assert_same("still the newest", &stored(&romeo).await, &newest);

    // Before the first of all. After what came there is a gap.
    assert_eq!(day_of(&mut romeo, FIRST - 30 * DAY).await, FIRST);
    let mut known = said[..50].to_vec();
    assert_same(
        "stored",
        &stored(&romeo).await,
        &[&*known, &*newest].concat(),
    );
    // A day without messages, in that gap: the next one is found, and the gap is two.
    assert_eq!(day_of(&mut romeo, said_at(2, 0)).await, said_at(3, 0));
    known.extend_from_slice(&said[EACH * 2..EACH * 2 + 50]);
    assert_same(
        "stored",
        &stored(&romeo).await,
        &[&*known, &*newest].concat(),
    );
    // A day in the lower one.
    assert_eq!(day_of(&mut romeo, said_at(1, 0)).await, said_at(1, 0));
    known.splice(50..50, said[EACH..EACH + 50].iter().cloned());
    assert_same(
        "stored",
        &stored(&romeo).await,
        &[&*known, &*newest].concat(),
    );

    let first = find(&mut romeo, FIRST).await.unwrap();
    romeo.forget().await;
    romeo.watch_at(&juliet(), Anchor::At(first), 200);
    romeo.scroll(Toward::Newer).await;
    let missing = said.len() - newest.len() - known.len();
    let gaps = romeo
        .until_window("all that is stored", |items| {
            let (bodies, gaps) = shown(items);
            (bodies.len() == said.len() - missing).then_some(gaps)
        })
        .await;
    assert_eq!(gaps.len(), 3);
    let pages = fill(&mut romeo).await;
    assert_eq!(pages.iter().sum::<usize>(), missing, "{pages:?}");
    assert!(pages.len() > 3, "page by page: {pages:?}");
    nothing_is_missing(&mut romeo, &said).await;

    // All of it is known now: each date is where it is.
    for day in DAYS {
        assert_eq!(day_of(&mut romeo, said_at(day, 0)).await, said_at(day, 0));
    }
    // A time within a day, in a second that several messages share.
    let found = find(&mut romeo, said_at(4, 31)).await.unwrap();
    let stored = romeo.stored_with(&juliet()).await;
    let found = stored.iter().find(|message| message.position == found);
    assert_eq!(found.unwrap().body, "juliet 4 30");
}

/// The second at which the first message at or after a time was said.
async fn day_of(romeo: &mut Person, second: i64) -> i64 {
    let found = find(romeo, second).await.expect("a message");
    found.time.0.div_euclid(1_000)
}

/// Each message is stored and can be shown, once and in order, and there is no gap.
async fn nothing_is_missing(romeo: &mut Person, said: &[(Direction, String)]) {
    let all = stored(romeo).await;
    assert_same("stored", &all, said);
    let messages = romeo.stored_with(&juliet()).await;
    let ids: HashSet<_> = messages.iter().map(|message| message.id).collect();
    assert_eq!(ids.len(), said.len());
    romeo.forget().await;
    romeo.watch_at(&juliet(), Anchor::Newest, 200);
    romeo.scroll(Toward::Older).await;
    let (bodies, gaps) = shown(&romeo.window());
    assert_eq!(gaps, []);
    let said: Vec<_> = said.iter().map(|(_, body)| body.clone()).collect();
    assert_same("shown", &bodies, &said);
}

async fn a_gap_of_what_was_missed(server: impl Server) {
    const MISSED: usize = 400;
    for user in ["romeo", "juliet", "mallory"] {
        server.register(user);
    }
    let (port, path) = server.place();
    let proxy = FaultProxy::start(port, 1).unwrap();
    let mut foreign = ["juliet", "mallory", "romeo"].map(|user| server.foreign(user));
    let [juliet_, mallory, phone] = &mut foreign;
    let mut romeo = Person::new("romeo");
    romeo.log_in(&proxy.url(&path), PASSWORD).await.unwrap();
    romeo.watch_at(&juliet(), Anchor::Newest, 200);
    juliet_.send("romeo@localhost", "of old");
    romeo.until_message("of old").await;
    // Before that there is nothing.
    romeo.scroll(Toward::Older).await;
    romeo.log_out().await;
    // Archives know seconds: what is missed lies in later ones.
    let second = || {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    let before = second();
    until("the next second", async || second() > before).await;

    // Between any two of hers there is one of somebody else: most pages are of both.
    let mut said = vec![(Direction::Incoming, "of old".to_owned())];
    for number in 0..MISSED / 20 {
        for (who, name) in [(&mut *juliet_, "juliet"), (&mut *mallory, "mallory")] {
            let text = format!("{name} {number}");
            burst(who, "romeo@localhost", &text, 20, phone);
            if name == "juliet" {
                let said_now = (0..20).map(|at| (Direction::Incoming, format!("{text} {at}")));
                said.extend(said_now);
            }
        }
    }
    // The newest come; before what lies between, the network goes.
    for _ in 0..3 {
        proxy.set(Trap::Lose {
            way: Way::Up,
            text: "</before>".into(),
            ends: Ends::Both,
        });
    }
    romeo.log_in(&proxy.url(&path), PASSWORD).await.unwrap();
    romeo.watch_at(&juliet(), Anchor::Newest, 200);
    proxy.door(Door::Shut);
    let gap = romeo
        .until_window("a gap", |items| shown(items).1.first().map(|(id, _)| *id))
        .await;
    romeo.until_offline().await;
    assert!(proxy.strikes() > 0, "{}", proxy.told(40));
    let newest = stored(&romeo).await;
    assert!(newest.len() < MISSED, "{}", newest.len());
    romeo.wish(Command::Fill(WINDOW, gap, Toward::Older));
    let offline = GapState::Failed(Problem::Offline);
    romeo
        .until_window("the gap to say that we are offline", |items| {
            shown(items)
                .1
                .contains(&(gap, offline.clone()))
                .then_some(())
        })
        .await;

    // Somebody looks as soon as the network is back: what they fill, and what is filled by itself, are the same.
    proxy.mend();
    romeo.tell(AccountCommand::Reconnect);
    romeo.until_online().await;
    romeo.watch_at(&juliet(), Anchor::Newest, 200);
    for toward in [Toward::Newer, Toward::Older] {
        romeo.wish(Command::Fill(WINDOW, gap, toward));
    }
    // A window that was filled meanwhile may end above the gap: what is stored tells.
    until("the gap to be filled", async || {
        stored(&romeo).await.len() >= said.len()
    })
    .await;
    romeo
        .until_window("no gap any more", |items| {
            let (bodies, gaps) = shown(items);
            (!bodies.is_empty() && gaps.is_empty()).then_some(())
        })
        .await;
    nothing_is_missing(&mut romeo, &said).await;
}
