//! What a link's addresses mean, before and after the model knows.

use super::*;
use crate::boundary::change::{AccountRow, Change, ContactRow, ServerRow};
use crate::entity::account::Connection;
use crate::entity::address::Address;
use crate::entity::contact::Subscription;
use crate::entity::presence::{OwnPresence, Presence};
use crate::ui::i18n;

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn account() -> Change {
    Change::Account(AccountRow {
        id: AccountId(1),
        address: address("romeo@example.org"),
        connection: Connection::Online,
        presence: OwnPresence::default(),
        roster_known: true,
        roster_problem: None,
        server: ServerRow::default(),
    })
}

fn contact() -> Change {
    Change::Contacts {
        account: AccountId(1),
        put: vec![ContactRow {
            address: address("juliet@example.org"),
            name: "Juliet".into(),
            is_named: true,
            groups: Vec::new(),
            subscription: Subscription::Both,
            asked: false,
            presence: Presence::default(),
        }],
        gone: Vec::new(),
    }
}

#[test]
fn a_link_waits_for_the_model_and_then_knows_whom_it_means() {
    let owner = Owner::new();
    owner.set();
    let handle = Handle::new(|names| i18n::intl::order("en", names));
    let answers: Answers = RwSignal::default();
    let now = |before: Option<&Opened>| {
        resolve(
            handle,
            answers,
            "Romeo@example.org",
            "juliet@example.org",
            before,
        )
    };
    assert_eq!(now(None), Opened::Opening);

    handle.model.apply(account());
    handle.model.apply(Change::Ready);
    assert_eq!(now(None), Opened::Opening);

    handle.model.apply(contact());
    let juliet = Opened::Known(PeerKey::new(AccountId(1), address("juliet@example.org")));
    assert_eq!(now(None), juliet);
    // It stays open although the contact is removed.
    handle.model.apply(Change::Contacts {
        account: AccountId(1),
        put: Vec::new(),
        gone: vec![address("juliet@example.org")],
    });
    assert_eq!(now(Some(&juliet)), juliet);
}

#[test]
fn an_account_that_is_not_here_and_an_address_that_is_none_are_refused() {
    let owner = Owner::new();
    owner.set();
    let handle = Handle::new(|names| i18n::intl::order("en", names));
    let answers: Answers = RwSignal::default();
    handle.model.apply(account());
    handle.model.apply(Change::Ready);
    let now = |account: &str| resolve(handle, answers, account, "@@", None);
    assert_eq!(
        now("mallory@example.org"),
        Opened::Refused(Refusal::NoSuchAccount("mallory@example.org".into()))
    );
    assert_eq!(now("romeo@example.org"), Opened::Opening);
    answers.update(|answers| {
        answers.insert((AccountId(1), "@@".into()), Err(Problem::InvalidAddress));
    });
    assert_eq!(
        now("romeo@example.org"),
        Opened::Refused(Refusal::Problem(Problem::InvalidAddress))
    );
}
