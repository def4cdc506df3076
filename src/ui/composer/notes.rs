//! Messages that no engine has answered, as they are noted for the page that comes next.

use crate::boundary::command::{AccountCommand, Command};
use crate::entity::address::Address;
use crate::entity::id::{AccountId, ItemId};
use crate::ui::reactive::model::PeerKey;

/// What stands between two of them: no message has it (`legal`).
const BETWEEN: &str = "\u{1e}";

/// One of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Note {
    pub(super) peer: PeerKey,
    /// The account's own address. Where nothing could be stored, the same account has another id when it logs in again.
    pub(super) own: Option<Address>,
    pub(super) id: ItemId,
    pub(super) body: String,
}

impl Note {
    /// What an account is asked for, if it is a message. Who has no name of their own is somebody else the next time.
    pub(super) fn of(
        command: &Command,
        own: impl Fn(AccountId) -> Option<Address>,
    ) -> Option<Self> {
        match command {
            Command::Account(account, AccountCommand::SendMessage { to, body, id, .. }) => {
                Some(Self {
                    peer: PeerKey::new(*account, to.clone()),
                    own: own(*account).filter(|own| own.local().is_some()),
                    id: *id,
                    body: body.clone(),
                })
            }
            _ => None,
        }
    }

    /// What is to be asked. `again`: it may have been asked before.
    pub(super) fn command(&self, again: bool) -> AccountCommand {
        AccountCommand::SendMessage {
            to: self.peer.address.clone(),
            body: self.body.clone(),
            id: self.id,
            again,
        }
    }

    /// Whether it is a message of an account with that address.
    pub(super) fn is_of(&self, account: AccountId, address: Option<&Address>) -> bool {
        self.peer.account == account || self.own.as_ref().is_some_and(|own| Some(own) == address)
    }

    fn write(&self) -> String {
        let account = match &self.own {
            Some(own) => format!("{} {own}", self.peer.account),
            None => self.peer.account.to_string(),
        };
        let id = self.id.0.to_string();
        [&*account, self.peer.address.as_str(), &*id, &*self.body].join("\n")
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '\n');
        let mut account = parts.next()?.splitn(2, ' ');
        Some(Self {
            peer: PeerKey {
                account: AccountId::parse(account.next()?)?,
                address: Address::parse(parts.next()?).ok()?,
            },
            own: match account.next() {
                Some(own) => Some(Address::parse(own).ok()?),
                None => None,
            },
            id: ItemId(parts.next()?.parse().ok()?),
            body: parts.next()?.to_owned(),
        })
    }
}

/// Takes out those whose account is among these; they are that account's.
pub(super) fn take_due(waiting: &mut Vec<Note>, here: &[(AccountId, Address)]) -> Vec<Note> {
    let (mut due, mut rest) = (Vec::new(), Vec::new());
    for mut note in std::mem::take(waiting) {
        let mut here = here.iter();
        match here.find(|(account, address)| note.is_of(*account, Some(address))) {
            Some((account, _)) => {
                note.peer.account = *account;
                due.push(note);
            }
            None => rest.push(note),
        }
    }
    *waiting = rest;
    due
}

/// All as a text, if there are any.
pub(super) fn write(notes: &[Note]) -> Option<String> {
    let texts: Vec<_> = notes.iter().map(Note::write).collect();
    (!texts.is_empty()).then(|| texts.join(BETWEEN))
}

/// What such a text says.
pub(super) fn read(text: &str) -> Vec<Note> {
    text.split(BETWEEN).filter_map(Note::read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn note(account: u64, own: Option<&str>, id: u64, body: &str) -> Note {
        Note {
            peer: PeerKey::new(AccountId(account), address("juliet@example.org")),
            own: own.map(address),
            id: ItemId(id),
            body: body.into(),
        }
    }

    #[test]
    fn the_next_page_reads_the_same_messages_in_the_same_order() {
        let all = [
            note(u64::MAX, Some("romeo@example.org"), 7, "one\ntwo "),
            note(7, None, u64::MAX, "three"),
        ];
        assert_eq!(read(&write(&all).unwrap()), all);
        assert_eq!(write(&[]), None);
    }

    #[test]
    fn a_text_of_a_build_that_knew_no_address_is_read() {
        assert_eq!(
            read("0000000000000001\njuliet@example.org\n7\na\nb"),
            [note(1, None, 7, "a\nb")]
        );
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        for broken in [
            "",
            "1\njuliet@example.org\n7",
            "x\njuliet@example.org\n7\na",
            "1 @\njuliet@example.org\n7\na",
            "1\n@\n7\na",
        ] {
            assert_eq!(read(broken), [], "{broken:?}");
        }
    }

    #[test]
    fn a_message_is_noted_with_the_address_of_an_account_that_has_a_name() {
        let asked = note(1, None, 7, "a");
        let command = Command::Account(AccountId(1), asked.command(false));
        for (own, noted) in [("romeo@example.org", true), ("example.org", false)] {
            let found = Note::of(&command, |_| Some(address(own))).unwrap();
            assert_eq!(found.own.is_some(), noted, "{own}");
        }
        assert_eq!(Note::of(&Command::Activity, |_| None), None);
    }

    #[test]
    fn a_message_waits_for_its_own_account_under_whatever_id_and_for_no_other() {
        let (one, two) = (
            note(1, Some("romeo@example.org"), 7, "one"),
            note(2, None, 8, "two"),
        );
        let mut waiting = vec![one.clone(), two.clone()];
        let others = [
            (AccountId(3), address("mallory@example.org")),
            (AccountId(4), address("example.org")),
        ];
        assert_eq!(take_due(&mut waiting, &others), []);
        assert_eq!(waiting, [one, two]);
        let anew = [(AccountId(9), address("romeo@example.org"))];
        assert_eq!(
            take_due(&mut waiting, &anew),
            [note(9, Some("romeo@example.org"), 7, "one")]
        );
        let same = [(AccountId(2), address("juliet@example.org"))];
        assert_eq!(take_due(&mut waiting, &same).len(), 1);
        assert_eq!(waiting, []);
    }
}
