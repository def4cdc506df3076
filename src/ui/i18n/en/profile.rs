//! English: the details of a contact.

use crate::ui::i18n::Fill;
use crate::ui::i18n::profile::Profile;

pub const PROFILE: Profile = Profile {
    details: "Contact details",
    edit: "Edit contact",
    groups: "Groups",
    groups_hint: "Separate several groups by commas.",
    devices: "Devices",
    presence: "Who sees whom",
    both: "You see each other's presence.",
    to: "You see their presence; they do not see yours.",
    from: "They see your presence; you do not see theirs.",
    none: "You do not see each other's presence.",
    asked: "You asked to see their presence. They have not answered yet.",
    no_contact: "Not among your contacts.",
    add: "Add to my contacts",
    ask: "Ask to see their presence",
    hide: "Hide my presence",
    remove: "Remove contact",
    remove_title: Fill("Remove {}?"),
    remove_means: "You no longer see each other's presence. Your messages stay.",
};
