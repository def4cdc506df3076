//! RFC 6120 §6: logging in, between the stream and [`super::auth`].

use minidom::Element;

use crate::entity::account::Step;
use crate::entity::problem::Problem;
use crate::event::{Event, Next, Save, SessionEvent};
use crate::xmpp::cx::Cx;
use crate::xmpp::engine::{Credentials, Purpose};
use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element, text_element};
use crate::xmpp::stanza::text::direct_text;

use super::auth::{
    Attempt, AuthError, Exchange, Identity, Mechanism, Offer, Proven, ScramKeys, Secrets,
};
use super::{Progress, State, Stream, Taken};

/// What the client's credentials are to SASL. Kept bytes that cannot be read are as good as none.
pub(super) fn secrets(credentials: &Credentials) -> Secrets {
    match credentials {
        Credentials::Password(password) => Secrets {
            password: Some(password.clone()),
            keys: None,
        },
        Credentials::Kept(bytes) => Secrets {
            password: None,
            keys: ScramKeys::from_bytes(bytes),
        },
        Credentials::None => Secrets::default(),
    }
}

impl Stream {
    /// Begins to log in by what the server offers.
    pub(super) fn log_in(&mut self, cx: &mut Cx, offer: Offer) -> Taken {
        cx.emit(Event::Session(SessionEvent::Progress(Step::Authenticating)));
        let identity = match &self.settings.purpose {
            Purpose::Session { address, .. } => Identity::User {
                name: address.local().unwrap_or_default().to_owned(),
                secrets: self.secrets.clone(),
            },
            Purpose::Anonymous | Purpose::Registration => Identity::Guest,
        };
        let mut nonce = [0; 24];
        cx.fill_random(&mut nonce);
        let attempt = Attempt {
            identity,
            pinned: self.pinned,
            channel: self.channel,
            nonce,
        };
        match Exchange::start(attempt, offer) {
            Ok((exchange, start)) => {
                cx.send(
                    &text_element("auth", ns::SASL, &start.initial)
                        .with("mechanism", start.mechanism),
                );
                self.enter(cx, State::Authenticating(Box::new(exchange)));
                Taken::Nothing
            }
            Err(error) => self.fail(cx, error, None),
        }
    }

    /// A nonza of the exchange.
    pub(super) fn on_sasl(&mut self, cx: &mut Cx, nonza: &Element) -> Taken {
        let State::Authenticating(exchange) = &mut self.state else {
            return Taken::Nothing;
        };
        match nonza.name() {
            "challenge" => match exchange.on_challenge(&direct_text(nonza)) {
                Ok(answer) => {
                    cx.send(&text_element("response", ns::SASL, &answer));
                    Taken::Nothing
                }
                Err(error) => {
                    // RFC 6120 §6.4.4.
                    cx.send(&element("abort", ns::SASL));
                    self.fail(cx, error, None)
                }
            },
            "success" => match exchange.on_success(Some(&direct_text(nonza))) {
                Ok(proven) => self.on_proven(cx, proven),
                Err(error) => self.fail(cx, error, None),
            },
            "failure" => {
                let condition = nonza
                    .children()
                    .find(|child| child.has_ns(ns::SASL) && child.name() != "text")
                    .map_or("undefined-condition", Element::name);
                let text = nonza
                    .get_child("text", ns::SASL)
                    .map(|text| direct_text(text).trim().to_owned())
                    .filter(|text| !text.is_empty());
                let error = AuthError::from_condition(condition);
                self.fail(cx, error, text)
            }
            _ => Taken::Nothing,
        }
    }

    /// Both sides proved themselves: the stream begins anew (RFC 6120 §6.4.6).
    fn on_proven(&mut self, cx: &mut Cx, proven: Proven) -> Taken {
        if proven.mechanism != Mechanism::Anonymous {
            self.pinned = Some(proven.mechanism);
        }
        if let Some(keys) = proven.keys
            && self.secrets.keys.as_ref() != Some(&keys)
        {
            cx.save(Save::Credentials(keys.to_bytes()));
            self.secrets.keys = Some(keys);
        }
        cx.emit(Event::Session(SessionEvent::Authenticated {
            mechanism: proven.mechanism.name().to_owned(),
        }));
        self.open(cx, Progress::Authenticated);
        Taken::Nothing
    }

    fn fail(&mut self, cx: &mut Cx, error: AuthError, text: Option<String>) -> Taken {
        tracing::debug!(%error, "log-in failed");
        let next = match error {
            AuthError::Temporary | AuthError::Aborted | AuthError::Endless => Next::Retry,
            _ => Next::Stop,
        };
        let problem = match error.problem(text) {
            // Only kept keys were refused: the user has typed nothing that could be wrong.
            Problem::WrongPassword if self.secrets.password.is_none() => Problem::PasswordNeeded,
            problem => problem,
        };
        self.end(cx, problem, next)
    }
}
