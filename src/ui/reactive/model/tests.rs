//! What the model makes of changes.

use super::*;
use crate::boundary::change::ServerRow;
use crate::entity::account::Connection;
use crate::entity::contact::Subscription;
use crate::entity::conversation::Preview;
use crate::entity::message::{Direction, Position};
use crate::entity::presence::{Availability, OwnPresence, Presence};
use crate::entity::time::Timestamp;
use crate::ui::i18n;

const US: AccountId = AccountId(1);

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn key(text: &str) -> PeerKey {
    PeerKey::new(US, address(text))
}

fn contact(who: &str, name: &str) -> ContactRow {
    ContactRow {
        address: address(who),
        name: name.into(),
        is_named: true,
        groups: Vec::new(),
        subscription: Subscription::Both,
        asked: false,
        presence: Presence::default(),
    }
}

fn conversation(who: &str, time: Option<i64>, unread: u32) -> ConversationRow {
    ConversationRow {
        peer: address(who),
        name: who.into(),
        is_contact: true,
        latest: time.map(|time| Preview {
            position: Position {
                time: Timestamp(time),
                tie: 0,
            },
            time: Timestamp(time),
            direction: Direction::Incoming,
            text: "wherefore".into(),
        }),
        unread,
        draft: String::new(),
    }
}

fn contacts(put: Vec<ContactRow>) -> Change {
    Change::Contacts {
        account: US,
        put,
        gone: Vec::new(),
    }
}

fn conversations(put: Vec<ConversationRow>) -> Change {
    Change::Conversations {
        account: US,
        put,
        gone: Vec::new(),
    }
}

fn account() -> Change {
    Change::Account(AccountRow {
        id: US,
        address: address("romeo@example.org"),
        connection: Connection::Online,
        presence: OwnPresence::default(),
        roster_known: true,
        roster_problem: None,
        server: ServerRow::default(),
    })
}

fn model() -> (Owner, Model) {
    let owner = Owner::new();
    owner.set();
    (owner, Model::new(|names| i18n::intl::order("en", names)))
}

fn apply(model: Model, changes: Vec<Change>) {
    for change in changes {
        model.apply(change);
    }
    model.settle();
}

fn names(order: Memo<Arc<Vec<PeerKey>>>) -> Vec<String> {
    let order = order.get_untracked();
    order.iter().map(|key| key.address.to_string()).collect()
}

#[test]
fn contacts_are_in_order_of_their_names_and_presence_moves_nobody() {
    let (_owner, model) = model();
    apply(
        model,
        vec![contacts(vec![
            contact("mallory@example.org", "mallory"),
            contact("juliet@example.org", "Juliet"),
        ])],
    );
    assert_eq!(
        names(model.contact_order),
        ["juliet@example.org", "mallory@example.org"]
    );
    let before = model.contact_order.get_untracked();
    let row = model.contacts.row(&key("juliet@example.org"));
    let presence = Presence {
        availability: Availability::Away,
        ..Presence::default()
    };
    apply(
        model,
        vec![Change::Presences {
            account: US,
            put: vec![
                (address("juliet@example.org"), presence.clone()),
                (address("nobody@example.org"), presence.clone()),
            ],
        }],
    );
    assert_eq!(row.get_untracked().unwrap().presence, presence);
    assert!(Arc::ptr_eq(&before, &model.contact_order.get_untracked()));
    assert_eq!(model.contacts.len(), 2);
}

#[test]
fn conversations_are_newest_first_and_unread_is_summed() {
    let (_owner, model) = model();
    apply(
        model,
        vec![conversations(vec![
            conversation("mallory@example.org", Some(10), 2),
            conversation("juliet@example.org", Some(20), 3),
            conversation("nurse@example.org", None, 0),
        ])],
    );
    let expected = [
        "nurse@example.org",
        "juliet@example.org",
        "mallory@example.org",
    ];
    assert_eq!(names(model.conversation_order), expected);
    assert_eq!(model.unread.get_untracked(), 5);
    apply(
        model,
        vec![conversations(vec![conversation(
            "mallory@example.org",
            Some(30),
            0,
        )])],
    );
    let expected = [
        "nurse@example.org",
        "mallory@example.org",
        "juliet@example.org",
    ];
    assert_eq!(names(model.conversation_order), expected);
    assert_eq!(model.unread.get_untracked(), 3);
}

#[test]
fn a_second_snapshot_takes_the_place_of_the_first() {
    let (_owner, model) = model();
    let rows = || {
        vec![
            contact("juliet@example.org", "Juliet"),
            contact("nurse@example.org", "Nurse"),
        ]
    };
    apply(
        model,
        vec![Change::Clear, account(), contacts(rows()), Change::Ready],
    );
    assert!(model.ready.get_untracked());
    assert_eq!(model.contacts.len(), 2);
    // The rows stay until the snapshot is whole, even when it comes in pieces.
    apply(model, vec![Change::Clear]);
    assert_eq!(model.contacts.len(), 2);
    apply(
        model,
        vec![contacts(vec![contact("juliet@example.org", "Juliet")])],
    );
    apply(model, vec![account(), Change::Ready]);
    assert_eq!(names(model.contact_order), ["juliet@example.org"]);
    assert_eq!(model.accounts.len(), 1);
}

#[test]
fn an_account_takes_everything_with_it() {
    let (_owner, model) = model();
    apply(
        model,
        vec![
            account(),
            contacts(vec![contact("juliet@example.org", "Juliet")]),
            conversations(vec![conversation("juliet@example.org", Some(1), 1)]),
        ],
    );
    apply(model, vec![Change::AccountGone(US)]);
    assert!(model.accounts.is_empty());
    assert!(model.contacts.is_empty());
    assert!(model.conversations.is_empty());
    assert_eq!(model.unread.get_untracked(), 0);
    assert!(model.account_order.get_untracked().is_empty());
}

#[test]
fn a_snapshot_without_the_accounts_that_were_here_is_an_interruption() {
    let (_owner, model) = model();
    let interrupted = || model.interrupted.get_untracked();
    apply(model, vec![Change::Clear, Change::Ready]);
    assert!(!interrupted(), "nobody was here");
    apply(model, vec![account(), Change::Clear, Change::Ready]);
    assert!(interrupted());
    apply(model, vec![account()]);
    assert!(!interrupted(), "somebody is again");
    apply(model, vec![Change::AccountGone(US)]);
    assert!(!interrupted(), "logged out");
    apply(
        model,
        vec![account(), Change::Clear, account(), Change::Ready],
    );
    assert!(!interrupted());
}

#[test]
fn a_person_is_named_as_in_the_roster_else_as_in_the_conversation_else_by_the_address() {
    let (_owner, model) = model();
    let juliet = key("juliet@example.org");
    assert_eq!(model.name(&juliet), "juliet@example.org");
    apply(
        model,
        vec![conversations(vec![conversation(
            "juliet@example.org",
            None,
            0,
        )])],
    );
    assert_eq!(model.name(&juliet), "juliet@example.org");
    apply(
        model,
        vec![contacts(vec![contact("juliet@example.org", "Juliet")])],
    );
    assert_eq!(model.name(&juliet), "Juliet");
}

#[test]
fn five_thousand_contacts_come_at_once() {
    let (_owner, model) = model();
    let rows = (0..5000).map(|n| contact(&format!("c{n}@example.org"), &format!("Contact {n}")));
    apply(model, vec![contacts(rows.collect())]);
    assert_eq!(model.contact_order.get_untracked().len(), 5000);
}
