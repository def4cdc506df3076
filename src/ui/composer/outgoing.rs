//! What becomes of a text between the key Enter and the engine's answer.

use crate::entity::id::ItemId;
use crate::ui::text::clean::legal;

/// A text on its way to the engine; while it is, the field still shows it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outgoing {
    sent: Option<Sent>,
    /// Enter was pressed again meanwhile.
    again: bool,
    /// Nobody knows whether this was stored: who sends it once more sends the same.
    in_doubt: Option<(String, ItemId)>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Sent {
    /// As it stood in the field.
    field: String,
    body: String,
    id: ItemId,
}

impl Outgoing {
    /// Enter: the body to send now and what it is to be called, if there is any and none is on its way.
    pub fn send(
        &mut self,
        field: &str,
        fresh: impl FnOnce() -> ItemId,
    ) -> Option<(String, ItemId)> {
        if self.sent.is_some() {
            self.again = true;
            return None;
        }
        let body = body(field)?;
        let id = match self.in_doubt.take() {
            Some((doubtful, id)) if doubtful == body => id,
            _ => fresh(),
        };
        self.sent = Some(Sent {
            field: field.to_owned(),
            body: body.clone(),
            id,
        });
        Some((body, id))
    }

    /// The engine has stored it: what the field shows from now on, and whether that is to be sent, too.
    pub fn done(&mut self, field: &str) -> (String, bool) {
        let sent = self.sent.take().map(|sent| sent.field).unwrap_or_default();
        // Somebody who types fast has begun the next one behind it.
        let rest = field.strip_prefix(&sent).unwrap_or(field).to_owned();
        let again = std::mem::take(&mut self.again) && body(&rest).is_some();
        (rest, again)
    }

    /// The engine refused, or died: the field keeps all.
    pub fn failed(&mut self) {
        self.in_doubt = self.sent.take().map(|sent| (sent.body, sent.id));
        self.again = false;
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

    const ONE: ItemId = ItemId(1);
    const TWO: ItemId = ItemId(2);

    fn send(out: &mut Outgoing, field: &str) -> Option<String> {
        out.send(field, || ONE).map(|(body, _)| body)
    }

    #[test]
    fn the_field_is_emptied_only_when_it_is_done() {
        let mut out = Outgoing::default();
        assert_eq!(send(&mut out, "hello\n").as_deref(), Some("hello"));
        assert_eq!(out.done("hello\n"), (String::new(), false));
        assert_eq!(send(&mut out, "  \n"), None);
    }

    #[test]
    fn what_is_typed_meanwhile_stays_and_goes_next() {
        let mut out = Outgoing::default();
        send(&mut out, "one");
        assert_eq!(
            send(&mut out, "one"),
            None,
            "a second Enter sends nothing twice"
        );
        assert_eq!(out.done("one"), (String::new(), false));
        send(&mut out, "one");
        assert_eq!(send(&mut out, "onetwo"), None);
        assert_eq!(out.done("onetwo"), ("two".into(), true));
        assert_eq!(send(&mut out, "two").as_deref(), Some("two"));
    }

    #[test]
    fn what_failed_is_the_same_message_when_it_is_sent_again_and_another_one_is_not() {
        let mut out = Outgoing::default();
        assert_eq!(out.send("hello", || ONE), Some(("hello".into(), ONE)));
        out.failed();
        assert_eq!(out.send("hello", || TWO), Some(("hello".into(), ONE)));
        out.failed();
        assert_eq!(out.send("hello!", || TWO), Some(("hello!".into(), TWO)));
        out.done("hello!");
        assert_eq!(out.send("hello", || TWO), Some(("hello".into(), TWO)));
        out.done("hello");
        assert_eq!(out.send("hello", || ONE), Some(("hello".into(), ONE)));
    }

    // G11
    #[test]
    fn illegal_characters_are_not_sent() {
        assert_eq!(body("a\u{0}\u{b}b\u{fffe}").as_deref(), Some("ab"));
        assert_eq!(body("\u{b}"), None);
        assert_eq!(body("\n\n  code\n").as_deref(), Some("  code"));
    }
}
