//! Renaming, regrouping and removing a contact.

use crate::ui::view::prelude::*;

use crate::boundary::command::AccountCommand;
use crate::ui::handle::use_handle;
use crate::ui::i18n::use_text;
use crate::ui::reactive::model::PeerKey;
use crate::ui::widget::attempt::Attempt;
use crate::ui::widget::dialog::Dialog;
use crate::ui::widget::problem::ProblemNote;

/// The dialog in which a contact's name and groups are changed.
#[component]
pub fn EditContact(
    /// Whom.
    peer: PeerKey,
    /// It was closed.
    on_close: Callback<()>,
) -> impl IntoView {
    let texts = use_text();
    let text = &texts.profile;
    let handle = use_handle();
    let row = handle.model.contacts.peek(&peer);
    let shown = row.as_ref().map(|row| row.name.clone()).unwrap_or_default();
    // What is but a part of the address is no name until somebody says so.
    let own = row.as_ref().filter(|row| row.is_named);
    let own_name = own.map(|row| row.name.clone()).unwrap_or_default();
    let own_groups = row.map(|row| row.groups.clone()).unwrap_or_default();
    let (name, set_name) = signal(own_name.clone());
    let (groups, set_groups) = signal(own_groups.join(", "));
    let attempt = Attempt::new();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let command = AccountCommand::UpdateContact {
            address: peer.address.clone(),
            name: Some(name.get_untracked()).filter(|name| *name != own_name),
            groups: Some(groups.get_untracked())
                .filter(|groups| *groups != own_groups.join(", "))
                .map(|groups| split(&groups, &own_groups)),
        };
        let answer = handle.ask_account(peer.account, command);
        attempt.begin(answer, move |_| on_close.run(()));
    };
    view! {
        <Dialog title=text.edit on_close>
            <form on:submit=submit>
                <div class="dialog__body">
                    <div class="field">
                        <label class="field__label" for="edit-name">
                            {texts.contacts.name}
                        </label>
                        <div class="field__control">
                            <input
                                class="field__input"
                                id="edit-name"
                                type="text"
                                autocomplete="off"
                                autofocus
                                placeholder=shown
                                prop:value=name
                                on:input=move |event| set_name.set(event_target_value(&event))
                            />
                        </div>
                    </div>
                    <div class="field">
                        <label class="field__label" for="edit-groups">
                            {text.groups}
                        </label>
                        <div class="field__control">
                            <input
                                class="field__input"
                                id="edit-groups"
                                type="text"
                                autocomplete="off"
                                aria-describedby="edit-groups-hint"
                                prop:value=groups
                                on:input=move |event| set_groups.set(event_target_value(&event))
                            />
                        </div>
                        <p class="field__hint" id="edit-groups-hint">
                            {text.groups_hint}
                        </p>
                    </div>
                    <ProblemNote problem=attempt.problem />
                </div>
                <div class="dialog__footer">
                    <button type="submit" class="button" data-kind="primary" disabled=attempt.busy>
                        {texts.common.save}
                    </button>
                </div>
            </form>
        </Dialog>
    }
}

/// The dialog that asks before a contact is removed, and says what that means.
#[component]
pub fn RemoveContact(
    /// Whom.
    peer: PeerKey,
    /// It was closed.
    on_close: Callback<()>,
) -> impl IntoView {
    let texts = use_text();
    let text = &texts.profile;
    let handle = use_handle();
    let name = handle.model.name(&peer);
    let attempt = Attempt::new();
    let remove = move |_| {
        let command = AccountCommand::RemoveContact(peer.address.clone());
        let answer = handle.ask_account(peer.account, command);
        attempt.begin(answer, move |_| on_close.run(()));
    };
    view! {
        <Dialog title=text.remove_title.with(&name) on_close>
            <div class="dialog__body">
                <p>{text.remove_means}</p>
                <ProblemNote problem=attempt.problem />
            </div>
            <div class="dialog__footer">
                <button type="button" class="button" autofocus on:click=move |_| on_close.run(())>
                    {texts.common.cancel}
                </button>
                <button type="button" class="button" data-kind="danger" disabled=attempt.busy on:click=remove>
                    {text.remove}
                </button>
            </div>
        </Dialog>
    }
}

/// What stands between groups.
const COMMAS: [char; 3] = [',', '，', '、'];

/// Groups as they are typed: between commas, without doubles. Those that were there and have a comma themselves stay
/// whole, where they still stand in the text.
fn split(text: &str, before: &[String]) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    let mut text = text.to_owned();
    for group in before.iter().filter(|group| group.contains(COMMAS)) {
        if text.contains(group.as_str()) {
            text = text.replacen(group.as_str(), "", 1);
            groups.push(group.clone());
        }
    }
    for group in text
        .split(COMMAS)
        .map(str::trim)
        .filter(|group| !group.is_empty())
    {
        if !groups.iter().any(|known| known == group) {
            groups.push(group.to_owned());
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_what_stands_between_commas() {
        assert_eq!(
            split(" Verona, friends ,, Verona，家人、", &[]),
            ["Verona", "friends", "家人"]
        );
        assert!(split(" , ", &[]).is_empty());
    }

    #[test]
    fn a_group_with_a_comma_stays_whole_unless_it_is_taken_away() {
        let before = ["Family, friends".to_owned(), "Verona".to_owned()];
        assert_eq!(
            split("Family, friends, Verona, Mantua", &before),
            ["Family, friends", "Verona", "Mantua"]
        );
        assert_eq!(split("Verona", &before), ["Verona"]);
    }
}
