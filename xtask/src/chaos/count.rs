//! The end of a run: all is calm, and everything is looked for everywhere.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use super::Server;
use super::oracle::{Flaw, Kind, Written, judge};
use super::play::{BACK, PAIRS, Play};
use super::seat::Seat;
use super::stage::DOMAIN;
use crate::fault::{Entry, FaultProxy, Way, What};

/// How long it takes at most until a server that archives late has done so (ejabberd waits 15 s for each thing that it still has to
/// say to a connection that is dead), and a browser has looked for it: 150 s after its log-in, as soon as anything wakes it.
const LATE: Duration = Duration::from_secs(300);
/// How often it is looked whether that is so.
const EVERY: Duration = Duration::from_secs(10);

/// What each of the three has in the archive: who wrote to whom, and what.
type Archives = HashMap<&'static str, Vec<[String; 3]>>;

impl Play {
    /// Everything works again, and each pair writes its last message.
    pub(super) fn calm(&mut self) {
        for seat in &self.stage.seats {
            seat.proxy.mend();
            seat.network_is_back();
            self.report.pressed += seat.with_help("to be online", || seat.is_online());
            for peer in ["mallory", self.other(seat.user)] {
                seat.turn_to(peer);
                seat.settled();
            }
        }
        let mut batches: [Vec<String>; 6] = Default::default();
        for (pair, batch) in batches.iter_mut().enumerate() {
            *batch = self.next(pair, self.left[pair]);
        }
        for pair in [4, 5] {
            for text in &batches[pair] {
                let to = format!("{}@{DOMAIN}", PAIRS[pair].2);
                self.stage.mallory.send(&to, text);
            }
        }
        for one in [0, 1] {
            self.write(one, &batches);
        }
        for one in [0, 1] {
            let seat = &self.stage.seats[one];
            for peer in ["mallory", self.other(seat.user)] {
                seat.turn_to(peer);
                seat.settled();
                let last = self.last(peer, seat.user);
                seat.until(&format!("{last:?}"), BACK, || seat.shows(&last));
            }
        }
        for from in ["romeo", "juliet"] {
            self.await_at_mallory(&self.last(from, "mallory"));
        }
        self.stage.mallory.sync();
    }

    /// What the server took, and told its sender that it took it, but lost before it came to the other's archive: when it died,
    /// or (ejabberd) with a session to whose process it had handed it. Nobody can know that, where the other's network has never
    /// seen it either.
    fn forgive(&mut self, archives: &Archives) {
        let has = |user: &str, text: &String| has(archives, user, text);
        let seats = &self.stage.seats;
        let is_ejabberd = self.report.options.server == Server::Ejabberd;
        let was_never_sent = |user: &str, text: &String| {
            let seat = seats.iter().find(|seat| seat.user == user);
            is_ejabberd && seat.is_some_and(|seat| !has_come(&seat.proxy, text))
        };
        for (written, (_, from, to)) in self.written.iter_mut().zip(PAIRS) {
            written.all.retain(|text| {
                let is_lost = has(from, text)
                    && !has(to, text)
                    && (self.at_risk.contains(text) || was_never_sent(to, text));
                if is_lost {
                    self.report.forgiven.push(text.clone());
                }
                !is_lost
            });
        }
    }

    /// Lets a server archive what it archives late, and the browsers find that. What was late is in the report: in an archive, or
    /// in a browser alone, which may be for the same reason.
    fn await_late(&mut self) -> Archives {
        let start = Instant::now();
        loop {
            let archives: Archives = ["romeo", "juliet", "mallory"]
                .map(|user| (user, self.stage.archive(user)))
                .into();
            let is_known_for_it = self.report.options.server == Server::Ejabberd;
            if !is_known_for_it || start.elapsed() > LATE {
                return archives;
            }
            let (unarchived, unshown) = self.late(&archives);
            if unarchived.is_empty() && unshown.is_empty() {
                return archives;
            }
            let known = &self.report.late;
            let unshown = unshown.into_iter().filter(|text| !known.contains(text));
            self.report.shown_late.extend(unshown);
            self.report.late.extend(unarchived);
            std::thread::sleep(EVERY);
        }
    }

    /// What is in its sender's archive and not in the other's yet, and what is in both and not shown to one of them.
    fn late(&self, archives: &Archives) -> (Vec<String>, Vec<String>) {
        let (mut unarchived, mut unshown) = (Vec::new(), Vec::new());
        let mut archived: Vec<Vec<&String>> = Vec::new();
        for (written, (_, from, to)) in self.written.iter().zip(PAIRS) {
            let taken = written.all.iter().filter(|text| has(archives, from, text));
            let (due, missing): (Vec<&String>, Vec<&String>) =
                taken.partition(|text| has(archives, to, text));
            unarchived.extend(missing.into_iter().cloned());
            archived.push(due);
        }
        for seat in &self.stage.seats {
            for peer in [self.other(seat.user), "mallory"] {
                let shown: HashSet<String> = shown(seat, peer).into_iter().collect();
                let due = between(seat.user, peer).into_iter();
                let due = due.flat_map(|pair| &archived[pair]);
                let hidden = due.filter(|text| !shown.contains(**text));
                unshown.extend(hidden.map(|text| (*text).clone()));
            }
        }
        (unarchived, unshown)
    }

    /// Looks everywhere.
    pub(super) fn count(&mut self) {
        self.report.messages = self.written.iter().map(|one| one.all.len()).sum();
        let archives = self.await_late();
        self.forgive(&archives);
        let inbox = self.stage.inbox();
        self.judge("what mallory was told", &[2, 3], &inbox);
        for user in ["romeo", "juliet", "mallory"] {
            let archive = &archives[user];
            for peer in ["romeo", "juliet", "mallory"] {
                if peer == user {
                    continue;
                }
                let is_with = |address: &String| address.starts_with(&format!("{peer}@"));
                let bodies: Vec<String> = archive
                    .iter()
                    .filter(|[from, to, _]| is_with(from) || is_with(to))
                    .map(|[_, _, body]| body.clone())
                    .collect();
                let pairs = between(user, peer);
                self.judge(&format!("{user}'s archive with {peer}"), &pairs, &bodies);
            }
        }
        for one in [0, 1] {
            let user = self.stage.seats[one].user;
            for peer in [self.other(user), "mallory"] {
                let shown = shown(&self.stage.seats[one], peer);
                let pairs = between(user, peer);
                self.judge(
                    &format!("what {user}'s browser shows of {peer}"),
                    &pairs,
                    &shown,
                );
            }
        }
        // It is a race within the server, and rare; all that was under way is in it.
        let most = 10 + self.report.options.cuts / 10;
        let too_many = self.report.twice.iter().skip(most);
        self.report.flaws.extend(too_many.map(|message| Flaw {
            place: "the archives: too often for a race within the server".into(),
            kind: Kind::Doubled,
            message: message.clone(),
        }));
        if !self.report.flaws.is_empty() {
            self.show_evidence();
        }
    }

    /// Whether the server resumed a session without what it had taken, or still took, from the connection before. Then it is sent
    /// again, as it must be, and the server has it twice. ejabberd does that: its session goes over to the new connection
    /// while the frames of the old one wait to be read. The browsers show it once.
    fn is_denied(&self, message: &str) -> bool {
        let mut seats = self.stage.seats.iter();
        self.report.options.server == Server::Ejabberd
            && seats.any(|seat| is_denied(&seat.proxy.filter(|_| true), message))
    }

    fn judge(&mut self, place: &str, pairs: &[usize], found: &[String]) {
        let written: Vec<&Written> = pairs.iter().map(|pair| &self.written[*pair]).collect();
        self.report.places += 1;
        // With its sender, what the server lost is there all the same.
        let forgiven = &self.report.forgiven;
        let kept = found.iter().filter(|text| !forgiven.contains(text));
        let found: Vec<String> = kept.cloned().collect();
        let mut flaws = judge(place, &written, &found);
        if !place.starts_with("what romeo") && !place.starts_with("what juliet") {
            let is_theirs =
                |flaw: &Flaw| flaw.kind == Kind::Doubled && self.is_denied(&flaw.message);
            let (theirs, ours) = flaws.into_iter().partition(is_theirs);
            self.report
                .twice
                .extend(Vec::<Flaw>::into_iter(theirs).map(|flaw| flaw.message));
            flaws = ours;
        }
        if !flaws.is_empty() {
            println!("{place}: {}", found.join(" "));
        }
        self.report.flaws.extend(flaws);
    }

    /// Everything that both networks saw of the first messages with which something is wrong.
    fn show_evidence(&self) {
        let mut wrong: Vec<&str> = self
            .report
            .flaws
            .iter()
            .map(|flaw| flaw.message.as_str())
            .collect();
        wrong.sort_unstable();
        wrong.dedup();
        wrong.truncate(12);
        for seat in &self.stage.seats {
            for text in &wrong {
                println!("{} has stored:\n{}", seat.user, seat.stored(text));
            }
            println!("the network of {}:", seat.user);
            println!("{}", around(&seat.proxy, &wrong));
        }
        println!("the server:\n{}", self.stage.server.log());
    }
}

/// What somebody's browser shows of a conversation.
fn shown(seat: &Seat, peer: &str) -> Vec<String> {
    seat.turn_to(peer);
    seat.timeline()
}

/// Whether the server has written it to somebody, whatever became of that.
fn has_come(proxy: &FaultProxy, text: &str) -> bool {
    let body = format!(">{text}<");
    let come = proxy.filter(|entry| match &entry.what {
        What::Passed(Way::Down, piece)
        | What::Lost(Way::Down, piece)
        | What::Torn(Way::Down, piece, _) => piece.contains(&body),
        _ => false,
    });
    !come.is_empty()
}

fn has(archives: &Archives, user: &str, text: &String) -> bool {
    let archive = archives.get(user).into_iter().flatten();
    archive.into_iter().any(|[_, _, body]| body == text)
}

/// Whether that went up twice in one session (XEP-0198), and the server had not confirmed it when it went up again.
fn is_denied(entries: &[Entry], message: &str) -> bool {
    let body = format!(">{message}<");
    // Of the session: what came through to the server, what of it the server has confirmed, and where our message was.
    let (mut sent, mut confirmed, mut first) = (0_u32, 0_u32, None);
    for entry in entries {
        let What::Passed(way, text) = &entry.what else {
            continue;
        };
        let confirms = text.starts_with("<a ") || text.starts_with("<resumed ");
        match way {
            Way::Up if text.contains("<enable ") => (sent, confirmed, first) = (0, 0, None),
            Way::Up
                if ["<message", "<iq", "<presence"]
                    .iter()
                    .any(|tag| text.starts_with(tag)) =>
            {
                sent += 1;
                if text.contains(&body) {
                    match first {
                        None => first = Some(sent),
                        Some(first) => return first > confirmed,
                    }
                }
            }
            Way::Down if confirms => {
                let h = text.split(" h=").nth(1).map(|rest| &rest[1..]);
                let h = h.and_then(|rest| rest.split(['"', '\'']).next()?.parse().ok());
                confirmed = h.unwrap_or(confirmed);
                if text.starts_with("<resumed ") {
                    // What the server has not is written again.
                    sent = confirmed;
                }
            }
            _ => {}
        }
    }
    false
}

/// The pairs of two people.
fn between(one: &str, other: &str) -> Vec<usize> {
    let pairs = PAIRS.iter().enumerate();
    let own = pairs.filter(|(_, (_, from, to))| {
        (*from == one && *to == other) || (*from == other && *to == one)
    });
    own.map(|(at, _)| at).collect()
}

/// What happened shortly before and after one of these messages went by.
pub(super) fn around(proxy: &FaultProxy, messages: &[&str]) -> String {
    let all = proxy.filter(|_| true);
    let at: Vec<usize> = all
        .iter()
        .enumerate()
        .filter(|(_, entry)| {
            let said = match &entry.what {
                What::Passed(_, text) | What::Lost(_, text) | What::Torn(_, text, _) => text,
                _ => return false,
            };
            messages.iter().any(|message| said.contains(message))
        })
        .map(|(at, _)| at)
        .collect();
    let near = |index: usize| at.iter().any(|at| at.abs_diff(index) < 14);
    // What went wrong on purpose tells where in the run that was.
    let is_remark = |entry: &Entry| matches!(entry.what, What::Told(_));
    let lines: Vec<String> = all
        .iter()
        .enumerate()
        .filter(|(index, entry)| {
            near(*index) || is_remark(entry) && at.iter().any(|at| at.abs_diff(*index) < 300)
        })
        .map(|(_, entry)| entry.to_string())
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn denied(frames: &[(Way, &str)]) -> bool {
        let entries: Vec<Entry> = frames
            .iter()
            .map(|(way, text)| Entry {
                at: Instant::now(),
                after: std::time::Duration::ZERO,
                connection: 1,
                what: What::Passed(*way, (*text).to_owned()),
            })
            .collect();
        is_denied(&entries, "x1.")
    }

    #[test]
    fn a_server_is_excused_for_what_it_denied_and_a_client_is_not_for_what_it_was_told() {
        use Way::{Down, Up};
        let (enable, message) = (
            (Up, "<enable xmlns='urn:xmpp:sm:3'/>"),
            (Up, "<message><body>x1.</body></message>"),
        );
        let resumed = |h| [(Down, h), message];
        assert!(denied(
            &[
                &[enable, (Up, "<iq/>"), message][..],
                &resumed("<resumed h='1' previd='a'/>")
            ]
            .concat()
        ));
        assert!(!denied(
            &[
                &[enable, (Up, "<iq/>"), message][..],
                &resumed("<resumed h='2' previd='a'/>")
            ]
            .concat()
        ));
        assert!(!denied(&[
            enable,
            message,
            (Down, "<a xmlns='urn:xmpp:sm:3' h='1'/>"),
            message
        ]));
        assert!(!denied(&[enable, message, enable]), "once");
        assert!(
            !denied(&[enable, message, enable, message]),
            "another session has other rules"
        );
        // Its first copy was the one that was written again.
        let again = [
            &resumed("<resumed h='0' previd='a'/>")[..],
            &resumed("<resumed h='1' previd='a'/>"),
        ]
        .concat();
        assert!(!denied(&[&[enable][..], &again].concat()));
    }
}
