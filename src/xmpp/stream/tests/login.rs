//! Logging in, and being refused.

use super::*;

#[test]
fn kept_keys_take_the_place_of_the_password() {
    let mut play = Play::bound();
    let Some(Save::Credentials(kept)) = play.saved.pop() else {
        panic!("nothing was kept");
    };
    let mut later = Play::romeo(Credentials::Kept(kept.clone()));
    later.input(opened(true));
    later.log_in();
    assert!(later.saved.is_empty(), "they are kept already");

    let mut refused = Play::romeo(Credentials::Kept(kept));
    refused.input(opened(true));
    refused.server(OPEN);
    refused.offer(&["SCRAM-SHA-1"]);
    refused.sasl("failure", "<not-authorized/>");
    refused.assert_ended(Problem::PasswordNeeded, Next::Stop);
}

#[test]
fn without_credentials_the_password_is_asked_for() {
    for credentials in [Credentials::None, Credentials::Kept(b"rubbish".to_vec())] {
        let mut play = Play::romeo(credentials);
        play.input(opened(true));
        play.server(OPEN);
        play.offer(&["SCRAM-SHA-1", "PLAIN"]);
        play.assert_ended(Problem::PasswordNeeded, Next::Stop);
    }
}

#[test]
fn a_new_password_is_tried_on_the_next_socket() {
    let mut play = Play::romeo(Credentials::None);
    play.input(Input::Wish(Wish::Credentials(password())));
    play.input(opened(true));
    play.log_in();
}

#[test]
fn the_mechanism_is_pinned_from_log_in_to_log_in() {
    let mut play = Play::bound();
    play.input(Input::Closed);
    play.events.clear();
    play.input(opened(true));
    play.server(OPEN);
    play.offer(&["PLAIN"]);
    play.assert_ended(Problem::Downgrade, Next::Stop);
}

#[test]
fn the_mechanism_is_pinned_from_engine_to_engine() {
    let purpose = Purpose::Session {
        address: Address::parse("romeo@example.org").unwrap(),
        credentials: password(),
    };
    let mut play = Play::new(purpose, Some("SCRAM-SHA-256"));
    play.input(opened(true));
    play.server(OPEN);
    play.offer(&["SCRAM-SHA-1", "PLAIN"]);
    play.assert_ended(Problem::Downgrade, Next::Stop);
}

#[test]
fn a_password_goes_out_in_plain_only_where_nobody_listens() {
    let mut play = Play::romeo(password());
    play.input(opened(false));
    play.server(OPEN);
    play.offer(&["PLAIN"]);
    play.assert_ended(Problem::NoCommonMechanism(vec!["PLAIN".into()]), Next::Stop);

    let mut play = Play::opened();
    play.server(OPEN);
    play.offer(&["PLAIN"]);
    let auth = play.last_sent();
    assert_eq!(BASE64.decode(auth.text()).unwrap(), b"\0romeo\0r0m30");
    play.sasl("success", "");
    assert!(play.last_sent().is("open", ns::FRAMING));
    assert!(play.saved.is_empty(), "the password is never kept");
}

/// H01.
#[test]
fn a_server_that_cannot_prove_itself_gets_no_session() {
    let mut play = Play::opened();
    play.server(OPEN);
    play.offer(&["SCRAM-SHA-1"]);
    play.sasl("success", "");
    play.assert_ended(Problem::ServerNotAuthentic, Next::Stop);
    assert!(play.saved.is_empty());
    assert!(!play.sent.iter().any(|frame| frame.name() == "iq"));
}

/// H03, H05.
#[test]
fn a_cheating_challenge_is_aborted() {
    for challenge in ["r=x,s=c2FsdA==,i=1", "m=ext,r=x,s=c2FsdA==,i=4096"] {
        let mut play = Play::opened();
        play.server(OPEN);
        play.offer(&["SCRAM-SHA-1"]);
        play.sasl("challenge", &BASE64.encode(challenge));
        assert!(play.sent[play.sent.len() - 2].is("abort", ns::SASL));
        let problem = Problem::AuthFailed {
            condition: "undefined-condition".into(),
            text: None,
        };
        play.assert_ended(problem, Next::Stop);
    }
}

/// H09.
#[test]
fn an_offer_that_lost_mechanisms_on_the_way_is_a_downgrade() {
    let mut play = Play::opened();
    play.server(OPEN);
    play.offer(&["SCRAM-SHA-1"]);
    let first = BASE64.decode(play.last_sent().text()).unwrap();
    let nonce = String::from_utf8(first)
        .unwrap()
        .split_once("r=")
        .unwrap()
        .1
        .to_owned();
    // The hash of the XEP's example: the server offered SCRAM-SHA-1-PLUS and channel-binding types, too.
    let challenge = format!("r={nonce}x,s=c2FsdA==,i=4096,h=G6k/rBLDqgOhRRaCuuatSDFkJ08=");
    play.sasl("challenge", &BASE64.encode(challenge));
    play.assert_ended(Problem::OfferTampered, Next::Stop);
}

#[test]
fn each_failed_log_in_has_its_own_words() {
    for (condition, problem, next) in [
        ("not-authorized", Problem::WrongPassword, Next::Stop),
        ("account-disabled", Problem::AccountDisabled, Next::Stop),
        (
            "credentials-expired",
            Problem::CredentialsExpired,
            Next::Stop,
        ),
        (
            "encryption-required",
            Problem::EncryptionRequired,
            Next::Stop,
        ),
        (
            "temporary-auth-failure",
            Problem::TemporaryAuthFailure,
            Next::Retry,
        ),
        (
            "bad-weather",
            Problem::AuthFailed {
                condition: "bad-weather".into(),
                text: Some("No.".into()),
            },
            Next::Stop,
        ),
    ] {
        let mut play = Play::opened();
        play.server(OPEN);
        play.offer(&["PLAIN"]);
        play.sasl("failure", &format!("<text>No.</text><{condition}/>"));
        play.assert_ended(problem, next);
    }
}

#[test]
fn a_guest_gets_an_address() {
    let mut play = Play::new(Purpose::Anonymous, None);
    play.input(opened(true));
    play.server(OPEN);
    play.offer(&["ANONYMOUS"]);
    assert_eq!(play.last_sent().text(), "=");
    play.sasl("success", "");
    play.server(OPEN);
    play.features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
    play.answer(
        "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>a1b2@example.org/w</jid></bind>",
    );
    assert_eq!(
        play.events.last(),
        Some(&SessionEvent::Bound("a1b2@example.org/w".into()))
    );
}
