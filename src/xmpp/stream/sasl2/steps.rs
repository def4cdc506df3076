//! What a server may want before it lets us in: another message of the mechanism, or a task (XEP-0388 §2.6.3, XEP-0480); and
//! what it must prove.

use minidom::Element;

use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element, text_element};
use crate::xmpp::stanza::text::direct_text;

use super::super::Stream;
use super::super::auth::{AuthError, Hash, Proven, upgrade};
use super::{Login, Proof};

/// Why a step cannot be taken, and the server's words.
pub(super) type Failed = (AuthError, Option<String>);

impl Stream {
    /// The server tells what it makes its keys of (XEP-0480 §3).
    pub(super) fn on_task(&self, login: &mut Login, nonza: &Element) -> Result<Element, Failed> {
        let malformed = || (AuthError::Malformed, None);
        let hash = login.task.take().ok_or_else(malformed)?;
        let password = self.secrets.password.as_ref().ok_or_else(malformed)?;
        let salt = nonza
            .get_child("salt", ns::SCRAM_UPGRADE)
            .ok_or_else(malformed)?;
        let iterations = salt.attr("iterations").unwrap_or_default();
        let salted = upgrade::salted_password(hash, password, &direct_text(salt), iterations)
            .map_err(|error| (error, None))?;
        let salted = text_element("hash", ns::SCRAM_UPGRADE, &salted);
        Ok(element("task-data", ns::SASL2).with_child(salted))
    }
}

impl Login {
    pub(super) fn on_challenge(&mut self, challenge: &Element) -> Result<Element, Failed> {
        let answer = match &mut self.proof {
            Proof::Exchange(exchange) => exchange.on_challenge(&direct_text(challenge)),
            // A token has no second message, and tasks have no challenges.
            Proof::Token(_) | Proof::Done(_) => Err(AuthError::Malformed),
        };
        match answer {
            Ok(answer) => Ok(text_element("response", ns::SASL2, &answer)),
            Err(error) => Err((error, None)),
        }
    }

    /// XEP-0388 §2.6.3: we are who we say, and something is to be done first.
    pub(super) fn on_continue(&mut self, nonza: &Element) -> Result<Element, Failed> {
        let proven = self.prove(nonza).map_err(|error| (error, None))?;
        self.proof = Proof::Done(proven);
        let tasks: Vec<String> = nonza
            .get_child("tasks", ns::SASL2)
            .into_iter()
            .flat_map(Element::children)
            .map(|task| direct_text(task).trim().to_owned())
            .collect();
        let is_given = |hash: &Hash| tasks.iter().any(|task| task == upgrade::task(*hash));
        match self.upgrades.iter().position(is_given) {
            Some(at) => {
                let hash = self.upgrades.remove(at);
                self.task = Some(hash);
                Ok(element("next", ns::SASL2).with("task", upgrade::task(hash)))
            }
            // A second factor, or a new password: nothing that can be done here.
            None => {
                let text = nonza.get_child("text", ns::SASL2);
                let text = text.map(|text| direct_text(text).trim().to_owned());
                let task = tasks.into_iter().next().unwrap_or_default();
                let task = task.chars().take(64).collect();
                Err((AuthError::Other(task), text.filter(|text| !text.is_empty())))
            }
        }
    }

    /// Takes the server's proof; `None` if it was that of a token.
    pub(super) fn prove(&mut self, nonza: &Element) -> Result<Option<Proven>, AuthError> {
        let data = nonza.get_child("additional-data", ns::SASL2);
        let data = data.map(direct_text);
        match &mut self.proof {
            Proof::Exchange(exchange) => exchange.on_success(data.as_deref()).map(Some),
            Proof::Token(token) if token.is_proved_by(data.as_deref()) => Ok(None),
            Proof::Token(_) => Err(AuthError::ServerNotAuthentic),
            Proof::Done(proven) => Ok(proven.take()),
        }
    }
}
