//! Who has logged out while this device could not be read, and may still be known to it: told to every engine until it is done.
//!
//! An engine that ends before it can read the device knows nothing of it any more, and the next one finds the keys as they were. So
//! the page remembers it where no database is needed, and the next engine undoes what the keys have done.

use leptos::task::spawn_local;

use super::browser;
use super::handle::{Engine, Handle};
use crate::boundary::command::Command;
use crate::entity::address::Address;
use crate::entity::problem::Problem;
use crate::ui::view::prelude::*;

const KEY: &str = "waxwing.left";

/// Somebody has logged out, and something of them may still be there. `erase`: all of it is to go.
pub fn note(address: Address, erase: bool) {
    change(|noted| {
        noted.retain(|(other, _)| *other != address);
        noted.push((address, erase));
    });
}

/// Somebody is here again, by the address that they have typed.
pub fn is_back(typed: &str) {
    if let Ok(address) = Address::parse(typed.trim().trim_start_matches('@')) {
        forget(&address);
    }
}

fn forget(address: &Address) {
    if browser::recall(KEY).is_some() {
        change(|noted| noted.retain(|(other, _)| other != address));
    }
}

/// Tells an engine that does not know, until it is done. Belongs to the owner that is current.
pub fn follow(handle: Handle) {
    Effect::new(move || {
        let knows = handle.model.device.get() == Some(Problem::LeftBehind);
        let is_there = handle.engine.get() == Engine::Attached && handle.model.ready.get();
        if knows || !is_there {
            return;
        }
        for (address, erase) in read(&browser::recall(KEY).unwrap_or_default()) {
            let left = Command::LeaveBehind(address.clone(), erase);
            let answer = handle.ask(left);
            spawn_local(async move {
                if answer.await.is_ok() {
                    forget(&address);
                }
            });
        }
    });
}

fn change(change: impl FnOnce(&mut Vec<(Address, bool)>)) {
    let mut noted = read(&browser::recall(KEY).unwrap_or_default());
    change(&mut noted);
    browser::remember(KEY, write(&noted).as_deref());
}

fn write(noted: &[(Address, bool)]) -> Option<String> {
    let line = |(address, erase): &(Address, bool)| {
        [if *erase { "erase " } else { "keep " }, address.as_str()].concat()
    };
    let lines: Vec<_> = noted.iter().map(line).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn read(text: &str) -> Vec<(Address, bool)> {
    let read = |line: &str| {
        let (what, address) = line.split_once(' ')?;
        Some((Address::parse(address).ok()?, what == "erase"))
    };
    text.lines().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read() {
        let all = [("romeo@example.org", true), ("juliet@example.org", false)]
            .map(|(address, erase)| (Address::parse(address).unwrap(), erase));
        assert_eq!(read(&write(&all).unwrap()), all);
        assert_eq!(write(&[]), None);
        assert_eq!(read("garbage\nkeep @"), []);
    }
}
