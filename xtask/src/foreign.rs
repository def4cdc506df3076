//! The other person in tests: a slixmpp client in a process of its own (`foreign.py`), spoken to by lines of JSON.
//!
//! What is waited for in vain fails by a panic that says what came instead.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The client itself.
const SCRIPT: &str = include_str!("foreign.py");

/// How long something may take to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A foreign client that is online. Dropping it ends it.
pub struct Foreign {
    pub address: String,
    process: Child,
    input: ChildStdin,
    events: Receiver<Value>,
    kept: Vec<Value>,
}

impl Foreign {
    pub fn log_in(address: &str, password: &str, port: u16) -> Self {
        // Debian's own interpreter is the one that has Debian's slixmpp.
        let mut process = Command::new("/usr/bin/python3")
            .args(["-c", SCRIPT, address, password, &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is installed");
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (sender, events) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let Ok(event) = serde_json::from_str(&line) else {
                    return;
                };
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        let mut foreign = Self {
            address: address.to_string(),
            process,
            input,
            events,
            kept: Vec::new(),
        };
        foreign.wait("online", |event| event["event"] == "online");
        foreign
    }

    pub fn tell(&mut self, command: Value) {
        writeln!(self.input, "{command}").expect("the foreign client lives");
    }

    pub fn send(&mut self, to: &str, body: &str) {
        self.tell(json!({"do": "send", "to": to, "body": body}));
    }

    /// Sends a stanza as it is written.
    pub fn raw(&mut self, xml: &str) {
        self.tell(json!({"do": "raw", "xml": xml}));
    }

    /// The first event, old or new, for which the function holds; it is taken away.
    pub fn wait(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&fits) {
            return self.kept.remove(at);
        }
        let mut deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(event) if fits(&event) => return event,
                Ok(event) => {
                    // A long archive takes longer than that, as long as it goes on.
                    if event["event"] == "archived" {
                        deadline = Instant::now() + PATIENCE;
                    }
                    self.kept.push(event);
                }
                Err(RecvTimeoutError::Timeout) => panic!(
                    "{}: waited in vain for {what}; had {:?}",
                    self.address, self.kept
                ),
                Err(RecvTimeoutError::Disconnected) => panic!(
                    "{}: died while waiting for {what}; had {:?}",
                    self.address, self.kept
                ),
            }
        }
    }

    /// How many events that came so far, and were not taken away, are like this.
    pub fn count(&mut self, fits: impl Fn(&Value) -> bool) -> usize {
        self.kept.extend(self.events.try_iter());
        self.kept.iter().filter(|event| fits(event)).count()
    }

    /// Waits until the server has handled all that was sent before.
    pub fn sync(&mut self) {
        self.tell(json!({"do": "sync"}));
        self.wait("the server's answer", |event| event["event"] == "synced");
    }

    /// The bodies of all messages that came so far, in order.
    pub fn heard(&mut self) -> Vec<String> {
        self.kept.extend(self.events.try_iter());
        let messages = self.kept.iter().filter(|event| event["event"] == "message");
        // An error brings the own message back: ejabberd returns what a session that it gave up had not confirmed.
        let heard = messages.filter(|event| event["type"] != "error");
        let bodies = heard.filter_map(|event| event["body"].as_str());
        bodies
            .filter(|body| !body.is_empty())
            .map(String::from)
            .collect()
    }

    /// The account's whole archive, oldest first: who wrote to whom, and what.
    pub fn archive(&mut self) -> Vec<[String; 3]> {
        self.tell(json!({"do": "archive"}));
        self.wait("the end of the archive", |event| {
            event["event"] == "archive"
        });
        let archived = self.kept.iter().filter(|e| e["event"] == "archived");
        let field = |event: &Value, name: &str| event[name].as_str().unwrap_or("").to_owned();
        archived
            .map(|event| ["from", "to", "body"].map(|name| field(event, name)))
            .collect()
    }

    /// Waits for a message with this text.
    pub fn hears(&mut self, body: &str) -> Value {
        self.wait(&format!("the message {body:?}"), |event| {
            event["event"] == "message" && event["body"] == body
        })
    }

    /// Subscribes both ways.
    pub fn befriend(&mut self, other: &mut Self) {
        for (asker, asked) in [(true, false), (false, true)] {
            let (one, two) = if asker && !asked {
                (&mut *self, &mut *other)
            } else {
                (&mut *other, &mut *self)
            };
            one.tell(json!({"do": "subscribe", "to": two.address}));
            let asker = one.address.clone();
            two.wait("the request", |event| {
                event["event"] == "subscribe" && event["from"] == asker.as_str()
            });
            two.tell(json!({"do": "subscribed", "to": one.address}));
            let asked = two.address.clone();
            one.wait("the answer", |event| {
                event["event"] == "subscribed" && event["from"] == asked.as_str()
            });
        }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
