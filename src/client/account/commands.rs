//! The user's wishes: those that are the client's are carried out here, the rest go to the core.

use crate::boundary::change::Reply;
use crate::boundary::command::AccountCommand;
use crate::client::hub::Asker;
use crate::entity::address::Address;
use crate::entity::id::RequestId;
use crate::entity::problem::Problem;
use crate::entity::time::Instant;
use crate::xmpp::engine::{Input, Wish};

use super::Account;
use super::outbox::Asked;
use super::turn::{Later, Work};

impl Account {
    pub(super) fn on_command(
        &mut self,
        now: Instant,
        asker: Asker,
        command: AccountCommand,
        work: &mut Work,
    ) {
        let done = match command {
            AccountCommand::SendMessage {
                to,
                body,
                id,
                again,
            } => {
                let asked = Asked {
                    to,
                    body,
                    id,
                    again,
                };
                return work.later.push_back(Later::Send(asker, asked));
            }
            AccountCommand::RetryMessage(conversation, id) => {
                return work.later.push_back(Later::Retry(asker, conversation, id));
            }
            AccountCommand::DeleteMessage(conversation, id) => {
                return work.later.push_back(Later::Delete(asker, conversation, id));
            }
            AccountCommand::LogOut { erase } => {
                return work.later.push_back(Later::LogOut { asker, erase });
            }
            AccountCommand::ProvidePassword(password) => {
                return self.on_password(now, asker, password, work);
            }
            AccountCommand::Reconnect => {
                self.reconnect(now);
                Ok(Reply::Done)
            }
            AccountCommand::ReplaceWebSocket { from, to } => self
                .replace_websocket(now, &from, &to, work)
                .map(|()| Reply::Done),
            AccountCommand::OpenConversation(typed) => match Address::parse(&typed) {
                Ok(address) => {
                    self.model.borrow_mut().conversations.open(&address);
                    Ok(Reply::Address(address))
                }
                Err(_) => Err(Problem::InvalidAddress),
            },
            AccountCommand::CloseConversation(address) => {
                self.tell_now(work);
                self.model.borrow_mut().conversations.close(&address);
                Ok(Reply::Done)
            }
            AccountCommand::SaveDraft { conversation, text } => {
                return work
                    .later
                    .push_back(Later::Draft(asker, conversation, text));
            }
            AccountCommand::FindDate { conversation, from } => {
                return work
                    .later
                    .push_back(Later::FindDate(asker, conversation, from));
            }
            AccountCommand::MarkRead(address, id, position) => {
                // What the page saw there may have moved meanwhile: who saw it has not seen what stands below that now.
                let Some(position) = self.model.borrow().timelines.place_of(&address, id) else {
                    return work
                        .later
                        .push_back(Later::Read(asker, address, id, position));
                };
                self.on_read(now, address, position);
                Ok(Reply::Done)
            }
            command => return self.pass_on(now, asker, command, work),
        };
        work.answers.push((asker, done));
    }

    /// The core carries it out, and answers under a number of ours: pages number their requests as they like.
    fn pass_on(&mut self, now: Instant, asker: Asker, command: AccountCommand, work: &mut Work) {
        self.last_request = self.last_request.wrapping_add(1).max(1);
        let request = RequestId(self.last_request);
        self.answers.insert(request, asker);
        self.handle(now, Input::Wish(Wish::Command(request, command)), work);
    }
}
