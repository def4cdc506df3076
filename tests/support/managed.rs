//! XEP-0198, the server's side: what it counted, and what nobody confirmed.

use std::collections::VecDeque;

use minidom::Element;

const SM: &str = "urn:xmpp:sm:3";

/// A session that outlives its socket.
#[derive(Debug, Default)]
pub struct Managed {
    number: u32,
    is_on: bool,
    received: u32,
    confirmed: u32,
    unconfirmed: VecDeque<String>,
}

/// What a server that lost a session still knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Memory {
    /// The session itself.
    #[default]
    Session,
    /// How far it came.
    Count,
    /// Nothing.
    Nothing,
}

pub fn is_stanza(frame: &str) -> bool {
    ["<message", "<presence", "<iq"]
        .iter()
        .any(|name| frame.starts_with(name))
}

impl Managed {
    /// A stanza of the client came.
    pub fn count(&mut self) {
        if self.is_on {
            self.received += 1;
        }
    }

    /// A frame goes to the client.
    pub fn keep(&mut self, frame: &str) {
        if self.is_on && is_stanza(frame) {
            self.unconfirmed.push_back(frame.to_owned());
        }
    }

    /// A nonza; `memory` is what is known of the session that waits.
    pub fn answer(&mut self, nonza: &Element, memory: Memory) -> Vec<String> {
        match nonza.name() {
            "enable" => {
                *self = Self {
                    number: self.number + 1,
                    is_on: true,
                    ..Self::default()
                };
                vec![format!(
                    "<enabled xmlns='{SM}' id='s{}' resume='true'/>",
                    self.number
                )]
            }
            "r" => vec![format!("<a xmlns='{SM}' h='{}'/>", self.received)],
            "a" => {
                self.confirm(nonza);
                Vec::new()
            }
            "resume" => self.resume(nonza, memory),
            other => panic!("no nonza {other}"),
        }
    }

    fn resume(&mut self, resume: &Element, memory: Memory) -> Vec<String> {
        let id = format!("s{}", self.number);
        if memory == Memory::Session && resume.attr("previd") == Some(&id) {
            self.confirm(resume);
            let mut frames = vec![format!(
                "<resumed xmlns='{SM}' previd='{id}' h='{}'/>",
                self.received
            )];
            frames.extend(self.unconfirmed.iter().cloned());
            return frames;
        }
        let h = if memory == Memory::Count {
            format!(" h='{}'", self.received)
        } else {
            String::new()
        };
        *self = Self {
            number: self.number,
            ..Self::default()
        };
        vec![format!(
            "<failed xmlns='{SM}'{h}><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>"
        )]
    }

    fn confirm(&mut self, nonza: &Element) {
        let h: u32 = nonza.attr("h").unwrap().parse().unwrap();
        let news = usize::try_from(h - self.confirmed).unwrap();
        assert!(
            news <= self.unconfirmed.len(),
            "the client confirms what was never sent"
        );
        self.unconfirmed.drain(..news);
        self.confirmed = h;
    }
}
