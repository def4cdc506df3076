//! XEP-0388: what a server, or somebody on the way, could try; the whole dialogues are in `tests/transcripts`.

use super::*;
use crate::entity::time::Timestamp;
use crate::xmpp::stream::auth::{self, fast};

const INLINE: &str = "<bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/><feature var='urn:xmpp:csi:0'/>\
     <feature var='urn:xmpp:sm:3'/></inline></bind><sm xmlns='urn:xmpp:sm:3'/>\
     <fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism></fast>";
const BOUND: &str =
    "<bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3' id='s1' resume='true'/></bound>";
const TOKEN: &str = "<token xmlns='urn:xmpp:fast:0' token='t' expiry='1971-01-01T00:00:00Z'/>";

impl Play {
    fn offer_sasl2(&mut self, mechanisms: &[&str], classic: &str) {
        let list: String = mechanisms
            .iter()
            .map(|name| format!("<mechanism>{name}</mechanism>"))
            .collect();
        self.features(&format!(
            "{classic}<authentication xmlns='urn:xmpp:sasl:2'>{list}<inline>{INLINE}</inline></authentication>"
        ));
    }

    fn sasl2(&mut self, name: &str, inner: &str) {
        self.server(&format!("<{name} xmlns='urn:xmpp:sasl:2'>{inner}</{name}>"));
    }

    /// The server lets us in as that, with all of this.
    fn welcome(&mut self, proof: &str, jid: &str, more: &str) {
        self.sasl2(
            "success",
            &format!(
                "<additional-data>{proof}</additional-data><authorization-identifier>{jid}</authorization-identifier>{more}"
            ),
        );
    }

    /// Up to the server's proof, which is given back.
    fn prove_password(&mut self) -> String {
        self.server(OPEN);
        self.offer_sasl2(&["SCRAM-SHA-1", "PLAIN"], "");
        let authenticate = self.last_sent();
        assert!(authenticate.is("authenticate", ns::SASL2));
        let initial = authenticate.get_child("initial-response", ns::SASL2);
        let first = BASE64.decode(initial.unwrap().text()).unwrap();
        let first = String::from_utf8(first).unwrap();
        let (challenge, success) = server(&first, PASSWORD, Hash::Sha1);
        self.sasl2("challenge", &challenge);
        success
    }

    /// Bound by the password, with a token.
    fn with_token() -> Self {
        let mut play = Self::opened();
        let proof = play.prove_password();
        play.welcome(&proof, "romeo@example.org/w", &format!("{BOUND}{TOKEN}"));
        play.features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
        assert!(matches!(play.events.last(), Some(SessionEvent::Bound(_))));
        play.sent.clear();
        play.events.clear();
        play
    }
}

fn undefined() -> Problem {
    Problem::StreamError {
        condition: "undefined-condition".into(),
        text: None,
    }
}

#[test]
fn what_nobody_asked_for_lets_nobody_in() {
    let mut play = Play::opened();
    play.server(OPEN);
    play.welcome("dj1BQUFB", "romeo@example.org/w", BOUND);
    play.sasl2("continue", "<tasks><task>UPGR-SCRAM-SHA-256</task></tasks>");
    play.sasl2("failure", "<not-authorized/>");
    assert!(play.ends().is_empty() && play.cx.bound().is_none());
    // On a stream that is bound, too.
    let mut play = Play::bound();
    play.welcome("", "mallory@example.org/m", BOUND);
    play.features("<sm xmlns='urn:xmpp:sm:3'/>");
    assert_eq!(play.events, []);
    assert!(!play.cx.stream_features().stream_management);
    assert_eq!(play.cx.bound().unwrap().to_string(), "romeo@example.org/w");
}

#[test]
fn nobody_is_bound_as_somebody_else_along_with_the_log_in() {
    for jid in [
        "juliet@example.org/w",
        "romeo@example.net/w",
        "romeo@example.org",
        "@",
        "",
    ] {
        let mut play = Play::opened();
        let proof = play.prove_password();
        play.welcome(&proof, jid, &format!("{BOUND}{TOKEN}"));
        play.assert_ended(undefined(), Next::Retry);
        assert!(play.saved.is_empty(), "{jid}");
    }
}

/// H01.
#[test]
fn a_task_before_the_proof_gets_nothing() {
    let mut play = Play::opened();
    let _never_given = play.prove_password();
    play.sasl2("continue", "<tasks><task>UPGR-SCRAM-SHA-512</task></tasks>");
    play.assert_ended(Problem::ServerNotAuthentic, Next::Stop);
    assert!(!play.sent.iter().any(|frame| frame.name() == "task-data"));
}

#[test]
fn a_password_is_not_given_to_who_asks_for_a_task_that_we_did_not_offer() {
    let mut play = Play::opened();
    let proof = play.prove_password();
    play.sasl2(
        "continue",
        &format!("<additional-data>{proof}</additional-data><tasks><task>UPGR-SCRAM-SHA-512</task></tasks>"),
    );
    let problem = Problem::AuthFailed {
        condition: "UPGR-SCRAM-SHA-512".into(),
        text: None,
    };
    assert!(play.sent[play.sent.len() - 2].is("abort", ns::SASL2));
    play.assert_ended(problem, Next::Stop);
}

/// Somebody on the way takes the stronger mechanisms out of both offers.
#[test]
fn an_account_does_not_slide_back_by_sasl2() {
    let mut play = Play::with_token();
    play.stream.token = None;
    play.input(Input::Closed);
    play.cx.unbind();
    play.events.clear();
    play.sent.clear();
    play.input(opened(true));
    play.server(OPEN);
    play.offer_sasl2(&["PLAIN"], "");
    play.assert_ended(Problem::Downgrade, Next::Stop);
}

#[test]
fn a_token_goes_only_where_nobody_listens() {
    let mut play = Play::with_token();
    play.input(Input::Closed);
    play.sent.clear();
    play.input(opened(false));
    assert_eq!(play.sent.len(), 1);
    assert_eq!(play.last_sent().attr("from"), None);
    play.server(OPEN);
    play.offer_sasl2(
        &["SCRAM-SHA-1"],
        "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></mechanisms>",
    );
    assert!(play.last_sent().is("auth", ns::SASL));
}

/// Whoever leads us elsewhere, with our own server's word or without, gets nothing that is worth anything at home.
#[test]
fn a_token_is_said_nowhere_but_where_it_was_given() {
    for origin in [
        "wss://evil.example:443",
        "wss://example.org:5443",
        "ws://example.org:443",
        "",
    ] {
        let mut play = Play::with_token();
        play.input(Input::Closed);
        play.sent.clear();
        let secure = true;
        play.input(Input::Opened { secure, origin });
        assert_eq!(play.sent.len(), 1, "{origin}");
        let proof = play.prove_password();
        let mut sent = play.sent.iter();
        let is_log_in = |frame: &&Element| frame.name() == "authenticate";
        let asked = sent.find(is_log_in).unwrap().clone();
        assert_eq!(asked.attr("mechanism"), Some("SCRAM-SHA-1"));
        assert!(asked.has_child("request-token", ns::FAST));
        // What waits is taken up there, too.
        assert!(asked.has_child("resume", ns::SM));
        // One that gives none leaves ours as it is, for the way home.
        let resumed = "<resumed xmlns='urn:xmpp:sm:3' previd='s1' h='0'/>";
        play.welcome(&proof, "romeo@example.org/w", resumed);
        play.features("");
        assert!(play.cx.bound().is_some(), "{origin}");
        play.input(Input::Closed);
        play.sent.clear();
        play.input(opened(true));
        assert_eq!(play.last_sent().attr("mechanism"), Some(fast::MECHANISM));
    }
}

#[test]
fn one_token_is_kept_and_it_is_that_of_the_last_place() {
    let mut play = Play::with_token();
    play.input(Input::Closed);
    let (secure, origin) = (true, "wss://b.example.org:443");
    play.input(Input::Opened { secure, origin });
    let proof = play.prove_password();
    play.welcome(&proof, "romeo@example.org/w", &format!("{BOUND}{TOKEN}"));
    let Some(Save::Credentials(kept)) = play.saved.pop() else {
        panic!("nothing was kept");
    };
    for (origin, ahead) in [(HOME, false), (origin, true)] {
        let mut later = Play::romeo(Credentials::Kept(kept.clone()));
        later.input(Input::Opened { secure, origin });
        assert_eq!(later.last_sent().name() == "authenticate", ahead);
    }
}

/// XEP-0484 §4.6, at another place: to give it back there would be to give it away.
#[test]
fn a_token_is_not_given_back_where_it_was_not_given() {
    let mut play = Play::with_token();
    let Some(Save::Credentials(kept)) = play.saved.pop() else {
        panic!("nothing was kept");
    };
    for (origin, gives) in [("wss://evil.example:443", false), (HOME, true)] {
        let mut play = Play::romeo(Credentials::Revoked(kept.clone()));
        let secure = true;
        play.input(Input::Opened { secure, origin });
        assert_eq!(play.last_sent().name() == "authenticate", gives);
        play.server(OPEN);
        play.offer_sasl2(&["SCRAM-SHA-1"], "");
        let is_log_in = |frame: &Element| frame.name() == "authenticate";
        assert_eq!(play.sent.iter().any(is_log_in), gives);
    }
}

#[test]
fn a_token_is_not_given_to_an_installation_without_a_name() {
    let mut play = Play::opened();
    play.stream.agent = None;
    let proof = play.prove_password();
    let mut sent = play.sent.iter();
    let asked = sent.find(|frame| frame.name() == "authenticate").unwrap();
    assert!(!asked.has_child("request-token", ns::FAST));
    play.welcome(&proof, "romeo@example.org/w", TOKEN);
    assert_eq!(play.stream.token, None);
}

/// XEP-0484 §5.1: a token is given to one installation, and an account that gets another name here keeps it.
#[test]
fn a_token_is_used_under_the_name_that_it_was_given_to() {
    let mut play = Play::with_token();
    let Some(Save::Credentials(kept)) = play.saved.pop() else {
        panic!("nothing was kept");
    };
    let mut later = Play::romeo(Credentials::Kept(kept.clone()));
    assert_eq!(later.stream.agent.as_deref(), Some(AGENT));
    let known = Snapshot {
        agent: Some("another".to_owned()),
        ..Snapshot::default()
    };
    let settings = Settings {
        domain: "example.org".into(),
        purpose: Purpose::Session {
            address: Address::parse("romeo@example.org").unwrap(),
            credentials: Credentials::Kept(kept),
        },
        language: None,
    };
    later.stream = Stream::new(settings, &known);
    later.input(opened(true));
    let used = later.last_sent();
    let agent = used.get_child("user-agent", ns::SASL2).unwrap();
    assert_eq!(agent.attr("id"), Some(AGENT));
}

#[test]
fn a_server_that_never_answers_what_is_sent_ahead_is_asked_as_ever() {
    let mut play = Play::with_token();
    for ahead in [true, true, false, false] {
        play.input(Input::Closed);
        play.sent.clear();
        play.input(opened(true));
        assert_eq!(play.last_sent().name() == "authenticate", ahead);
    }
    // With the features it is tried all the same.
    play.server(OPEN);
    play.offer_sasl2(&["SCRAM-SHA-1"], "");
    let used = play.last_sent();
    assert_eq!(used.attr("mechanism"), Some(fast::MECHANISM));
    let used = used.get_child("fast", ns::FAST).unwrap().clone();
    assert_eq!(used.attr("count"), Some("3"));
}

/// XEP-0198 §5, as in the classic way: a server that hangs up on an attempt to resume would do so again.
#[test]
fn a_session_is_asked_for_once_where_the_server_was_there() {
    let mut play = Play::with_token();
    play.input(Input::Closed);
    play.input(opened(true));
    assert!(play.last_sent().has_child("resume", ns::SM));
    // The network was cut before anybody said a word.
    play.input(Input::Closed);
    play.input(opened(true));
    assert!(play.last_sent().has_child("resume", ns::SM));
    play.server(OPEN);
    play.offer_sasl2(&["SCRAM-SHA-1"], "");
    play.input(Input::Closed);
    assert_eq!(play.ends(), [(Problem::ConnectionLost, Next::Retry)]);
}

/// RFC 6121 §8: nothing that came is lost, and all of it counts.
#[test]
fn a_stanza_before_the_features_waits_for_the_session() {
    let mut play = Play::opened();
    let proof = play.prove_password();
    play.welcome(&proof, "romeo@example.org/w", BOUND);
    play.server("<message from='juliet@example.org/b'><body>early</body></message>");
    play.server("<r xmlns='urn:xmpp:sm:3'/>");
    assert_eq!(play.last_sent().attr("h"), Some("1"));
    assert_eq!(play.stream.early.len(), 1);
    play.features("<sm xmlns='urn:xmpp:sm:3'/>");
    assert_eq!(play.stream.take_early().len(), 1);
}

#[test]
fn a_session_that_is_cut_before_it_began_is_not_taken_up() {
    let mut play = Play::opened();
    let proof = play.prove_password();
    play.welcome(&proof, "romeo@example.org/w", BOUND);
    play.input(Input::Closed);
    assert_eq!(play.ends(), [(Problem::ConnectionLost, Next::Retry)]);
    assert!(!play.cx.management.is_suspended());
}

#[test]
fn nobody_who_looks_away_is_bound_as_if_they_looked() {
    let mut play = Play::romeo(password());
    play.cx.is_inactive = true;
    play.input(opened(true));
    let proof = play.prove_password();
    let mut sent = play.sent.iter();
    let asked = sent.find(|frame| frame.name() == "authenticate").unwrap();
    let bind = asked.get_child("bind", ns::BIND2).unwrap();
    assert!(bind.has_child("inactive", ns::CSI) && bind.has_child("enable", ns::CARBONS));
    play.welcome(&proof, "romeo@example.org/w", BOUND);
    assert!(play.cx.begun.inactive && play.cx.begun.carbons);
}

#[test]
fn a_server_that_does_not_answer_the_log_in_is_given_up() {
    let mut play = Play::opened();
    let _never_given = play.prove_password();
    play.wait(20);
    play.assert_ended(Problem::Timeout, Next::Retry);
}

/// XEP-0484 §4.6: who has logged out does not log in again by something else, nor asks for another token.
#[test]
fn a_token_that_cannot_be_given_back_is_left_to_its_age() {
    let inline = auth::Inline::default();
    let kept = Kept {
        keys: Some(auth::ScramKeys::example(Hash::Sha1)),
        token: Token::new("t", AGENT, HOME, Some(Timestamp(-100_000_000)), inline),
    };
    for mechanisms in [&["SCRAM-SHA-1"][..], &["PLAIN"], &[]] {
        let mut play = Play::romeo(Credentials::Revoked(kept.to_bytes()));
        play.input(opened(true));
        play.server(OPEN);
        play.offer_sasl2(
            mechanisms,
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></mechanisms>",
        );
        play.assert_ended(Problem::ConnectionLost, Next::Stop);
        let is_log_in = |frame: &Element| matches!(frame.name(), "auth" | "authenticate");
        assert!(!play.sent.iter().any(is_log_in), "{mechanisms:?}");
    }
}

#[test]
fn a_password_typed_during_a_log_in_by_token_is_for_the_next_one() {
    let mut play = Play::with_token();
    play.input(Input::Closed);
    play.cx.unbind();
    play.input(opened(true));
    play.server(OPEN);
    play.offer_sasl2(&["SCRAM-SHA-1"], "");
    play.input(Input::Wish(Wish::Credentials(password())));
    let proof = BASE64.encode(Hash::Sha256.hmac(b"t", b"Responder"));
    play.welcome(&proof, "romeo@example.org/w", BOUND);
    assert!(play.ends().is_empty(), "{:?}", play.ends());
    assert!(play.cx.bound().is_some());
}

/// What a proxy would not take of the negotiation says nothing about the session that waits, or its messages.
#[test]
fn a_socket_that_is_rejected_before_the_session_costs_nothing() {
    let mut play = Play::with_token();
    play.input(Input::Closed);
    play.input(opened(true));
    assert!(!play.stream.on_rejected(&mut play.cx));
    assert!(play.cx.management.is_suspended());
}
