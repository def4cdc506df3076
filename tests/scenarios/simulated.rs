//! What the simulation found, each as small as it can be told.

use std::time::Duration;

use futures::FutureExt;
use waxwing::boundary::command::{AccountCommand, Anchor};
use waxwing::entity::account::Connection;
use waxwing::entity::conversation::Conversation;
use waxwing::store::{Batch, Depot, Op};

use crate::support::Stage;
use crate::support::server::Archived;

/// Seeds 9 and 228: the newest page of history came before catch-up, and counted what it held as read; where the page of
/// catch-up was shorter, what was between stood behind what came after it.
#[test]
fn what_was_missed_in_a_conversation_that_is_watched_is_unread_and_in_order() {
    let mut stage = Stage::online();
    stage.watch(0, Anchor::Newest, 30);
    stage.leave();
    // All of them in one second.
    let missed = [3, 4, 5].map(|number| {
        Archived::new(
            number,
            "juliet@example.org/balcony",
            &format!("message {number}"),
        )
    });
    stage.server.archive.extend(missed);
    stage.server.page_size = Some(2);
    stage.server.refuses = false;
    stage.tell(AccountCommand::Reconnect).unwrap();
    stage.go();
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(stage.bodies(), ["message 3", "message 4", "message 5"]);
    assert_eq!(stage.row().unread, 3);
}

/// Seed 1020: read up to there was stored, and how many are unread after it was not, when the engine died.
#[test]
fn what_is_unread_is_counted_again_where_the_engine_died_before_it_was_stored() {
    let mut stage = Stage::online();
    for number in 1..=3 {
        stage.server.deliver(&format!(
            "<message xmlns='jabber:client' from='juliet@example.org/balcony' type='chat'><body>{number}</body></message>"
        ));
        stage.go();
    }
    let newest = stage.stored()[1].clone();
    stage.tell(AccountCommand::mark_read(&newest)).unwrap();
    assert_eq!(stage.row().unread, 1);
    let store = stage.disk.open(stage.account).now_or_never().unwrap();
    let store = store.unwrap();
    let held = store.load().now_or_never().unwrap().unwrap();
    let mut batch = Batch::default();
    for conversation in held.conversations {
        batch.push(Op::PutConversation(Conversation {
            unread: 3,
            ..conversation
        }));
    }
    store.commit(batch).now_or_never().unwrap().unwrap();
    let mut stage = stage.restart();
    stage.go();
    assert_eq!(stage.row().unread, 1);
}

/// Seed 3130: another device answered, so it counted as read here; then it was read here, and nobody was told.
#[test]
fn what_is_read_here_is_told_where_an_answer_from_elsewhere_made_it_count_as_read() {
    let mut stage = Stage::empty();
    stage.server.publishes = true;
    stage.log_in(true).unwrap();
    stage.pass(Duration::from_secs(2));
    let name = "<stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.org' id='a1'/>";
    stage.server.deliver(&format!(
        "<message xmlns='jabber:client' from='juliet@example.org/balcony' type='chat'><body>1</body>{name}</message>"
    ));
    stage.server.deliver(
        "<message xmlns='jabber:client' from='romeo@example.org'><sent xmlns='urn:xmpp:carbons:2'>\
         <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='romeo@example.org/phone' \
         to='juliet@example.org' type='chat'><body>2</body></message></forwarded></sent></message>",
    );
    stage.go();
    assert_eq!(stage.row().unread, 0);
    let read = stage.stored()[0].clone();
    stage.tell(AccountCommand::mark_read(&read)).unwrap();
    stage.pass(Duration::from_secs(2));
    let told = ("juliet@example.org".to_owned(), "a1".to_owned());
    assert_eq!(stage.server.flags, [told]);
}
