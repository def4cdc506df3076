//! The account's own row: how it is connected, and as what it shows itself.

use crate::boundary::change::{AccountRow, ServerRow};
use crate::entity::account::Connection;
use crate::entity::address::Address;
use crate::entity::id::AccountId;
use crate::entity::presence::OwnPresence;
use crate::entity::problem::Problem;
use crate::event::SessionEvent;

/// The account's own row.
#[derive(Debug)]
pub struct Session {
    row: AccountRow,
    dirty: bool,
}

impl Session {
    pub(super) fn new(id: AccountId, address: Address, presence: OwnPresence) -> Self {
        Self {
            row: AccountRow {
                id,
                address,
                connection: Connection::Idle,
                presence,
                roster_known: false,
                roster_problem: None,
                server: ServerRow::default(),
            },
            dirty: true,
        }
    }

    /// The row as it is.
    #[must_use]
    pub fn row(&self) -> &AccountRow {
        &self.row
    }

    /// The connection is in another state.
    pub fn set_connection(&mut self, connection: Connection) {
        if !matches!(connection, Connection::Online | Connection::Connecting(_)) {
            self.row.server.bound = None;
        }
        self.change(|row| row.connection = connection);
    }

    /// The address of the connection.
    pub fn set_url(&mut self, url: &str) {
        self.change(|row| row.server.url = Some(url.to_owned()));
    }

    /// The account's address, where the server gives it.
    pub fn set_address(&mut self, address: Address) {
        self.change(|row| row.address = address);
    }

    /// There is a roster.
    pub(super) fn set_roster_known(&mut self) {
        if !self.row.roster_known {
            self.change(|row| row.roster_known = true);
        }
    }

    /// Why the server's roster could not be had, or that it was.
    pub(super) fn set_roster_problem(&mut self, problem: Option<Problem>) {
        if self.row.roster_problem != problem {
            self.change(|row| row.roster_problem = problem);
        }
    }

    pub(super) fn apply(&mut self, event: &SessionEvent) {
        match event {
            SessionEvent::Progress(step) => self.set_connection(Connection::Connecting(*step)),
            SessionEvent::Authenticated { mechanism } => {
                self.change(|row| row.server.mechanism = Some(mechanism.clone()));
            }
            SessionEvent::Bound(jid) => self.change(|row| row.server.bound = Some(jid.clone())),
            SessionEvent::Online => self.set_connection(Connection::Online),
            SessionEvent::Features(features) => {
                self.change(|row| row.server.features.clone_from(features));
            }
            SessionEvent::OwnPresence(presence) => {
                self.change(|row| row.presence = presence.clone());
            }
            // What follows is the client's decision: it says so by `set_connection`.
            SessionEvent::Ended(..) | SessionEvent::Suspended(..) => {}
            SessionEvent::Resumed(jid) => {
                self.change(|row| row.server.bound = Some(jid.clone()));
                self.set_connection(Connection::Online);
            }
            SessionEvent::RegistrationForm(_)
            | SessionEvent::RegistrationRefused(_)
            | SessionEvent::Located(_)
            | SessionEvent::Registered(_) => {}
        }
    }

    pub(super) fn take_dirty(&mut self) -> Option<AccountRow> {
        std::mem::take(&mut self.dirty).then(|| self.row.clone())
    }

    fn change(&mut self, change: impl FnOnce(&mut AccountRow)) {
        change(&mut self.row);
        self.dirty = true;
    }
}
