//! A long list of which only a window is in the document, and which is still right for assistive technology.

use std::hash::Hash;
use std::sync::Arc;

use crate::ui::view::prelude::*;
use leptos::html;

use crate::ui::browser::{self, pixels};
use geometry::{Geometry, Span};

mod geometry;

/// How many kinds of rows a list may have; each kind has one height.
pub const KINDS: usize = 2;

/// A list. Rows of one kind are equally high, and how high is measured: the style sheet decides.
#[component]
pub fn VirtualList<K, V, N>(
    /// The accessible name of the list.
    label: &'static str,
    /// The keys of the rows, in order.
    #[prop(into)]
    rows: Signal<Arc<Vec<K>>>,
    /// The kind of a row, below `KINDS`.
    kind: fn(&K) -> usize,
    /// Makes the content of a row.
    row: V,
) -> impl IntoView
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Fn(K) -> N + Clone + Send + Sync + 'static,
    N: IntoView + 'static,
{
    let frame = NodeRef::<html::Div>::new();
    let list = NodeRef::<html::Ul>::new();
    // Where the frame looks: (scrollTop, height). The heights are guesses until a row of the kind is there.
    let (look, set_look) = signal((0.0_f64, 800.0_f64));
    let (heights, set_heights) = signal([64.0_f64; KINDS]);

    let geometry = Memo::new(move |_| {
        let heights = heights.get();
        rows.with(|rows| Arc::new(Geometry::new(rows.iter().map(kind), heights)))
    });
    let span: Memo<Span> = Memo::new(move |_| {
        let (top, height) = look.get();
        geometry.with(|geometry| geometry.span(top, height))
    });
    let visible = Memo::new(move |_| {
        let span = span.get();
        rows.with(|rows| {
            let keys = rows.get(span.start..span.end).unwrap_or_default();
            keys.iter()
                .cloned()
                .zip(span.start..)
                .collect::<Vec<(K, usize)>>()
        })
    });

    let measure = move || {
        let Some(before) = look.try_get_untracked() else {
            return;
        };
        if let Some(frame) = frame.get_untracked() {
            let now = (
                f64::from(frame.scroll_top()),
                f64::from(frame.client_height()),
            );
            if now.1 < 1.0 {
                return;
            }
            if before != now {
                set_look.set(now);
            }
        }
        if let Some(list) = list.get_untracked() {
            let mut found = heights.get_untracked();
            for (number, height) in found.iter_mut().enumerate() {
                let row = list.query_selector(&format!(":scope > [data-kind='{number}']"));
                if let Ok(Some(row)) = row {
                    let measured = row.get_bounding_client_rect().height();
                    if measured > 0.0 {
                        *height = measured;
                    }
                }
            }
            if found != heights.get_untracked() {
                set_heights.set(found);
            }
        }
    };
    // Heights are looked at where there are other rows, and not where rows change places: whoever asks where something lies
    // makes the browser lay out the whole page there and then. For the next frame it does that anyway.
    let shown = Memo::new(move |_| {
        visible.with(|rows| {
            let mut kinds = [false; KINDS];
            for (key, _) in rows {
                if let Some(shown) = kinds.get_mut(kind(key)) {
                    *shown = true;
                }
            }
            (rows.len(), kinds)
        })
    });
    Effect::new(move |_| {
        shown.track();
        request_animation_frame(measure);
    });
    // Also where it is shown again: while it was not, it had no height.
    Effect::new(move |_| {
        if let Some(frame) = frame.get() {
            browser::on_resize(&[&frame], measure);
        }
    });

    view! {
        <div class="virtual-list" node_ref=frame on:scroll=move |_| measure()>
            <div class="virtual-list__spacer" style:block-size=move || pixels(geometry.with(|g| g.total()))>
                <ul
                    class="virtual-list__window"
                    role="list"
                    aria-label=label
                    node_ref=list
                    style:translate=move || ["0 ", &pixels(span.with(|span| span.offset))].concat()
                >
                    <For
                        each=move || visible.get()
                        key=|(key, _)| key.clone()
                        children=move |(key, _)| {
                            let kind = kind(&key);
                            let place = {
                                let key = key.clone();
                                Memo::new(move |_| visible.with(|rows| {
                                    rows.iter().find(|(other, _)| *other == key).map_or(0, |(_, at)| at + 1)
                                }))
                            };
                            view! {
                                <li
                                    class="virtual-list__row"
                                    data-kind=kind.to_string()
                                    aria-setsize=move || rows.with(|rows| rows.len()).to_string()
                                    aria-posinset=move || place.get().to_string()
                                >
                                    {row(key)}
                                </li>
                            }
                        }
                    />
                </ul>
            </div>
        </div>
    }
}
