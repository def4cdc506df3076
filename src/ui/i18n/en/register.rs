//! English: making an account.

use crate::ui::i18n::Fill;
use crate::ui::i18n::register::Register;

pub const REGISTER: Register = Register {
    server: "Server",
    server_hint: "Your address will be yourname@server.",
    next: "Next",
    made: Fill("The account {} is made."),
    have_account: "I have an account",
    username: "User name",
    email: "E-mail address",
    full_name: "Full name",
    elsewhere: "This server makes accounts on a page of its own.",
    open_page: "Open that page",
    strength: "Strength of the password",
    very_weak: "Very weak",
    weak: "Weak",
    fair: "Fair",
    good: "Good",
    strong: "Strong",
};
