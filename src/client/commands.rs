//! What pages wish: what is the client's is carried out here, the rest goes to the accounts.

use crate::boundary::change::Reply;
use crate::boundary::command::Command;
use crate::entity::problem::Problem;
use crate::model::timeline::Watch;

use super::account::ToAccount;
use super::client::Client;
use super::hub::Asker;
use super::ports::PageId;
use super::registration::{Registration, ToRegistration};
use super::shut::Left;

impl Client {
    /// Carries out a command, or hands it on to the account that it is for.
    pub(super) async fn on_command(&mut self, asker: Asker, command: Command) {
        let Asker { page, .. } = asker;
        let outcome = match command {
            Command::LogIn(login) => match self.log_in(asker, login).await {
                Ok(()) => return,
                Err(problem) => Err(problem),
            },
            Command::CancelLogIn => {
                self.cancel_log_in(page);
                Ok(Reply::Done)
            }
            Command::RegistrationOpen(server) => {
                self.cancel_registration(page);
                match Registration::new(self.around.clone(), asker, &server) {
                    Ok((registration, sender)) => {
                        self.registration = Some((page, sender));
                        self.around.ports.spawn.spawn(Box::pin(registration.run()));
                        return;
                    }
                    Err(problem) => Err(problem),
                }
            }
            Command::RegistrationSubmit(answers) => match &self.registration {
                Some((owner, sender)) if *owner == page => {
                    let submit = ToRegistration::Submit(asker, answers);
                    match sender.unbounded_send(submit) {
                        Ok(()) => return,
                        Err(_) => Err(Problem::ConnectionLost),
                    }
                }
                _ => Err(Problem::ConnectionLost),
            },
            Command::RegistrationCancel => {
                self.cancel_registration(page);
                Ok(Reply::Done)
            }
            Command::Set(setting) => self.set(setting).await,
            Command::Attention(attention) => {
                let before = self.around.hub.is_looked_at();
                self.around.hub.set_attention(page, attention);
                self.on_looked_at(before);
                Ok(Reply::Done)
            }
            Command::Activity => {
                self.on_activity();
                Ok(Reply::Done)
            }
            Command::Network(network) => {
                self.tell_all(|| ToAccount::Network(network));
                Ok(Reply::Done)
            }
            Command::Watch(window, request) => {
                let watch = Watch {
                    page: page.0,
                    window,
                };
                // The same number watches another timeline now.
                self.tell_all(|| ToAccount::Unwatch(watch));
                if let Some(account) = self.accounts.get(&request.account) {
                    account.send(ToAccount::Watch(watch, request));
                }
                Ok(Reply::Done)
            }
            Command::Extend(window, toward) => {
                let watch = Watch {
                    page: page.0,
                    window,
                };
                self.tell_all(|| ToAccount::Extend(watch, toward));
                Ok(Reply::Done)
            }
            Command::Fill(window, gap, toward) => {
                let watch = Watch {
                    page: page.0,
                    window,
                };
                self.tell_all(|| ToAccount::Fill(watch, gap, toward));
                Ok(Reply::Done)
            }
            Command::Unwatch(window) => {
                let watch = Watch {
                    page: page.0,
                    window,
                };
                self.tell_all(|| ToAccount::Unwatch(watch));
                Ok(Reply::Done)
            }
            Command::WatchDiagnostics { log, console } => {
                self.around.hub.watch_diagnostics(page, log, console);
                Ok(Reply::Done)
            }
            Command::LeaveBehind(address, erase) => {
                match self.go_on_leaving(asker, Left { address, erase }).await {
                    Some(outcome) => outcome,
                    None => return,
                }
            }
            Command::Account(id, command) => match self.accounts.get(&id) {
                Some(account) => return account.send(ToAccount::Do(asker, command)),
                None => Err(Problem::Offline),
            },
        };
        self.around.hub.answer(asker, outcome);
    }

    /// Ends the registration that a page began.
    pub(super) fn cancel_registration(&mut self, page: PageId) {
        if let Some((owner, sender)) = self.registration.take() {
            if owner == page {
                let _ = sender.unbounded_send(ToRegistration::Cancel);
            } else {
                self.registration = Some((owner, sender));
            }
        }
    }
}
