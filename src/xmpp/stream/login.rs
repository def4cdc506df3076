//! RFC 6120 §6: logging in, between the stream and [`super::auth`]; the newer way is in [`super::sasl2`].

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
    Attempt, AuthError, Exchange, Identity, Kept, Mechanism, Offer, Proven, Secrets, Start,
};
use super::{Progress, State, Stream, StreamFeatures, Taken};

/// What the client's credentials are: what was typed, and what was kept. Bytes that cannot be read are as good as none.
pub(super) fn read(credentials: &Credentials) -> (Secrets, Kept) {
    let (password, kept) = match credentials {
        Credentials::Password(password) => (Some(password.clone()), Kept::default()),
        Credentials::Kept(bytes) | Credentials::Revoked(bytes) => (None, Kept::from_bytes(bytes)),
        Credentials::None => (None, Kept::default()),
    };
    let keys = kept.keys.clone();
    (Secrets { password, keys }, kept)
}

impl Stream {
    /// Begins to log in by what the server offers.
    pub(super) fn log_in(&mut self, cx: &mut Cx, features: StreamFeatures) -> Taken {
        cx.emit(Event::Session(SessionEvent::Progress(Step::Authenticating)));
        let offer = features.sasl.clone();
        if self.speaks_sasl2() && features.sasl2.is_some() {
            match self.log_in_by_sasl2(cx, features) {
                Ok(()) => return Taken::Nothing,
                Err(error) if offer.mechanisms.is_empty() => return self.fail(cx, error, None),
                // The same person may be let in by the other way.
                Err(error) => tracing::debug!(%error, "SASL2 will not do"),
            }
        }
        match self.exchange(cx, offer) {
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

    /// Begins an exchange of SASL, whatever the elements around it are called.
    pub(super) fn exchange(
        &mut self,
        cx: &mut Cx,
        offer: Offer,
    ) -> Result<(Exchange, Start), AuthError> {
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
        Exchange::start(attempt, offer)
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
                Ok(proven) => {
                    self.on_proven(cx, proven);
                    // The stream begins anew (RFC 6120 §6.4.6).
                    self.open(cx, Progress::Authenticated);
                    Taken::Nothing
                }
                Err(error) => self.fail(cx, error, None),
            },
            "failure" => {
                let (error, text) = refusal(nonza, ns::SASL);
                self.fail(cx, error, text)
            }
            _ => Taken::Nothing,
        }
    }

    /// Both sides proved themselves.
    pub(super) fn on_proven(&mut self, cx: &mut Cx, proven: Proven) {
        if proven.mechanism != Mechanism::Anonymous {
            self.pinned = Some(proven.mechanism);
        }
        if proven.keys.is_some() {
            self.secrets.keys = proven.keys;
        }
        self.keep(cx);
        cx.emit(Event::Session(SessionEvent::Authenticated {
            mechanism: proven.mechanism.name().to_owned(),
        }));
    }

    /// Has kept what proves us, if it is different.
    pub(super) fn keep(&mut self, cx: &mut Cx) {
        let kept = Kept {
            keys: self.secrets.keys.clone(),
            token: self.token.clone(),
        };
        if kept != self.kept {
            cx.save(Save::Credentials(kept.to_bytes()));
            self.kept = kept;
        }
    }

    pub(super) fn fail(&mut self, cx: &mut Cx, error: AuthError, text: Option<String>) -> Taken {
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

/// What a `<failure/>` says: RFC 6120 §6.5's condition, and the server's words, which are in the element's own namespace.
pub(super) fn refusal(failure: &Element, own: &str) -> (AuthError, Option<String>) {
    let text = failure
        .get_child("text", own)
        .map(|text| direct_text(text).trim().to_owned())
        .filter(|text| !text.is_empty());
    let mut children = failure.children();
    let condition = children
        .find(|child| (child.has_ns(ns::SASL) || child.has_ns(own)) && child.name() != "text")
        .map_or("undefined-condition", Element::name);
    (AuthError::from_condition(condition), text)
}
