//! English: what went wrong, and what to do about it.

use crate::ui::i18n::Fill;
use crate::ui::i18n::problems::{Advice, Problems};

const fn a(what: &'static str, next: &'static str) -> Advice {
    Advice { what, next }
}

pub const PROBLEMS: Problems = Problems {
    server_says: "The server says:",
    condition: Fill("Condition: {}"),

    invalid_address: a(
        "This is not an XMPP address.",
        "An address looks like name@example.org.",
    ),
    insecure_websocket: a(
        "This connection would not be encrypted.",
        "Use an address that begins with wss://.",
    ),
    invalid_websocket: a(
        "This is not a WebSocket address.",
        "It looks like wss://example.org/xmpp-websocket.",
    ),
    server_not_allowed: a(
        "Only addresses at {} can be used here.",
        "Check what comes after the @.",
    ),
    server_not_found: a(
        "No XMPP server for {} could be reached.",
        "Check the address and your network. If your server needs one, enter its WebSocket address under “Connection settings”.",
    ),
    not_xmpp: a(
        "There is a server at {}, but it does not speak XMPP over WebSocket.",
        "Check the WebSocket address, or ask whoever runs the server.",
    ),
    connection_lost: a("The connection was lost.", "It is tried again by itself."),
    no_network: a("There is no network.", "Check Wi-Fi or cable."),
    timeout: a("The server does not answer.", "Try again in a while."),

    wrong_password: a(
        "The address or the password is wrong.",
        "Check both, also capital letters.",
    ),
    account_disabled: a(
        "This account has been disabled.",
        "Ask whoever runs your server.",
    ),
    credentials_expired: a(
        "This password has expired.",
        "Choose a new one on your server’s website.",
    ),
    password_needed: a(
        "Your password is needed again.",
        "It was changed, or the server changed how it checks it.",
    ),
    password_lost: a(
        "Your password is needed again.",
        "Waxwing was started anew, and the password is kept nowhere. All else is still here.",
    ),
    no_common_mechanism: a(
        "There is no way of logging in that both this app and the server know.",
        "Ask whoever runs the server to enable SCRAM. It offers: {}",
    ),
    downgrade: a(
        "The server suddenly offers only weaker ways of logging in; somebody may be listening in. Your password was not sent.",
        "Try from another network, or ask whoever runs the server.",
    ),
    offer_tampered: a(
        "Somebody between you and the server changed what it said. Your password was not sent.",
        "Do not go on from this network; ask whoever runs the server.",
    ),
    server_not_authentic: a(
        "The server could not prove that it is yours.",
        "Do not go on from this network; ask whoever runs the server.",
    ),
    encryption_required: a(
        "The server wants an encrypted connection.",
        "Use an address that begins with wss://.",
    ),
    temporary_auth_failure: a(
        "The server cannot log anybody in right now.",
        "Try again in a while.",
    ),
    password_not_allowed: a(
        "The password has characters that are not allowed.",
        "Check it for line breaks or other invisible characters.",
    ),
    auth_failed: a(
        "Logging in failed.",
        "Try again, or ask whoever runs the server.",
    ),
    already_logged_in: a("This account is already logged in here.", ""),

    system_shutdown: a(
        "The server is shutting down.",
        "It is tried again by itself.",
    ),
    conflict: a(
        "The session was ended: another app took its place.",
        "Connect again if you want to go on here.",
    ),
    policy_violation: a(
        "The server ended the session because of its rules.",
        "Wait a while before you connect again.",
    ),
    server_full: a("The server is busy.", "Try again in a while."),
    host_unknown: a(
        "The server does not know the domain {}.",
        "Check what comes after the @.",
    ),
    unsafe_redirect: a(
        "The server wants to send you to {}, which is not safe.",
        "Ask whoever runs the server.",
    ),
    stream_error: a(
        "The server and this app did not understand each other.",
        "Try again, or ask whoever runs the server.",
    ),

    offline: a("You are offline.", "Try again once you are connected."),
    refused: a(
        "This was refused.",
        "Try again, or ask whoever runs the server.",
    ),
    remote_server_unreachable: a(
        "Your contact’s server cannot be reached.",
        "Try again in a while.",
    ),
    no_such_contact: a("There is nobody at this address.", "Check the address."),
    too_long: a(
        "The message is too long for the server.",
        "Send it in parts.",
    ),
    unsupported: a("The server cannot do that.", ""),

    registration_closed: a(
        "New accounts cannot be made here.",
        "Look for another way on the server’s website.",
    ),
    name_taken: a("Somebody already has this name.", "Choose another one."),
    too_fast: a(
        "Too many accounts were made from your network.",
        "Try again later.",
    ),
    not_acceptable: a(
        "The server did not accept what you entered.",
        "Check every field.",
    ),

    no_storage: a(
        "This browser does not let the app keep anything now.",
        "What is new will be gone when you close it, unless storing works again before. A private window may be the reason.",
    ),
    storage_full: a(
        "There is no space left on this device.",
        "Free some: then what is new is kept; until then it is gone when you close the app.",
    ),
    not_removed: a(
        "What this browser keeps of the account could not be removed.",
        "Try again; if it stays, remove this site’s data in the browser’s settings.",
    ),
    left_behind: a(
        "You logged out, but what this browser may keep of the account cannot be removed yet.",
        "Keep the app open: it is removed as soon as storing works. If it stays, remove this site’s data in the browser’s settings.",
    ),
    fruitless: a(
        "The server has sent much, but nothing yet that can be shown.",
        "Try again to look further, or choose another date.",
    ),
    internal: a(
        "Something went wrong in the app.",
        "Try again; if it stays, reload the page.",
    ),
};
