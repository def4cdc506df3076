//! XEP-0484 §4.6: an account that logs out gives its token back, on a stream of its own. Nobody waits for that: here the
//! token is gone already, and where the server is out of reach it ends by its age.

use std::rc::Rc;

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use futures::future::{Either, select};

use crate::entity::time::Instant;
use crate::event::{Event, SessionEvent};
use crate::store::AccountRecord;
use crate::xmpp::engine::{Credentials, Engine, Input, Output, Purpose, Settings, Snapshot};
use crate::xmpp::stream::auth::Kept;

use super::account::Surroundings;
use super::link::{Happening, Link, Report, Target};
use super::ports::Ports;

/// The last word of an account.
pub(super) struct Farewell {
    ports: Ports,
    reports: UnboundedReceiver<Report>,
    engine: Engine,
    link: Link,
    over: bool,
}

impl Farewell {
    /// Says it, if there is a token among what proved us.
    pub(super) fn say(around: &Surroundings, account: &AccountRecord, kept: Vec<u8>) {
        let Ok(target) = Target::of(account) else {
            return;
        };
        if Kept::from_bytes(&kept).token.is_none() {
            return;
        }
        let (sender, reports) = unbounded();
        let report = Rc::new(move |report| {
            let _ = sender.unbounded_send(report);
        });
        let settings = Settings {
            domain: account.address.domain().to_owned(),
            purpose: Purpose::Session {
                address: account.address.clone(),
                credentials: Credentials::Revoked(kept),
            },
            language: around.language.clone(),
        };
        let ports = around.ports.clone();
        let farewell = Self {
            reports,
            engine: Engine::new(settings, Snapshot::default(), ports.entropy.seed()),
            link: Link::new(ports.clone(), report),
            ports: ports.clone(),
            over: false,
        };
        ports.spawn.spawn(Box::pin(farewell.run(target)));
    }

    async fn run(mut self, target: Target) {
        self.link.connect(self.ports.clock.now(), target);
        while !self.over {
            let report = self.wait().await;
            let now = self.ports.clock.now();
            let due = self.engine.poll_timeout();
            if due.is_some_and(|(at, _)| at.monotonic <= now.monotonic) {
                self.handle(now, Input::Tick);
            }
            self.link.on_tick(now);
            match report.and_then(|report| self.link.on_report(now, report)) {
                Some(Happening::Opened(endpoint)) => {
                    let (secure, origin) = (endpoint.is_secure(), endpoint.origin());
                    let origin = &origin;
                    self.handle(now, Input::Opened { secure, origin });
                }
                Some(Happening::Frame(frame)) => self.handle(now, Input::Frame(&frame)),
                Some(Happening::Closed(_) | Happening::Failed(_)) => self.over = true,
                None => {}
            }
        }
        self.link.shut();
    }

    async fn wait(&mut self) -> Option<Report> {
        let engine = self.engine.poll_timeout().map(|(at, _)| at);
        let deadlines = [engine, self.link.poll_timeout()].into_iter().flatten();
        let next = self.reports.next();
        match deadlines.min() {
            Some(at) => match select(next, self.ports.timer.sleep_until(at)).await {
                Either::Left((report, _)) => report,
                Either::Right(_) => None,
            },
            None => next.await,
        }
    }

    fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.engine.handle(now, input);
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Transmit(frame) => self.link.send(&frame),
                Output::Event(Event::Session(SessionEvent::Ended(..))) | Output::Close => {
                    self.over = true;
                }
                // The higher count of the token is worth nothing any more, either.
                Output::Event(_) | Output::Save(_) => {}
            }
        }
    }
}
