//! How far was read (XEP-0490): reading here clears the badge on the other devices, and the reverse.

use std::time::Duration;

use waxwing::boundary::change::Reply;
use waxwing::boundary::command::{AccountCommand, Anchor};
use waxwing::client::retirement::Successor;
use waxwing::entity::message::{Message, Position};

use crate::support::managed::Memory;
use crate::support::server::Archived;
use crate::support::{Stage, juliet};

const JULIET: &str = "juliet@example.org/balcony";
const PEER: &str = "juliet@example.org";
const PHONE: &str = "romeo@example.org/phone";

fn stage() -> Stage {
    let mut stage = Stage::empty();
    stage.server.publishes = true;
    stage
}

fn online() -> Stage {
    let mut stage = stage();
    stage.log_in(true).unwrap();
    stage
}

fn archived(number: u32) -> Archived {
    Archived::new(number, JULIET, &format!("message {number}"))
}

/// These come live, and are archived.
fn hear(stage: &mut Stage, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        let item = archived(number);
        stage.server.deliver(&format!(
            "<message xmlns='jabber:client' from='{JULIET}' to='romeo@example.org' type='chat'><body>{}</body>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.org' id='{}'/></message>",
            item.body, item.id
        ));
        stage.server.archive.push(item);
    }
    stage.go();
}

/// These come late, with the time when they were sent, and are archived.
fn hear_held(stage: &mut Stage, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        let item = archived(number);
        stage.server.deliver(&format!(
            "<message xmlns='jabber:client' from='{JULIET}' to='romeo@example.org' type='chat'><body>{}</body>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.org' id='{}'/>\
             <delay xmlns='urn:xmpp:delay' from='example.org' stamp='{}'/></message>",
            item.body, item.id, item.stamp
        ));
        stage.server.archive.push(item);
    }
    stage.go();
}

fn stored(stage: &Stage, body: &str) -> Message {
    let mut stored = stage.stored().into_iter();
    let found = stored.find(|message| message.body == body);
    found.expect("no such message")
}

fn place(stage: &Stage, body: &str) -> Position {
    stored(stage, body).position
}

fn read(stage: &mut Stage, number: u32) {
    let message = stored(stage, &format!("message {number}"));
    let read = AccountCommand::mark_read(&message);
    assert_eq!(stage.tell(read), Ok(Reply::Done));
}

/// What was published so far.
#[track_caller]
fn published(stage: &Stage, ids: &[&str]) {
    let flags: Vec<_> = ids.iter().map(|id| (PEER.into(), (*id).into())).collect();
    assert_eq!(stage.server.flags, flags);
}

/// Some time after the log-in, what came since is asked for, and not answered yet.
fn looking_again() -> Stage {
    let mut stage = online();
    stage.server.catch_ups_left = Some(0);
    stage.pass(Duration::from_secs(220));
    stage
}

/// A message is written here, and the archive has it with those of another time.
fn archive_own(stage: &mut Stage, number: u32) {
    let (origin, body) = stage.server.take_messages().remove(0);
    stage.server.archive.push(Archived {
        origin: Some(origin),
        ..Archived::new(number, "romeo@example.org/orchard", &body)
    });
}

fn rest(stage: &mut Stage) {
    stage.pass(Duration::from_millis(1_250));
}

#[test]
fn what_is_read_here_is_published_once_and_the_newest_of_it() {
    let mut stage = online();
    hear(&mut stage, 1..=5);
    for number in [1, 2, 3, 2, 4] {
        read(&mut stage, number);
        stage.pass(Duration::from_millis(500));
    }
    published(&stage, &[]);
    rest(&mut stage);
    published(&stage, &["a0004"]);
    // What is read once more, or before, is no news.
    read(&mut stage, 4);
    read(&mut stage, 1);
    rest(&mut stage);
    published(&stage, &["a0004"]);
    read(&mut stage, 5);
    rest(&mut stage);
    published(&stage, &["a0004", "a0005"]);
    assert_eq!(stage.row().unread, 0);
    // Neither is it after a restart.
    let mut stage = stage.restart();
    rest(&mut stage);
    read(&mut stage, 5);
    rest(&mut stage);
    published(&stage, &["a0004", "a0005"]);
}

#[test]
fn a_conversation_that_is_left_is_published_at_once() {
    for leaving in 0..3 {
        let mut stage = online();
        hear(&mut stage, 1..=2);
        stage.watch(0, Anchor::Newest, 10);
        read(&mut stage, 2);
        published(&stage, &[]);
        match leaving {
            0 => {
                stage
                    .tell(AccountCommand::CloseConversation(juliet()))
                    .unwrap();
            }
            1 => stage.pages.remove(0).page.vanish(),
            _ => {
                stage.tell(AccountCommand::LogOut { erase: true }).unwrap();
            }
        }
        stage.go();
        published(&stage, &["a0002"]);
    }
}

#[test]
fn a_session_that_ends_in_order_leaves_nothing_untold() {
    let mut stage = online();
    hear(&mut stage, 1..=2);
    read(&mut stage, 2);
    stage.retirement.in_order(Successor::OtherBuild);
    stage.go();
    published(&stage, &["a0002"]);
    let last: Vec<_> = stage.server.frames.iter().rev().take(3).collect();
    assert!(last[2].contains("urn:xmpp:mds:displayed:0"), "{last:?}");
}

#[test]
fn what_is_read_on_another_device_is_read_here() {
    let mut stage = online();
    hear(&mut stage, 1..=5);
    stage.watch(0, Anchor::Unread, 10);
    let divider = stage.pages[0].window.unread_from;
    assert_eq!(divider, Some(place(&stage, "message 1")));
    stage.server.flag(PEER, "a0003");
    stage.go();
    assert_eq!(stage.row().unread, 2);
    // As while one reads here, the first unread one stays marked.
    assert_eq!(stage.pages[0].window.unread_from, divider);
    // Never backward, and nothing happens for what we do not have.
    for id in ["a0001", "unknown", "a0003"] {
        stage.server.flag(PEER, id);
        stage.go();
        assert_eq!(stage.row().unread, 2, "{id}");
    }
    stage.server.flag(PEER, "a0005");
    stage.go();
    assert_eq!(stage.row().unread, 0);
    rest(&mut stage);
    published(&stage, &[]);
    // What the other device said already, nobody says again.
    read(&mut stage, 5);
    rest(&mut stage);
    published(&stage, &[]);
    let stage = stage.restart();
    assert_eq!(stage.row().unread, 0);
}

#[test]
fn a_message_of_another_device_of_ours_may_be_named() {
    let mut stage = online();
    hear(&mut stage, 1..=2);
    stage.server.deliver(&format!(
        "<message xmlns='jabber:client' from='romeo@example.org' to='romeo@example.org/orchard'>\
         <sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>\
         <message xmlns='jabber:client' from='{PHONE}' to='{PEER}' type='chat'><body>answer</body>\
         <stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.org' id='sent'/></message></forwarded></sent></message>"
    ));
    hear(&mut stage, 3..=3);
    stage.server.flag(PEER, "sent");
    stage.go();
    assert_eq!(stage.row().unread, 1);
    rest(&mut stage);
    published(&stage, &[]);
}

#[test]
fn an_answer_from_here_says_that_what_came_before_was_read() {
    let mut stage = online();
    hear(&mut stage, 1..=2);
    stage.say("answer");
    assert_eq!(stage.row().unread, 0);
    rest(&mut stage);
    // What others wrote is what is named.
    published(&stage, &["a0002"]);
    stage.say("and one more");
    rest(&mut stage);
    published(&stage, &["a0002"]);
}

#[test]
fn what_is_read_offline_is_published_in_the_next_session() {
    let mut stage = online();
    hear(&mut stage, 1..=3);
    stage.leave();
    read(&mut stage, 1);
    rest(&mut stage);
    read(&mut stage, 2);
    stage.pass(Duration::from_secs(5));
    published(&stage, &[]);
    stage.come_back();
    published(&stage, &["a0002"]);
    // Also by the next engine.
    stage.leave();
    read(&mut stage, 3);
    stage.server.refuses = false;
    let mut stage = stage.restart();
    stage.go();
    published(&stage, &["a0002", "a0003"]);
    rest(&mut stage);
    let mut stage = stage.restart();
    rest(&mut stage);
    published(&stage, &["a0002", "a0003"]);
}

#[test]
fn a_resumed_session_publishes_what_was_read_meanwhile() {
    let mut stage = stage();
    stage.server.manages = Some(Memory::Session);
    stage.log_in(true).unwrap();
    hear(&mut stage, 1..=2);
    stage.leave();
    read(&mut stage, 2);
    rest(&mut stage);
    published(&stage, &[]);
    stage.come_back();
    published(&stage, &["a0002"]);
}

#[test]
fn what_others_read_while_we_were_away_counts_once_the_messages_are_here() {
    let mut stage = online();
    hear(&mut stage, 1..=2);
    stage.leave();
    read(&mut stage, 1);
    stage.server.archive.extend((3..=250).map(archived));
    stage.server.displayed.insert(PEER.into(), "a0245".into());
    stage.come_back();
    assert_eq!(stage.row().unread, 5);
    // Ours was older: it is not published any more.
    rest(&mut stage);
    published(&stage, &[]);
    stage.leave();
    stage.come_back();
    rest(&mut stage);
    published(&stage, &[]);
    assert_eq!(stage.row().unread, 5);
}

#[test]
fn a_flag_that_comes_before_its_message_counts_when_that_comes() {
    let mut stage = online();
    hear(&mut stage, 1..=1);
    stage.leave();
    stage.server.archive.extend((2..=4).map(archived));
    stage.server.holds_pages = true;
    stage.come_back();
    stage.server.flag(PEER, "a0003");
    stage.go();
    assert_eq!(stage.row().unread, 1);
    let (id, queryid, _) = stage.server.pages.remove(0);
    for item in &stage.server.archive {
        stage.server.deliver(&item.result(&queryid));
    }
    stage.server.deliver(&format!(
        "<iq xmlns='jabber:client' type='result' id='{id}'><fin xmlns='urn:xmpp:mam:2' complete='true'>\
         <set xmlns='http://jabber.org/protocol/rsm'><last>a0004</last></set></fin></iq>"
    ));
    stage.go();
    assert_eq!(stage.row().unread, 1, "only the last");
    // Live as well.
    stage.server.flag(PEER, "a0005");
    stage.go();
    hear(&mut stage, 5..=6);
    assert_eq!(stage.row().unread, 1);
}

#[test]
fn without_a_promise_of_privacy_nothing_is_asked_or_published() {
    let mut stage = Stage::online();
    hear(&mut stage, 1..=2);
    read(&mut stage, 2);
    rest(&mut stage);
    stage.tell(AccountCommand::LogOut { erase: false }).unwrap();
    published(&stage, &[]);
    let mds = |frame: &&String| frame.contains("<pubsub");
    assert_eq!(stage.server.frames.iter().find(mds), None);
}

#[test]
fn a_node_that_is_open_to_others_is_made_private_first_or_left_alone() {
    let mut stage = online();
    stage.server.is_open = true;
    hear(&mut stage, 1..=4);
    read(&mut stage, 2);
    rest(&mut stage);
    published(&stage, &["a0002"]);
    stage.server.is_open = true;
    stage.server.stays_open = true;
    read(&mut stage, 3);
    rest(&mut stage);
    read(&mut stage, 4);
    rest(&mut stage);
    published(&stage, &["a0002"]);
    // The next session tries again.
    stage.server.stays_open = false;
    stage.server.is_open = false;
    stage.leave();
    stage.come_back();
    published(&stage, &["a0002", "a0004"]);
}

#[test]
fn a_new_device_says_nothing_of_what_nobody_has_read_on_it() {
    let mut stage = stage();
    stage.server.archive = (1..=20).map(archived).collect();
    stage.server.displayed.insert(PEER.into(), "a0010".into());
    stage.log_in(true).unwrap();
    rest(&mut stage);
    published(&stage, &[]);
    stage.watch(0, Anchor::Newest, 20);
    read(&mut stage, 20);
    rest(&mut stage);
    published(&stage, &["a0020"]);
}

#[test]
fn a_flag_that_comes_while_the_disk_fails_counts_when_it_works() {
    let mut stage = online();
    hear(&mut stage, 1..=3);
    stage.disk.is_unreadable.set(true);
    stage.server.flag(PEER, "a0002");
    stage.go();
    assert_eq!(stage.row().unread, 3);
    stage.disk.is_unreadable.set(false);
    stage.pass(Duration::from_secs(60));
    assert_eq!(stage.disk_problem(), None);
    assert_eq!(stage.row().unread, 1);
    assert_eq!(stage.restart().row().unread, 1);
}

#[test]
fn what_is_being_told_to_our_account_reaches_no_further_when_a_page_has_moved_it() {
    let mut stage = looking_again();
    hear(&mut stage, 1..=4);
    read(&mut stage, 2);
    stage.server.kept = Some(Vec::new());
    rest(&mut stage);
    published(&stage, &["a0002"]);
    let heard = place(&stage, "message 2");
    stage.server.answer_late();
    stage.go();
    assert!(place(&stage, "message 2") < heard, "it has not moved");
    assert_eq!(stage.row().unread, 2);
    // Our account has taken it.
    stage.server.let_go();
    stage.go();
    assert_eq!(stage.row().unread, 2);
}

#[test]
fn a_flag_in_a_gap_leaves_what_comes_after_it_unread_though_an_own_message_has_moved() {
    let mut stage = online();
    hear(&mut stage, 1..=1);
    stage.say("answer");
    stage.leave();
    stage.server.archive.extend((2..=4).map(archived));
    archive_own(&mut stage, 5);
    stage.server.archive.extend((6..=9).map(archived));
    stage.server.displayed.insert(PEER.into(), "a0006".into());
    stage.server.page_size = Some(3);
    stage.come_back();
    // Our clock is ahead of the archive's: the answer stood last until a page told where it belongs.
    let before = [1, 2, 3, 4].map(|number| format!("message {number}"));
    let after = [6, 7, 8, 9].map(|number| format!("message {number}"));
    let all = [&before[..], &["answer".to_owned()], &after].concat();
    assert_eq!(stage.stored_bodies(), all);
    assert_eq!(stage.row().unread, 3);
}

#[test]
fn who_saw_a_message_where_it_stood_has_not_seen_what_stands_there_now() {
    for is_watched in [true, false] {
        let mut stage = online();
        hear(&mut stage, 1..=2);
        let seen = stored(&stage, "message 2");
        stage.leave();
        stage.server.archive.push(archived(3));
        stage.come_back();
        assert!(place(&stage, "message 3") < seen.position);
        if is_watched {
            stage.watch(0, Anchor::Newest, 10);
        }
        assert_eq!(
            stage.tell(AccountCommand::mark_read(&seen)),
            Ok(Reply::Done)
        );
        assert_eq!(stage.row().unread, 1);
        rest(&mut stage);
        published(&stage, &["a0002"]);
    }
}

#[test]
fn what_was_held_back_and_heard_after_what_another_device_has_read_is_unread() {
    let mut stage = online();
    hear(&mut stage, 1..=1);
    hear_held(&mut stage, 2..=2);
    // It has the time of a server that is behind our clock.
    assert!(place(&stage, "message 2") < place(&stage, "message 1"));
    stage.server.flag(PEER, "a0001");
    stage.go();
    stage.leave();
    stage.come_back();
    assert!(place(&stage, "message 1") < place(&stage, "message 2"));
    assert_eq!(stage.row().unread, 1);
}

#[test]
fn nothing_is_told_while_what_our_account_names_is_missing_and_catch_up_is_not_done() {
    for (named, told) in [("a0003", &["a0004"][..]), ("a0005", &[])] {
        let mut stage = looking_again();
        hear(&mut stage, [1, 2, 4]);
        stage.server.archive.insert(2, archived(3));
        stage.server.archive.extend([5, 6].map(archived));
        stage.server.flag(PEER, named);
        read(&mut stage, 4);
        rest(&mut stage);
        published(&stage, &[]);
        stage.server.answer_late();
        stage.go();
        published(&stage, told);
    }
}

#[test]
fn what_our_account_says_is_displayed_stays_so_when_an_own_message_moves() {
    let mut stage = online();
    stage.say("first of all");
    stage.leave();
    stage.server.archive.extend((1..=4).map(archived));
    archive_own(&mut stage, 5);
    stage.server.archive.extend((6..=9).map(archived));
    stage.server.displayed.insert(PEER.into(), "a0008".into());
    stage.server.page_size = Some(3);
    stage.server.catch_ups_left = Some(2);
    stage.come_back();
    // The last page tells where it belongs.
    stage.server.answer_late();
    stage.go();
    assert_eq!(stage.row().unread, 1);
}

#[test]
fn what_reached_our_account_late_does_not_set_it_back() {
    let mut stage = online();
    hear(&mut stage, 1..=4);
    read(&mut stage, 1);
    stage.server.kept = Some(Vec::new());
    rest(&mut stage);
    published(&stage, &["a0001"]);
    // Another device was faster, but for our account ours is the last word.
    stage.server.flag(PEER, "a0003");
    stage.go();
    stage.server.displayed.insert(PEER.into(), "a0001".into());
    stage.server.let_go();
    stage.go();
    rest(&mut stage);
    published(&stage, &["a0001", "a0003"]);
    rest(&mut stage);
    published(&stage, &["a0001", "a0003"]);
    assert_eq!(stage.row().unread, 1);
}

#[test]
fn what_our_account_was_told_late_before_a_cut_is_mended_in_the_next_session() {
    let mut stage = online();
    hear(&mut stage, 1..=4);
    stage.server.flag(PEER, "a0003");
    stage.go();
    stage.server.displayed.insert(PEER.into(), "a0001".into());
    stage.leave();
    stage.come_back();
    rest(&mut stage);
    published(&stage, &["a0003"]);
    stage.leave();
    stage.come_back();
    rest(&mut stage);
    published(&stage, &["a0003"]);
    assert_eq!(stage.row().unread, 1);
}

#[test]
fn what_stands_above_what_our_account_says_is_displayed_is_read_when_a_page_puts_it_below() {
    for (flagged, unread) in [(false, 2), (true, 0)] {
        let mut stage = online();
        // Our clock is ahead of the server's: what comes live stands above what that has held back.
        stage.world.set_clock(3_600_000);
        hear(&mut stage, [1]);
        stage.leave();
        stage.server.catch_ups_left = Some(0);
        stage.server.page_size = Some(1);
        stage.come_back();
        hear_held(&mut stage, [8]);
        assert!(place(&stage, "message 8") < place(&stage, "message 1"));
        if flagged {
            stage.server.flag(PEER, "a0008");
            stage.go();
            assert_eq!(stage.row().unread, 1);
        }
        stage.server.answer_late();
        stage.go();
        assert!(place(&stage, "message 1") < place(&stage, "message 8"));
        assert_eq!(stage.row().unread, unread);
    }
}

/// Seed 8046673: they are found from the newest on, and each is put where it belongs alone.
#[test]
fn what_was_read_here_and_is_archived_late_is_read_page_by_page() {
    let mut stage = online();
    hear(&mut stage, 1..=3);
    read(&mut stage, 3);
    stage.say("answer");
    stage.leave();
    // They were named on the way, and are archived when the session that they went to is given up.
    let late: Vec<_> = stage.server.archive.drain(..).collect();
    archive_own(&mut stage, 4);
    stage.server.page_size = Some(1);
    stage.come_back();
    assert_eq!(stage.stored_bodies().first().unwrap(), "answer");
    stage.server.archive.splice(0..0, late);
    stage.pass(Duration::from_secs(220));
    let all = ["message 1", "message 2", "message 3", "answer"];
    assert_eq!(stage.stored_bodies(), all);
    assert_eq!(stage.row().unread, 0);
    assert_eq!(stage.restart().row().unread, 0);
}

#[test]
fn what_was_read_here_and_is_archived_late_is_read_though_a_page_holds_most_of_it() {
    let mut stage = online();
    hear(&mut stage, 1..=110);
    read(&mut stage, 110);
    stage.say("answer");
    stage.leave();
    let late: Vec<_> = stage.server.archive.drain(..).collect();
    archive_own(&mut stage, 111);
    stage.come_back();
    stage.server.archive.splice(0..0, late);
    stage.pass(Duration::from_secs(220));
    assert_eq!(stage.stored_bodies().last().unwrap(), "answer");
    assert_eq!(stage.row().unread, 0);
}

/// It was on its way to a session that was lost: nobody has heard it, and a page of the look has put it below what was read.
#[test]
fn what_was_never_heard_and_is_archived_late_is_unread_when_what_was_read_goes_below_it() {
    let mut stage = online();
    hear(&mut stage, 1..=1);
    read(&mut stage, 1);
    stage.say("answer");
    stage.leave();
    let mut late: Vec<_> = stage.server.archive.drain(..).collect();
    late.push(archived(2));
    archive_own(&mut stage, 3);
    stage.server.page_size = Some(1);
    stage.come_back();
    stage.server.archive.splice(0..0, late);
    stage.pass(Duration::from_secs(220));
    assert_eq!(stage.stored_bodies(), ["message 1", "message 2", "answer"]);
    assert_eq!(stage.row().unread, 1);
}
