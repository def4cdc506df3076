//! The oracle: what the server took and archived is the truth, and what people were told must be true.

use std::collections::HashSet;
use std::time::Duration;

use waxwing::boundary::change::Edge;
use waxwing::boundary::command::Anchor;
use waxwing::entity::message::{Delivery, Direction};
use waxwing::xmpp::message::order::is_live;

use crate::device::Device;
use crate::page::Claim;
use crate::server::Server;
use crate::server::archive::Entry;
use crate::world::World;

/// What a person wrote on a device.
#[derive(Clone, Debug)]
pub struct Said {
    pub body: String,
    pub device: usize,
    pub account: String,
    pub to: String,
    /// They were told that it is kept: it has to be sent.
    pub is_kept: bool,
    /// They took it back: log-out with all that is stored.
    pub is_excused: bool,
}

/// Up to where somebody has read.
#[derive(Clone, Debug)]
pub struct Read {
    /// Where; absent: on another client.
    pub device: Option<usize>,
    pub account: String,
    /// With whom, and up to which text.
    pub peer: String,
    pub body: String,
    /// They were told that it counts.
    pub is_sure: bool,
}

/// What people did.
#[derive(Default)]
pub struct Truth {
    pub said: Vec<Said>,
    pub reads: Vec<Read>,
    /// Device, with whom, which text: it was shown before what somebody read there, wherever the archive has it.
    pub seen: HashSet<(usize, String, String)>,
    /// How many messages were written on other clients.
    pub elsewhere: u64,
}

impl Truth {
    /// What somebody was told must be true, now.
    pub fn hold_to(
        &mut self,
        server: &Server,
        device: &Device,
        number: usize,
        claim: Claim,
    ) -> Result<(), String> {
        let name = |id| {
            let mut logins = device.logins.iter();
            let login = logins.find(|login| login.id == id);
            login.map(|login| login.address.as_str().to_owned())
        };
        match claim {
            Claim::Kept(body) => {
                let said = self.said.iter_mut().find(|said| said.body == body);
                if let Some(said) = said.filter(|said| said.device == number) {
                    said.is_kept = true;
                }
                Ok(())
            }
            Claim::Sent(id, body) => {
                let is_there = name(id).is_none_or(|own| {
                    let mut archive = server.accounts[&own].archive.iter();
                    archive.any(|entry| entry.written.body == body)
                });
                if is_there {
                    return Ok(());
                }
                Err(format!(
                    "device {number} says that {body} is sent; the server never had it"
                ))
            }
            Claim::Failed(body) if server.refused.contains(&body) => Ok(()),
            Claim::Failed(body) => Err(format!("device {number} says that {body} was refused")),
            Claim::Read(id, peer, body) => {
                if let Some(own) = name(id) {
                    self.reads.push(Read {
                        device: Some(number),
                        account: own,
                        peer: peer.as_str().to_owned(),
                        body,
                        is_sure: true,
                    });
                }
                Ok(())
            }
            Claim::Twice(body) => Err(format!("device {number} shows {body} twice")),
        }
    }
}

/// What was taken of what people wrote: all that they were told is kept, and each once.
pub fn everything_was_sent_once(world: &World) -> Result<(), String> {
    for said in &world.truth.said {
        let archive = world.server.accounts[&said.account].archive.iter();
        let taken = archive
            .filter(|entry| entry.written.body == said.body)
            .count();
        let is_due = said.is_kept && !said.is_excused;
        let what = format!("{}, from {} to {}", said.body, said.account, said.to);
        if taken > 1 {
            return Err(format!("the server has {what}: {taken} times"));
        }
        if taken == 0 && is_due {
            return Err(format!("{what}: it was never sent"));
        }
    }
    Ok(())
}

/// How much is asked of what a device shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    /// All of it, and each once; the rest where nothing was archived late: nobody says to a session that lives on in which order.
    Set,
    /// As the archive has it, and what is unread.
    All,
}

/// Every device shows what the archive has.
pub fn all_agree(world: &mut World, asked: Asked) -> Result<(), String> {
    everything_was_sent_once(world)?;
    for device in 0..world.devices.len() {
        for login in 0..world.devices[device].logins.len() {
            agrees(world, device, login, asked)?;
        }
    }
    Ok(())
}

fn agrees(world: &mut World, device: usize, login: usize, asked: Asked) -> Result<(), String> {
    let known = &world.devices[device].logins[login];
    let (id, own, is_new) = (known.id, known.address.as_str().to_owned(), known.is_new);
    if !known.is_in {
        return Err(format!("device {device} is not logged in as {own}"));
    }
    let archive = world.server.accounts[&own].archive.clone();
    let mut peers: Vec<&str> = archive.iter().map(|entry| entry.peer.as_str()).collect();
    peers.sort_unstable();
    peers.dedup();
    for peer in peers {
        let entries: Vec<&Entry> = archive.iter().filter(|entry| entry.peer == peer).collect();
        let address = waxwing::entity::address::Address::parse(peer).unwrap();
        let where_ = format!("device {device}, {own} with {peer}");
        scroll_through(world, device, id, &address)?;
        let page = world.devices[device].page.as_ref().unwrap();
        let shown: Vec<&str> = page
            .window
            .items
            .iter()
            .map(|item| item.body.as_str())
            .collect();
        let due: Vec<&str> = entries
            .iter()
            .map(|entry| entry.written.body.as_str())
            .collect();
        same_set(&where_, &shown, &due)?;
        let waiting = page.window.items.iter().find(|item| {
            item.direction == Direction::Outgoing && item.delivery == Delivery::Sending
        });
        if let Some(item) = waiting {
            return Err(format!("{where_}: {} is still being sent", item.body));
        }
        if asked == Asked::Set && entries.iter().any(|entry| entry.is_late) {
            continue;
        }
        // Written here, in this account: a device may have both sides of a conversation.
        let is_own = |body: &str| {
            let mut entries = entries.iter();
            let is_ours = |from: &str| from.split('/').next() == Some(own.as_str());
            body.starts_with(&format!("d{device}."))
                && entries.any(|entry| entry.written.body == body && is_ours(&entry.written.from))
        };
        let places: Vec<String> = page
            .window
            .items
            .iter()
            .map(|item| {
                format!(
                    "{}@{}+{}",
                    item.body,
                    item.position.time.0 % 10_000_000,
                    (i128::from(item.position.tie) - (1_i128 << 62))
                )
            })
            .collect();
        // What a page of the archive has told of stands where the archive has it, whoever wrote it.
        let told = page
            .window
            .items
            .iter()
            .filter(|item| !is_live(item.position));
        let told: Vec<&str> = told.map(|item| item.body.as_str()).collect();
        let of_them = |body: &&&str| told.contains(*body);
        if !due.iter().filter(of_them).eq(told.iter()) {
            return Err(format!(
                "{where_}: pages were told in another order than the archive's\n shown: {places:?}\n  held: {due:?}"
            ));
        }
        for own in [false, true] {
            let of = |all: &[&str]| -> Vec<String> {
                let all = all.iter().filter(|body| is_own(body) == own);
                all.map(|body| (*body).to_owned()).collect()
            };
            if of(&shown) != of(&due) {
                return Err(format!(
                    "{where_}: another order than the archive's\n shown: {places:?}\n  held: {due:?}"
                ));
            }
        }
        if !is_new {
            is_counted(world, &where_, (device, login), &entries, &address)?;
        }
    }
    Ok(())
}

/// The person scrolls back to the beginning.
fn scroll_through(
    world: &mut World,
    device: usize,
    id: waxwing::entity::id::AccountId,
    peer: &waxwing::entity::address::Address,
) -> Result<(), String> {
    let page = world.devices[device].page.as_mut().expect("a page");
    page.watch(id, peer.clone(), Anchor::Newest, 100);
    world.pass(Duration::from_millis(200))?;
    for _ in 0..60 {
        let page = world.devices[device].page.as_ref().expect("a page");
        match page.older() {
            Edge::End => return Ok(()),
            Edge::Loading => {}
            Edge::More | Edge::Failed(_) => page.extend(),
        }
        world.pass(world.patience())?;
    }
    let page = world.devices[device].page.as_ref().expect("a page");
    Err(format!(
        "device {device}: no end of {peer}: {:?}",
        page.older()
    ))
}

fn same_set(where_: &str, shown: &[&str], due: &[&str]) -> Result<(), String> {
    let mut sorted = (shown.to_vec(), due.to_vec());
    sorted.0.sort_unstable();
    sorted.1.sort_unstable();
    if sorted.0 == sorted.1 {
        return Ok(());
    }
    let missing: Vec<_> = due.iter().filter(|body| !shown.contains(body)).collect();
    let extra: Vec<_> = shown.iter().filter(|body| !due.contains(body)).collect();
    Err(format!(
        "{where_}: missing {missing:?}, not in the archive {extra:?}\n shown: {shown:?}\n  held: {due:?}"
    ))
}

/// What is unread: after what people read, wherever, and not after what they were told is read.
fn is_counted(
    world: &World,
    where_: &str,
    (device, login): (usize, usize),
    entries: &[&Entry],
    peer: &waxwing::entity::address::Address,
) -> Result<(), String> {
    let machine = &world.devices[device];
    let known = &machine.logins[login];
    let own = known.address.as_str();
    let page = machine.page.as_ref().expect("a page");
    let unread = usize::try_from(page.unread(known.id, peer)).unwrap();
    let incoming_after = |place: Option<usize>| {
        let rest = entries.iter().enumerate();
        let rest = rest.filter(move |(at, _)| place.is_none_or(|place| *at > place));
        let rest = rest.map(|(_, entry)| &entry.written);
        rest.filter(|written| written.to == own)
    };
    let is_seen = |body: &str| {
        let seen = (device, peer.as_str().to_owned(), body.to_owned());
        world.truth.seen.contains(&seen)
    };
    let read = |all: bool| {
        let reads = world.truth.reads.iter();
        let reads = reads.filter(|read| {
            read.account == own && read.peer == peer.as_str() && (all || read.is_sure)
        });
        let place = |body: &str| entries.iter().position(|entry| entry.written.body == body);
        reads.filter_map(|read| place(&read.body)).max()
    };
    let answered = entries.iter().rposition(|entry| entry.written.to != own);
    let most = incoming_after(read(false)).count();
    let least = incoming_after(read(true).max(answered))
        .filter(|written| !is_seen(&written.body))
        .count();
    if (least..=most).contains(&unread) {
        return Ok(());
    }
    let items = page.window.items.iter();
    let places: Vec<String> = items
        .map(|item| format!("{}@{}", item.body, item.position.time.0 % 10_000_000))
        .collect();
    Err(format!(
        "{where_}: {unread} unread; between {least} and {most} are\n shown: {places:?}\n  read: {:?}",
        world
            .truth
            .reads
            .iter()
            .filter(|read| read.account == own && read.peer == peer.as_str())
            .collect::<Vec<_>>()
    ))
}
