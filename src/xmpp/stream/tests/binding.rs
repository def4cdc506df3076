//! RFC 6120 §7, and what may go wrong with it.

use super::*;

#[test]
fn a_resource_that_is_taken_is_left_to_the_server() {
    let mut play = Play::authenticated();
    play.features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
    play.refuse("conflict");
    let again = play.last_sent();
    let bind = again.get_child("bind", ns::BIND).unwrap();
    assert_eq!(bind.children().count(), 0);
    play.answer(
        "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>romeo@example.org/7</jid></bind>",
    );
    assert_eq!(
        play.events.last(),
        Some(&SessionEvent::Bound("romeo@example.org/7".into()))
    );
}

#[test]
fn a_full_server_says_so() {
    let mut play = Play::authenticated();
    play.features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
    play.refuse("resource-constraint");
    play.assert_ended(Problem::ServerFull, Next::Retry);
}

#[test]
fn a_refused_resource_is_told_in_the_servers_words() {
    let mut play = Play::authenticated();
    play.features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
    play.refuse("not-allowed");
    play.refuse("not-allowed");
    let problem = Problem::Refused {
        condition: "not-allowed".into(),
        text: Some("No.".into()),
    };
    play.assert_ended(problem, Next::Stop);
}

#[test]
fn nobody_is_bound_as_somebody_else() {
    for jid in [
        "juliet@example.org/w",
        "romeo@example.net/w",
        "romeo@example.org",
        "@",
    ] {
        let mut play = Play::authenticated();
        play.features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
        play.answer(&format!(
            "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{jid}</jid></bind>"
        ));
        let problem = Problem::StreamError {
            condition: "undefined-condition".into(),
            text: None,
        };
        play.assert_ended(problem, Next::Retry);
    }
}

#[test]
fn an_answer_from_somebody_else_binds_nothing() {
    let mut play = Play::authenticated();
    play.features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
    let id = play.last_sent().attr("id").unwrap().to_owned();
    play.server(&format!(
        "<iq type='result' id='{id}' from='mallory@example.org/m'>\
         <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>romeo@example.org/m</jid></bind></iq>"
    ));
    assert!(!matches!(play.events.last(), Some(SessionEvent::Bound(_))));
    play.answer(
        "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>romeo@example.org/w</jid></bind>",
    );
    assert!(matches!(play.events.last(), Some(SessionEvent::Bound(_))));
}

#[test]
fn a_stream_without_binding_is_of_no_use() {
    let mut play = Play::authenticated();
    play.features("");
    let problem = Problem::StreamError {
        condition: "unsupported-feature".into(),
        text: None,
    };
    play.assert_ended(problem, Next::Stop);
}

#[test]
fn an_old_server_gets_its_session() {
    let mut play = Play::authenticated();
    play.bind("<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>");
    let iq = play.last_sent();
    assert!(iq.has_child("session", ns::SESSION));
    assert!(
        play.stream
            .poll_timeout(&play.cx)
            .is_some_and(|(_, why)| why == Why::Negotiation)
    );
    play.answer("");
    assert!(
        play.stream
            .poll_timeout(&play.cx)
            .is_some_and(|(_, why)| why == Why::KeepAlive)
    );

    let mut play = Play::authenticated();
    play.bind("<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>");
    assert!(
        play.stream
            .poll_timeout(&play.cx)
            .is_some_and(|(_, why)| why == Why::KeepAlive)
    );
}
