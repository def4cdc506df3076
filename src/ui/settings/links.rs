//! Offering this app to the browser for `xmpp:` links.

use crate::ui::view::prelude::*;

use super::row::Section;
use crate::ui::browser;
use crate::ui::i18n::use_text;
use crate::ui::widget::icon::Icon;

/// The section about links; nothing where the browser has no such question.
#[component]
pub fn LinkSection() -> impl IntoView {
    let text = &use_text().settings;
    if !browser::can_offer_links() {
        return View::nothing();
    }
    let said = RwSignal::new("");
    // What the browser or the person answers is not told to pages.
    let offer = move |_| {
        said.set(if browser::offer_links() {
            text.links_offered
        } else {
            text.links_refused
        });
    };
    view! {
        <Section heading=text.links>
            <button type="button" class="setting-row" aria-label=text.offer_links aria-describedby="offer-links-hint" on:click=offer>
                <span class="setting-row__words">
                    <span class="setting-row__name">{text.offer_links}</span>
                    <span class="setting-row__hint" id="offer-links-hint">{text.offer_links_hint}</span>
                </span>
                <Icon name="globe" />
            </button>
            <div role="status">
                <Show when=move || said.with(|said| !said.is_empty())>
                    <p class="setting-row">{move || said.get()}</p>
                </Show>
            </div>
        </Section>
    }
}
