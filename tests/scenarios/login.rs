//! Logging in and out, and what is left of it.

use std::time::Duration;

use waxwing::boundary::change::{Change, Reply};
use waxwing::boundary::codec;
use waxwing::boundary::command::{
    AccountCommand, Anchor, Attention, Command, LogIn, Server, TimelineRequest,
};
use waxwing::entity::account::Connection;
use waxwing::entity::problem::Problem;
use waxwing::entity::secret::Secret;
use waxwing::store::Standing;

use crate::support::{PASSWORD, Stage, WINDOW, address, juliet};

fn login(address: &str, websocket: Option<&str>) -> Command {
    Command::LogIn(LogIn {
        address: address.into(),
        password: Secret::new(PASSWORD.into()),
        websocket: websocket.map(str::to_owned),
        stay: false,
        anonymous: false,
        weaker: false,
    })
}

fn remembered(stage: &Stage, page: usize) -> Vec<String> {
    let changes = stage.pages[page].changes.iter().rev();
    changes
        .filter_map(|change| match change {
            Change::Remembered(addresses) => {
                Some(addresses.iter().map(ToString::to_string).collect())
            }
            _ => None,
        })
        .next()
        .unwrap_or_default()
}

#[test]
fn the_first_log_in_is_answered_when_everything_works() {
    let mut stage = Stage::empty();
    assert!(stage.pages[0].changes.contains(&Change::Ready));
    assert_eq!(stage.log_in(true), Ok(()));
    assert_eq!(stage.connection(), Connection::Online);
    let account = stage
        .pages[0]
        .changes
        .iter()
        .position(|change| matches!(change, Change::Account(row) if row.address == address("romeo@example.org") && row.roster_known));
    assert!(account.is_some());
}

#[test]
fn a_wrong_password_leaves_nothing() {
    let mut stage = Stage::empty();
    assert_eq!(
        stage.log_in_as("nonsense", true),
        Err(Problem::WrongPassword)
    );
    assert!(stage.disk.device().accounts.is_empty());
    assert_eq!(stage.disk.opened(), 0);
    assert_eq!(stage.pages[0].connection, None, "nobody saw an account");
    assert_eq!(stage.log_in(true), Ok(()));
}

#[test]
fn what_was_typed_is_checked_before_anything_is_opened() {
    let mut stage = Stage::empty();
    for (typed, websocket, problem) in [
        ("example.org", None, Problem::InvalidAddress),
        ("@", None, Problem::InvalidAddress),
        (
            "romeo@example.org",
            Some("ws://example.org/ws"),
            Problem::InsecureWebSocket,
        ),
        (
            "romeo@example.org",
            Some("javascript:alert(1)"),
            Problem::InvalidWebSocket,
        ),
    ] {
        assert_eq!(
            stage.ask(login(typed, websocket)),
            Some(Err(problem)),
            "{typed}"
        );
    }
    assert!(stage.server.sockets.is_empty());
}

#[test]
fn the_usual_places_are_tried_before_the_server_is_given_up() {
    let mut stage = Stage::empty();
    stage.server.refuses = true;
    let answer = stage.ask(login("romeo@example.org", None));
    let domain = "example.org".to_owned();
    assert_eq!(answer, Some(Err(Problem::ServerNotFound { domain })));
    stage.world.put_document("https://example.org/", "<html/>");
    let answer = stage.ask(login("romeo@example.org", None));
    let url = "example.org".to_owned();
    assert_eq!(answer, Some(Err(Problem::NotXmpp { url })));
    stage.server.refuses = false;
    let answer = stage.ask(login("romeo@example.org", None));
    assert!(matches!(answer, Some(Ok(Reply::Account(_)))), "{answer:?}");
    let urls: Vec<_> = stage
        .server
        .sockets
        .iter()
        .map(|socket| socket.url().to_owned())
        .collect();
    assert_eq!(urls, ["wss://example.org/xmpp-websocket"]);
}

#[test]
fn who_stays_is_back_at_once_and_no_password_is_kept() {
    let mut stage = Stage::online();
    stage.say("still here?");
    let record = stage.disk.device().accounts.remove(0);
    let keys = record.credentials.expect("nothing kept");
    let contains = |needle: &[u8]| keys.windows(needle.len()).any(|window| window == needle);
    assert!(!contains(PASSWORD.as_bytes()));
    let mut stage = stage.restart();
    assert_eq!(stage.connection(), Connection::Online);
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["still here?"]);
}

#[test]
fn history_is_readable_before_the_network_answers() {
    let mut stage = Stage::online();
    stage.say("wherefore");
    stage.server.refuses = true;
    let mut stage = stage.restart();
    assert!(matches!(stage.connection(), Connection::Waiting { .. }));
    assert_eq!(stage.row().latest.unwrap().text, "wherefore");
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["wherefore"]);
}

#[test]
fn who_does_not_stay_is_asked_for_the_password_and_nothing_is_shown() {
    let mut stage = Stage::empty();
    stage.log_in(false).unwrap();
    stage.say("a secret");
    assert_eq!(stage.disk.device().accounts[0].credentials, None);
    let mut stage = stage.restart();
    assert_eq!(stage.pages[0].connection, None);
    assert_eq!(stage.pages[0].row(&juliet()), None);
    assert_eq!(remembered(&stage, 0), ["romeo@example.org"]);
    stage.log_in(false).unwrap();
    assert_eq!(stage.row().latest.unwrap().text, "a secret");
    assert!(remembered(&stage, 0).is_empty());
}

#[test]
fn a_websocket_address_that_is_left_empty_is_looked_for_also_where_one_was_typed_before() {
    let mut stage = Stage::empty();
    let typed = login("romeo@example.org", Some("wss://other.example.org/ws"));
    assert!(matches!(stage.ask(typed), Some(Ok(Reply::Account(_)))));
    let mut stage = stage.restart();
    let answer = stage.ask(login("romeo@example.org", None));
    assert!(matches!(answer, Some(Ok(Reply::Account(_)))), "{answer:?}");
    let device = stage.disk.device();
    assert_eq!(device.accounts[0].websocket, None);
}

#[test]
fn who_came_in_by_the_site_s_address_goes_where_the_site_leads_now() {
    let replace = || AccountCommand::ReplaceWebSocket {
        from: "wss://example.org/ws".into(),
        to: "wss://new.example.org/ws".into(),
    };
    let last_url = |stage: &Stage| stage.server.sockets.last().unwrap().url().to_owned();
    let kept = |stage: &Stage| stage.disk.device().accounts[0].websocket.clone();

    // The address before still answers.
    let mut stage = Stage::online().restart();
    assert_eq!(last_url(&stage), "wss://example.org/ws");
    assert_eq!(stage.tell(replace()), Ok(Reply::Done));
    stage.pass(Duration::from_secs(5));
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(last_url(&stage), "wss://new.example.org/ws");
    let mut stage = stage.restart();
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(last_url(&stage), "wss://new.example.org/ws");
    // Told again, by another page.
    assert_eq!(stage.tell(replace()), Ok(Reply::Done));
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(kept(&stage).as_deref(), Some("wss://new.example.org/ws"));

    // Nobody is there any more.
    let mut stage = Stage::online();
    stage.server.refuses = true;
    let mut stage = stage.restart();
    assert!(matches!(stage.connection(), Connection::Waiting { .. }));
    stage.server.refuses = false;
    assert_eq!(stage.tell(replace()), Ok(Reply::Done));
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(last_url(&stage), "wss://new.example.org/ws");

    // What is no address replaces none.
    let mut stage = Stage::online();
    let insecure = AccountCommand::ReplaceWebSocket {
        from: "wss://example.org/ws".into(),
        to: "ws://example.org/ws".into(),
    };
    assert_eq!(stage.tell(insecure), Err(Problem::InsecureWebSocket));
    assert_eq!(kept(&stage).as_deref(), Some("wss://example.org/ws"));
}

#[test]
fn an_address_that_somebody_typed_stays() {
    let mut stage = Stage::empty();
    let typed = "wss://other.example.org/ws";
    match stage.ask(login("romeo@example.org", Some(typed))) {
        Some(Ok(Reply::Account(id))) => stage.account = id,
        other => panic!("{other:?}"),
    }
    let replace = AccountCommand::ReplaceWebSocket {
        from: "wss://example.org/ws".into(),
        to: "wss://new.example.org/ws".into(),
    };
    assert_eq!(stage.tell(replace), Ok(Reply::Done));
    assert_eq!(stage.connection(), Connection::Online);
    let device = stage.disk.device();
    assert_eq!(device.accounts[0].websocket.as_deref(), Some(typed));
    assert_eq!(stage.server.sockets.len(), 1);
}

#[test]
fn logging_out_removes_the_secrets_and_keeps_the_history_if_wished() {
    let mut stage = Stage::online();
    stage.say("farewell");
    assert_eq!(
        stage.tell(AccountCommand::LogOut { erase: false }),
        Ok(Reply::Done)
    );
    let frames = stage.server.frames.iter().rev();
    let last: Vec<_> = frames.take(2).map(String::as_str).collect();
    assert!(last[0].contains("<close"), "{last:?}");
    assert!(last[1].contains("unavailable"), "{last:?}");
    assert!(stage.server.sockets[0].is_closed());
    assert!(
        stage.pages[0]
            .changes
            .contains(&Change::AccountGone(stage.account))
    );
    let record = stage.disk.device().accounts.remove(0);
    assert!(record.standing == Standing::LoggedOut && record.credentials.is_none());
    let mut stage = stage.restart();
    assert_eq!(remembered(&stage, 0), ["romeo@example.org"]);
    stage.log_in(true).unwrap();
    assert_eq!(stage.row().latest.unwrap().text, "farewell");
}

#[test]
fn logging_out_erases_if_wished() {
    let mut stage = Stage::online();
    stage.say("farewell");
    assert_eq!(
        stage.tell(AccountCommand::LogOut { erase: true }),
        Ok(Reply::Done)
    );
    assert!(stage.disk.device().accounts.is_empty());
    assert!(stage.stored().is_empty());
    assert!(remembered(&stage, 0).is_empty());
    let answer = stage.ask(Command::Account(stage.account, AccountCommand::Reconnect));
    assert_eq!(answer, Some(Err(Problem::Offline)));
}

#[test]
fn a_log_out_that_leaves_the_secrets_behind_is_told_and_changes_nothing() {
    let mut stage = Stage::online();
    stage.say("farewell");
    stage.disk.device_fails.set(true);
    for erase in [false, true] {
        assert_eq!(
            stage.tell(AccountCommand::LogOut { erase }),
            Err(Problem::NotRemoved)
        );
        assert_eq!(stage.connection(), Connection::Online);
    }
    assert_eq!(stage.stored().len(), 1);
    stage.disk.device_fails.set(false);
    assert_eq!(
        stage.tell(AccountCommand::LogOut { erase: true }),
        Ok(Reply::Done)
    );
    assert!(stage.disk.device().accounts.is_empty());
}

#[test]
fn who_kept_no_secret_can_log_out_whatever_the_disk_does() {
    let mut stage = Stage::empty();
    stage.log_in(false).unwrap();
    stage.disk.device_fails.set(true);
    assert_eq!(
        stage.tell(AccountCommand::LogOut { erase: false }),
        Ok(Reply::Done)
    );
    assert_eq!(stage.pages[0].connection, None);
}

#[test]
fn a_server_that_became_weaker_is_refused_until_the_user_confirms_it_at_a_new_log_in() {
    let mut stage = Stage::empty();
    stage.log_in(false).unwrap();
    let mut record = stage.disk.device().accounts.remove(0);
    // Once it could do more than it offers now.
    record.mechanism = Some("SCRAM-SHA-512".into());
    {
        use futures::FutureExt;
        use waxwing::store::Depot;
        let put = stage.disk.put_account(record).now_or_never();
        put.unwrap().unwrap();
    }
    let mut stage = stage.restart();
    for _ in 0..2 {
        assert_eq!(stage.log_in(true), Err(Problem::Downgrade));
    }
    let Command::LogIn(mut confirmed) = login("romeo@example.org", Some("wss://example.org/ws"))
    else {
        panic!("no log-in");
    };
    confirmed.weaker = true;
    let answer = stage.ask(Command::LogIn(confirmed));
    assert!(matches!(answer, Some(Ok(Reply::Account(_)))), "{answer:?}");
    let record = stage.disk.device().accounts.remove(0);
    assert_eq!(record.mechanism.as_deref(), Some("SCRAM-SHA-256"));
    // Who logs out takes nothing of this along.
    stage.tell(AccountCommand::LogOut { erase: false }).unwrap();
    let record = stage.disk.device().accounts.remove(0);
    assert_eq!(record.mechanism, None);
}

#[test]
fn the_same_account_is_not_logged_in_twice() {
    let mut stage = Stage::online();
    assert_eq!(stage.log_in(true), Err(Problem::AlreadyLoggedIn));
    assert_eq!(stage.server.sockets.len(), 1);
}

#[test]
fn a_log_in_can_be_given_up() {
    let mut stage = Stage::empty();
    // The server is silent: nobody answers the handshake.
    stage.pages[0]
        .page
        .wish(9, login("romeo@example.org", Some("wss://example.org/ws")));
    stage.world.run();
    let socket = stage.world.new_sockets().remove(0);
    assert_eq!(stage.ask(Command::CancelLogIn), Some(Ok(Reply::Done)));
    assert!(socket.is_closed());
    assert_eq!(stage.log_in(true), Ok(()));
}

#[test]
fn a_page_that_goes_away_takes_its_log_in_with_it() {
    let mut stage = Stage::empty();
    let second = stage.attach(Attention::Visible);
    stage.go();
    stage.pages[second]
        .page
        .wish(9, login("romeo@example.org", Some("wss://example.org/ws")));
    stage.world.run();
    let socket = stage.world.new_sockets().remove(0);
    stage.pages[second].page.vanish();
    stage.go();
    assert!(socket.is_closed());
    assert_eq!(stage.log_in(true), Ok(()));
}

#[test]
fn changed_keys_ask_for_the_password_while_history_stays_readable() {
    let mut stage = Stage::online();
    stage.say("hello");
    let mut record = stage.disk.device().accounts.remove(0);
    // The password was changed elsewhere.
    record.credentials = Some(vec![1, 2, 3]);
    {
        use futures::FutureExt;
        use waxwing::store::Depot;
        stage
            .disk
            .put_account(record)
            .now_or_never()
            .unwrap()
            .unwrap();
    }
    let mut stage = stage.restart();
    assert_eq!(
        stage.connection(),
        Connection::Failed(Problem::PasswordNeeded)
    );
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["hello"]);
    let wrong = AccountCommand::ProvidePassword(Secret::new("nonsense".into()));
    assert_eq!(stage.tell(wrong), Err(Problem::WrongPassword));
    let right = AccountCommand::ProvidePassword(Secret::new(PASSWORD.into()));
    assert_eq!(stage.tell(right), Ok(Reply::Account(stage.account)));
    assert_eq!(stage.connection(), Connection::Online);
}

#[test]
fn a_page_of_another_build_hears_so_and_nothing_else() {
    let mut stage = Stage::online();
    let page = stage.world.new_page();
    page.say(waxwing::boundary::command::ToEngine::Hello {
        build: "another".into(),
        attention: Attention::Focused,
        accounts: Vec::new(),
        deadly: Vec::new(),
    });
    let request = TimelineRequest {
        account: stage.account,
        conversation: juliet(),
        anchor: Anchor::Newest,
        count: 10,
    };
    page.wish(1, Command::Watch(WINDOW, request));
    stage.go();
    let other = waxwing::boundary::change::ToPage::OtherBuild(codec::BUILD.to_owned());
    assert_eq!(page.take_messages(), [[other]]);
}

#[test]
fn registration_is_answered_by_a_form_then_by_the_account() {
    let mut stage = Stage::empty();
    let open = Command::RegistrationOpen(Server {
        domain: "example.org".into(),
        websocket: Some("wss://example.org/ws".into()),
    });
    let Some(Ok(Reply::Form(form))) = stage.ask(open) else {
        panic!("no form");
    };
    let names: Vec<_> = form
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(names, ["username", "password"]);
    let answers = |name: &str| {
        let answer = |field: &str, value: &str| (field.to_owned(), vec![Secret::new(value.into())]);
        Command::RegistrationSubmit(vec![answer("username", name), answer("password", PASSWORD)])
    };
    assert_eq!(stage.ask(answers("mallory")), Some(Err(Problem::NameTaken)));
    // People take their time, and the server does not wait: it is asked anew without a word.
    stage.server.cut();
    stage.go();
    let registered = stage.ask(answers("romeo"));
    assert_eq!(
        registered,
        Some(Ok(Reply::Registered(address("romeo@example.org"))))
    );
    assert!(stage.disk.device().accounts.is_empty());
}

#[test]
fn a_log_in_that_is_given_up_leaves_no_session_whenever_that_was() {
    for rounds in 1..40 {
        let mut stage = Stage::empty();
        stage.pages[0]
            .page
            .wish(9, login("romeo@example.org", Some("wss://example.org/ws")));
        for _ in 0..rounds {
            stage.world.run();
            stage.server.serve(&stage.world);
        }
        if stage.ask(Command::CancelLogIn) != Some(Ok(Reply::Done)) {
            panic!("no answer");
        }
        // A page that comes now sees what the client knows of.
        let late = stage.attach(Attention::Visible);
        stage.go();
        let shown = stage.pages[late].connection.is_some();
        assert_eq!(stage.pages[0].connection.is_some(), shown);
        let open = stage
            .server
            .sockets
            .iter()
            .any(|socket| !socket.is_closed());
        assert_eq!(open, shown, "after {rounds} rounds");
        let kept = !stage.disk.device().accounts.is_empty();
        assert_eq!(kept, shown, "after {rounds} rounds");
    }
}
