//! The way to a server: where its WebSocket is, and the socket itself.
//!
//! **Invariant:** never two attempts at a time. What an abandoned attempt still reports is not heard.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use crate::entity::endpoint::Endpoint;
use crate::entity::problem::Problem;
use crate::entity::time::Instant;
use crate::store::AccountRecord;

use super::discovery::discover;
use super::ports::{Ports, Socket, SocketClosed, SocketEvent};

/// How long a socket may take to open.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where to go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// There: typed, configured, or where the server sends us.
    At(Endpoint),
    /// Wherever the domain's WebSocket is found.
    Domain(String),
}

impl Target {
    /// Where an account's server is.
    ///
    /// # Errors
    /// The problem with the address that was typed or configured.
    pub fn of(account: &AccountRecord) -> Result<Self, Problem> {
        match &account.websocket {
            Some(text) => Endpoint::parse(text).map(Self::At),
            None => Ok(Self::Domain(account.address.domain().to_owned())),
        }
    }
}

/// What a part of the way reports, to be handed back to [`Link::on_report`].
#[derive(Debug)]
pub struct Report {
    attempt: u32,
    what: What,
}

#[derive(Debug)]
enum What {
    Found(Vec<Endpoint>),
    Socket(SocketEvent),
    /// Nobody let us in; whether anybody answers there at all.
    Answers(bool),
}

/// What became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Happening {
    /// The socket is open.
    Opened(Endpoint),
    /// A frame came.
    Frame(String),
    /// The socket was open, and is closed.
    Closed(SocketClosed),
    /// There is no way.
    Failed(Problem),
}

/// The way to a server.
pub struct Link {
    ports: Ports,
    report: Rc<dyn Fn(Report)>,
    attempt: u32,
    state: State,
    target: Target,
    /// Where the domain's WebSocket was found last.
    found: Option<Endpoint>,
    /// There was a server once: what is wrong now will pass, and nobody typed anything wrong.
    arrived: bool,
    /// There was one in the life of another engine.
    is_known: bool,
}

enum State {
    Down,
    Looking,
    Opening {
        socket: Box<dyn Socket>,
        endpoint: Endpoint,
        rest: VecDeque<Endpoint>,
        deadline: Instant,
    },
    Open(Box<dyn Socket>),
}

impl Link {
    /// A way that is not taken yet. `report` brings what it is given back to [`Link::on_report`].
    #[must_use]
    pub fn new(ports: Ports, report: Rc<dyn Fn(Report)>) -> Self {
        Self {
            ports,
            report,
            attempt: 0,
            state: State::Down,
            target: Target::Domain(String::new()),
            found: None,
            arrived: false,
            is_known: false,
        }
    }

    /// The same, where it was taken before.
    #[must_use]
    pub fn known(self, is_known: bool) -> Self {
        Self { is_known, ..self }
    }

    /// Begins the attempt anew that is under way, if it has not arrived: the machine slept meanwhile.
    pub fn begin_anew(&mut self, now: Instant) {
        if matches!(self.state, State::Looking | State::Opening { .. }) {
            self.connect(now, self.target.clone());
        }
    }

    /// Begins an attempt; ends the one before it.
    pub fn connect(&mut self, now: Instant, target: Target) {
        self.attempt = self.attempt.wrapping_add(1);
        self.target = target;
        let known = match &self.target {
            Target::At(endpoint) => Some(endpoint.clone()),
            Target::Domain(_) => self.found.take(),
        };
        match (known, &self.target) {
            (Some(endpoint), _) => self.open_next(now, VecDeque::from([endpoint])),
            (None, Target::Domain(domain)) => {
                let (http, domain) = (self.ports.http.clone(), domain.clone());
                self.state = State::Looking;
                self.ask(async move { What::Found(discover(&*http, &domain).await) });
            }
            (None, Target::At(_)) => {}
        }
    }

    /// Takes a report.
    pub fn on_report(&mut self, now: Instant, report: Report) -> Option<Happening> {
        if report.attempt != self.attempt {
            return None;
        }
        match report.what {
            What::Found(endpoints) => {
                self.open_next(now, endpoints.into());
                None
            }
            What::Answers(answers) => {
                self.state = State::Down;
                Some(Happening::Failed(self.refusal(answers)))
            }
            What::Socket(event) => self.on_socket(now, event),
        }
    }

    /// When to call [`Link::on_tick`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Opening { deadline, .. } => Some(*deadline),
            _ => None,
        }
    }

    /// A socket that does not open in time is given up.
    pub fn on_tick(&mut self, now: Instant) {
        if let State::Opening { deadline, .. } = &self.state
            && deadline.monotonic <= now.monotonic
        {
            self.on_refused(now);
        }
    }

    /// Sends a frame.
    pub fn send(&self, frame: &str) {
        if let State::Open(socket) = &self.state {
            socket.send(frame);
        }
    }

    /// Closes the socket, and hears nothing more of it.
    pub fn shut(&mut self) {
        if let State::Open(socket) | State::Opening { socket, .. } = &self.state {
            socket.close();
        }
        self.attempt = self.attempt.wrapping_add(1);
        self.state = State::Down;
    }

    /// Neither open nor on the way.
    #[must_use]
    pub fn is_down(&self) -> bool {
        matches!(self.state, State::Down)
    }

    /// There is somebody to talk to.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    fn on_socket(&mut self, now: Instant, event: SocketEvent) -> Option<Happening> {
        match event {
            SocketEvent::Opened => {
                match std::mem::replace(&mut self.state, State::Down) {
                    State::Opening {
                        socket, endpoint, ..
                    } => {
                        self.state = State::Open(socket);
                        self.arrived = true;
                        // Found again at once the next time, as long as it leads somewhere.
                        self.found =
                            matches!(self.target, Target::Domain(_)).then(|| endpoint.clone());
                        Some(Happening::Opened(endpoint))
                    }
                    other => {
                        self.state = other;
                        None
                    }
                }
            }
            SocketEvent::Frame(frame) => {
                matches!(self.state, State::Open(_)).then_some(Happening::Frame(frame))
            }
            SocketEvent::Closed(closed) => {
                if matches!(self.state, State::Open(_)) {
                    self.state = State::Down;
                    return Some(Happening::Closed(closed));
                }
                self.on_refused(now);
                None
            }
        }
    }

    /// The socket could not be opened: try the next place, or find out why there is none.
    fn on_refused(&mut self, now: Instant) {
        let State::Opening { rest, .. } = std::mem::replace(&mut self.state, State::Down) else {
            return;
        };
        self.attempt = self.attempt.wrapping_add(1);
        self.open_next(now, rest);
    }

    fn open_next(&mut self, now: Instant, mut rest: VecDeque<Endpoint>) {
        let Some(endpoint) = rest.pop_front() else {
            return self.ask_why();
        };
        let (report, attempt) = (self.report.clone(), self.attempt);
        let socket = self.ports.transport.open(
            endpoint.url(),
            Box::new(move |event| {
                report(Report {
                    attempt,
                    what: What::Socket(event),
                });
            }),
        );
        self.state = State::Opening {
            socket,
            endpoint,
            rest,
            deadline: now + PATIENCE,
        };
    }

    /// A browser does not tell why a socket failed. Whether anything answers there at all makes the difference
    /// between a wrong name and a server that speaks no XMPP.
    fn ask_why(&mut self) {
        if self.arrived || self.is_known {
            // It makes no difference, and whoever is being restarted is not asked twice.
            self.state = State::Looking;
            return self.ask(async { What::Answers(false) });
        }
        let url = match &self.target {
            Target::At(endpoint) => endpoint.probe_url(),
            Target::Domain(domain) => format!("https://{domain}/"),
        };
        let http = self.ports.http.clone();
        self.state = State::Looking;
        self.ask(async move { What::Answers(http.answers(&url).await) });
    }

    fn refusal(&self, answers: bool) -> Problem {
        match (&self.target, answers) {
            // A host whose server is being restarted answers in its place.
            _ if self.arrived => Problem::ConnectionLost,
            _ if self.is_known => Problem::Timeout,
            (Target::At(endpoint), true) => Problem::NotXmpp {
                url: endpoint.url().to_owned(),
            },
            (Target::At(endpoint), false) => Problem::ServerNotFound {
                domain: endpoint.host().to_owned(),
            },
            (Target::Domain(domain), true) => Problem::NotXmpp {
                url: domain.clone(),
            },
            (Target::Domain(domain), false) => Problem::ServerNotFound {
                domain: domain.clone(),
            },
        }
    }

    fn ask(&self, question: impl Future<Output = What> + 'static) {
        let (report, attempt) = (self.report.clone(), self.attempt);
        self.ports.spawn.spawn(Box::pin(async move {
            let what = question.await;
            report(Report { attempt, what });
        }));
    }
}
