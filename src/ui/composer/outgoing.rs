//! What becomes of a text between the key Enter and the engine's answer.

use crate::ui::text::clean::legal;

/// A text on its way to the engine; while it is, the field still shows it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outgoing {
    /// As it stood in the field.
    sent: Option<String>,
    /// Enter was pressed again meanwhile.
    again: bool,
}

impl Outgoing {
    /// Enter: the body to send now, if there is any and none is on its way.
    pub fn send(&mut self, field: &str) -> Option<String> {
        if self.sent.is_some() {
            self.again = true;
            return None;
        }
        let body = body(field)?;
        self.sent = Some(field.to_owned());
        Some(body)
    }

    /// The engine has stored it: what the field shows from now on, and whether that is to be sent, too.
    pub fn done(&mut self, field: &str) -> (String, bool) {
        let sent = self.sent.take().unwrap_or_default();
        // Somebody who types fast has begun the next one behind it.
        let rest = field.strip_prefix(&sent).unwrap_or(field).to_owned();
        let again = std::mem::take(&mut self.again) && body(&rest).is_some();
        (rest, again)
    }

    /// The engine refused, or died: the field keeps all.
    pub fn failed(&mut self) {
        *self = Self::default();
    }
}

/// What of a field is sent: legal characters, no empty lines around; nothing if there is nothing to see.
#[must_use]
pub fn body(field: &str) -> Option<String> {
    let text = legal(field);
    let text = text.trim_end().trim_start_matches(['\n', '\r']);
    (!text.trim().is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_emptied_only_when_it_is_done() {
        let mut out = Outgoing::default();
        assert_eq!(out.send("hello\n").as_deref(), Some("hello"));
        assert_eq!(out.done("hello\n"), (String::new(), false));
        assert_eq!(out.send("  \n").as_deref(), None);
    }

    #[test]
    fn what_is_typed_meanwhile_stays_and_goes_next() {
        let mut out = Outgoing::default();
        out.send("one");
        assert_eq!(out.send("one"), None, "a second Enter sends nothing twice");
        assert_eq!(out.done("one"), (String::new(), false));
        out.send("one");
        assert_eq!(out.send("onetwo"), None);
        assert_eq!(out.done("onetwo"), ("two".into(), true));
        assert_eq!(out.send("two").as_deref(), Some("two"));
    }

    #[test]
    fn a_failure_leaves_everything_and_can_be_repeated() {
        let mut out = Outgoing::default();
        out.send("hello");
        out.failed();
        assert_eq!(out.send("hello").as_deref(), Some("hello"));
    }

    // G11
    #[test]
    fn illegal_characters_are_not_sent() {
        assert_eq!(body("a\u{0}\u{b}b\u{fffe}").as_deref(), Some("ab"));
        assert_eq!(body("\u{b}"), None);
        assert_eq!(body("\n\n  code\n").as_deref(), Some("  code"));
    }
}
