//! One message: an `article` named by its sender and time.

use web_sys::Element;

use super::body;
use super::make::{append, attribute, button, copy, element, flag, icon, with_text};
use crate::entity::id::ItemId;
use crate::entity::message::{Delivery, Direction, Message};
use crate::ui::i18n::problem::Words;
use crate::ui::i18n::{Format, Texts};
use crate::ui::text::fold::Fold;
use crate::ui::text::parse;

/// What all rows of a timeline share.
pub(super) struct Shared {
    pub texts: &'static Texts,
    pub format: Format,
    /// What the other is called.
    pub name: String,
    /// What we call ourselves in "/me waves".
    pub own: String,
    prototype: Element,
}

impl Shared {
    pub(super) fn new(
        texts: &'static Texts,
        format: Format,
        name: String,
        own: String,
    ) -> Option<Self> {
        let prototype = element("article", "virtual-list__row message-row")?;
        attribute(&prototype, "tabindex", "-1");
        let bubble = element("div", "message-row__bubble")?;
        let content = element("div", "message-row__content")?;
        attribute(&content, "dir", "auto");
        append(&content, &element("div", "message-text")?);
        let meta = element("span", "message-row__meta")?;
        append(&meta, &element("time", "")?);
        append(&content, &meta);
        append(&bubble, &content);
        append(&prototype, &bubble);
        Some(Self {
            texts,
            format,
            name,
            own,
            prototype,
        })
    }
}

/// A message in the page.
pub(super) struct MessageRow {
    pub element: Element,
    pub id: ItemId,
    bubble: Element,
    meta: Element,
    mark: Option<Element>,
    problem: Option<Element>,
}

impl MessageRow {
    /// Builds the row. `edges`: it is the first, the last of its run.
    pub(super) fn new(
        shared: &Shared,
        message: &Message,
        edges: (bool, bool),
        fold: Fold,
    ) -> Option<Self> {
        let element = copy(&shared.prototype)?;
        let bubble = element.first_element_child()?;
        let content = bubble.first_element_child()?;
        let text = content.first_element_child()?;
        let meta = content.last_element_child()?;
        let time = meta.first_element_child()?;

        let own = message.direction == Direction::Outgoing;
        let said = shared.format.time(message.time);
        let sender = if own {
            shared.texts.timeline.you
        } else {
            &shared.name
        };
        attribute(
            &element,
            "aria-label",
            &shared.texts.common.and.with(&sender, &said),
        );
        time.set_text_content(Some(&said));
        flag(&element, "data-own", own);
        flag(&element, "data-first", edges.0);
        flag(&element, "data-last", edges.1);

        let parsed = parse(&message.body, fold);
        if parsed.action {
            attribute(&element, "data-kind", "action");
            let who = if own { &shared.own } else { &shared.name };
            let who = with_text("bdi", "", who)?;
            append(&text, &who);
            super::make::append_text(&text, " ");
        }
        flag(&element, "data-jumbo", parsed.jumbo);
        body::write(&parsed.blocks, &text);
        if parsed.folded {
            // Nothing that is written may stand higher than the fold, whatever it is.
            flag(&text, "data-clamped", fold == Fold::Closed);
            let more = button("message-row__more", "more", shared.texts.timeline.show_more)?;
            attribute(&more, "aria-expanded", "false");
            let _never = content.insert_before(&more, Some(&meta));
        }
        let mut row = Self {
            element,
            id: message.id,
            bubble,
            meta,
            mark: None,
            problem: None,
        };
        if own {
            row.deliver(shared, &message.delivery)?;
        }
        Some(row)
    }

    /// An own message came further.
    pub(super) fn deliver(&mut self, shared: &Shared, delivery: &Delivery) -> Option<()> {
        let t = &shared.texts.timeline;
        let (state, name, shape) = match delivery {
            Delivery::Sending => ("sending", t.sending, "clock"),
            Delivery::Sent => ("sent", t.sent, "check"),
            Delivery::Delivered => ("delivered", t.delivered, "double-check"),
            Delivery::Read => ("read", t.read, "double-check"),
            Delivery::Failed(_) => ("failed", t.failed, "warning"),
            Delivery::Delayed(_) => ("delayed", t.delayed, "clock"),
        };
        attribute(&self.element, "data-state", state);
        let mark = element("span", "delivery-mark")?;
        attribute(&mark, "role", "img");
        attribute(&mark, "aria-label", name);
        attribute(&mark, "title", name);
        attribute(&mark, "data-state", state);
        append(&mark, &icon(shape)?);
        if let Some(old) = self.mark.replace(mark.clone()) {
            old.remove();
        }
        append(&self.meta, &mark);

        if let Some(old) = self.problem.take() {
            old.remove();
        }
        let told = match delivery {
            Delivery::Failed(problem) => {
                let words = Words::of(problem, shared.texts).what;
                let doubt = problem.leaves_doubt();
                Some(if doubt {
                    [&*words, " ", t.perhaps_arrived].concat()
                } else {
                    words
                })
            }
            Delivery::Delayed(_) => Some(t.delayed_hint.to_owned()),
            _ => None,
        };
        if let Some(told) = told {
            let line = element("div", "message-row__problem")?;
            attribute(&line, "role", "group");
            attribute(&line, "aria-label", name);
            append(&line, &with_text("span", "", &told)?);
            let small = |action, label| {
                let button = button("button", action, label)?;
                attribute(&button, "data-size", "s");
                Some(button)
            };
            append(&line, &small("retry", shared.texts.common.retry)?);
            append(&line, &small("delete", t.delete)?);
            append(&self.bubble, &line);
            self.problem = Some(line);
        }
        Some(())
    }
}
