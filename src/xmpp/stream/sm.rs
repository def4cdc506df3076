//! XEP-0198: Stream Management: both directions are counted, what the server has not confirmed is kept, and a session
//! outlives its socket.
//!
//! **Invariant:** every stanza counts, also one that the gate refused or that nobody understood; `h` is never reset but by
//! a new session.
//! **Invariant:** the server confirms only what was written: an `h` beyond that, or before the last one, changes nothing more.
//! **Invariant:** one attempt to resume ends the old session or brings it back; there is no second one.
//! **Invariant:** on the new socket no stanza is written before the server has answered what we ask there: until then it is not
//! known whether it reads what we say. Prosody 0.12 (`mod_smacks`) hands the bytes of the new WebSocket to the frame buffer of
//! the first one: if that was cut within a frame, what follows is swallowed, or taken for something else and counted.

use std::collections::VecDeque;
use std::time::Duration;

use minidom::Element;

use crate::entity::time::Instant;
use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element};

/// How long the server may take to confirm, if nothing at all is heard from it.
const SILENT: Duration = Duration::from_secs(12);
/// How long it may take while it sends other things: what we send may be lost alone.
const BUSY: Duration = Duration::from_secs(30);
/// So long `<enabled/>` may take: the whole roster comes before it, on slow links for longer than anything else takes.
const ENABLING: Duration = Duration::from_secs(60);
/// After how many stanzas the server is asked, whatever they are.
const OFTEN: usize = 50;
/// So often it is asked after a resumption, at once: a server that closes the stream, because it cannot read what we said, says
/// one `<a/>` of its own accord first (XEP-0198 §4; Prosody does so).
const TRIALS: usize = 2;

/// Stream management of one session.
#[derive(Debug, Default)]
pub struct Management {
    phase: Phase,
    /// How many stanzas came, modulo 2³².
    received: u32,
    /// The last `h` of the server.
    confirmed: u32,
    unconfirmed: VecDeque<Sent>,
    asked: Option<Asked>,
    /// The name by which the server finds the session again.
    token: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Phase {
    #[default]
    Off,
    /// `<enable/>` is written: from now on what we send counts.
    Asked,
    /// `<enabled/>` came: from now on what comes counts.
    On,
    /// The socket is gone, the session perhaps not.
    Suspended,
    /// `<resumed/>` came with that `h`: what we send counts, and is held back until the answers show that we are understood.
    Trying { h: u32, answers: usize },
}

/// What `<a/>` tells after a resumption.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trial {
    /// Another one is to come.
    Lasts,
    /// We are understood: these are to be written now.
    Passed(Vec<String>),
    /// It is not what `<resumed/>` said, though no stanza was written in between: neither can be believed.
    Contradicted,
}

#[derive(Debug)]
struct Sent {
    /// Its number among the stanzas of the session.
    number: u64,
    frame: String,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    at: Instant,
    /// Something came since.
    heard: bool,
    /// Something was sent since.
    sent: bool,
}

impl Management {
    /// Whether the server confirms what it has.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.phase == Phase::On
    }

    /// Whether it is not known yet if the server confirms, or if it understands us: that is asked already.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.phase == Phase::Asked || self.is_trying()
    }

    /// Whether the session goes on, and nothing shows yet that the server understands what we say there.
    #[must_use]
    pub fn is_trying(&self) -> bool {
        matches!(self.phase, Phase::Trying { .. })
    }

    /// Whether what comes is counted, and the server may ask how much that was.
    #[must_use]
    pub fn is_counting(&self) -> bool {
        self.is_on() || self.is_trying()
    }

    /// Whether the session waits for another socket.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.phase == Phase::Suspended
    }

    /// Whether the session would outlive its socket.
    #[must_use]
    pub fn is_resumable(&self) -> bool {
        self.is_on() && self.token.is_some()
    }

    /// A resource is bound: the nonza that begins it all.
    pub fn enable(&mut self, now: Instant) -> Element {
        *self = Self {
            phase: Phase::Asked,
            asked: Some(Asked {
                at: now,
                heard: false,
                sent: false,
            }),
            ..Self::default()
        };
        element("enable", ns::SM).with("resume", "true")
    }

    /// `<enabled/>`. False if nobody asked.
    pub fn on_enabled(&mut self, enabled: &Element) -> bool {
        if self.phase != Phase::Asked {
            return false;
        }
        self.phase = Phase::On;
        self.asked = None;
        self.received = 0;
        let may_resume = matches!(enabled.attr("resume"), Some("true" | "1"));
        self.token = enabled
            .attr("id")
            .filter(|id| may_resume && !id.is_empty())
            .map(str::to_owned);
        true
    }

    /// `<failed/>` to `<enable/>`. False if nobody asked.
    pub fn on_refused(&mut self) -> bool {
        let asked = self.phase == Phase::Asked;
        if asked {
            self.forget();
        }
        asked
    }

    /// A stanza came, whatever is in it.
    pub fn count_received(&mut self) {
        self.received = self.received.wrapping_add(1);
    }

    /// Something came.
    pub fn on_heard(&mut self) {
        if let Some(asked) = &mut self.asked {
            asked.heard = true;
        }
    }

    /// `<a/>`: how many stanzas came.
    #[must_use]
    pub fn acknowledgement(&self) -> Element {
        element("a", ns::SM).with("h", &self.received.to_string())
    }

    /// Keeps a stanza that goes out until it is confirmed. False if it is not to be written now.
    pub fn keep(&mut self, number: u64, frame: &str) -> bool {
        if self.phase != Phase::Off {
            let frame = frame.to_owned();
            self.unconfirmed.push_back(Sent { number, frame });
            if let Some(asked) = &mut self.asked {
                asked.sent = true;
            }
        }
        !self.is_suspended() && !self.is_trying()
    }

    /// Whether it is time to ask, though nobody waits for it.
    #[must_use]
    pub fn is_much(&self) -> bool {
        self.is_on() && self.asked.is_none() && self.unconfirmed.len() >= OFTEN
    }

    /// `<r/>`, unless the server was asked already.
    pub fn ask(&mut self, now: Instant) -> Option<Element> {
        if !self.is_on() || self.asked.is_some() {
            return None;
        }
        self.asked = Some(Asked {
            at: now,
            heard: false,
            sent: false,
        });
        Some(element("r", ns::SM))
    }

    /// The machine slept: the answer may lie unread in the socket, and the wait for it begins anew.
    pub fn wait_anew(&mut self, now: Instant) {
        if let Some(asked) = &mut self.asked {
            asked.at = now;
        }
    }

    /// When the connection is given up because nothing is confirmed. `stretch` tells how long a wait is on this way.
    #[must_use]
    pub fn deadline(&self, stretch: impl FnOnce(Duration) -> Duration) -> Option<Instant> {
        let asked = self.asked?;
        let patience = match self.phase {
            Phase::Asked => ENABLING,
            _ if asked.heard => BUSY,
            _ => SILENT,
        };
        Some(asked.at + stretch(patience))
    }

    /// Since when the server is asked, if it is.
    #[must_use]
    pub fn asked_since(&self) -> Option<Instant> {
        self.asked.map(|asked| asked.at)
    }

    /// `<a/>` of the server: the number of the last stanza that it has now, if there is news; and whether to ask it again,
    /// as the question was older than what was sent last.
    pub fn on_acknowledged(&mut self, nonza: &Element) -> (Option<u64>, bool) {
        if !self.is_on() {
            return (None, false);
        }
        let is_old = self.asked.take().is_some_and(|asked| asked.sent);
        let news = count(nonza).and_then(|h| self.confirm(h));
        (news, is_old)
    }

    /// The socket is gone. False if the session goes with it.
    pub fn suspend(&mut self) -> bool {
        self.asked = None;
        match self.phase {
            Phase::On if self.is_resumable() => {
                self.phase = Phase::Suspended;
                true
            }
            phase => phase == Phase::Suspended,
        }
    }

    /// `<resume/>`, for a session that waits.
    #[must_use]
    pub fn resume(&self) -> Option<Element> {
        let token = self.token.as_deref().filter(|_| self.is_suspended())?;
        let h = self.received.to_string();
        Some(
            element("resume", ns::SM)
                .with("h", &h)
                .with("previd", token),
        )
    }

    /// `<resumed/>`: the number of the last stanza that the server has, if that is news; and what alone may be written now.
    /// `None` if it is about another session.
    pub fn on_resumed(&mut self, resumed: &Element) -> Option<(Option<u64>, [Element; TRIALS])> {
        let is_ours = self.is_suspended() && resumed.attr("previd") == self.token.as_deref();
        let h = count(resumed).filter(|_| is_ours)?;
        let upto = self.confirm(h);
        self.phase = Phase::Trying { h, answers: 0 };
        Some((upto, [(); TRIALS].map(|()| element("r", ns::SM))))
    }

    /// `<a/>` to one of those questions.
    pub fn on_trial(&mut self, nonza: &Element) -> Trial {
        let Phase::Trying { h, answers } = self.phase else {
            return Trial::Lasts;
        };
        if count(nonza) != Some(h) {
            return Trial::Contradicted;
        }
        let answers = answers + 1;
        if answers < TRIALS {
            self.phase = Phase::Trying { h, answers };
            return Trial::Lasts;
        }
        self.phase = Phase::On;
        let again = self.unconfirmed.iter().map(|sent| sent.frame.clone());
        Trial::Passed(again.collect())
    }

    /// Those questions are not answered, and the session is over: the number of the last stanza that the server has, if there are
    /// later ones. Those were not written since it said so, and what was written before is not read any more.
    pub fn on_not_understood(&mut self) -> Option<u64> {
        let first = self.unconfirmed.front().map(|sent| sent.number);
        self.forget();
        first.map(|first| first.saturating_sub(1))
    }

    /// `<failed/>` to `<resume/>`: the number of the last stanza that the server had, if it still knows.
    pub fn on_not_resumed(&mut self, failed: &Element) -> Option<u64> {
        let first = self.unconfirmed.front().map(|sent| sent.number);
        let known = count(failed);
        // Nothing new is an answer, too; less than before is none.
        let before = first
            .filter(|_| known == Some(self.confirmed))
            .map(|first| first.saturating_sub(1));
        let upto = known.and_then(|h| self.confirm(h)).or(before);
        self.forget();
        upto
    }

    /// The session is over.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    fn confirm(&mut self, h: u32) -> Option<u64> {
        let news = h.wrapping_sub(self.confirmed);
        // Half of the circle lies behind.
        let news = usize::try_from(news).ok().filter(|_| news <= u32::MAX / 2);
        let Some(news) = news else {
            tracing::debug!("the server confirms less than before");
            return None;
        };
        if news > self.unconfirmed.len() {
            tracing::debug!("the server confirms more than was sent");
        }
        let news = news.min(self.unconfirmed.len());
        let last = self.unconfirmed.drain(..news).next_back();
        // `news` is at most half of the circle.
        self.confirmed = self
            .confirmed
            .wrapping_add(u32::try_from(news).unwrap_or(0));
        last.map(|sent| sent.number)
    }
}

/// `h`, if it is a number of 32 bits.
fn count(nonza: &Element) -> Option<u32> {
    nonza.attr("h")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonza(text: &str) -> Element {
        text.replacen("/>", " xmlns='urn:xmpp:sm:3'/>", 1)
            .parse()
            .unwrap()
    }

    fn on() -> Management {
        let mut sm = Management::default();
        let _enable = sm.enable(Instant::default());
        assert!(sm.on_enabled(&nonza("<enabled id='s1' resume='true'/>")));
        sm
    }

    fn sent(numbers: std::ops::RangeInclusive<u64>) -> Management {
        let mut sm = on();
        for number in numbers {
            assert!(sm.keep(number, &format!("<message id='{number}'/>")));
        }
        sm
    }

    #[test]
    fn what_came_is_counted_from_enabled_on_and_goes_round() {
        let mut sm = Management::default();
        let _enable = sm.enable(Instant::default());
        sm.count_received();
        assert!(sm.on_enabled(&nonza("<enabled/>")));
        assert_eq!(sm.acknowledgement().attr("h"), Some("0"));
        sm.received = u32::MAX;
        sm.count_received();
        sm.count_received();
        assert_eq!(sm.acknowledgement().attr("h"), Some("1"));
    }

    #[test]
    fn what_was_sent_after_enable_is_confirmed_in_order() {
        let mut sm = sent(4..=6);
        assert_eq!(sm.on_acknowledged(&nonza("<a h='0'/>")).0, None);
        assert_eq!(sm.on_acknowledged(&nonza("<a h='2'/>")).0, Some(5));
        assert_eq!(sm.on_acknowledged(&nonza("<a h='2'/>")).0, None);
        assert_eq!(sm.on_acknowledged(&nonza("<a h='3'/>")).0, Some(6));
    }

    #[test]
    fn an_h_too_high_confirms_only_what_was_sent_and_the_next_one_counts_from_there() {
        let mut sm = sent(1..=2);
        assert_eq!(sm.on_acknowledged(&nonza("<a h='9'/>")).0, Some(2));
        assert!(sm.keep(3, "<message/>"));
        assert_eq!(sm.on_acknowledged(&nonza("<a h='3'/>")).0, Some(3));
    }

    #[test]
    fn an_h_that_goes_back_or_is_none_changes_nothing() {
        let mut sm = sent(1..=2);
        assert_eq!(sm.on_acknowledged(&nonza("<a h='1'/>")).0, Some(1));
        for h in ["0", "-1", "abc", "", "4294967296", "4000000000"] {
            let nonza = nonza(&format!("<a h='{h}'/>"));
            assert_eq!(sm.on_acknowledged(&nonza).0, None, "{h}");
        }
        assert_eq!(sm.on_acknowledged(&nonza("<a h='2'/>")).0, Some(2));
    }

    #[test]
    fn the_servers_count_goes_round() {
        let mut sm = sent(1..=3);
        sm.confirmed = u32::MAX - 1;
        assert_eq!(sm.on_acknowledged(&nonza("<a h='4294967295'/>")).0, Some(1));
        assert_eq!(sm.on_acknowledged(&nonza("<a h='1'/>")).0, Some(3));
    }

    #[test]
    fn one_question_at_a_time_and_a_deadline_for_it() {
        let mut sm = sent(1..=1);
        let now = Instant::default();
        assert!(sm.ask(now).is_some());
        assert!(sm.ask(now).is_none());
        assert_eq!(sm.deadline(|wait| wait), Some(now + SILENT));
        sm.on_heard();
        assert_eq!(sm.deadline(|wait| wait), Some(now + BUSY));
        assert_eq!(sm.on_acknowledged(&nonza("<a h='1'/>")).0, Some(1));
        assert_eq!(sm.deadline(|wait| wait), None);
        assert!(sm.ask(now).is_some());
    }

    #[test]
    fn a_question_that_is_older_than_what_was_sent_is_asked_again() {
        let mut sm = on();
        assert!(sm.ask(Instant::default()).is_some());
        assert!(sm.keep(1, "<message/>"));
        assert_eq!(sm.on_acknowledged(&nonza("<a h='0'/>")), (None, true));
        assert!(sm.ask(Instant::default()).is_some());
        let broken = sm.on_acknowledged(&nonza("<a h='0'/>"));
        assert_eq!(
            broken,
            (None, false),
            "asked again and again, it would say the same"
        );
    }

    #[test]
    fn a_resumed_session_writes_again_what_the_server_has_not() {
        let mut sm = sent(1..=3);
        sm.count_received();
        assert!(sm.suspend());
        assert!(!sm.keep(4, "<message id='4'/>"), "held back");
        let resume = sm.resume().unwrap();
        assert_eq!(
            (resume.attr("previd"), resume.attr("h")),
            (Some("s1"), Some("1"))
        );
        assert!(
            sm.on_resumed(&nonza("<resumed previd='s2' h='1'/>"))
                .is_none()
        );
        let (upto, questions) = sm
            .on_resumed(&nonza("<resumed previd='s1' h='2'/>"))
            .unwrap();
        assert_eq!(upto, Some(2));
        assert_eq!(
            questions.map(|question| question.name().to_owned()),
            ["r", "r"]
        );
        assert!(!sm.keep(5, "<message id='5'/>"), "held back, too");
        assert!(sm.ask(Instant::default()).is_none(), "asked already");
        assert_eq!(sm.on_trial(&nonza("<a h='2'/>")), Trial::Lasts);
        assert!(!sm.keep(6, "<message id='6'/>"), "one may be unasked");
        let again = [3, 4, 5, 6].map(|number| format!("<message id='{number}'/>"));
        let passed = sm.on_trial(&nonza("<a h='2'/>"));
        assert_eq!(passed, Trial::Passed(again.to_vec()));
        assert!(sm.is_on() && sm.keep(7, "<message id='7'/>"));
        assert_eq!(sm.on_acknowledged(&nonza("<a h='7'/>")).0, Some(7));
    }

    fn resumed(h: &str) -> Management {
        let mut sm = sent(1..=3);
        assert!(sm.suspend());
        let resumed = nonza(&format!("<resumed previd='s1' h='{h}'/>"));
        assert!(sm.on_resumed(&resumed).is_some());
        sm
    }

    #[test]
    fn only_the_same_h_shows_that_the_server_understands_us() {
        for h in ["1", "3", "0", "", "-2", "4294967298"] {
            for right in 0..TRIALS {
                let mut sm = resumed("2");
                for _ in 0..right {
                    assert_eq!(sm.on_trial(&nonza("<a h='2'/>")), Trial::Lasts);
                }
                let other = nonza(&format!("<a h='{h}'/>"));
                assert_eq!(sm.on_trial(&other), Trial::Contradicted);
                assert!(!sm.is_on(), "{h}");
            }
        }
        // Whatever it says, as long as it says the same.
        for (h, again) in [("9", 0), ("0", 3)] {
            let mut sm = resumed(h);
            let same = nonza(&format!("<a h='{h}'/>"));
            let passed = [sm.on_trial(&same), sm.on_trial(&same)];
            assert!(
                matches!(&passed, [Trial::Lasts, Trial::Passed(frames)] if frames.len() == again)
            );
        }
    }

    #[test]
    fn a_question_after_a_resumption_that_is_not_answered_leaves_no_doubt() {
        for (h, upto) in [("0", Some(0)), ("2", Some(2)), ("3", None), ("9", None)] {
            let mut sm = resumed(h);
            assert_eq!(sm.on_not_understood(), upto, "{h}");
            assert!(!sm.suspend() && sm.resume().is_none(), "for ever");
        }
    }

    #[test]
    fn a_session_that_is_proved_anew_is_counted_and_not_asked_to_go_on_by_chance() {
        let mut sm = resumed("2");
        sm.count_received();
        assert!(sm.is_counting());
        assert_eq!(sm.acknowledgement().attr("h"), Some("1"));
        assert_eq!(sm.on_acknowledged(&nonza("<a h='3'/>")), (None, false));
        assert!(
            sm.on_resumed(&nonza("<resumed previd='s1' h='3'/>"))
                .is_none()
        );
        assert!(sm.is_trying(), "nothing else proves it");
    }

    #[test]
    fn a_failed_resumption_tells_what_arrived_or_that_nobody_knows() {
        let failed = |text: &str| {
            let mut sm = sent(1..=3);
            assert!(sm.suspend());
            let upto = sm.on_not_resumed(&nonza(text));
            assert!(!sm.is_suspended() && sm.resume().is_none());
            upto
        };
        assert_eq!(failed("<failed h='2'/>"), Some(2));
        assert_eq!(failed("<failed h='0'/>"), Some(0));
        assert_eq!(failed("<failed/>"), None);
        assert_eq!(failed("<failed h='4294967295'/>"), None, "less than before");
    }

    #[test]
    fn much_that_nobody_waits_for_is_asked_about_once() {
        let mut sm = sent(1..=OFTEN as u64 - 1);
        assert!(!sm.is_much());
        assert!(sm.keep(OFTEN as u64, "<iq/>") && sm.is_much());
        assert!(sm.ask(Instant::default()).is_some() && !sm.is_much());
    }

    #[test]
    fn without_a_name_nothing_is_resumed() {
        for enabled in [
            "<enabled/>",
            "<enabled id='s1'/>",
            "<enabled resume='true'/>",
            "<enabled id='' resume='1'/>",
        ] {
            let mut sm = Management::default();
            let _enable = sm.enable(Instant::default());
            assert!(sm.on_enabled(&nonza(enabled)));
            assert!(!sm.suspend(), "{enabled}");
        }
    }

    #[test]
    fn nonzas_that_nobody_asked_for_change_nothing() {
        let mut sm = Management::default();
        assert!(!sm.on_enabled(&nonza("<enabled id='s1' resume='true'/>")));
        assert_eq!(sm.on_acknowledged(&nonza("<a h='1'/>")).0, None);
        assert!(
            sm.on_resumed(&nonza("<resumed previd='s1' h='1'/>"))
                .is_none()
        );
        assert!(!sm.on_refused() && !sm.suspend());
        assert!(sm.keep(1, "<message/>") && sm.unconfirmed.is_empty());
        let mut sm = on();
        assert!(!sm.on_enabled(&nonza("<enabled id='s2' resume='true'/>")));
        assert_eq!(sm.token.as_deref(), Some("s1"));
        assert!(!sm.on_refused() && sm.is_on());
    }
}
