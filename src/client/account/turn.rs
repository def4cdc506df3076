//! One turn: what came in → facts → one batch → commit → transmit → publish → answer.

use std::collections::VecDeque;

use crate::boundary::change::{Change, Notification, Reply};
use crate::boundary::command::TimelineRequest;
use crate::boundary::command::Toward;
use crate::client::hub::Asker;
use crate::client::link::Happening;
use crate::entity::address::Address;
use crate::entity::id::ItemId;
use crate::entity::message::{Direction, Message, Position};
use crate::entity::problem::Problem;
use crate::entity::time::{Instant, Timestamp};
use crate::event::{Event, Next, Save};
use crate::model::timeline::Watch;
use crate::store::{Batch, Op};
use crate::xmpp::engine::{Input, Output, Wish};

use super::outbox::Asked;
use super::{Account, ToAccount};
use crate::client::notify::{Viewer, notifier};
use crate::client::ports::PageId;

/// What a turn has gathered, and not carried out yet.
#[derive(Default)]
pub(super) struct Work {
    pub(super) facts: Vec<Event>,
    saves: Vec<Save>,
    frames: Vec<String>,
    close: bool,
    /// What needs the store as this turn leaves it.
    pub(super) later: VecDeque<Later>,
    pub(super) answers: Vec<(Asker, Result<Reply, Problem>)>,
    /// Incoming messages that people should hear of.
    pub(super) news: Vec<Message>,
    /// The record of the account is different.
    pub(super) record: bool,
    /// Somebody waits to see the outcome: no pacing.
    urgent: bool,
    console: Vec<(bool, String)>,
    /// The frame that was taken last: the witness may look at it as long as the turn lasts.
    in_hand: String,
}

impl Work {
    fn is_done(&self) -> bool {
        self.facts.is_empty() && self.saves.is_empty() && self.frames.is_empty() && !self.close
    }
}

/// What is done after the commit.
#[derive(Debug)]
pub(super) enum Later {
    Watch(Watch, TimelineRequest),
    Extend(Watch, Toward),
    Fill(Watch, ItemId, Toward),
    FindDate(Asker, Address, Timestamp),
    /// What was found from a date on is stored.
    Found(Asker, Address, Timestamp),
    /// A page came; whether it brought anything new.
    Refill(Address, bool),
    Latest(Address),
    /// A page of catch-up is committed, and its cursor and gaps with it.
    CaughtUp,
    /// What was read here is told to our account.
    Tell,
    /// A message came that our account said is displayed.
    Seek(Address),
    Send(Asker, Asked),
    /// In its order among what is sent: that was a draft before.
    Draft(Asker, Address, String),
    /// A message was seen that no window holds any more.
    Read(Asker, Address, ItemId, Position),
    Retry(Asker, Address, ItemId),
    Delete(Asker, Address, ItemId),
    Bound,
    Online,
    Ended(Problem, Next),
    LogOut {
        asker: Asker,
        erase: bool,
    },
    GiveUp,
    Retire,
}

impl Account {
    /// One turn.
    pub(super) async fn turn(&mut self, inputs: Vec<ToAccount>) {
        let now = self.now();
        self.around.log.set_now(now.wall);
        self.model.borrow_mut().conversations.set_now(now.wall);
        let mut work = Work::default();
        self.retry_disk(now).await;
        self.wake(now, &mut work);
        self.tick(now, &mut work);
        let console = self.around.hub.console_is_watched();
        for input in inputs {
            self.take(now, input, &mut work, console);
        }
        self.finish(now, work).await;
    }

    /// What is due by the clock.
    fn tick(&mut self, now: Instant, work: &mut Work) {
        if let Some((at, _)) = self.engine.poll_timeout()
            && at.monotonic <= now.monotonic
        {
            self.handle(now, Input::Tick, work);
        }
        self.link.on_tick(now);
        self.tell_if_due(now, work);
        self.retry_if_due(now);
    }

    fn take(&mut self, now: Instant, input: ToAccount, work: &mut Work, console: bool) {
        match input {
            ToAccount::Link(report) => match self.link.on_report(now, report) {
                Some(Happening::Frame(frame)) => {
                    self.on_frame(now, &frame, work);
                    if console {
                        work.console.push((false, frame.clone()));
                    }
                    work.in_hand = frame;
                }
                Some(Happening::Opened(endpoint)) => {
                    self.model.borrow_mut().session.set_url(endpoint.url());
                    let (secure, origin) = (endpoint.is_secure(), endpoint.origin());
                    let origin = &origin;
                    self.handle(now, Input::Opened { secure, origin }, work);
                }
                Some(Happening::Closed(closed)) => {
                    tracing::debug!(closed.code, closed.was_clean, "socket closed");
                    let input = if closed.blames() {
                        Input::Rejected
                    } else {
                        Input::Closed
                    };
                    self.handle(now, input, work);
                    // What the core wished to have closed before is: it hears of that once, or an attempt that follows would be
                    // taken for what is closed.
                    work.close = false;
                }
                Some(Happening::Failed(problem)) => {
                    work.later.push_back(Later::Ended(problem, Next::Retry));
                }
                None => {}
            },
            ToAccount::Do(asker, command) => {
                work.urgent = true;
                self.on_command(now, asker, command, work);
            }
            ToAccount::LogIn(asker, password) => self.on_password(now, asker, password, work),
            ToAccount::Watch(watch, request) => {
                self.tell_now(work);
                work.later.push_back(Later::Watch(watch, request));
            }
            ToAccount::Extend(watch, toward) => {
                work.later.push_back(Later::Extend(watch, toward));
            }
            ToAccount::Fill(watch, gap, toward) => {
                work.later.push_back(Later::Fill(watch, gap, toward));
            }
            ToAccount::Unwatch(watch) => {
                self.tell_now(work);
                self.model.borrow_mut().timelines.close(watch);
            }
            ToAccount::PageGone(page) => {
                self.tell_now(work);
                self.model.borrow_mut().timelines.close_page(page.0);
            }
            ToAccount::Network(network) => self.on_network(now, network, work),
            ToAccount::Seen => self.on_seen(now, work),
            ToAccount::Looked(looked) => {
                self.is_looked_at = looked;
                self.handle(now, Input::Wish(Wish::Looked(looked)), work);
            }
            ToAccount::Idle(since) => {
                self.on_idle(now, since.is_some());
                self.handle(now, Input::Wish(Wish::Idle(since)), work);
            }
            ToAccount::CancelLogIn => work.later.push_back(Later::GiveUp),
            // It was looked after before all else.
            ToAccount::Disk => {}
            ToAccount::Device(depot, known) => self.on_device(now, depot, known),
            // So was the clock.
            ToAccount::Woke => {}
            ToAccount::Retire => work.later.push_back(Later::Retire),
        }
    }

    fn on_frame(&mut self, now: Instant, frame: &str, work: &mut Work) {
        if self.around.breaker.skips(frame) {
            tracing::warn!(
                bytes = frame.len(),
                "a frame is skipped: engines died of it"
            );
            return self.handle(now, Input::Skipped(frame), work);
        }
        self.around.ports.witness.hold(frame);
        self.handle(now, Input::Frame(frame), work);
    }

    /// One `handle`, then drain.
    pub(super) fn handle(&mut self, now: Instant, input: Input<'_>, work: &mut Work) {
        self.engine.handle(now, input);
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Save(save) => work.saves.push(save),
                Output::Transmit(frame) => work.frames.push(frame),
                Output::Event(event) => work.facts.push(event),
                Output::Close => work.close = true,
            }
        }
    }

    /// Carries out what was gathered, and what follows from it.
    async fn finish(&mut self, now: Instant, mut work: Work) {
        loop {
            let mut batch = Batch::default();
            let facts = std::mem::take(&mut work.facts);
            self.settle(now, facts, &mut batch, &mut work).await;
            self.note_catch_up();
            self.save(&mut batch, &mut work);
            self.commit(batch).await;
            self.keep_record(&mut work).await;
            self.transmit(now, &mut work);
            match work.later.pop_front() {
                Some(later) => self.after(now, later, &mut work).await,
                None if !work.is_done() => {}
                None => {
                    self.note_archive(now, &mut work);
                    self.note_told();
                    self.ask_when_caught_up(now, &mut work);
                    self.tell_when_caught_up(now);
                    self.tell_core(now, &mut work).await;
                    self.mend().await;
                    if work.is_done() && work.later.is_empty() {
                        break;
                    }
                }
            }
        }
        self.recount().await;
        if work.urgent || !work.answers.is_empty() || self.pace.allows(now) {
            self.publish(now);
        } else {
            // Soon, together with what comes until then.
            self.pace.on_waiting(now);
        }
        for (asker, outcome) in std::mem::take(&mut work.answers) {
            self.around.hub.answer(asker, outcome);
        }
        self.notify(std::mem::take(&mut work.news));
        let frames = std::mem::take(&mut work.console);
        self.around.hub.show_frames(self.id, now.wall, &frames);
        self.around.ports.witness.let_go();
    }

    async fn after(&mut self, now: Instant, later: Later, work: &mut Work) {
        match later {
            Later::Watch(watch, request) => {
                work.urgent = true;
                self.open_window(now, watch, request, work).await;
            }
            Later::Extend(watch, toward) => {
                work.urgent = true;
                self.extend_window(now, watch, toward, work).await;
            }
            Later::Fill(watch, gap, toward) => {
                work.urgent = true;
                self.fill(now, watch, gap, toward, work);
            }
            Later::FindDate(asker, conversation, from) => {
                self.find_date(now, asker, conversation, from, work).await;
            }
            Later::Found(asker, conversation, from) => {
                self.tell_found(asker, &conversation, from, work).await;
            }
            Later::Refill(conversation, fruitful) => {
                self.refill(now, &conversation, fruitful, work).await;
            }
            Later::Latest(conversation) => self.refresh_latest(&conversation).await,
            Later::CaughtUp => self.handle(now, Input::Wish(Wish::CatchUp), work),
            Later::Tell => self.tell_displayed(now, work).await,
            Later::Seek(conversation) => self.seek(conversation).await,
            Later::Send(asker, asked) => self.compose(now, asker, asked, work).await,
            Later::Draft(asker, conversation, text) => {
                self.set_draft(&conversation, text);
                work.answers.push((asker, Ok(Reply::Done)));
            }
            Later::Read(asker, conversation, id, position) => {
                let found = self.find_item(&conversation, id).await;
                let position = found.map_or(position, |message| message.position);
                self.on_read(now, conversation, position);
                work.answers.push((asker, Ok(Reply::Done)));
            }
            Later::Retry(asker, conversation, id) => {
                self.retry(now, asker, conversation, id, work).await;
            }
            Later::Delete(asker, conversation, id) => {
                self.delete(now, asker, conversation, id, work).await;
            }
            Later::Bound => self.on_bound(work).await,
            Later::Online => self.on_online(now, work),
            Later::Ended(problem, next) => self.on_ended(now, problem, next, work).await,
            Later::LogOut { asker, erase } => self.log_out(now, asker, erase, work).await,
            Later::GiveUp => self.give_up(now, work).await,
            Later::Retire => self.retire(now, work).await,
        }
    }

    /// What the core and the model want kept.
    pub(super) fn save(&mut self, batch: &mut Batch, work: &mut Work) {
        for save in work.saves.drain(..) {
            match save {
                Save::Caps { ver, features } => batch.push(Op::PutCaps(ver, features)),
                Save::Credentials(keys) => {
                    self.keys = Some(keys);
                    // Otherwise nothing of it is stored.
                    work.record |= self.stay;
                }
            }
        }
        let mut model = self.model.borrow_mut();
        for conversation in model.conversations.take_unsaved() {
            batch.push(Op::PutConversation(conversation));
        }
        batch.ops.extend(model.gaps.take_unsaved().map(Op::PutGaps));
    }

    pub(super) fn transmit(&mut self, now: Instant, work: &mut Work) {
        let console = !work.frames.is_empty() && self.around.hub.console_is_watched();
        for frame in work.frames.drain(..) {
            self.link.send(&frame);
            if console {
                work.console.push((true, frame));
            }
        }
        if std::mem::take(&mut work.close) {
            self.link.shut();
            // The core hears of the closing at once; the socket's own report is not waited for.
            self.handle(now, Input::Closed, work);
        }
    }

    /// Tells the pages what is different.
    pub(super) fn publish(&mut self, now: Instant) {
        let drained = self.model.borrow_mut().drain();
        let nothing = drained.shared.is_empty() && drained.windows.is_empty();
        if nothing || !self.visible.get() {
            return self.pace.on_quiet();
        }
        self.pace.on_told(now);
        self.around.hub.publish(drained);
    }

    /// Tells people of new messages, each conversation once.
    fn notify(&self, news: Vec<Message>) {
        let settings = self.around.hub.settings();
        if news.is_empty() || !settings.notifications || !self.visible.get() {
            return;
        }
        let mut told: Vec<Address> = Vec::new();
        for message in news.iter().rev() {
            if message.direction == Direction::Outgoing || told.contains(&message.conversation) {
                continue;
            }
            told.push(message.conversation.clone());
            let model = self.model.borrow();
            let watching: Vec<_> = model
                .timelines
                .watched()
                .filter(|(_, conversation)| **conversation == message.conversation)
                .map(|(watch, _)| PageId(watch.page))
                .collect();
            let viewers: Vec<_> = self
                .around
                .hub
                .attentions()
                .into_iter()
                .map(|(page, attention)| Viewer {
                    page,
                    attention,
                    watches: watching.contains(&page),
                })
                .collect();
            let Some(page) = notifier(&settings, &viewers) else {
                continue;
            };
            let notification = Notification {
                account: self.id,
                conversation: message.conversation.clone(),
                title: model.roster.name(&message.conversation),
                body: settings
                    .notification_preview
                    .then(|| crate::model::text::preview(&message.body)),
            };
            self.around
                .hub
                .post(page, vec![Change::Notify(notification)]);
        }
    }
}
