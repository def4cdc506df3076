//! Simplified Chinese.

mod common;
mod composer;
mod contacts;
mod conversations;
mod diagnostics;
mod login;
mod notify;
mod problems;
mod profile;
mod register;
mod settings;
mod shell;
mod timeline;

use super::{Locale, Texts};

/// All texts.
pub static TEXTS: Texts = Texts {
    locale: Locale::ZhCn,
    common: common::COMMON,
    problems: problems::PROBLEMS,
    shell: shell::SHELL,
    login: login::LOGIN,
    register: register::REGISTER,
    conversations: conversations::CONVERSATIONS,
    contacts: contacts::CONTACTS,
    profile: profile::PROFILE,
    timeline: timeline::TIMELINE,
    composer: composer::COMPOSER,
    settings: settings::SETTINGS,
    diagnostics: diagnostics::DIAGNOSTICS,
    notify: notify::NOTIFY,
};
