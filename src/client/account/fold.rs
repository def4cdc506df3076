//! Facts, made final, into the batch and the model.
//!
//! **Invariant:** what is known already is not doubled, whichever way it comes again: live, from the archive, or
//! after a restart. An item keeps its identity and its place.

use std::collections::HashMap;

use crate::client::merge;
use crate::entity::address::Address;
use crate::entity::endpoint::Endpoint;
use crate::entity::id::ItemId;
use crate::entity::message::{Delivery, Direction, Message, MessageIds, Position};
use crate::entity::problem::Problem;
use crate::entity::time::{Instant, Timestamp};
use crate::event::{ArchiveEvent, Event, MessageEvent, RosterEvent, SessionEvent};
use crate::model::timeline::advance;
use crate::store::{Batch, Name, Op, Roster};
use crate::xmpp::stream::auth::Mechanism;

use super::Account;
use super::catch_up::Missed;
use super::turn::{Later, Work};

/// A message sent longer ago than this is no news.
pub(super) const NEWS: i64 = 300_000;

impl Account {
    /// Folds facts, in order.
    pub(super) async fn settle(
        &mut self,
        now: Instant,
        facts: Vec<Event>,
        batch: &mut Batch,
        work: &mut Work,
    ) {
        let stored = self.look_up_delayed(now.wall, &facts).await;
        for fact in facts {
            match fact {
                Event::Message(MessageEvent::Received(message)) => {
                    self.on_received(now.wall, message, &stored, batch, work)
                        .await;
                }
                Event::Message(MessageEvent::Refused {
                    conversation,
                    name,
                    problem,
                }) => {
                    if let Some(event) = self.find_refused(conversation, name, problem).await {
                        self.on_message(event, batch, work).await;
                    }
                }
                Event::Message(event) => self.on_message(event, batch, work).await,
                Event::Archive(ArchiveEvent::Page {
                    conversation,
                    messages,
                    history,
                }) => {
                    // What this turn has brought so far must be found when the page is merged.
                    self.save(batch, work);
                    self.commit(std::mem::take(batch)).await;
                    self.on_page(conversation, messages, history, batch, work)
                        .await;
                }
                Event::Archive(ArchiveEvent::Missed {
                    messages,
                    cursor,
                    reach,
                    since,
                }) => {
                    self.save(batch, work);
                    self.commit(std::mem::take(batch)).await;
                    let page = Missed {
                        messages,
                        cursor,
                        reach,
                        since,
                    };
                    self.on_missed(now.wall, page, batch, work).await;
                }
                Event::Archive(ArchiveEvent::Stretch {
                    ticket, outcome, ..
                }) => {
                    self.save(batch, work);
                    self.commit(std::mem::take(batch)).await;
                    self.on_stretch(now, ticket, outcome, batch, work).await;
                }
                Event::Archive(ArchiveEvent::Failed {
                    conversation,
                    problem,
                }) => self.on_page_failed(&conversation, &problem),
                Event::Displayed(event) => {
                    self.save(batch, work);
                    self.commit(std::mem::take(batch)).await;
                    self.on_displayed(now, event).await;
                }
                Event::Roster(event) => {
                    push_roster(&event, batch);
                    self.model.borrow_mut().apply(&Event::Roster(event));
                }
                Event::Presence(_) => self.model.borrow_mut().apply(&fact),
                Event::Session(event) => self.on_session(now, event, batch, work).await,
                Event::Answered(request, outcome) => {
                    if let Some(asker) = self.answers.remove(&request) {
                        work.answers.push((asker, outcome));
                    }
                }
            }
        }
    }

    /// What may be stored already: a message that was sent before now, and not in this session. One look per
    /// conversation.
    async fn look_up_delayed(
        &mut self,
        now: Timestamp,
        facts: &[Event],
    ) -> HashMap<Address, Vec<Message>> {
        let mut wanted: HashMap<Address, Vec<Name>> = HashMap::new();
        for fact in facts {
            if let Event::Message(MessageEvent::Received(message)) = fact
                && (message.time < now || message.position.time < now)
            {
                wanted
                    .entry(message.conversation.clone())
                    .or_default()
                    .extend(merge::names(message));
            }
        }
        let mut stored = HashMap::new();
        for (conversation, names) in wanted {
            let found = self.find(conversation.clone(), names).await;
            let found = self.readable(found).unwrap_or_default();
            stored.insert(conversation, found);
        }
        stored
    }

    async fn on_received(
        &mut self,
        now: Timestamp,
        mut message: Message,
        stored: &HashMap<Address, Vec<Message>>,
        batch: &mut Batch,
        work: &mut Work,
    ) {
        if !self.seen.note(&message) {
            return tracing::debug!("a message came twice");
        }
        let known = stored
            .get(&message.conversation)
            .and_then(|known| known.iter().find(|known| merge::same(known, &message)));
        if let Some(known) = known {
            return self.on_copy(known.clone(), &message, None, batch);
        }
        message.position = self.place_heard(now, &message).await;
        self.note_heard(&message);
        if message.direction == Direction::Outgoing {
            // Another device sent it: what came after it is all that may be unread.
            self.recount.insert(message.conversation.clone());
        }
        if self.displayed.is_missing(&message.conversation) {
            work.later
                .push_back(Later::Seek(message.conversation.clone()));
        }
        batch.push(Op::PutMessage(message.clone()));
        let news = now.0.saturating_sub(message.time.0) < NEWS;
        let event = Event::Message(MessageEvent::Received(message));
        self.model.borrow_mut().apply(&event);
        if let Event::Message(MessageEvent::Received(message)) = event
            && news
        {
            work.news.push(message);
        }
    }

    /// A copy of a stored message: it may teach us a name, and where the archive has it.
    pub(super) fn on_copy(
        &mut self,
        mut stored: Message,
        copy: &Message,
        place: Option<Position>,
        batch: &mut Batch,
    ) {
        let from = stored.position;
        let is_moved = place.is_some_and(|place| place != from);
        stored.position = place.unwrap_or(from);
        if !merge::learn(&mut stored, copy) && !is_moved {
            return;
        }
        let (conversation, id) = (stored.conversation.clone(), stored.id);
        if let Some(own) = self.outbox.get_mut(&id) {
            own.clone_from(&stored);
        }
        let mut model = self.model.borrow_mut();
        if is_moved {
            // Which is the latest may be different now.
            self.moved.insert(conversation.clone());
            self.displayed
                .on_moved(&conversation, from, stored.position);
            model.gaps.on_moved(&conversation, from, stored.position);
            let message = stored.clone();
            model.apply(&Event::Message(MessageEvent::Moved { message, from }));
        }
        model.apply(&Event::Message(MessageEvent::Named {
            conversation: conversation.clone(),
            id,
            ids: stored.ids.clone(),
        }));
        model.apply(&Event::Message(MessageEvent::Delivery {
            conversation,
            id,
            delivery: stored.delivery.clone(),
        }));
        batch.push(Op::PutMessage(stored));
    }

    async fn on_message(&mut self, event: MessageEvent, batch: &mut Batch, work: &mut Work) {
        match &event {
            MessageEvent::Received(_)
            | MessageEvent::Refused { .. }
            | MessageEvent::Moved { .. } => {}
            MessageEvent::Composed(message) => {
                self.seen.note(message);
                self.note_heard(message);
                self.outbox.insert(message.id, message.clone());
                batch.push(Op::PutMessage(message.clone()));
            }
            MessageEvent::Delivery {
                conversation,
                id,
                delivery,
            } => {
                let changed = self.change_own(conversation, *id, |message| {
                    advance(&mut message.delivery, delivery)
                });
                batch.ops.extend(changed.await.map(Op::PutMessage));
            }
            MessageEvent::Named {
                conversation,
                id,
                ids,
            } => {
                let changed = self.change_own(conversation, *id, |message| {
                    let different = message.ids != *ids;
                    message.ids = MessageIds::clone(ids);
                    different
                });
                batch.ops.extend(changed.await.map(Op::PutMessage));
            }
            MessageEvent::Deleted { conversation, id } => {
                self.outbox.remove(id);
                batch.push(Op::RemoveMessage(conversation.clone(), *id));
                work.later.push_back(Later::Latest(conversation.clone()));
            }
        }
        let answered = match &event {
            MessageEvent::Composed(message) => Some(message.conversation.clone()),
            _ => None,
        };
        if let MessageEvent::Delivery {
            conversation,
            delivery: Delivery::Failed(_),
            ..
        } = &event
        {
            // Whoever has closed it is to know.
            self.model.borrow_mut().conversations.open(conversation);
        }
        self.model.borrow_mut().apply(&Event::Message(event));
        if let Some(conversation) = answered {
            self.tell_soon(self.now(), &conversation);
        }
    }

    /// Which message it is that was refused after the engine that wrote it was gone.
    async fn find_refused(
        &mut self,
        conversation: Address,
        name: String,
        problem: Problem,
    ) -> Option<MessageEvent> {
        let wanted = vec![Name::Origin(name.clone())];
        let found = self.find(conversation.clone(), wanted).await;
        let mut found = self.readable(found)?.into_iter();
        let message = found.find(|message| {
            message.direction == Direction::Outgoing && message.ids.origin.as_ref() == Some(&name)
        })?;
        Some(MessageEvent::Delivery {
            conversation,
            id: message.id,
            delivery: Delivery::Failed(problem),
        })
    }

    /// Changes an own message, from memory if it is recent, else from the store; gives it back if it is different.
    async fn change_own(
        &mut self,
        conversation: &Address,
        id: ItemId,
        change: impl FnOnce(&mut Message) -> bool,
    ) -> Option<Message> {
        if !self.outbox.contains_key(&id) {
            let message = self.find_item(conversation, id).await?;
            self.outbox.insert(id, message);
        }
        let message = self.outbox.get_mut(&id)?;
        let different = change(message);
        let message = message.clone();
        if self.outbox.len() > 1_000 {
            self.outbox
                .retain(|_, message| message.delivery.is_pending());
        }
        different.then_some(message)
    }

    /// A message, if it is stored; absent, too, where the disk cannot be read: then memory has taken over.
    pub(super) async fn find_item(
        &mut self,
        conversation: &Address,
        id: ItemId,
    ) -> Option<Message> {
        let found = self.find(conversation.clone(), vec![Name::Item(id)]).await;
        let mut found = self.readable(found)?.into_iter();
        found.find(|message| message.id == id)
    }

    async fn on_session(
        &mut self,
        now: Instant,
        event: SessionEvent,
        batch: &mut Batch,
        work: &mut Work,
    ) {
        match &event {
            SessionEvent::Authenticated { mechanism } => {
                // A token pins nothing: what it stands in for is still the weakest that will do.
                let pin = Some(mechanism.clone()).filter(|name| Mechanism::parse(name).is_some());
                if pin.is_some() && pin != self.record.mechanism {
                    self.record.mechanism = pin;
                    work.record = true;
                }
                self.open_store().await;
            }
            SessionEvent::Bound(jid) => {
                if let (true, Ok(address)) = (self.anonymous, Address::parse(jid)) {
                    self.record.address = address.clone();
                    self.model.borrow_mut().session.set_address(address);
                }
                self.displayed.begin();
                self.location = None;
                self.streamed.clear();
                self.resumed = false;
                self.forget_untold(now.wall);
                self.span.forget_late();
                self.is_archived = false;
                self.forgotten.clear();
                self.shortened.clear();
                work.later.push_back(Later::Bound);
            }
            SessionEvent::Located(url) => {
                let location = Endpoint::parse(url).ok();
                self.location = location.map(|location| (location, false));
            }
            SessionEvent::OwnPresence(presence) => {
                batch.push(Op::PutPresence(presence.clone()));
            }
            SessionEvent::Online | SessionEvent::Resumed(_) => {
                work.later.push_back(Later::Online);
            }
            SessionEvent::Ended(problem, next) | SessionEvent::Suspended(problem, next) => {
                // What is sent again comes before it is said that the session goes on.
                self.resumed |= matches!(event, SessionEvent::Suspended(..));
                work.later
                    .push_back(Later::Ended(problem.clone(), next.clone()));
            }
            _ => {}
        }
        self.model.borrow_mut().apply(&Event::Session(event));
    }
}

fn push_roster(event: &RosterEvent, batch: &mut Batch) {
    match event {
        RosterEvent::Loaded { contacts, version } => batch.push(Op::PutRoster(Roster {
            version: version.clone(),
            contacts: contacts.clone(),
        })),
        RosterEvent::Updated { contact, version } => {
            batch.push(Op::PutContact(contact.clone(), version.clone()));
        }
        RosterEvent::Removed { address, version } => {
            batch.push(Op::RemoveContact(address.clone(), version.clone()));
        }
        RosterEvent::Unchanged
        | RosterEvent::Failed(_)
        | RosterEvent::Requested(_)
        | RosterEvent::RequestSettled(_) => {}
    }
}

/// Whether anybody but us wrote it.
#[must_use]
pub(super) fn is_incoming(message: &Message) -> bool {
    message.direction == Direction::Incoming
}
