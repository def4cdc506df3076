//! The features: one file for each XEP or section of an RFC. What each may do is in [`super::cx`].

pub mod about;
pub mod archive;
pub mod caps;
pub mod catch_up;
pub mod disco;
pub mod displayed;
pub mod presence;
pub mod roster;
pub mod subscription;

use crate::boundary::change::Reply as Answer;
use crate::boundary::command::AccountCommand;
use crate::entity::address::Address;
use crate::entity::id::RequestId;
use crate::entity::jid::FullJid;
use crate::entity::presence::OwnPresence;
use crate::entity::problem::Problem;
use crate::entity::time::Instant;
use crate::event::{ArchiveEvent, Event, SessionEvent, Unavailable};

use super::cx::Cx;
use super::engine::{Snapshot, Why, Wish};
use super::iq::Outcome;
use super::message::carbons;
use super::message::order::Order;
use super::message::outgoing::Outbox;
use super::stream::csi::ClientState;
use archive::{Archive, End, Place, Purpose, Wanted};
use caps::Caps;
use catch_up::CatchUp;
use disco::{Disco, Whom};
use displayed::Displayed;
use presence::Presences;
use roster::Roster;
use subscription::Subscriptions;

/// All features of a session.
pub struct Features {
    pub(super) roster: Roster,
    pub(super) subscriptions: Subscriptions,
    pub(super) presences: Presences,
    pub(super) disco: Disco,
    pub(super) caps: Caps,
    pub(super) archive: Archive,
    pub(super) catch_up: CatchUp,
    pub(super) displayed: Displayed,
    pub(super) outbox: Outbox,
    pub(super) order: Order,
    pub(super) client_state: ClientState,
}

impl Features {
    pub(super) fn new(snapshot: Snapshot) -> Self {
        Self {
            roster: Roster::new(snapshot.roster),
            subscriptions: Subscriptions::default(),
            presences: Presences::new(snapshot.presence),
            disco: Disco::default(),
            caps: Caps::new(snapshot.caps),
            archive: Archive::default(),
            catch_up: CatchUp::new(snapshot.cursor, snapshot.reach),
            displayed: Displayed::default(),
            outbox: Outbox::new(snapshot.outbox),
            order: Order::default(),
            client_state: ClientState::default(),
        }
    }

    /// Begins anew with what was stored. Whether the user is there, and looks, is known since.
    pub(super) fn restore(&mut self, snapshot: Snapshot) {
        let idle = self.presences.idle_since();
        *self = Self {
            client_state: self.client_state,
            ..Self::new(snapshot)
        };
        self.presences.begin_idle(idle);
    }

    /// A resource is bound: load the roster, send what waits.
    pub(super) fn on_bound(&mut self, cx: &mut Cx) {
        // Before all is counted: servers keep copies of what they must be able to send again, and the roster is the largest
        // of all stanzas. Its answer comes before `<enabled/>`, or is counted; either way none is lost.
        self.roster.load(cx);
        cx.enable_management();
        self.disco.load(cx);
        self.archive.is_promised = false;
        carbons::enable(cx);
        self.archive.floor = self.catch_up.floor();
        self.outbox.on_bound(cx, &mut self.archive);
        self.client_state.on_session(cx);
    }

    /// The roster came, or will not: only now we say that we are there (RFC 6121 §2.2). Prosody looks after all contacts
    /// before it lets the answer go that it has ready, if the first presence comes along with the question.
    pub(super) fn on_roster(&mut self, cx: &mut Cx, outcome: Outcome) {
        let cut_off = matches!(outcome, Outcome::CutOff);
        self.roster.on_loaded(cx, outcome);
        self.subscriptions.settle_known(cx, &self.roster);
        if !cut_off && cx.is_connected() {
            self.presences.announce(cx);
            cx.emit(Event::Session(SessionEvent::Online));
            let has_archive = self.disco.has_archive();
            self.catch_up.on_online(cx, &mut self.archive, has_archive);
            self.ask_displayed(cx);
        }
    }

    pub(super) fn on_disco(&mut self, cx: &mut Cx, whom: Whom, outcome: Outcome) {
        self.disco.on_answer(cx, whom, outcome);
        self.archive.is_promised = self.disco.tells_archive();
        let has_archive = self.disco.has_archive();
        self.catch_up.on_known(cx, &mut self.archive, has_archive);
        self.ask_displayed(cx);
    }

    /// XEP-0490 §3.4: what is flagged is asked for when the messages that it names are here.
    fn ask_displayed(&mut self, cx: &mut Cx) {
        if self.catch_up.is_settled() && self.disco.checks_publications() {
            self.displayed.begin(cx);
        }
    }

    pub(super) fn on_archive_end(&mut self, cx: &mut Cx, query: &str, outcome: Outcome) {
        match self.archive.on_end(cx, &mut self.order, query, outcome) {
            Some(End::Looked(looked)) => self.outbox.on_looked(cx, &mut self.archive, looked),
            Some(End::Caught(caught)) => {
                let (archive, order) = (&mut self.archive, &mut self.order);
                self.catch_up.on_caught(cx, archive, order, caught);
            }
            None => {}
        }
        self.ask_displayed(cx);
    }

    /// The server has all stanzas up to that one (XEP-0198), if that is news.
    pub(super) fn on_acknowledged(&mut self, cx: &mut Cx, upto: Option<u64>) {
        self.outbox.on_acknowledged(cx, upto);
    }

    /// It is known now whether the server confirms what it has.
    pub(super) fn on_management(&mut self, cx: &mut Cx) {
        self.outbox.ask(cx);
    }

    /// The session goes on on another socket: what is sent now is written when the server shows that it understands us.
    pub(super) fn on_resumed(&mut self, cx: &mut Cx, upto: Option<u64>) {
        self.outbox.on_resumed(cx, &mut self.archive, upto);
        self.ask_displayed(cx);
    }

    /// It has shown that.
    pub(super) fn on_understood(&mut self, cx: &mut Cx) {
        cx.renew_requests();
        self.outbox.ask(cx);
        self.client_state.on_session(cx);
    }

    /// The user ends the session: say so to those who see us.
    pub(super) fn on_closing(&mut self, cx: &mut Cx) {
        if cx.bound().is_some() {
            self.presences.say_goodbye(cx);
        }
    }

    /// The session is over.
    pub(super) fn on_ended(&mut self, cx: &mut Cx) {
        if cx.bound().is_some() {
            self.presences.forget_all(cx);
        }
        self.caps.on_ended();
        self.catch_up.on_ended();
        self.displayed.on_ended();
        self.outbox.on_ended();
    }

    /// A wish that is a feature's.
    pub(super) fn on_wish(&mut self, cx: &mut Cx, wish: Wish) {
        match wish {
            Wish::Command(request, command) => self.on_command(cx, request, command),
            Wish::Send(message) => self.outbox.send(cx, message),
            Wish::SendAgain(message) => {
                self.outbox.send_again(cx, &mut self.archive, message);
            }
            Wish::Withdraw(conversation, id) => self.outbox.withdraw(cx, &conversation, id),
            Wish::History {
                conversation,
                before,
                until,
                count,
            } => {
                self.on_history(
                    cx,
                    conversation,
                    Wanted {
                        place: before.map_or(Place::Newest, Place::Before),
                        until,
                        count,
                        ..Wanted::default()
                    },
                );
            }
            Wish::Stretch(conversation, ticket, wanted) => {
                self.on_stretch(cx, conversation, ticket, wanted);
            }
            Wish::CatchUp => {
                self.catch_up.on_committed(cx, &mut self.archive);
                self.ask_displayed(cx);
            }
            Wish::Displayed(conversation, id) => self.displayed.flag(cx, conversation, id),
            Wish::Idle(since) => self.presences.set_idle(cx, since),
            Wish::Looked(looked) => self.client_state.set(cx, looked),
            // The engine keeps these for the stream.
            Wish::Verify(_) | Wish::Register(_) | Wish::Credentials(_) | Wish::Close => {}
        }
    }

    fn on_history(&mut self, cx: &mut Cx, conversation: Address, wanted: Wanted) {
        if cx.is_connected() {
            self.archive.ask(cx, Purpose::History(conversation), wanted);
        } else {
            let problem = Problem::Offline;
            cx.emit(Event::Archive(ArchiveEvent::Failed {
                conversation,
                problem,
            }));
        }
    }

    fn on_stretch(&mut self, cx: &mut Cx, conversation: Address, ticket: u64, wanted: Wanted) {
        if cx.is_connected() {
            let purpose = Purpose::Stretch(conversation, ticket);
            return self.archive.ask(cx, purpose, wanted);
        }
        cx.emit(Event::Archive(ArchiveEvent::Stretch {
            conversation,
            ticket,
            outcome: Err(Unavailable::Now(Problem::Offline)),
        }));
    }

    fn on_command(&mut self, cx: &mut Cx, request: RequestId, command: AccountCommand) {
        let answer = match command {
            AccountCommand::SetPresence(own) => self.set_presence(cx, own),
            AccountCommand::Resources(address) => Ok(self.resources(cx, &address)),
            _ if !cx.is_connected() => Err(Problem::Offline),
            AccountCommand::AddContact {
                address,
                name,
                groups,
                text,
            } => match Address::parse(&address) {
                Ok(address) => {
                    let contact = (address, name.as_deref(), &*groups);
                    return self.roster.add(cx, request, contact, text);
                }
                Err(_) => Err(Problem::InvalidAddress),
            },
            AccountCommand::UpdateContact {
                address,
                name,
                groups,
            } => {
                let contact = (&address, name.as_deref(), groups.as_deref());
                return self.roster.update(cx, request, contact);
            }
            AccountCommand::LoadRoster => {
                self.roster.load(cx);
                Ok(Answer::Done)
            }
            AccountCommand::RemoveContact(address) => return Roster::remove(cx, request, &address),
            AccountCommand::AcceptSubscription { address, also_ask } => {
                let seen = self.roster.subscription(&address).seen_by_us();
                self.subscriptions.accept(cx, &address, also_ask && !seen);
                Ok(Answer::Done)
            }
            AccountCommand::DeclineSubscription(address) => {
                self.subscriptions.decline(cx, &address);
                Ok(Answer::Done)
            }
            AccountCommand::RequestSubscription(address) => {
                subscription::ask(cx, &address, None);
                Ok(Answer::Done)
            }
            // The rest is the client's to carry out.
            _ => Err(Problem::Unsupported),
        };
        cx.answer(request, answer);
    }

    fn set_presence(&mut self, cx: &mut Cx, own: OwnPresence) -> Result<Answer, Problem> {
        self.presences.choose(cx, own);
        Ok(Answer::Done)
    }

    /// Tells what is known, and learns what somebody's devices can do now that it matters.
    fn resources(&mut self, cx: &mut Cx, of: &Address) -> Answer {
        let resources = self.presences.resources(of);
        for (resource, claim) in &resources {
            let who = FullJid::parse(&format!("{of}/{}", resource.name));
            if let (Some(claim), Ok(who)) = (claim, who) {
                self.caps.learn(cx, who, claim);
            }
        }
        Answer::Resources(
            resources
                .into_iter()
                .map(|(resource, _)| resource)
                .collect(),
        )
    }

    pub(super) fn on_tick(&mut self, cx: &mut Cx) {
        self.outbox.on_tick(cx, &mut self.archive);
        self.catch_up.on_tick(cx, &mut self.archive);
    }

    pub(super) fn poll_timeout(&self) -> Option<(Instant, Why)> {
        [self.outbox.poll_timeout(), self.catch_up.poll_timeout()]
            .into_iter()
            .flatten()
            .min()
            .map(|at| (at, Why::Feature))
    }
}
