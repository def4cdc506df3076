//! Making an account.

use super::*;

const FORM: &str = "<query xmlns='jabber:iq:register'><instructions>Choose.</instructions><username/><password/></query>";

fn asked() -> Play {
    let mut play = Play::new(Purpose::Registration, None);
    play.input(opened(true));
    play.server(OPEN);
    play.features("<register xmlns='http://jabber.org/features/iq-register'/>");
    assert!(play.last_sent().has_child("query", ns::REGISTER));
    play
}

fn filled_in() -> Play {
    let mut play = asked();
    play.answer(FORM);
    assert!(matches!(
        play.events.last(),
        Some(SessionEvent::RegistrationForm(form)) if form.fields.len() == 2
    ));
    // People think longer than servers.
    play.wait(300);
    assert_eq!(play.ends(), []);
    submit(&mut play, "Romeo");
    play
}

fn submit(play: &mut Play, name: &str) {
    let secret = |text: &str| vec![Secret::new(text.into())];
    play.input(Input::Wish(Wish::Register(vec![
        ("username".into(), secret(name)),
        ("password".into(), secret(PASSWORD)),
    ])));
}

#[test]
fn an_account_is_made() {
    let mut play = filled_in();
    let query = play
        .last_sent()
        .get_child("query", ns::REGISTER)
        .unwrap()
        .clone();
    assert_eq!(
        query.get_child("username", ns::REGISTER).unwrap().text(),
        "Romeo"
    );
    assert_eq!(
        query.get_child("password", ns::REGISTER).unwrap().text(),
        PASSWORD
    );
    play.answer("");
    let romeo = Address::parse("romeo@example.org").unwrap();
    assert_eq!(play.events.last(), Some(&SessionEvent::Registered(romeo)));
    assert!(play.last_sent().is("close", ns::FRAMING));
}

#[test]
fn the_server_may_answer_under_its_own_name() {
    let mut play = asked();
    let id = play.last_sent().attr("id").unwrap().to_owned();
    play.server(&format!(
        "<iq type='result' id='{id}' from='example.org'>{FORM}</iq>"
    ));
    assert!(matches!(
        play.events.last(),
        Some(SessionEvent::RegistrationForm(_))
    ));
}

#[test]
fn a_name_that_is_taken_can_be_changed() {
    let mut play = filled_in();
    play.refuse("conflict");
    assert_eq!(
        play.events.last(),
        Some(&SessionEvent::RegistrationRefused(Problem::NameTaken))
    );
    submit(&mut play, "romeo2");
    play.answer("");
    assert!(matches!(
        play.events.last(),
        Some(SessionEvent::Registered(_))
    ));
}

#[test]
fn each_refusal_has_its_own_words() {
    for (condition, problem) in [
        ("resource-constraint", Problem::TooFast),
        ("not-allowed", Problem::RegistrationClosed),
        ("service-unavailable", Problem::RegistrationClosed),
    ] {
        let mut play = filled_in();
        play.refuse(condition);
        play.assert_ended(problem.clone(), Next::Stop);
        let mut play = asked();
        play.refuse(condition);
        play.assert_ended(problem, Next::Stop);
    }
    let mut play = filled_in();
    play.refuse("not-acceptable");
    assert_eq!(
        play.events.last(),
        Some(&SessionEvent::RegistrationRefused(Problem::NotAcceptable(
            Some("No.".into())
        )))
    );
}

#[test]
fn answers_without_a_form_go_nowhere() {
    let mut play = asked();
    let sent = play.sent.len();
    submit(&mut play, "romeo");
    assert_eq!(play.sent.len(), sent);
}
