//! Losing the server, and finding it again.

use std::time::Duration;

use waxwing::boundary::change::{AccountRow, Change, Reply};
use waxwing::boundary::command::{AccountCommand, Command};
use waxwing::entity::account::Connection;
use waxwing::entity::presence::{Availability, OwnPresence};
use waxwing::entity::problem::Problem;

use crate::support::Stage;

fn second() -> Duration {
    Duration::from_secs(1)
}

/// Romeo was online long enough, and the server is gone.
fn lost() -> Stage {
    let mut stage = Stage::online();
    stage.pass(second() * 70);
    stage.server.refuses = true;
    stage.server.cut();
    stage.go();
    stage
}

#[test]
fn a_lost_connection_comes_back_by_itself() {
    let mut stage = lost();
    let Connection::Waiting { problem, retry } = stage.connection() else {
        panic!("{:?}", stage.connection());
    };
    assert_eq!(problem, Problem::ConnectionLost);
    assert!(retry.0 - stage.world.now().wall.0 <= 3_000);
    stage.server.refuses = false;
    stage.pass(second() * 4);
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(stage.server.sockets.len(), 2);
}

#[test]
fn a_host_that_answers_while_its_server_is_being_restarted_is_no_wrong_address() {
    let mut stage = lost();
    let gateway = "<html>502 Bad Gateway</html>";
    stage.world.put_document("https://example.org/", gateway);
    stage.pass(second() * 10);
    let Connection::Waiting { problem, .. } = stage.connection() else {
        panic!("{:?}", stage.connection());
    };
    assert_eq!(problem, Problem::ConnectionLost);
}

/// F16: no circle, but one that is being restarted.
#[test]
fn a_server_that_everybody_is_sent_to_may_be_away_for_long() {
    let mut stage = Stage::online();
    stage.server.moves = Some("wss://b.example.org/ws");
    stage.server.cut();
    stage.go();
    for _ in 0..20 {
        stage.pass(second() * 30);
        let is_given_up = matches!(stage.connection(), Connection::Failed(_));
        assert!(!is_given_up, "{:?}", stage.connection());
    }
    let sockets = stage.server.sockets.len();
    assert!(sockets <= 20, "{sockets}: that would be a storm");
    stage.server.moves = None;
    stage.pass(second() * 200);
    assert_eq!(stage.connection(), Connection::Online);
}

/// The newest row of the account.
fn account(stage: &Stage) -> AccountRow {
    let changes = stage.pages[0].changes.iter().rev();
    let row = changes.filter_map(|change| match change {
        Change::Account(row) => Some(row.clone()),
        _ => None,
    });
    row.into_iter().next().expect("no account")
}

#[test]
fn what_is_chosen_offline_is_shown_kept_and_sent_later() {
    let mut stage = lost();
    let away = OwnPresence {
        availability: Availability::Away,
        status: Some("in the orchard".into()),
    };
    let chosen = stage.tell(AccountCommand::SetPresence(away.clone()));
    assert_eq!(chosen, Ok(Reply::Done));
    assert_eq!(account(&stage).presence, away);
    let mut stage = stage.restart();
    assert_eq!(account(&stage).presence, away);
    stage.server.refuses = false;
    stage.tell(AccountCommand::Reconnect).unwrap();
    let shown = stage.server.presences().pop().expect("no presence");
    let show = shown.get_child("show", "jabber:client").unwrap();
    assert_eq!(show.text(), "away");
}

#[test]
fn a_roster_that_cannot_be_had_is_told_and_can_be_asked_for_again() {
    let mut stage = Stage::empty();
    stage.server.roster_fails = true;
    stage.log_in(true).unwrap();
    let row = account(&stage);
    assert!(!row.roster_known);
    assert!(
        matches!(row.roster_problem, Some(Problem::Refused { .. })),
        "{row:?}"
    );
    stage.server.roster_fails = false;
    stage.server.roster = "<item jid='juliet@example.org' subscription='both'/>".into();
    stage.tell(AccountCommand::LoadRoster).unwrap();
    let row = account(&stage);
    assert!(row.roster_known);
    assert_eq!(row.roster_problem, None);
    assert_eq!(stage.connection(), Connection::Online);
}

#[test]
fn attempts_become_rare_and_never_overlap() {
    let mut stage = lost();
    let mut attempts = 0;
    for _ in 0..3_600 {
        stage.world.pass(second());
        let new = stage.world.new_sockets();
        assert!(new.len() <= 1, "two attempts at a time");
        attempts += new.len();
        new.iter()
            .for_each(waxwing::platform::fake::FakeSocket::cut);
        stage.go();
    }
    // The ceiling is three minutes, the mean half of it: about forty in an hour.
    assert!(
        (20..90).contains(&attempts),
        "{attempts} attempts in an hour"
    );
}

#[test]
fn the_network_the_user_and_waking_up_make_it_try_at_once() {
    type Reason = fn(&mut Stage);
    let network: Reason = |stage| {
        assert_eq!(stage.ask(Command::Network(true)), Some(Ok(Reply::Done)));
    };
    let user: Reason = |stage| {
        assert_eq!(stage.tell(AccountCommand::Reconnect), Ok(Reply::Done));
    };
    let waking: Reason = |stage| {
        stage.world.sleep(second() * 3_600);
        // Any sign of life will do.
        stage.ask(Command::Account(
            stage.account,
            AccountCommand::OpenConversation("juliet@example.org".into()),
        ));
    };
    for reason in [network, user, waking] {
        let mut stage = lost();
        // Deep in the back-off.
        for _ in 0..600 {
            stage.pass(second());
        }
        assert!(matches!(stage.connection(), Connection::Waiting { .. }));
        stage.server.refuses = false;
        let before = stage.server.sockets.len();
        reason(&mut stage);
        stage.go();
        assert_eq!(stage.connection(), Connection::Online);
        assert_eq!(stage.server.sockets.len(), before + 1);
    }
}

#[test]
fn no_network_is_said_in_its_own_words() {
    let mut stage = Stage::online();
    stage.ask(Command::Network(false));
    assert_eq!(
        stage.connection(),
        Connection::Online,
        "the browser's word alone ends nothing"
    );
    stage.server.refuses = true;
    stage.server.cut();
    stage.go();
    assert!(matches!(
        stage.connection(),
        Connection::Waiting {
            problem: Problem::NoNetwork,
            ..
        }
    ));
}

#[test]
fn a_silent_server_is_noticed() {
    let mut stage = Stage::online();
    stage.server.silent = true;
    stage.pass(second() * 180);
    assert!(stage.server.sockets.len() > 1, "{:?}", stage.connection());
}

#[test]
fn a_message_of_presence_follows_idleness() {
    let mut stage = Stage::online();
    stage.pass(second() * 590);
    stage.ask(Command::Activity);
    stage.pass(second() * 590);
    let shows = |stage: &Stage| -> Vec<String> {
        let presences = stage.server.presences().into_iter();
        presences
            .map(|presence| {
                presence
                    .get_child("show", "jabber:client")
                    .map(minidom::Element::text)
                    .unwrap_or_default()
            })
            .collect()
    };
    assert_eq!(shows(&stage), [""]);
    stage.pass(second() * 20);
    assert_eq!(shows(&stage), ["", "away"]);
    stage.ask(Command::Activity);
    assert_eq!(shows(&stage), ["", "away", ""]);
}

#[test]
fn presence_of_the_others_is_forgotten_with_the_session() {
    let mut stage = Stage::empty();
    stage.server.roster =
        "<item jid='juliet@example.org' name='Juliet' subscription='both'/>".into();
    stage.log_in(true).unwrap();
    stage
        .server
        .deliver("<presence xmlns='jabber:client' from='juliet@example.org/balcony'/>");
    stage.go();
    let last = |stage: &Stage| {
        stage.pages[0]
            .changes
            .iter()
            .rev()
            .find_map(|change| match change {
                waxwing::boundary::change::Change::Presences { put, .. } => {
                    Some(put[0].1.availability)
                }
                _ => None,
            })
    };
    assert_eq!(last(&stage), Some(Availability::Online));
    stage.server.refuses = true;
    stage.server.cut();
    stage.go();
    assert_eq!(last(&stage), Some(Availability::Unknown));
}
