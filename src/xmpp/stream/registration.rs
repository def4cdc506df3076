//! XEP-0077 §3.1: making an account, on a stream that nobody has logged in on.

use crate::entity::address::Address;
use crate::entity::problem::Problem;
use crate::entity::secret::Secret;
use crate::event::{Event, Next, SessionEvent};
use crate::xmpp::cx::{Cx, Kind};
use crate::xmpp::iq::{Outcome, Reply};
use crate::xmpp::ns;
use crate::xmpp::stanza::registration::{Registration, ask};

use super::{Question, State, Stream, Taken};

impl Stream {
    /// Asks for the form. Not every server that has one advertises it, so the features are not asked first.
    pub(super) fn ask_for_form(&mut self, cx: &mut Cx) -> Taken {
        self.enter(cx, State::Registering(None));
        cx.request(
            None,
            Kind::Get,
            ask(),
            Reply::Stream(Question::RegistrationForm),
        );
        Taken::Nothing
    }

    pub(super) fn on_form(&mut self, cx: &mut Cx, outcome: Outcome) -> Taken {
        match outcome {
            Outcome::Result(Some(query)) if query.is("query", ns::REGISTER) => {
                let registration = Registration::parse(&query);
                cx.emit(Event::Session(SessionEvent::RegistrationForm(
                    registration.form().clone(),
                )));
                self.state = State::Registering(Some(Box::new((registration, None))));
                // People may take their time. No pings meanwhile: servers end a stream that says anything else
                // before it has logged in.
                self.deadline = None;
                Taken::Nothing
            }
            Outcome::Result(_) => self.end(cx, Problem::RegistrationClosed, Next::Stop),
            Outcome::Timeout | Outcome::CutOff => self.end(cx, Problem::Timeout, Next::Stop),
            Outcome::Error {
                condition, text, ..
            } => self.end(cx, refusal(condition, text), Next::Stop),
        }
    }

    pub(super) fn on_answers(&mut self, cx: &mut Cx, answers: Vec<(String, Vec<Secret>)>) {
        let State::Registering(Some(form)) = &mut self.state else {
            return;
        };
        let answers: Vec<(String, Vec<String>)> = answers
            .into_iter()
            .map(|(name, values)| {
                let values = values.iter().map(|value| value.expose().to_owned());
                (name, values.collect())
            })
            .collect();
        form.1 = answers
            .iter()
            .find(|(name, _)| name == "username")
            .and_then(|(_, values)| values.first().cloned());
        let query = form.0.submit(&answers);
        cx.request(
            None,
            Kind::Set,
            query,
            Reply::Stream(Question::Registration),
        );
    }

    pub(super) fn on_registered(&mut self, cx: &mut Cx, outcome: Outcome) -> Taken {
        let problem = match outcome {
            Outcome::Result(_) => {
                let Some(address) = self.registered_address() else {
                    // An account of whatever name, made by a form that did not ask for one.
                    return self.end(cx, Problem::Unsupported, Next::Stop);
                };
                cx.emit(Event::Session(SessionEvent::Registered(address)));
                self.close(cx);
                return Taken::Nothing;
            }
            Outcome::Timeout | Outcome::CutOff => Problem::Timeout,
            Outcome::Error {
                condition, text, ..
            } => refusal(condition, text),
        };
        match problem {
            // The same form may be sent again, unless it holds a riddle that is used up (XEP-0158).
            Problem::NameTaken | Problem::NotAcceptable(_) if !self.has_captcha() => {
                cx.emit(Event::Session(SessionEvent::RegistrationRefused(problem)));
                Taken::Nothing
            }
            Problem::NameTaken | Problem::NotAcceptable(_) => {
                cx.emit(Event::Session(SessionEvent::RegistrationRefused(problem)));
                self.ask_for_form(cx)
            }
            problem => self.end(cx, problem, Next::Stop),
        }
    }

    fn has_captcha(&self) -> bool {
        match &self.state {
            State::Registering(Some(form)) => form
                .0
                .form()
                .fields
                .iter()
                .any(|field| field.image.is_some()),
            _ => false,
        }
    }

    fn registered_address(&self) -> Option<Address> {
        let State::Registering(Some(form)) = &self.state else {
            return None;
        };
        let name = form.1.as_ref()?;
        Address::parse(&format!("{name}@{}", self.settings.domain)).ok()
    }
}

/// XEP-0077 §3.1.1, and what servers say in practice.
fn refusal(condition: String, text: Option<String>) -> Problem {
    match condition.as_str() {
        "conflict" => Problem::NameTaken,
        "not-acceptable" | "bad-request" | "jid-malformed" => Problem::NotAcceptable(text),
        "resource-constraint" | "policy-violation" => Problem::TooFast,
        "not-allowed"
        | "forbidden"
        | "service-unavailable"
        | "feature-not-implemented"
        | "not-authorized" => Problem::RegistrationClosed,
        _ => Problem::Refused { condition, text },
    }
}
