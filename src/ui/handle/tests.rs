//! The handle against a link that writes down what is posted.

use futures::FutureExt;

use super::*;
use crate::boundary::change::{
    AccountRow, ContactRow, Edge, GapState, Item, ItemKind, LogLine, ServerRow, TimelineChange,
    ToPage,
};
use crate::boundary::command::{Anchor, TimelineRequest, Toward};
use crate::entity::account::Step;
use crate::entity::address::Address;
use crate::entity::contact::Subscription;
use crate::entity::id::ItemId;
use crate::entity::message::Position;
use crate::entity::presence::{Availability, OwnPresence};
use crate::entity::time::Timestamp;
use crate::ui::i18n;

#[derive(Default)]
struct Tape {
    words: RefCell<Vec<ToEngine>>,
    restarts: Cell<u32>,
}

impl Link for Tape {
    fn post(&self, bytes: Vec<u8>) {
        let words: Vec<ToEngine> = codec::decode(&bytes).unwrap();
        self.words.borrow_mut().extend(words);
    }

    fn restart(&self) {
        self.restarts.set(self.restarts.get() + 1);
    }
}

struct Stage {
    owner: Owner,
    handle: Handle,
    tape: Rc<Tape>,
}

impl Stage {
    fn new() -> Self {
        let owner = Owner::new();
        owner.set();
        Self {
            owner,
            handle: Handle::new(|names| i18n::intl::order("en", names)),
            tape: Rc::default(),
        }
    }

    fn attached() -> Self {
        let stage = Self::new();
        stage.handle.attach(stage.tape.clone());
        stage.says(&ToPage::Welcome);
        stage.tape.words.take();
        stage
    }

    fn says(&self, word: &ToPage) {
        self.handle.receive(&codec::encode(&vec![word]));
    }

    fn heard(&self) -> Vec<Command> {
        let words = self.tape.words.take().into_iter();
        words
            .filter_map(|word| match word {
                ToEngine::Do(_, command) => Some(command),
                _ => None,
            })
            .collect()
    }
}

fn request() -> TimelineRequest {
    TimelineRequest {
        account: AccountId(1),
        conversation: Address::parse("juliet@example.org").unwrap(),
        anchor: Anchor::Newest,
        count: 50,
    }
}

fn timeline(id: WindowId) -> ToPage {
    ToPage::Changes(vec![Change::Timeline(
        id,
        TimelineChange {
            clear: true,
            gone: Vec::new(),
            put: vec![Item {
                id: ItemId(1),
                position: Position::default(),
                kind: ItemKind::Gap(GapState::Unknown),
            }],
            older: Edge::End,
            newer: Edge::End,
            unread_from: None,
        },
    )])
}

#[test]
fn what_is_said_before_the_welcome_is_kept_until_then() {
    let stage = Stage::new();
    stage.handle.send(Command::Activity);
    stage.handle.attach(stage.tape.clone());
    let hello = stage.tape.words.take();
    assert!(matches!(&hello[..], [ToEngine::Hello { build, .. }] if build == codec::BUILD));
    stage.handle.send(Command::CancelLogIn);
    assert!(stage.heard().is_empty());
    stage.says(&ToPage::Welcome);
    assert_eq!(stage.heard(), [Command::Activity, Command::CancelLogIn]);
    assert_eq!(stage.handle.engine.get_untracked(), Engine::Attached);
}

#[test]
fn each_question_gets_its_own_answer() {
    let stage = Stage::attached();
    let mut one = Box::pin(stage.handle.ask(Command::CancelLogIn));
    let mut two = Box::pin(stage.handle.ask(Command::RegistrationCancel));
    let ids: Vec<RequestId> = stage
        .tape
        .words
        .take()
        .into_iter()
        .map(|word| match word {
            ToEngine::Do(id, _) => id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(one.as_mut().now_or_never(), None);
    stage.says(&ToPage::Changes(vec![
        Change::Answer(ids[1], Err(Problem::Timeout)),
        Change::Answer(RequestId(999), Ok(Reply::Done)),
    ]));
    assert_eq!(two.as_mut().now_or_never(), Some(Err(Problem::Timeout)));
    assert_eq!(one.as_mut().now_or_never(), None);
    stage.says(&ToPage::Changes(vec![Change::Answer(
        ids[0],
        Ok(Reply::Done),
    )]));
    assert_eq!(one.now_or_never(), Some(Ok(Reply::Done)));
}

#[test]
fn an_engine_that_dies_answers_every_question_and_its_successor_knows_the_windows() {
    let stage = Stage::attached();
    let window = stage.handle.watch(request());
    stage.handle.watch_diagnostics(true, false);
    let asked = stage.handle.ask(Command::CancelLogIn);
    stage.heard();
    stage.handle.detach(Engine::Restarting);
    assert_eq!(asked.now_or_never(), Some(Err(Problem::Internal)));
    let late = stage.handle.watch(request());
    assert!(stage.heard().is_empty());

    let tape: Rc<Tape> = Rc::default();
    let stage = Stage { tape, ..stage };
    stage.handle.attach(stage.tape.clone());
    stage.says(&ToPage::Welcome);
    let expected = [
        Command::Watch(window.id, request()),
        Command::WatchDiagnostics {
            log: true,
            console: false,
        },
        Command::Watch(late.id, request()),
    ];
    assert_eq!(stage.heard(), expected);
}

#[test]
fn a_window_shows_what_comes_and_ends_with_its_owner() {
    let stage = Stage::attached();
    let inside = stage.owner.child();
    let window = inside.with(|| stage.handle.watch(request()));
    assert_eq!(stage.heard(), [Command::Watch(window.id, request())]);
    let seen = Rc::new(Cell::new(0));
    let counted = seen.clone();
    window.before_change(move |_| {
        assert!(window.rows.order.get_untracked().is_empty());
        counted.set(counted.get() + 1);
    });
    stage.says(&timeline(window.id));
    assert_eq!(**window.rows.order.get_untracked(), [ItemId(1)]);
    assert_eq!(window.rows.older.get_untracked(), Edge::End);
    assert_eq!(seen.get(), 1);

    window.extend(Toward::Older);
    window.show(Anchor::Unread);
    let moved = TimelineRequest {
        anchor: Anchor::Unread,
        ..request()
    };
    let expected = [
        Command::Extend(window.id, Toward::Older),
        Command::Watch(window.id, moved),
    ];
    assert_eq!(stage.heard(), expected);

    inside.cleanup();
    assert_eq!(stage.heard(), [Command::Unwatch(window.id)]);
    // What was under way when it ended harms nobody.
    stage.says(&timeline(window.id));
}

#[test]
fn listeners_hear_the_log_until_they_are_gone() {
    let stage = Stage::attached();
    let heard = Rc::new(Cell::new(0));
    let inside = stage.owner.child();
    let counted = heard.clone();
    inside.with(|| stage.handle.listen(move |_| counted.set(counted.get() + 1)));
    let log = ToPage::Changes(vec![Change::Log(Vec::<LogLine>::new())]);
    stage.says(&log);
    assert_eq!(heard.get(), 1);
    inside.cleanup();
    stage.says(&log);
    assert_eq!(heard.get(), 1);
}

#[test]
fn attention_is_told_only_when_it_is_news() {
    let stage = Stage::attached();
    stage.handle.attention(Attention::Focused);
    stage.handle.attention(Attention::Focused);
    stage.handle.attention(Attention::Hidden);
    let expected = [Attention::Focused, Attention::Hidden].map(Command::Attention);
    assert_eq!(stage.heard(), expected);
}

#[test]
fn another_build_and_garbage_both_mean_to_load_anew() {
    let stage = Stage::attached();
    stage.says(&ToPage::OtherBuild("later".into()));
    assert_eq!(stage.handle.engine.get_untracked(), Engine::OtherBuild);
    let stage = Stage::attached();
    stage.handle.receive(&[0xff, 0xff]);
    assert_eq!(stage.handle.engine.get_untracked(), Engine::OtherBuild);
    stage.handle.restart();
    assert_eq!(stage.tape.restarts.get(), 1);
}

#[test]
fn an_engine_that_another_one_has_replaced_is_begun_again_only_by_the_user() {
    let stage = Stage::attached();
    stage.says(&ToPage::Elsewhere);
    assert_eq!(
        stage.handle.engine.get_untracked(),
        Engine::HeldByAnotherTab
    );
    assert_eq!(stage.tape.restarts.get(), 0);
    stage.handle.restart();
    assert_eq!(stage.tape.restarts.get(), 1);
}

#[test]
fn what_was_answered_with_a_failure_is_not_carried_out_later() {
    let stage = Stage::new();
    stage.handle.send(Command::Activity);
    let asked = stage.handle.ask(Command::CancelLogIn);
    stage.handle.detach(Engine::Restarting);
    assert_eq!(asked.now_or_never(), Some(Err(Problem::Internal)));
    stage.handle.attach(stage.tape.clone());
    stage.says(&ToPage::Welcome);
    assert_eq!(stage.heard(), [Command::Activity]);
}

fn account(id: u64) -> AccountRow {
    AccountRow {
        id: AccountId(id),
        address: Address::parse("romeo@example.org").unwrap(),
        connection: Connection::Online,
        presence: OwnPresence::default(),
        roster_known: true,
        roster_problem: None,
        server: ServerRow::default(),
    }
}

fn message(id: u64) -> Command {
    asked(id, false)
}

fn asked(id: u64, again: bool) -> Command {
    let send = AccountCommand::SendMessage {
        to: request().conversation,
        body: "but soft".into(),
        id: ItemId(id),
        again,
    };
    Command::Account(AccountId(1), send)
}

#[test]
fn a_message_that_an_engine_died_with_is_given_to_the_next_one() {
    let stage = Stage::attached();
    let mut first = Box::pin(stage.handle.ask(message(1)));
    assert_eq!(stage.heard(), [message(1)]);
    stage.handle.detach(Engine::Restarting);
    assert_eq!(first.as_mut().now_or_never(), None);
    let mut second = Box::pin(stage.handle.ask(message(2)));
    // It dies once more before it has said a word.
    stage.handle.detach(Engine::Restarting);
    stage.handle.attach(stage.tape.clone());
    stage.tape.words.take();
    stage.says(&ToPage::Welcome);
    let words = stage.tape.words.take();
    let ids: Vec<_> = words
        .iter()
        .map(|word| match word {
            ToEngine::Do(id, command) => (*id, command.clone()),
            other => panic!("{other:?}"),
        })
        .collect();
    let [(one, first_asked), (two, second_asked)] = &ids[..] else {
        panic!("{ids:?}");
    };
    assert_eq!(
        (first_asked, second_asked),
        (&asked(1, true), &message(2)),
        "the second was told to none"
    );
    stage.says(&ToPage::Changes(vec![
        Change::Answer(*one, Ok(Reply::Done)),
        Change::Answer(*two, Err(Problem::Offline)),
    ]));
    assert_eq!(first.as_mut().now_or_never(), Some(Ok(Reply::Done)));
    assert_eq!(second.as_mut().now_or_never(), Some(Err(Problem::Offline)));
}

#[test]
fn a_message_that_no_engine_has_answered_waits_for_one_of_this_page_or_of_the_next() {
    let stage = Stage::attached();
    let mut first = Box::pin(stage.handle.ask(message(1)));
    let mut second = Box::pin(stage.handle.ask(message(2)));
    let other = stage.handle.ask(Command::CancelLogIn);
    for state in [
        Engine::Restarting,
        Engine::Failed(String::new()),
        Engine::HeldByAnotherTab,
        Engine::OtherBuild,
    ] {
        stage.handle.detach(state);
        assert_eq!(first.as_mut().now_or_never(), None);
        // For the page that comes after this one.
        assert_eq!(stage.handle.unanswered(), [asked(1, true), asked(2, true)]);
    }
    assert_eq!(other.now_or_never(), Some(Err(Problem::Internal)));
    stage.handle.attach(stage.tape.clone());
    stage.tape.words.take();
    stage.says(&ToPage::Welcome);
    assert_eq!(stage.heard(), [asked(1, true), asked(2, true)]);
    assert_eq!(second.as_mut().now_or_never(), None);
}

#[test]
fn a_page_that_comes_back_asks_again_for_what_was_answered_while_it_was_away() {
    let stage = Stage::attached();
    let mut first = Box::pin(stage.handle.ask(message(1)));
    stage.heard();
    stage.handle.come_back(stage.tape.clone());
    stage.tape.words.take();
    let mut second = Box::pin(stage.handle.ask(message(2)));
    stage.handle.send(Command::Activity);
    stage.says(&ToPage::Welcome);
    let words = stage.tape.words.take();
    let [
        ToEngine::Do(one, first_asked),
        ToEngine::Do(_, second_asked),
        ToEngine::Do(_, Command::Activity),
    ] = &words[..]
    else {
        panic!("{words:?}");
    };
    assert_eq!((first_asked, second_asked), (&asked(1, true), &message(2)));
    // Also the first engine's word comes.
    for _ in 0..2 {
        stage.says(&ToPage::Changes(vec![Change::Answer(
            *one,
            Ok(Reply::Done),
        )]));
    }
    assert_eq!(first.as_mut().now_or_never(), Some(Ok(Reply::Done)));
    assert_eq!(second.as_mut().now_or_never(), None);
}

#[test]
fn a_page_that_comes_back_does_not_ask_again_for_what_the_page_after_it_has_settled() {
    let stage = Stage::attached();
    let mut first = Box::pin(stage.handle.ask(message(1)));
    let mut second = Box::pin(stage.handle.ask(message(2)));
    let mut other = Box::pin(stage.handle.ask(Command::CancelLogIn));
    stage.heard();
    stage.handle.come_back(stage.tape.clone());
    stage.tape.words.take();
    let is_open = |command: &Command| *command == asked(2, true);
    stage.handle.answered_elsewhere(is_open);
    assert_eq!(first.as_mut().now_or_never(), Some(Ok(Reply::Done)));
    assert_eq!(stage.handle.unanswered(), [asked(2, true)]);
    stage.says(&ToPage::Welcome);
    assert_eq!(stage.heard(), [asked(2, true)]);
    assert_eq!(second.as_mut().now_or_never(), None);
    assert_eq!(other.as_mut().now_or_never(), None);
}

#[test]
fn who_listens_hears_of_an_account_that_goes_while_its_row_is_there() {
    let stage = Stage::attached();
    let gone = Rc::new(RefCell::new(Vec::new()));
    let (heard, handle) = (gone.clone(), stage.handle);
    stage.handle.listen(move |change| {
        if let Change::AccountGone(id) = change {
            let was_there = handle.model.accounts.peek(id).is_some();
            heard.borrow_mut().push((*id, was_there));
        }
    });
    let all = vec![Change::Account(account(7)), Change::Ready];
    stage.says(&ToPage::Changes(all));
    stage.says(&ToPage::Changes(vec![Change::AccountGone(AccountId(7))]));
    assert_eq!(*gone.borrow(), [(AccountId(7), true)]);
    assert!(stage.handle.model.accounts.is_empty());
}

#[test]
fn nobody_is_said_to_be_reachable_while_their_account_has_no_session() {
    let stage = Stage::attached();
    let peer = PeerKey::new(AccountId(7), Address::parse("juliet@example.org").unwrap());
    let there = Presence {
        availability: Availability::Online,
        status: Some("on the balcony".into()),
        last_seen: None,
    };
    let contact = ContactRow {
        address: peer.address.clone(),
        name: "Juliet".into(),
        is_named: true,
        groups: Vec::new(),
        subscription: Subscription::Both,
        asked: false,
        presence: there.clone(),
    };
    stage.says(&ToPage::Changes(vec![
        Change::Account(account(7)),
        Change::Contacts {
            account: AccountId(7),
            put: vec![contact],
            gone: Vec::new(),
        },
        Change::Ready,
    ]));
    let presence = || untrack(|| stage.handle.presence(&peer));
    assert_eq!(presence(), there);
    let waiting = Connection::Waiting {
        problem: Problem::ConnectionLost,
        retry: Timestamp(0),
    };
    for connection in [
        Connection::Idle,
        Connection::Connecting(Step::Opening),
        waiting,
        Connection::Failed(Problem::Offline),
    ] {
        let row = AccountRow {
            connection,
            ..account(7)
        };
        stage.says(&ToPage::Changes(vec![Change::Account(row)]));
        assert_eq!(presence(), Presence::default());
    }
    // Taken up again, it is as it was.
    stage.says(&ToPage::Changes(vec![Change::Account(account(7))]));
    assert_eq!(presence(), there);
    stage.handle.detach(Engine::Restarting);
    assert_eq!(presence(), Presence::default());
}

#[test]
fn who_introduces_itself_names_the_accounts_that_it_shows() {
    let stage = Stage::attached();
    let all = vec![Change::Account(account(7)), Change::Ready];
    stage.says(&ToPage::Changes(all));
    stage.handle.detach(Engine::Restarting);
    stage.handle.attach(stage.tape.clone());
    let hello = stage.tape.words.take();
    assert!(
        matches!(&hello[..], [ToEngine::Hello { accounts, .. }] if *accounts == [AccountId(7)]),
        "{hello:?}"
    );
}

#[test]
fn a_page_that_comes_back_still_says_what_it_waits_for() {
    let stage = Stage::new();
    let hellos = || {
        let words = stage.tape.words.borrow();
        let hello = |word: &&ToEngine| matches!(word, ToEngine::Hello { .. });
        words.iter().filter(hello).count()
    };
    let before = hellos();
    stage.handle.come_back(stage.tape.clone());
    assert_eq!(hellos(), before + 1);
    for engine in [
        Engine::OtherBuild,
        Engine::HeldByAnotherTab,
        Engine::Failed(String::new()),
    ] {
        stage.handle.detach(engine.clone());
        stage.handle.come_back(stage.tape.clone());
        assert_eq!(stage.handle.engine.get_untracked(), engine);
    }
    assert_eq!(hellos(), before + 1);
}
