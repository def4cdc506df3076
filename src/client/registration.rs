//! XEP-0077: making an account, on an engine of its own that lives as long as it takes.

use std::rc::Rc;

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::future::{Either, select};

use crate::boundary::change::Reply;
use crate::boundary::command::Server;
use crate::entity::address::Address;
use crate::entity::endpoint::Endpoint;
use crate::entity::problem::Problem;
use crate::entity::secret::Secret;
use crate::entity::time::Instant;
use crate::event::{Event, Next, SessionEvent};
use crate::xmpp::engine::{Engine, Input, Output, Purpose, Settings, Snapshot, Wish};

use super::account::Surroundings;
use super::hub::Asker;
use super::link::{Happening, Link, Report, Target};

/// The form filled in.
type Answers = Vec<(String, Vec<Secret>)>;

/// What a registration is asked to do.
pub(super) enum ToRegistration {
    Submit(Asker, Answers),
    Cancel,
    Link(Report),
}

/// A registration under way.
pub(super) struct Registration {
    around: Surroundings,
    inbox: UnboundedReceiver<ToRegistration>,
    engine: Engine,
    link: Link,
    target: Target,
    /// Who waits for the form, or for the outcome.
    asker: Option<Asker>,
    /// Answers for which the stream had to be opened anew: servers do not wait as long as people take.
    held: Option<Answers>,
    over: bool,
}

impl Registration {
    /// Makes a registration at a server.
    ///
    /// # Errors
    /// The problem with what was typed.
    pub(super) fn new(
        around: Surroundings,
        asker: Asker,
        server: &Server,
    ) -> Result<(Self, UnboundedSender<ToRegistration>), Problem> {
        let domain = Address::parse(&server.domain).map_err(|_| Problem::InvalidAddress)?;
        let domain = domain.domain().to_owned();
        let target = match &server.websocket {
            Some(text) => Target::At(Endpoint::parse(text)?),
            None => Target::Domain(domain.clone()),
        };
        let (sender, inbox) = unbounded();
        let report = {
            let sender = sender.clone();
            Rc::new(move |report| {
                let _ = sender.unbounded_send(ToRegistration::Link(report));
            })
        };
        let settings = Settings {
            domain,
            purpose: Purpose::Registration,
            language: around.language.clone(),
        };
        let seed = around.ports.entropy.seed();
        let registration = Self {
            engine: Engine::new(settings, Snapshot::default(), seed),
            link: Link::new(around.ports.clone(), report),
            around,
            inbox,
            target,
            asker: Some(asker),
            held: None,
            over: false,
        };
        Ok((registration, sender))
    }

    /// Drives it to its end.
    pub(super) async fn run(mut self) {
        let now = self.around.ports.clock.now();
        self.link.connect(now, self.target.clone());
        while !self.over {
            let input = self.wait().await;
            let now = self.around.ports.clock.now();
            if self
                .engine
                .poll_timeout()
                .is_some_and(|(at, _)| at.monotonic <= now.monotonic)
            {
                self.handle(now, Input::Tick);
            }
            self.link.on_tick(now);
            match input {
                Some(ToRegistration::Link(report)) => self.on_report(now, report),
                Some(ToRegistration::Submit(asker, answers)) => self.submit(now, asker, answers),
                Some(ToRegistration::Cancel) => {
                    self.handle(now, Input::Wish(Wish::Close));
                    self.over = true;
                }
                None => {}
            }
        }
        self.link.shut();
    }

    async fn wait(&mut self) -> Option<ToRegistration> {
        let engine = self.engine.poll_timeout().map(|(at, _)| at);
        let deadline = [engine, self.link.poll_timeout()]
            .into_iter()
            .flatten()
            .min();
        let next = self.inbox.next();
        match deadline {
            Some(at) => match select(next, self.around.ports.timer.sleep_until(at)).await {
                Either::Left((input, _)) => input,
                Either::Right(_) => None,
            },
            None => next.await,
        }
    }

    fn submit(&mut self, now: Instant, asker: Asker, answers: Answers) {
        self.asker = Some(asker);
        if self.link.is_down() {
            self.held = Some(answers);
            self.link.connect(now, self.target.clone());
        } else {
            self.handle(now, Input::Wish(Wish::Register(answers)));
        }
    }

    fn on_report(&mut self, now: Instant, report: Report) {
        match self.link.on_report(now, report) {
            Some(Happening::Opened(endpoint)) => {
                let (secure, origin) = (endpoint.is_secure(), endpoint.origin());
                let origin = &origin;
                self.handle(now, Input::Opened { secure, origin });
            }
            Some(Happening::Frame(frame)) => self.handle(now, Input::Frame(&frame)),
            Some(Happening::Closed(_)) => self.handle(now, Input::Closed),
            Some(Happening::Failed(problem)) => self.fail(problem),
            None => {}
        }
    }

    fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.engine.handle(now, input);
        let mut events = Vec::new();
        let mut close = false;
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Transmit(frame) => self.link.send(&frame),
                Output::Event(Event::Session(event)) => events.push(event),
                Output::Close => close = true,
                Output::Event(_) | Output::Save(_) => {}
            }
        }
        if close {
            self.link.shut();
            self.handle(now, Input::Closed);
        }
        for event in events {
            self.on_event(now, event);
        }
    }

    fn on_event(&mut self, now: Instant, event: SessionEvent) {
        match event {
            SessionEvent::RegistrationForm(form) => match self.held.take() {
                // The same form as before, unless it asks a riddle anew.
                Some(answers) if form.fields.iter().all(|field| field.image.is_none()) => {
                    self.handle(now, Input::Wish(Wish::Register(answers)));
                }
                Some(_) => self.answer(Err(Problem::NotAcceptable(None))),
                None => self.answer(Ok(Reply::Form(form))),
            },
            SessionEvent::RegistrationRefused(problem) => self.answer(Err(problem)),
            SessionEvent::Registered(address) => {
                self.answer(Ok(Reply::Registered(address)));
                self.over = true;
            }
            SessionEvent::Ended(_, Next::Move(url)) => match Endpoint::parse(&url) {
                Ok(endpoint) => self.link.connect(now, Target::At(endpoint)),
                Err(_) => self.fail(Problem::UnsafeRedirect(url)),
            },
            SessionEvent::Ended(problem, _) => self.fail(problem),
            _ => {}
        }
    }

    /// It failed; while the user fills the form in, nobody needs to know.
    fn fail(&mut self, problem: Problem) {
        self.link.shut();
        self.over = self.asker.is_some();
        self.answer(Err(problem));
    }

    fn answer(&mut self, outcome: Result<Reply, Problem>) {
        if let Some(asker) = self.asker.take() {
            self.around.hub.answer(asker, outcome);
        }
    }
}
