//! The words of the view, in every language, and how numbers and dates are written.
//!
//! One file per area and language: `AREA.rs` names the texts, `en/AREA.rs` and `zh_cn/AREA.rs` say them. The texts are
//! fields of plain structs: one that is missing in a language does not compile.
//!
//! A change of language builds the view anew, so a component reads its texts once: `let text = use_text();` and
//! then `{text.login.log_in}`, `text.shell.retry_in.with(&seconds)`, `text.shell.unread.of(n)`.

pub mod common;
pub mod composer;
pub mod contacts;
pub mod conversations;
pub mod diagnostics;
pub mod login;
pub mod notify;
pub mod problems;
pub mod profile;
pub mod register;
pub mod settings;
pub mod shell;
pub mod timeline;

mod en;
pub mod format;
pub mod intl;
pub mod locale;
mod phrase;
pub mod problem;
mod zh_cn;

use leptos::prelude::expect_context;

pub use format::{Format, day_begins, local_date, local_day, now};
pub use locale::Locale;
pub use phrase::{Count, Fill, Fill2};

/// All texts of one language.
pub struct Texts {
    /// Which language.
    pub locale: Locale,
    /// What is said everywhere: buttons, days, states.
    pub common: common::Common,
    /// What went wrong, and what to do about it.
    pub problems: problems::Problems,
    /// The frame: connection, navigation, shortcuts.
    pub shell: shell::Shell,
    /// Logging in.
    pub login: login::Login,
    /// Making an account.
    pub register: register::Register,
    /// The list of conversations.
    pub conversations: conversations::Conversations,
    /// The list of contacts, and requests.
    pub contacts: contacts::Contacts,
    /// The details of a contact.
    pub profile: profile::Profile,
    /// Messages.
    pub timeline: timeline::Timeline,
    /// Writing, and the emoji picker.
    pub composer: composer::Composer,
    /// Settings, and logging out.
    pub settings: settings::Settings,
    /// Diagnostics: connection, log, XML console.
    pub diagnostics: diagnostics::Diagnostics,
    /// Desktop notifications.
    pub notify: notify::Notify,
}

/// The texts of a language.
#[must_use]
pub fn texts(locale: Locale) -> &'static Texts {
    match locale {
        Locale::En => &en::TEXTS,
        Locale::ZhCn => &zh_cn::TEXTS,
    }
}

/// The texts of the language that the page is in.
#[must_use]
pub fn use_text() -> &'static Texts {
    expect_context()
}

/// How the page writes numbers and dates.
#[must_use]
pub fn use_format() -> Format {
    expect_context()
}
