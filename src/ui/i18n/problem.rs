//! A problem in words: what happened, what to do next, and what the server said.

use super::problems::Advice;
use super::{Fill, Texts};
use crate::entity::problem::Problem;

/// A problem in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Words {
    /// What happened.
    pub what: String,
    /// What to do next; may be empty.
    pub next: String,
    /// What the server said, if anything: hostile text, to be shown as a quotation.
    pub quote: Option<String>,
}

/// What a problem concerns: next to that it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Concerns {
    /// The address that was typed.
    Address,
    /// The password that was typed.
    Password,
    /// The WebSocket address.
    WebSocket,
    /// Everything.
    Whole,
}

impl Concerns {
    /// What this problem concerns.
    #[must_use]
    pub fn of(problem: &Problem) -> Self {
        match problem {
            Problem::InvalidAddress
            | Problem::ServerNotAllowed(_)
            | Problem::ServerNotFound { .. }
            | Problem::HostUnknown(_)
            | Problem::AlreadyLoggedIn => Self::Address,
            Problem::WrongPassword
            | Problem::PasswordNeeded
            | Problem::PasswordLost
            | Problem::CredentialsExpired
            | Problem::PasswordNotAllowed => Self::Password,
            Problem::InsecureWebSocket
            | Problem::InvalidWebSocket
            | Problem::NotXmpp { .. }
            | Problem::EncryptionRequired => Self::WebSocket,
            _ => Self::Whole,
        }
    }
}

impl Words {
    /// The words for a problem.
    #[must_use]
    pub fn of(problem: &Problem, texts: &Texts) -> Self {
        let t = &texts.problems;
        // (the advice, what fills its gap, the server's words, the defined condition)
        let (advice, gap, quote, condition): (_, &str, Option<&str>, Option<&str>) = match problem {
            Problem::InvalidAddress => (t.invalid_address, "", None, None),
            Problem::InsecureWebSocket => (t.insecure_websocket, "", None, None),
            Problem::InvalidWebSocket => (t.invalid_websocket, "", None, None),
            Problem::ServerNotAllowed(domain) => (t.server_not_allowed, domain, None, None),
            Problem::ServerNotFound { domain } => (t.server_not_found, domain, None, None),
            Problem::NotXmpp { url } => (t.not_xmpp, url, None, None),
            Problem::ConnectionLost => (t.connection_lost, "", None, None),
            Problem::NoNetwork => (t.no_network, "", None, None),
            Problem::Timeout => (t.timeout, "", None, None),
            Problem::WrongPassword => (t.wrong_password, "", None, None),
            Problem::AccountDisabled => (t.account_disabled, "", None, None),
            Problem::CredentialsExpired => (t.credentials_expired, "", None, None),
            Problem::PasswordNeeded => (t.password_needed, "", None, None),
            Problem::PasswordLost => (t.password_lost, "", None, None),
            Problem::NoCommonMechanism(offered) => {
                let offered = match &*offered.join(", ") {
                    "" => "—".to_owned(),
                    names => names.to_owned(),
                };
                return Self::filled(t.no_common_mechanism, &offered);
            }
            Problem::OfferTampered => (t.offer_tampered, "", None, None),
            Problem::NotRemoved => (t.not_removed, "", None, None),
            Problem::LeftBehind => (t.left_behind, "", None, None),
            Problem::Fruitless => (t.fruitless, "", None, None),
            Problem::Downgrade => (t.downgrade, "", None, None),
            Problem::ServerNotAuthentic => (t.server_not_authentic, "", None, None),
            Problem::EncryptionRequired => (t.encryption_required, "", None, None),
            Problem::TemporaryAuthFailure => (t.temporary_auth_failure, "", None, None),
            Problem::PasswordNotAllowed => (t.password_not_allowed, "", None, None),
            Problem::AuthFailed { condition, text } => {
                (t.auth_failed, "", text.as_deref(), Some(condition))
            }
            Problem::AlreadyLoggedIn => (t.already_logged_in, "", None, None),
            Problem::SystemShutdown => (t.system_shutdown, "", None, None),
            Problem::Conflict => (t.conflict, "", None, None),
            Problem::PolicyViolation(text) => (t.policy_violation, "", text.as_deref(), None),
            Problem::ServerFull => (t.server_full, "", None, None),
            Problem::HostUnknown(domain) => (t.host_unknown, domain, None, None),
            Problem::UnsafeRedirect(url) => (t.unsafe_redirect, url, None, None),
            Problem::StreamError { condition, text } => {
                (t.stream_error, "", text.as_deref(), Some(condition))
            }
            Problem::Offline => (t.offline, "", None, None),
            Problem::Refused { condition, text } => {
                (t.refused, "", text.as_deref(), Some(condition))
            }
            Problem::RemoteServerUnreachable => (t.remote_server_unreachable, "", None, None),
            Problem::NoSuchContact => (t.no_such_contact, "", None, None),
            Problem::TooLong => (t.too_long, "", None, None),
            Problem::Unsupported => (t.unsupported, "", None, None),
            Problem::RegistrationClosed => (t.registration_closed, "", None, None),
            Problem::NameTaken => (t.name_taken, "", None, None),
            Problem::TooFast => (t.too_fast, "", None, None),
            Problem::NotAcceptable(text) => (t.not_acceptable, "", text.as_deref(), None),
            Problem::NoStorage => (t.no_storage, "", None, None),
            Problem::StorageFull => (t.storage_full, "", None, None),
            Problem::Internal => (t.internal, "", None, None),
        };
        let mut words = Self::filled(advice, gap);
        words.quote = match (quote, condition) {
            (Some(quote), _) if !quote.trim().is_empty() => {
                Some([t.server_says, " ", quote].concat())
            }
            (_, Some(condition)) if !condition.is_empty() => Some(t.condition.with(&condition)),
            _ => None,
        };
        words
    }

    fn filled(advice: Advice, gap: &str) -> Self {
        Self {
            what: Fill(advice.what).with(&gap),
            next: Fill(advice.next).with(&gap),
            quote: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::i18n::{Locale, texts};

    #[test]
    fn what_a_server_says_is_a_quotation_and_fills_no_gap() {
        let problem = Problem::AuthFailed {
            condition: "aborted".into(),
            text: Some("{} <b>call us</b>".into()),
        };
        for locale in Locale::ALL {
            let words = Words::of(&problem, texts(locale));
            assert!(words.quote.unwrap().ends_with("{} <b>call us</b>"));
        }
        let problem = Problem::AuthFailed {
            condition: "aborted".into(),
            text: None,
        };
        let words = Words::of(&problem, texts(Locale::En));
        assert_eq!(words.quote.as_deref(), Some("Condition: aborted"));
    }

    #[test]
    fn what_was_tried_is_named_in_every_language() {
        let problems = [
            Problem::ServerNotAllowed("example.org".into()),
            Problem::ServerNotFound {
                domain: "example.org".into(),
            },
            Problem::NotXmpp {
                url: "example.org".into(),
            },
            Problem::NoCommonMechanism(vec!["example.org".into()]),
            Problem::HostUnknown("example.org".into()),
            Problem::UnsafeRedirect("example.org".into()),
        ];
        for locale in Locale::ALL {
            for problem in &problems {
                let words = Words::of(problem, texts(locale));
                let all = words.what + &words.next;
                assert!(all.contains("example.org"), "{locale:?} {problem:?}");
            }
        }
    }
}
