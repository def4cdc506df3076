//! XEP-0388, 0386 and 0484, the server's side: tokens, and what is done along with the log-in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minidom::Element;

use super::server::{Server, hmac};

pub const SASL2: &str = "urn:xmpp:sasl:2";
const FAST: &str = "urn:xmpp:fast:0";
const BIND: &str = "urn:xmpp:bind:0";
const SM: &str = "urn:xmpp:sm:3";

/// A token that is good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Good {
    /// For whom.
    pub agent: String,
    pub text: String,
    /// At its last use.
    pub count: u32,
}

/// What a server with tokens knows.
#[derive(Default)]
pub struct Tokens {
    pub good: Vec<Good>,
    given: u32,
    /// Each log-in that it was asked for: the mechanism.
    pub asked: Vec<String>,
    /// And where.
    pub places: Vec<String>,
    /// Where the client is that speaks now.
    pub(super) place: String,
    /// Nobody is let in, whatever they know.
    pub refuses: bool,
    /// Nobody is told the outcome.
    pub silent: bool,
    wanted: Option<Element>,
}

impl Tokens {
    pub fn offer(binds: bool) -> String {
        let bind = format!(
            "<bind xmlns='{BIND}'><inline><feature var='{SM}'/><feature var='urn:xmpp:carbons:2'/></inline></bind>"
        );
        let bind = if binds { bind } else { String::new() };
        format!(
            "<authentication xmlns='{SASL2}'><mechanism>SCRAM-SHA-256</mechanism><inline>\
             {bind}<sm xmlns='{SM}'/><fast xmlns='{FAST}'><mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication>"
        )
    }

    /// A token is used: the server's proof, if it is good.
    fn take(&mut self, message: &[u8], agent: &str, fast: &Element) -> Option<String> {
        let count: u32 = fast.attr("count").unwrap().parse().unwrap();
        let hash = message.strip_prefix(b"romeo\0").unwrap();
        let place = self.good.iter().position(|good| {
            good.agent == agent && hmac(good.text.as_bytes(), b"Initiator") == hash
        })?;
        let good = &mut self.good[place];
        // XEP-0484 §4.4.
        if count <= good.count {
            return None;
        }
        good.count = count;
        let proof = BASE64.encode(hmac(good.text.as_bytes(), b"Responder"));
        if fast.attr("invalidate") == Some("true") {
            self.good.remove(place);
        }
        Some(proof)
    }
}

impl Server {
    pub fn answer_sasl2(&mut self, nonza: &Element) -> Vec<String> {
        let answers = self.answer_log_in(nonza);
        let silent = self.tokens.as_ref().is_some_and(|tokens| tokens.silent);
        if silent { Vec::new() } else { answers }
    }

    fn answer_log_in(&mut self, nonza: &Element) -> Vec<String> {
        let refused = || {
            vec![format!(
                "<failure xmlns='{SASL2}'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>"
            )]
        };
        let tokens = self.tokens.as_mut().expect("nobody offered that");
        match nonza.name() {
            "authenticate" => {
                let mechanism = nonza.attr("mechanism").unwrap().to_owned();
                let initial = nonza.get_child("initial-response", SASL2).unwrap().text();
                let initial = BASE64.decode(initial).unwrap();
                let agent = nonza.get_child("user-agent", SASL2).unwrap();
                let agent = agent.attr("id").unwrap();
                tokens.asked.push(mechanism);
                tokens.places.push(tokens.place.clone());
                if tokens.refuses {
                    return refused();
                }
                let proof = nonza
                    .get_child("fast", FAST)
                    .map(|fast| tokens.take(&initial, agent, fast));
                tokens.wanted = Some(nonza.clone());
                match proof {
                    Some(Some(proof)) => self.welcome(&proof),
                    Some(None) => refused(),
                    None => {
                        let challenge = self.challenge(&String::from_utf8(initial).unwrap());
                        vec![format!(
                            "<challenge xmlns='{SASL2}'>{challenge}</challenge>"
                        )]
                    }
                }
            }
            "response" => match self.prove(&nonza.text()) {
                Some(proof) => self.welcome(&proof),
                None => refused(),
            },
            other => panic!("no nonza {other}"),
        }
    }

    /// Lets somebody in, with all that was asked for along with it.
    fn welcome(&mut self, proof: &str) -> Vec<String> {
        let tokens = self.tokens.as_mut().unwrap();
        let wanted = tokens.wanted.take().unwrap();
        let memory = self.manages.unwrap_or_default();
        let mut managed = self.managed.borrow_mut();
        let (mut inner, mut held) = (String::new(), Vec::new());
        if let Some(resume) = wanted.get_child("resume", SM) {
            held = managed.answer(resume, memory);
            inner += &held.remove(0);
        }
        let bind = wanted.get_child("bind", BIND);
        let is_bound = bind.is_some() && !inner.contains("<resumed");
        if let Some(bind) = bind.filter(|_| is_bound) {
            let enable = bind.get_child("enable", SM);
            let enabled = enable.map(|enable| managed.answer(enable, memory).concat());
            inner += &format!(
                "<bound xmlns='{BIND}'>{}</bound>",
                enabled.unwrap_or_default()
            );
        }
        if wanted.has_child("request-token", FAST) {
            tokens.given += 1;
            let text = format!("secret-token:{}", tokens.given);
            let agent = wanted.get_child("user-agent", SASL2).unwrap();
            inner +=
                &format!("<token xmlns='{FAST}' token='{text}' expiry='2027-01-01T00:00:00Z'/>");
            tokens.good.push(Good {
                agent: agent.attr("id").unwrap().to_owned(),
                text,
                count: 0,
            });
        }
        self.authenticated = true;
        let resource = if bind.is_some() { "/orchard" } else { "" };
        let mut frames = vec![
            format!(
                "<success xmlns='{SASL2}'><additional-data>{proof}</additional-data>\
                 <authorization-identifier>romeo@example.org{resource}</authorization-identifier>{inner}</success>"
            ),
            format!(
                "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>\
                 <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='{SM}'/></stream:features>"
            ),
        ];
        frames.append(&mut held);
        frames
    }
}
