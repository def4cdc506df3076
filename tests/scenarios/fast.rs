//! Tokens in place of the password (XEP-0484): what is kept of them, where, and what is left when they end.

use std::time::Duration;

use futures::FutureExt;
use waxwing::boundary::change::Reply;
use waxwing::boundary::command::AccountCommand;
use waxwing::entity::account::Connection;
use waxwing::entity::message::Delivery;
use waxwing::entity::problem::Problem;
use waxwing::store::Depot;
use waxwing::xmpp::stream::auth::Kept;

use crate::support::Stage;
use crate::support::managed::Memory;
use crate::support::tokens::Tokens;

/// A client at a server that gives tokens and resumes sessions.
fn stage() -> Stage {
    let mut stage = Stage::empty();
    stage.server.tokens = Some(Tokens::default());
    stage.server.manages = Some(Memory::Session);
    stage
}

fn tokens(stage: &mut Stage) -> &mut Tokens {
    stage.server.tokens.as_mut().unwrap()
}

/// What the disk holds that proves us.
fn kept(stage: &Stage) -> Option<Kept> {
    let account = stage.disk.device().accounts.into_iter().next()?;
    Some(Kept::from_bytes(&account.credentials?))
}

#[test]
fn who_stays_logged_in_comes_back_by_a_token() {
    let mut stage = stage();
    stage.log_in(true).unwrap();
    let before = kept(&stage).unwrap();
    assert!(before.token.is_some() && before.keys.is_some());
    let frames = stage.server.frames.len();
    let mut stage = stage.restart();
    stage.go();
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(
        tokens(&mut stage).asked,
        ["SCRAM-SHA-256", "HT-SHA-256-NONE"]
    );
    // Nobody waited for anything between these two.
    assert!(stage.server.frames[frames].starts_with("<open "));
    assert!(stage.server.frames[frames + 1].starts_with("<authenticate "));
    // It is another one now: its count was stored before it was used.
    assert_ne!(kept(&stage).unwrap(), before);
    assert_eq!(tokens(&mut stage).good[0].count, 1);
}

#[test]
fn a_count_is_never_used_twice_even_if_the_engine_dies_before_the_answer() {
    let mut stage = stage();
    stage.log_in(true).unwrap();
    // What it says is heard, and answered by nothing.
    tokens(&mut stage).silent = true;
    for _ in 0..3 {
        stage = stage.restart();
        stage.go();
    }
    tokens(&mut stage).silent = false;
    let mut stage = stage.restart();
    stage.go();
    assert_eq!(stage.connection(), Connection::Online);
    let tokens = tokens(&mut stage);
    let by_token = tokens
        .asked
        .iter()
        .filter(|name| *name == "HT-SHA-256-NONE");
    assert_eq!(tokens.good[0].count as usize, by_token.count());
    assert!(!tokens.asked[1..].contains(&"SCRAM-SHA-256".to_owned()));
}

#[test]
fn who_does_not_stay_leaves_no_token_on_the_disk() {
    let mut stage = stage();
    stage.log_in(false).unwrap();
    assert_eq!(kept(&stage), None);
    // As long as the engine lives, it has it.
    stage.server.cut();
    stage.go();
    stage.pass(Duration::from_secs(10));
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(
        tokens(&mut stage).asked,
        ["SCRAM-SHA-256", "HT-SHA-256-NONE"]
    );
    assert_eq!(kept(&stage), None);
}

#[test]
fn who_logs_out_takes_the_token_along() {
    let mut stage = stage();
    stage.log_in(true).unwrap();
    assert_eq!(tokens(&mut stage).good.len(), 1);
    let out = stage.tell(AccountCommand::LogOut { erase: false });
    assert_eq!(out, Ok(Reply::Done));
    stage.go();
    assert_eq!(kept(&stage), None);
    assert!(tokens(&mut stage).good.is_empty(), "the server knows, too");
    let last = stage.server.frames.iter().rev();
    let mut last = last.filter(|frame| frame.starts_with("<authenticate "));
    assert!(last.next().unwrap().contains("invalidate='true'"));
    // Nothing goes on after it.
    stage.pass(Duration::from_secs(120));
    assert_eq!(tokens(&mut stage).asked.len(), 2);
}

#[test]
fn a_log_in_that_leads_to_no_session_gives_back_the_token_that_it_got() {
    let mut stage = stage();
    stage.server.binds_nobody = true;
    assert!(matches!(stage.log_in(true), Err(Problem::Refused { .. })));
    stage.go();
    assert_eq!(kept(&stage), None);
    let tokens = tokens(&mut stage);
    assert_eq!(tokens.asked, ["SCRAM-SHA-256", "HT-SHA-256-NONE"]);
    assert!(tokens.good.is_empty(), "the server knows, too");
}

#[test]
fn where_the_server_is_out_of_reach_the_token_is_gone_here() {
    let mut stage = stage();
    stage.log_in(true).unwrap();
    stage.leave();
    let out = stage.tell(AccountCommand::LogOut { erase: true });
    assert_eq!(out, Ok(Reply::Done));
    assert!(stage.disk.device().accounts.is_empty());
    stage.server.refuses = false;
    stage.pass(Duration::from_secs(600));
    assert_eq!(tokens(&mut stage).asked.len(), 1);
}

#[test]
fn a_token_that_ended_costs_no_question_while_keys_are_kept() {
    let mut stage = stage();
    stage.log_in(true).unwrap();
    tokens(&mut stage).good.clear();
    let mut stage = stage.restart();
    stage.go();
    assert_eq!(stage.connection(), Connection::Online);
    let asked = ["SCRAM-SHA-256", "HT-SHA-256-NONE", "SCRAM-SHA-256"];
    assert_eq!(tokens(&mut stage).asked, asked);
    assert_eq!(tokens(&mut stage).good.len(), 1, "and there is another one");
    assert_eq!(stage.server.sockets.len(), 1, "on the same stream");
}

/// F17.
#[test]
fn who_is_not_let_in_any_more_is_asked_once_and_loses_nothing() {
    let mut stage = stage();
    stage.log_in(true).unwrap();
    tokens(&mut stage).refuses = true;
    let mut stage = stage.restart();
    stage.go();
    assert_eq!(
        stage.connection(),
        Connection::Failed(Problem::PasswordNeeded)
    );
    stage.say("Art thou there?");
    stage.pass(Duration::from_secs(3_600));
    let asked = ["SCRAM-SHA-256", "HT-SHA-256-NONE", "SCRAM-SHA-256"];
    assert_eq!(tokens(&mut stage).asked, asked, "each once");
    tokens(&mut stage).refuses = false;
    stage.log_in(true).unwrap();
    stage.go();
    let sent = stage.server.take_messages();
    assert_eq!(sent.len(), 1);
    let stored = stage.stored();
    assert_eq!((stored.len(), &stored[0].delivery), (1, &Delivery::Sent));
}

#[test]
fn a_session_is_taken_up_in_one_round_trip_and_nothing_is_said_twice() {
    let mut stage = stage();
    stage.log_in(true).unwrap();
    let presences = stage.server.presences().len();
    stage.server.deaf = true;
    stage.say("lost on the way");
    stage.server.cut();
    stage.go();
    stage.pass(Duration::from_secs(10));
    assert_eq!(stage.connection(), Connection::Online);
    let sent = stage.server.take_messages();
    assert_eq!(sent.len(), 1);
    assert_eq!(stage.stored()[0].delivery, Delivery::Sent);
    assert_eq!(stage.server.presences().len(), presences);
    let last = stage.server.frames.iter().rev();
    let mut last = last.filter(|frame| frame.starts_with("<authenticate "));
    assert!(last.next().unwrap().contains("<resume "));
}

/// What was asked for, and where.
fn log_ins(stage: &mut Stage) -> Vec<(String, String)> {
    let tokens = tokens(stage);
    let asked = tokens.asked.iter().cloned();
    asked.zip(tokens.places.iter().cloned()).collect()
}

fn at(place: &str, mechanism: &str) -> (String, String) {
    (mechanism.to_owned(), format!("wss://{place}/ws"))
}

const TOKEN: &str = "HT-SHA-256-NONE";
const PASSWORD: &str = "SCRAM-SHA-256";

#[test]
fn a_token_is_used_only_where_it_was_given_wherever_sessions_are_resumed() {
    let mut stage = stage();
    stage.server.location = "wss://b.example.org/ws";
    stage.log_in(true).unwrap();
    stage.server.cut();
    stage.pass(Duration::from_secs(10));
    assert_eq!(stage.connection(), Connection::Online);
    let mut expected = vec![at("example.org", PASSWORD), at("b.example.org", PASSWORD)];
    assert_eq!(log_ins(&mut stage), expected);
    // The session went on there, and it has another token now: that of this place.
    assert_eq!(stage.server.presences().len(), 1);
    stage.server.cut();
    stage.pass(Duration::from_secs(30));
    expected.push(at("b.example.org", TOKEN));
    assert_eq!(log_ins(&mut stage), expected);
    // Another engine begins at home.
    let mut stage = stage.restart();
    stage.go();
    expected.push(at("example.org", PASSWORD));
    assert_eq!(log_ins(&mut stage), expected);
    let mut stage = stage.restart();
    stage.go();
    assert_eq!(stage.connection(), Connection::Online);
    expected.push(at("example.org", TOKEN));
    assert_eq!(log_ins(&mut stage), expected);
}

#[test]
fn a_token_is_not_used_at_another_address_that_somebody_has_set() {
    let mut stage = stage();
    stage.log_in(true).unwrap();
    let replace = AccountCommand::ReplaceWebSocket {
        from: "wss://example.org/ws".into(),
        to: "wss://new.example.org/ws".into(),
    };
    assert_eq!(stage.tell(replace), Ok(Reply::Done));
    stage.pass(Duration::from_secs(10));
    assert_eq!(stage.connection(), Connection::Online);
    let expected = [at("example.org", PASSWORD), at("new.example.org", PASSWORD)];
    assert_eq!(log_ins(&mut stage), expected);
    // Who logs out gives back what is good there, and there.
    let out = stage.tell(AccountCommand::LogOut { erase: false });
    assert_eq!(out, Ok(Reply::Done));
    stage.go();
    let last = log_ins(&mut stage).pop();
    assert_eq!(last, Some(at("new.example.org", TOKEN)));
}

/// What builds wrote before tokens had a place.
#[test]
fn a_token_of_which_nobody_knows_where_it_was_given_costs_one_log_in_by_keys() {
    let mut stage = stage();
    stage.log_in(true).unwrap();
    let mut account = stage.disk.device().accounts.remove(0);
    let keys = Kept {
        token: None,
        ..kept(&stage).unwrap()
    };
    // Without the version, and without the place of a token that is not there.
    let keys = keys.to_bytes();
    let token = [1, 1, b't', 1, b'a', 0, 3, 1, 1, 1, 1, 1, 1];
    let before = [&[2][..], &keys[1..keys.len() - 1], &token].concat();
    account.credentials = Some(before);
    stage
        .disk
        .put_account(account)
        .now_or_never()
        .unwrap()
        .unwrap();
    let mut stage = stage.restart();
    stage.go();
    assert_eq!(stage.connection(), Connection::Online);
    let expected = [at("example.org", PASSWORD), at("example.org", PASSWORD)];
    assert_eq!(log_ins(&mut stage), expected);
    assert!(kept(&stage).unwrap().token.is_some());
}
