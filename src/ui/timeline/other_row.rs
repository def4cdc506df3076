//! Rows that are no messages: days, the line "New messages", gaps, and the ends of what is there.

use web_sys::Element;

use super::list::{Key, RowKind};
use super::make::{append, attribute, button, element, with_text};
use super::message_row::Shared;
use crate::boundary::change::GapState;
use crate::entity::problem::Problem;
use crate::ui::i18n::Texts;
use crate::ui::i18n::problem::Words;

/// Builds such a row.
pub(super) fn build(shared: &Shared, key: &Key, kind: &RowKind) -> Option<Element> {
    let t = &shared.texts.timeline;
    match kind {
        RowKind::Message { .. } => None,
        RowKind::Day(time) => separator("day", &shared.format.day(*time)),
        RowKind::Unread => separator("new", t.new_messages),
        RowKind::Gap(_, state) => gap(shared, state),
        RowKind::Beginning => {
            let line = element("div", "virtual-list__row timeline__wait")?;
            append(&line, &with_text("span", "", t.beginning)?);
            Some(line)
        }
        RowKind::Wait => {
            let line = element("div", "virtual-list__row timeline__wait")?;
            append(&line, &spinner(shared.texts.common.loading)?);
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

/// Messages may be missing here: what becomes of that, and what can be done.
fn gap(shared: &Shared, state: &GapState) -> Option<Element> {
    let t = &shared.texts.timeline;
    let gap = element("div", "virtual-list__row gap")?;
    attribute(&gap, "role", "group");
    // Where its button had the focus, it takes it while there is none.
    attribute(&gap, "tabindex", "-1");
    let failed;
    let words = match state {
        GapState::Unknown => t.gap,
        GapState::Loading => t.gap_loading,
        GapState::Lost => t.gap_lost,
        GapState::Failed(problem) => {
            failed = failed_gap(problem, shared.texts);
            &failed
        }
    };
    attribute(&gap, "aria-label", words);
    if *state == GapState::Loading {
        append(&gap, &spinner(shared.texts.common.loading)?);
    }
    append(&gap, &with_text("span", "", words)?);
    if matches!(state, GapState::Unknown | GapState::Failed(_)) {
        let load = button("button", "gap", t.gap_load)?;
        attribute(&load, "data-size", "s");
        append(&gap, &load);
    }
    Some(gap)
}

/// That messages may be missing, and why they still are.
pub(super) fn failed_gap(problem: &Problem, texts: &'static Texts) -> String {
    [texts.timeline.gap, " ", &Words::of(problem, texts).what].concat()
}

fn spinner(label: &str) -> Option<Element> {
    let ring = element("span", "spinner")?;
    attribute(&ring, "role", "img");
    attribute(&ring, "aria-label", label);
    Some(ring)
}

fn separator(kind: &str, label: &str) -> Option<Element> {
    let line = element("div", "virtual-list__row separator")?;
    attribute(&line, "role", "separator");
    attribute(&line, "aria-label", label);
    attribute(&line, "data-kind", kind);
    append(&line, &with_text("span", "separator__label", label)?);
    Some(line)
}
