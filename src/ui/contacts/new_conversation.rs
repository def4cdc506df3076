//! Writing to somebody new, and adding a contact: one dialog.

use crate::ui::view::prelude::*;
use leptos::task::spawn_local;

use crate::boundary::change::Reply;
use crate::boundary::command::AccountCommand;
use crate::entity::id::AccountId;
use crate::entity::problem::Problem;
use crate::ui::config::{Config, Feature};
use crate::ui::handle::use_handle;
use crate::ui::i18n::use_text;
use crate::ui::reactive::model::PeerKey;
use crate::ui::reactive::order::ordered_by;
use crate::ui::widget::dialog::Dialog;
use crate::ui::widget::problem::ProblemNote;

/// What stands in the dialog at first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Beginning {
    /// Whom to write to.
    pub address: String,
    /// The name to give them.
    pub name: String,
    /// The group to put them into.
    pub group: String,
}

/// The dialog "New conversation".
#[component]
pub fn NewConversation(
    /// From which account.
    account: AccountId,
    /// "Add to my contacts" is chosen at first.
    add: bool,
    /// What stands in it at first.
    #[prop(optional)]
    beginning: Beginning,
    /// It was closed.
    on_close: Callback<()>,
    /// The conversation to show.
    on_open: Callback<PeerKey>,
) -> impl IntoView {
    let texts = use_text();
    let text = &texts.contacts;
    let handle = use_handle();
    let (address, set_address) = signal(beginning.address);
    let (name, set_name) = signal(beginning.name);
    let (group, set_group) = signal(beginning.group);
    let offers_adding = expect_context::<&'static Config>().has(Feature::AddContact);
    let (adding, set_adding) = signal(add && offers_adding);
    let (busy, set_busy) = signal(false);
    let (problem, set_problem) = signal(None::<Problem>);
    let groups = Memo::new(move |_| {
        handle.model.contacts.track_order();
        let mut all = Vec::new();
        let contacts = handle.model.contacts;
        contacts.each(|_, row| all.extend(row.groups.iter().cloned()));
        let mut all: Vec<String> = ordered_by(&all, |name| name).into_iter().cloned().collect();
        all.dedup();
        all
    });

    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        set_busy.set(true);
        set_problem.set(None);
        let own = handle.model.accounts.peek(&account);
        let own = own.as_ref().map(|row| row.address.domain());
        let typed = whole(&address.get_untracked(), own.unwrap_or_default());
        let some = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let adds = adding.get_untracked().then(|| AccountCommand::AddContact {
            address: typed.clone(),
            name: some(name.get_untracked()),
            groups: some(group.get_untracked()).into_iter().collect(),
            text: None,
        });
        spawn_local(async move {
            let mut answer = Ok(Reply::Done);
            if let Some(command) = adds {
                answer = handle.ask_account(account, command).await;
            }
            if answer.is_ok() {
                answer = handle
                    .ask_account(account, AccountCommand::OpenConversation(typed))
                    .await;
            }
            set_busy.try_set(false);
            match answer {
                Ok(Reply::Address(address)) => on_open.run(PeerKey::new(account, address)),
                Ok(_) => on_close.run(()),
                Err(found) => {
                    set_problem.try_set(Some(found));
                }
            }
        });
    };
    view! {
        <Dialog title=texts.conversations.new_conversation on_close>
            <form on:submit=submit>
                <div class="dialog__body">
                    <div class="field">
                        <label class="field__label" for="new-address">
                            {text.address}
                        </label>
                        <div class="field__control">
                            <input
                                class="field__input"
                                id="new-address"
                                type="text"
                                inputmode="email"
                                autocomplete="off"
                                autocapitalize="off"
                                spellcheck="false"
                                placeholder="juliet@example.org"
                                required
                                autofocus
                                aria-invalid=move || problem.with(Option::is_some).to_string()
                                prop:value=address
                                on:input=move |event| set_address.set(event_target_value(&event))
                            />
                        </div>
                        <ProblemNote problem />
                    </div>
                    {offers_adding.then(|| view! {
                    <label class="checkbox">
                        <input
                            class="checkbox__input"
                            type="checkbox"
                            prop:checked=adding
                            on:change=move |event| set_adding.set(event_target_checked(&event))
                        />
                        <span class="checkbox__label">{text.add_to_contacts}</span>
                    </label>
                    })}
                    <Show when=move || adding.get()>
                        <p class="field__hint">{text.adding_means}</p>
                        <div class="field">
                            <label class="field__label" for="new-name">
                                {text.name}
                                <span class="field__optional">{text.optional}</span>
                            </label>
                            <div class="field__control">
                                <input
                                    class="field__input"
                                    id="new-name"
                                    type="text"
                                    autocomplete="off"
                                    prop:value=name
                                    on:input=move |event| set_name.set(event_target_value(&event))
                                />
                            </div>
                        </div>
                        <div class="field">
                            <label class="field__label" for="new-group">
                                {text.group}
                                <span class="field__optional">{text.optional}</span>
                            </label>
                            <div class="field__control">
                                <input
                                    class="field__input"
                                    id="new-group"
                                    type="text"
                                    autocomplete="off"
                                    list="new-groups"
                                    prop:value=group
                                    on:input=move |event| set_group.set(event_target_value(&event))
                                />
                                <datalist id="new-groups">
                                    {move || groups.get().into_iter().map(|g| view! { <option value=g></option> }).collect_view()}
                                </datalist>
                            </div>
                        </div>
                    </Show>
                </div>
                <div class="dialog__footer">
                    <button type="submit" class="button" data-kind="primary" disabled=busy>
                        {text.start}
                    </button>
                </div>
            </form>
        </Dialog>
    }
}

/// The address that is meant: a single word is somebody on one's own server, and not a server of that name.
fn whole(typed: &str, own: &str) -> String {
    let typed = typed.trim();
    if typed.is_empty() || own.is_empty() || typed.contains(['@', '.', '/', ':']) {
        return typed.to_owned();
    }
    [typed, "@", own].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_word_is_somebody_on_ones_own_server() {
        for (typed, meant) in [
            (" nurse ", "nurse@example.org"),
            ("nurse@example.net", "nurse@example.net"),
            ("irc.example.net", "irc.example.net"),
            ("[::1]", "[::1]"),
            ("", ""),
        ] {
            assert_eq!(whole(typed, "example.org"), meant);
        }
        assert_eq!(whole("nurse", ""), "nurse");
    }
}
