//! XEP-0388: the newer log-in, and what is done along with it: a resource bound (XEP-0386), a session taken up again (0198),
//! a token given or taken (0484), keys for a stronger mechanism (0480).
//!
//! Round trips after the socket opens: one with a token (`<open/>` and `<authenticate/>` go out together), three with a
//! password (the features, SCRAM's two), one more where SASL2 comes without Bind 2. XEP-0388 §2.1 lets a
//! client remember what a server offers, and a token is bound to its mechanism (XEP-0484 §4.4): whoever takes something
//! out of the offer on the way gets nothing weaker from us. A password is never sent ahead, as SCRAM's hash of the offer
//! (XEP-0474) needs the offer, and so does the choice among mechanisms.
//!
//! **Invariant:** only on channels that nobody overhears (XEP-0484 §7), which also hears nobody's address.
//! **Invariant:** a success counts only with the server's proof, be it of the password or of the token, and only for us.
//! **Invariant:** a token is used only at the place where it was given; at any other the password or its keys prove us, and a token
//! of that place takes its place.
//! **Invariant:** a token that is refused is gone, and the password, or its keys, are tried once.

mod bound;
mod steps;

pub(super) use bound::Bound;

use minidom::Element;

use crate::entity::account::Step;
use crate::entity::problem::Problem;
use crate::event::{Event, Next, SessionEvent};
use crate::xmpp::cx::{Begun, Cx};
use crate::xmpp::engine::Purpose;
use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element, text_element};
use crate::xmpp::stanza::stamp;

use super::auth::{
    AuthError, Channel, Exchange, Hash, Inline, Offer, Proven, Token, fast, upgrade,
};
use super::error::stream_error;
use super::login::refusal;
use super::{Progress, State, Stream, StreamFeatures, Taken};

/// So often in a row something is sent ahead that the server does not answer.
pub(super) const AHEAD_MAX: u8 = 2;
/// XEP-0386 §3.2: what people see of us in a resource, and XEP-0388 §2.3: what our server sees. No more than that.
const SOFTWARE: &str = "Waxwing";

/// A log-in under way.
pub(super) struct Login {
    proof: Proof,
    asked: Asked,
    /// The upgrades that we offered to make.
    upgrades: Vec<Hash>,
    /// The one that is being made.
    task: Option<Hash>,
    /// What the server offered on this stream, once that is known.
    offer: Option<StreamFeatures>,
}

enum Proof {
    /// As it was when it was used: what is typed meanwhile is for the next log-in.
    Token(Token),
    Exchange(Exchange),
    /// It is proved; tasks follow.
    Done(Option<Proven>),
}

/// What was asked for along with the log-in.
#[derive(Clone, Copy, Default)]
struct Asked {
    resume: bool,
    begun: Begun,
    management: bool,
}

impl Login {
    /// Whether a session is to be taken up again.
    pub(super) fn resumes(&self) -> bool {
        self.asked.resume
    }
}

impl Stream {
    pub(super) fn speaks_sasl2(&self) -> bool {
        self.channel == Channel::Confidential
            && matches!(self.settings.purpose, Purpose::Session { .. })
    }

    /// Gives the token back, and does nothing else. Where that cannot be done, it ends when it is too old.
    pub(super) fn revoke(&mut self, cx: &mut Cx, features: StreamFeatures) -> Taken {
        let sasl2 = features.sasl2.as_ref().filter(|_| self.speaks_sasl2());
        let inline = sasl2.map(|sasl2| sasl2.inline);
        match inline.and_then(|inline| self.log_in_by_token(cx, inline)) {
            Some(mut login) => {
                login.offer = Some(features);
                self.enter(cx, State::Negotiating(Box::new(login)));
                Taken::Nothing
            }
            None => self.end(cx, Problem::ConnectionLost, Next::Stop),
        }
    }

    /// With the `<open/>`: the log-in, if a token and what the server offered before allow for it.
    pub(super) fn go_ahead(&mut self, cx: &mut Cx) {
        let token = self
            .token
            .as_ref()
            .filter(|token| token.is_of(&self.origin));
        let inline = token.map(|token| token.inline);
        let Some(inline) = inline.filter(|_| self.ahead_left > 0 && self.speaks_sasl2()) else {
            return;
        };
        if let Some(login) = self.log_in_by_token(cx, inline) {
            cx.emit(Event::Session(SessionEvent::Progress(Step::Authenticating)));
            self.ahead_left -= 1;
            self.ahead = Some(Box::new(login));
        }
    }

    /// The features came after a log-in was sent ahead.
    pub(super) fn on_features_behind(
        &mut self,
        cx: &mut Cx,
        mut login: Box<Login>,
        features: StreamFeatures,
    ) -> Taken {
        if features.sasl2.is_none() {
            // The server will not understand, and nobody knows what it makes of it. The next stream begins as any other.
            if let Some(token) = &mut self.token {
                token.inline = Inline::default();
            }
            self.keep(cx);
            return self.end(cx, Problem::ConnectionLost, Next::Retry);
        }
        login.offer = Some(features);
        self.enter(cx, State::Negotiating(login));
        Taken::Nothing
    }

    /// Begins to log in, by a token if there is one that will do.
    pub(super) fn log_in_by_sasl2(
        &mut self,
        cx: &mut Cx,
        features: StreamFeatures,
    ) -> Result<(), AuthError> {
        let sasl2 = features.sasl2.clone().unwrap_or_default();
        if let Some(mut login) = self.log_in_by_token(cx, sasl2.inline) {
            login.offer = Some(features);
            self.enter(cx, State::Negotiating(Box::new(login)));
            return Ok(());
        }
        let offer = Offer {
            mechanisms: sasl2.mechanisms.clone(),
            channel_bindings: features.sasl.channel_bindings.clone(),
        };
        let (exchange, start) = self.exchange(cx, offer)?;
        // The keys of another mechanism can only be made of the password.
        let upgrades = match self.secrets.password {
            Some(_) => upgrade::wanted(&sasl2.upgrades, &sasl2.mechanisms),
            None => Vec::new(),
        };
        let (mut authenticate, asked) =
            self.authenticate(cx, start.mechanism, &start.initial, sasl2.inline);
        for hash in &upgrades {
            let upgrade = text_element("upgrade", ns::SASL_UPGRADE, upgrade::task(*hash));
            authenticate = authenticate.with_child(upgrade);
        }
        // XEP-0484 §5.1: not without the name of the installation.
        if sasl2.inline.fast && self.agent.is_some() {
            let request = element("request-token", ns::FAST).with("mechanism", fast::MECHANISM);
            authenticate = authenticate.with_child(request);
        }
        cx.send(&authenticate);
        let login = Login {
            proof: Proof::Exchange(exchange),
            asked,
            upgrades,
            task: None,
            offer: Some(features),
        };
        self.enter(cx, State::Negotiating(Box::new(login)));
        Ok(())
    }

    /// Sends the token's one message, if there is a token that will do.
    fn log_in_by_token(&mut self, cx: &mut Cx, inline: Inline) -> Option<Login> {
        let Purpose::Session { address, .. } = &self.settings.purpose else {
            return None;
        };
        let name = address.local()?.to_owned();
        let has_other = self.secrets.password.is_some() || self.secrets.keys.is_some();
        let is_good = |token: &&mut Token| inline.fast && token.is_of(&self.origin);
        let token = self.token.as_mut().filter(is_good)?;
        if has_other && token.is_stale(cx.now.wall) {
            return None;
        }
        // XEP-0484 §4.4: higher with each attempt, so it is stored before it is used.
        let count = token.count()?;
        let initial = token.initial(&name);
        let used_now = token.clone();
        self.keep(cx);
        let (authenticate, asked) = self.authenticate(cx, fast::MECHANISM, &initial, inline);
        let revoked = self.revokes.then_some("true");
        let used = element("fast", ns::FAST)
            .with("count", &count.to_string())
            .with_some("invalidate", revoked);
        cx.send(&authenticate.with_child(used));
        Some(Login {
            proof: Proof::Token(used_now),
            asked,
            upgrades: Vec::new(),
            task: None,
            offer: None,
        })
    }

    /// `<authenticate/>`, with all that the server can do along with it.
    fn authenticate(
        &self,
        cx: &Cx,
        mechanism: &str,
        initial: &str,
        inline: Inline,
    ) -> (Element, Asked) {
        let agent = element("user-agent", ns::SASL2)
            .with_some("id", self.agent.as_deref())
            .with_child(text_element("software", ns::SASL2, SOFTWARE));
        let authenticate = element("authenticate", ns::SASL2)
            .with("mechanism", mechanism)
            .with_child(text_element("initial-response", ns::SASL2, initial))
            .with_child(agent);
        if self.revokes {
            return (authenticate, Asked::default());
        }
        let resume = cx.management.resume().filter(|_| inline.resumption);
        let mut asked = Asked {
            resume: resume.is_some(),
            ..Asked::default()
        };
        // A session that waits is asked for first: a new resource would end it.
        let waits = cx.management.is_suspended() && resume.is_none();
        if !inline.bind || waits {
            return (authenticate.with_children(resume), asked);
        }
        asked = Asked {
            begun: Begun {
                carbons: inline.carbons,
                inactive: inline.client_state && cx.is_inactive,
            },
            management: inline.management,
            ..asked
        };
        let enable = element("enable", ns::SM).with("resume", "true");
        let bind = element("bind", ns::BIND2)
            .with_child(text_element("tag", ns::BIND2, SOFTWARE))
            .with_children(asked.begun.carbons.then(|| element("enable", ns::CARBONS)))
            .with_children(asked.begun.inactive.then(|| element("inactive", ns::CSI)))
            .with_children(asked.management.then_some(enable));
        (authenticate.with_child(bind).with_children(resume), asked)
    }

    /// A nonza of the log-in.
    pub(super) fn on_sasl2(&mut self, cx: &mut Cx, nonza: &Element) -> Taken {
        // RFC 6120 §6.4.6 and XEP-0388 §2.6.2: whatever it says, nobody is logged in until that is proved.
        let login = match std::mem::replace(&mut self.state, State::Opened(Progress::Unknown)) {
            State::Negotiating(login) => login,
            other => {
                self.state = other;
                return Taken::Nothing;
            }
        };
        match nonza.name() {
            "success" => self.on_success(cx, *login, nonza),
            "failure" => self.on_failure(cx, *login, nonza),
            name => self.on_step(cx, login, name, nonza),
        }
    }

    fn on_step(
        &mut self,
        cx: &mut Cx,
        mut login: Box<Login>,
        name: &str,
        nonza: &Element,
    ) -> Taken {
        let answer = match name {
            "challenge" => login.on_challenge(nonza),
            "continue" => login.on_continue(nonza),
            "task-data" => self.on_task(&mut login, nonza),
            _ => {
                self.state = State::Negotiating(login);
                return Taken::Nothing;
            }
        };
        match answer {
            Ok(answer) => {
                cx.send(&answer);
                self.enter(cx, State::Negotiating(login));
                Taken::Nothing
            }
            Err((error, text)) => {
                cx.send(&element("abort", ns::SASL2));
                self.fail(cx, error, text)
            }
        }
    }

    fn on_failure(&mut self, cx: &mut Cx, login: Login, failure: &Element) -> Taken {
        let (error, text) = refusal(failure, ns::SASL2);
        self.ahead_left = AHEAD_MAX;
        if self.revokes {
            return self.end(cx, Problem::ConnectionLost, Next::Stop);
        }
        let passes = matches!(error, AuthError::Temporary | AuthError::Aborted);
        match login.proof {
            // XEP-0484 §5.1: away with it, and on with something else; nothing on this stream has changed (XEP-0388 §2.6).
            Proof::Token(_) if !passes => {
                tracing::debug!(%error, "the token is refused");
                self.token = None;
                self.keep(cx);
                self.fell_back = true;
                match login.offer {
                    Some(features) => self.log_in(cx, features),
                    None => Taken::Nothing,
                }
            }
            // Prosody's first modules know only tokens after a token (mod_sasl2_fast): another stream, then.
            _ if self.fell_back && matches!(error, AuthError::InvalidMechanism) => {
                self.end(cx, Problem::TemporaryAuthFailure, Next::Retry)
            }
            _ => self.fail(cx, error, text),
        }
    }

    fn on_success(&mut self, cx: &mut Cx, mut login: Login, success: &Element) -> Taken {
        let proven = match login.prove(success) {
            Ok(proven) => proven,
            Err(error) => return self.fail(cx, error, None),
        };
        if self.revokes {
            return self.end(cx, Problem::ConnectionLost, Next::Stop);
        }
        let Some((jid, bound)) = self.read_bound(success, login.asked) else {
            return self.end(cx, stream_error("undefined-condition"), Next::Retry);
        };
        tracing::debug!(bound = jid.resource().is_some(), "logged in");
        self.take_token(cx, success, &login);
        match proven {
            Some(proven) => self.on_proven(cx, proven),
            None => {
                self.ahead_left = AHEAD_MAX;
                self.keep(cx);
                let mechanism = fast::MECHANISM.to_owned();
                cx.emit(Event::Session(SessionEvent::Authenticated { mechanism }));
            }
        }
        self.go_on(cx, success, login.asked, bound)
    }

    /// The server's next token, or what it offers now to the one that we have.
    fn take_token(&mut self, cx: &Cx, success: &Element, login: &Login) {
        let sasl2 = login.offer.as_ref().and_then(|offer| offer.sasl2.as_ref());
        let inline = sasl2.map(|sasl2| sasl2.inline).unwrap_or_default();
        let given = success.get_child("token", ns::FAST);
        let given = given.and_then(|token| {
            let expiry = token.attr("expiry").and_then(stamp::parse);
            let (text, agent) = (token.attr("token")?, self.agent.as_deref()?);
            Token::new(text, agent, &self.origin, expiry, inline)
        });
        match (given, &mut self.token) {
            (Some(given), token) => {
                if given.is_stale(cx.now.wall) {
                    tracing::debug!("the token is too old already, or a clock is wrong");
                }
                *token = Some(given);
            }
            (None, Some(token)) if token.is_of(&self.origin) => token.inline = inline,
            (None, _) => {}
        }
    }

    /// Logged in: takes up the session that waits, or begins the one that is bound, or asks for one when the features are here.
    fn go_on(
        &mut self,
        cx: &mut Cx,
        success: &Element,
        asked: Asked,
        bound: Option<Bound>,
    ) -> Taken {
        let resumed = success.get_child("resumed", ns::SM);
        if let Some(resumed) = resumed.filter(|_| asked.resume) {
            cx.emit(Event::Session(SessionEvent::Progress(Step::Starting)));
            self.enter(cx, State::Resuming);
            self.features_due = true;
            return self.on_resumed(cx, resumed);
        }
        let failed = success.get_child("failed", ns::SM).filter(|_| asked.resume);
        let is_lost = cx.management.is_suspended() && (failed.is_some() || bound.is_some());
        match bound {
            Some(bound) => {
                cx.emit(Event::Session(SessionEvent::Progress(Step::Starting)));
                self.enter(cx, State::Settling(Some(Box::new(bound))));
            }
            None => self.enter(cx, State::Opened(Progress::Authenticated)),
        }
        match (is_lost, failed) {
            (true, Some(failed)) => Taken::NotResumed(cx.management.on_not_resumed(failed)),
            (true, None) => Taken::NotResumed(None),
            (false, _) => match &mut self.state {
                State::Settling(bound) => {
                    let bound = bound.take();
                    self.take_bound(cx, bound)
                }
                _ => Taken::Nothing,
            },
        }
    }
}
