//! What becomes of a text between the key Enter and the engine's answer.

use crate::entity::id::ItemId;
use crate::ui::text::clean::legal;

/// A text on its way to the engine; while it is, the field still shows it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outgoing {
    sent: Option<Sent>,
    /// What the field held each time when Enter was pressed again meanwhile.
    next: Vec<String>,
    /// Nobody knows whether this was stored: who sends it once more sends the same.
    in_doubt: Option<(String, ItemId)>,
}

/// What the engine is asked to send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sending {
    /// The text.
    pub body: String,
    /// What it is to be called.
    pub id: ItemId,
    /// It may have been asked for before.
    pub again: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Sent {
    /// As it stood in the field.
    field: String,
    body: String,
    id: ItemId,
}

impl Outgoing {
    /// Enter: what to send now, if there is anything and nothing is on its way.
    pub fn send(&mut self, field: &str, fresh: impl FnOnce() -> ItemId) -> Option<Sending> {
        if self.sent.is_some() {
            if self.next.last().is_none_or(|last| last != field) {
                self.next.push(field.to_owned());
            }
            return None;
        }
        let body = body(field)?;
        let (id, again) = match self.in_doubt.take() {
            Some((doubtful, id)) if doubtful == body => (id, true),
            _ => (fresh(), false),
        };
        self.sent = Some(Sent {
            field: field.to_owned(),
            body: body.clone(),
            id,
        });
        Some(Sending { body, id, again })
    }

    /// The engine has stored it: what the field shows from now on, and what of its beginning is to be sent next, because Enter
    /// was pressed there.
    pub fn done(&mut self, field: &str) -> (String, Option<String>) {
        // Somebody who types fast has begun the next one behind it, or several.
        let rest = self.left(field).to_owned();
        let before = self.sent.take().map(|sent| sent.field).unwrap_or_default();
        self.next = std::mem::take(&mut self.next)
            .iter()
            .filter_map(|next| next.strip_prefix(&before))
            // What was changed after Enter is no longer what was to be sent.
            .filter(|next| rest.starts_with(next) && body(next).is_some())
            .map(str::to_owned)
            .collect();
        let next = (!self.next.is_empty()).then(|| self.next.remove(0));
        (rest, next)
    }

    /// What of the field is not on its way.
    #[must_use]
    pub fn left<'a>(&self, field: &'a str) -> &'a str {
        let sent = self.sent.as_ref().map(|sent| &*sent.field);
        field
            .strip_prefix(sent.unwrap_or_default())
            .unwrap_or(field)
    }

    /// Whether that is what is on its way.
    #[must_use]
    pub fn is_on_its_way(&self, id: ItemId) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.id == id)
    }

    /// The engine refused: the field keeps all. Says whether it is the field's.
    pub fn failed(&mut self, id: ItemId) -> bool {
        let is_ours = self.is_on_its_way(id);
        if is_ours {
            self.in_doubt = self.sent.take().map(|sent| (sent.body, sent.id));
            self.next.clear();
        }
        is_ours
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

    fn sending(body: &str, id: ItemId, again: bool) -> Option<Sending> {
        let body = body.into();
        Some(Sending { body, id, again })
    }

    fn send(out: &mut Outgoing, field: &str) -> Option<String> {
        out.send(field, || ONE).map(|sending| sending.body)
    }

    #[test]
    fn the_field_is_emptied_only_when_it_is_done() {
        let mut out = Outgoing::default();
        assert_eq!(send(&mut out, "hello\n").as_deref(), Some("hello"));
        assert_eq!(out.done("hello\n"), (String::new(), None));
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
        assert_eq!(out.done("one"), (String::new(), None));
        send(&mut out, "one");
        assert_eq!(send(&mut out, "onetwo"), None);
        assert_eq!(out.done("onetwo"), ("two".into(), Some("two".into())));
        assert_eq!(send(&mut out, "two").as_deref(), Some("two"));
    }

    #[test]
    fn each_enter_pressed_meanwhile_ends_a_message_of_its_own() {
        let mut out = Outgoing::default();
        send(&mut out, "one");
        for field in ["onetwo", "onetwothree", "onetwothree"] {
            assert_eq!(send(&mut out, field), None);
        }
        let (rest, next) = out.done("onetwothreefo");
        assert_eq!((&*rest, next.as_deref()), ("twothreefo", Some("two")));
        assert_eq!(send(&mut out, "two").as_deref(), Some("two"));
        assert_eq!(out.left(&rest), "threefo");
        assert_eq!(send(&mut out, "twothreefour"), None);
        let (rest, next) = out.done("twothreefour");
        assert_eq!((&*rest, next.as_deref()), ("threefour", Some("three")));
        assert_eq!(send(&mut out, "three").as_deref(), Some("three"));
        let (rest, next) = out.done("threefour");
        assert_eq!((&*rest, next.as_deref()), ("four", Some("four")));
        // What is changed after Enter waits for another one.
        send(&mut out, "four");
        assert_eq!(send(&mut out, "fourfive"), None);
        assert_eq!(out.done("fourfi"), ("fi".into(), None));
    }

    #[test]
    fn what_is_on_its_way_is_no_draft_until_it_is_refused() {
        let mut out = Outgoing::default();
        assert_eq!(out.left("one"), "one");
        send(&mut out, "one");
        assert_eq!(out.left("one"), "");
        assert_eq!(out.left("onetwo"), "two");
        assert_eq!(out.left("another"), "another");
        out.failed(ONE);
        assert_eq!(out.left("one"), "one");
    }

    #[test]
    fn what_failed_is_the_same_message_when_it_is_sent_again_and_another_one_is_not() {
        let mut out = Outgoing::default();
        assert_eq!(out.send("hello", || ONE), sending("hello", ONE, false));
        out.failed(ONE);
        assert_eq!(out.send("hello", || TWO), sending("hello", ONE, true));
        out.failed(ONE);
        assert_eq!(out.send("hello!", || TWO), sending("hello!", TWO, false));
        out.done("hello!");
        assert_eq!(out.send("hello", || TWO), sending("hello", TWO, false));
        out.done("hello");
        assert_eq!(out.send("hello", || ONE), sending("hello", ONE, false));
    }

    // G11
    #[test]
    fn illegal_characters_are_not_sent() {
        assert_eq!(body("a\u{0}\u{b}b\u{fffe}").as_deref(), Some("ab"));
        assert_eq!(body("\u{b}"), None);
        assert_eq!(body("\n\n  code\n").as_deref(), Some("  code"));
    }
}
