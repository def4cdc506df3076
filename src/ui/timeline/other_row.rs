//! Rows that are no messages: days, the line "New messages", gaps, and the ends of what is there.

use web_sys::Element;

use super::list::{Key, RowKind};
use super::make::{append, attribute, button, element, with_text};
use super::message_row::Shared;
use crate::ui::i18n::problem::Words;

/// Builds such a row.
pub(super) fn build(shared: &Shared, key: &Key, kind: &RowKind) -> Option<Element> {
    let t = &shared.texts.timeline;
    match kind {
        RowKind::Message { .. } => None,
        RowKind::Day(time) => separator("day", &shared.format.day(*time)),
        RowKind::Unread => separator("new", t.new_messages),
        RowKind::Gap => {
            let gap = element("div", "virtual-list__row gap")?;
            append(&gap, &with_text("span", "", t.gap)?);
            Some(gap)
        }
        RowKind::Beginning => {
            let line = element("div", "virtual-list__row timeline__wait")?;
            append(&line, &with_text("span", "", t.beginning)?);
            Some(line)
        }
        RowKind::Wait => {
            let line = element("div", "virtual-list__row timeline__wait")?;
            let ring = element("span", "spinner")?;
            attribute(&ring, "role", "img");
            attribute(&ring, "aria-label", shared.texts.common.loading);
            append(&line, &ring);
            Some(line)
        }
        RowKind::Failed(problem) => {
            let gap = element("div", "virtual-list__row gap")?;
            let words = Words::of(problem, shared.texts);
            append(&gap, &with_text("span", "", &words.what)?);
            let action = if *key == Key::Newer { "newer" } else { "older" };
            let again = button("button", action, shared.texts.common.retry)?;
            attribute(&again, "data-size", "s");
            append(&gap, &again);
            Some(gap)
        }
    }
}

fn separator(kind: &str, label: &str) -> Option<Element> {
    let line = element("div", "virtual-list__row separator")?;
    attribute(&line, "role", "separator");
    attribute(&line, "aria-label", label);
    attribute(&line, "data-kind", kind);
    append(&line, &with_text("span", "separator__label", label)?);
    Some(line)
}
