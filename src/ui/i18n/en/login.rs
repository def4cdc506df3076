//! English: logging in.

use crate::ui::i18n::Fill;
use crate::ui::i18n::login::Login;

pub const LOGIN: Login = Login {
    tagline: "Chat over XMPP",
    log_in: "Log in",
    logging_in: "Logging in…",
    address: "XMPP address",
    address_example: "name@example.org",
    password: "Password",
    show_password: "Show password",
    stay: "Stay logged in",
    stay_hint: "Only on a device of your own. The password itself is never kept.",
    create_account: "Create account",
    guest: "Join as a guest",
    connection_settings: "Connection settings",
    websocket: "WebSocket address",
    websocket_hint: "Found by itself if left empty.",
    optional: "(optional)",
    help: "Help",
    privacy: "Privacy",
    password_reset: "Forgot your password?",
    weaker_means: "If the server was changed on purpose, you can go on. Otherwise somebody may learn your password by that.",
    all_the_same: "Log in all the same",
    interrupted: "Waxwing was started anew, and the password is kept nowhere. Log in to go on where you were.",
    password_missing: "Enter your password.",
    foreign_host: Fill(
        "A link put this address here, and {} is not your server: your password would go there. Remove the address, or type it yourself if you trust it.",
    ),
    password_again: Fill("Enter the password of {} again"),
};
