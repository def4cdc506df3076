//! English: diagnostics: connection, log, XML console.

use crate::ui::i18n::diagnostics::Diagnostics;

pub const DIAGNOSTICS: Diagnostics = Diagnostics {
    diagnostics: "Diagnostics",
    connection: "Connection",
    log: "Log",
    console: "XML console",
    clear: "Clear",
    export: "Export",
    build: "Build",
    account: "Account",
    state: "State",
    websocket: "WebSocket",
    mechanism: "Authentication",
    session: "Session",
    features: "The server can do",
    idle: "Not connected",
    discovering: "Looking for the server",
    opening: "Opening the connection",
    authenticating: "Logging in",
    starting: "Starting the session",
};
