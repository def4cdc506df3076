//! The lines of the log and the frames of the console, as they come.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::ui::view::prelude::*;
use leptos::web_sys::{Blob, BlobPropertyBag, Url};
use wasm_bindgen::{JsCast, JsValue};

use crate::boundary::change::{Change, ConsoleFrame, Level, LogLine};
use crate::entity::time::Timestamp;
use crate::ui::handle::use_handle;
use crate::ui::i18n::use_text;

/// How many of each are kept: what stands in the document is bounded.
const KEPT: usize = 400;

/// The newest lines and frames. A copy is the same.
#[derive(Clone, Copy)]
pub struct Journal {
    lines: RwSignal<VecDeque<(u64, Arc<LogLine>)>>,
    frames: RwSignal<VecDeque<(u64, Arc<ConsoleFrame>)>>,
}

/// Follows the log and the console until the current owner is cleaned up.
pub fn follow() -> Journal {
    let handle = use_handle();
    let journal = Journal {
        lines: RwSignal::default(),
        frames: RwSignal::default(),
    };
    let number = StoredValue::new(0_u64);
    let next = move || {
        number.try_update_value(|number| {
            *number += 1;
            *number
        })
    };
    handle.listen(move |change| match change {
        Change::Log(new) => journal.lines.update(|lines| {
            for line in new {
                lines.push_back((next().unwrap_or_default(), Arc::new(line.clone())));
            }
            lines.drain(..lines.len().saturating_sub(KEPT));
        }),
        Change::Console(new) => journal.frames.update(|frames| {
            for frame in new {
                frames.push_back((next().unwrap_or_default(), Arc::new(frame.clone())));
            }
            frames.drain(..frames.len().saturating_sub(KEPT));
        }),
        _ => {}
    });
    handle.watch_diagnostics(true, true);
    on_cleanup(move || handle.watch_diagnostics(false, false));
    journal
}

impl Journal {
    /// Forgets all.
    pub fn clear(self) {
        self.lines.set(VecDeque::new());
        self.frames.set(VecDeque::new());
    }

    /// Gives the lines, or the frames, to the user as a file.
    pub fn export(self, console: bool) {
        let text = if console {
            self.frames.with_untracked(|frames| {
                let line = |frame: &ConsoleFrame| {
                    format!(
                        "{} {} {}\n",
                        stamp(frame.time),
                        if frame.sent { ">" } else { "<" },
                        frame.xml
                    )
                };
                frames
                    .iter()
                    .map(|(_, frame)| line(frame))
                    .collect::<String>()
            })
        } else {
            self.lines.with_untracked(|lines| {
                let one = |line: &LogLine| {
                    format!(
                        "{} {} {} {}\n",
                        stamp(line.time),
                        token(line.level),
                        line.target,
                        line.text
                    )
                };
                lines.iter().map(|(_, line)| one(line)).collect::<String>()
            })
        };
        // A browser that refuses has said so itself.
        let _refused = download(
            if console {
                "waxwing-console.txt"
            } else {
                "waxwing-log.txt"
            },
            &text,
        );
    }
}

fn download(name: &str, text: &str) -> Result<(), JsValue> {
    let kind = BlobPropertyBag::new();
    kind.set_type("text/plain;charset=utf-8");
    let parts = js_sys::Array::of1(&JsValue::from_str(text));
    let blob = Blob::new_with_str_sequence_and_options(&parts, &kind)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link = document()
        .create_element("a")?
        .unchecked_into::<leptos::web_sys::HtmlAnchorElement>();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&url)
}

fn token(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
    }
}

/// The time of day to the millisecond, in UTC: logs are compared with those of servers.
fn stamp(time: Timestamp) -> String {
    let of_day = time.0.rem_euclid(86_400_000);
    let (seconds, millis) = (of_day / 1000, of_day % 1000);
    format!(
        "{:02}:{:02}:{:02}.{millis:03}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// The log.
#[component]
pub fn LogPanel(
    /// What to show.
    journal: Journal,
) -> impl IntoView {
    let text = &use_text().diagnostics;
    view! {
        <div class="diagnostics__panel" role="log" aria-label=text.log aria-live="off" tabindex="0">
            <For
                each=move || journal.lines.get()
                key=|(number, _)| *number
                children=|(_, line)| {
                    view! {
                        <div class="log-line" data-level=token(line.level)>
                            <span class="log-line__time">{stamp(line.time)}</span>
                            <span class="log-line__level">{token(line.level)}</span>
                            <span class="log-line__text">{line.target.clone()} " " {line.text.clone()}</span>
                        </div>
                    }
                }
            />
        </div>
    }
    .into_any()
}

/// The frames of the streams, secrets removed.
#[component]
pub fn ConsolePanel(
    /// What to show.
    journal: Journal,
) -> impl IntoView {
    let text = &use_text().diagnostics;
    view! {
        <div class="diagnostics__panel" role="log" aria-label=text.console aria-live="off" tabindex="0">
            <For
                each=move || journal.frames.get()
                key=|(number, _)| *number
                children=|(_, frame)| {
                    view! {
                        <div class="xml-frame" data-direction=if frame.sent { "out" } else { "in" }>
                            <span class="xml-frame__sign">{if frame.sent { "→" } else { "←" }}</span>
                            <code class="xml-frame__text" dir="ltr">
                                {frame.xml.clone()}
                            </code>
                            <span class="xml-frame__time">{stamp(frame.time)}</span>
                        </div>
                    }
                }
            />
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_the_time_of_day_in_utc() {
        assert_eq!(stamp(Timestamp(1_767_225_600_000)), "00:00:00.000");
        assert_eq!(
            stamp(Timestamp(1_767_225_600_000 + 3_661_007)),
            "01:01:01.007"
        );
        assert_eq!(stamp(Timestamp(-1)), "23:59:59.999");
    }
}
