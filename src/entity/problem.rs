//! What went wrong, in terms that the view can translate and the user can act on.

use serde::{Deserialize, Serialize};

/// What went wrong. Texts from servers are hostile: shown as quoted plain text, never as ours.
///
/// It is stored by its place in this list (with a message that was refused): a new one comes last, whatever it belongs to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Problem {
    // --- the address and the way to the server
    /// The text is no XMPP address.
    InvalidAddress,
    /// The WebSocket address is no `wss:` address (nor `ws:` to this very machine).
    InsecureWebSocket,
    /// The WebSocket address is not a URL.
    InvalidWebSocket,
    /// This page's configuration allows only one server.
    ServerNotAllowed(String),
    /// No server answers at the domain: unknown name, no network, or a refused certificate; a browser does not tell which.
    ServerNotFound {
        /// Whom we looked for.
        domain: String,
    },
    /// A server answered, but not as a WebSocket of XMPP.
    NotXmpp {
        /// The address tried.
        url: String,
    },
    /// The connection ended.
    ConnectionLost,
    /// The browser says that there is no network.
    NoNetwork,
    /// The server does not answer in time.
    Timeout,

    // --- log-in
    /// Wrong address or password; servers do not tell which.
    WrongPassword,
    /// The account is disabled.
    AccountDisabled,
    /// The password must be changed first.
    CredentialsExpired,
    /// The kept keys no longer fit: the password must be typed again.
    PasswordNeeded,
    /// Only an engine that died knew the password, because nobody stays logged in.
    PasswordLost,
    /// No way of logging in that both sides know (what the server offers).
    NoCommonMechanism(Vec<String>),
    /// The server offers only weaker ways than before. Who logs in anew can confirm that it is to be so.
    Downgrade,
    /// The server could not prove that it knows the password.
    ServerNotAuthentic,
    /// The server refuses to authenticate without encryption.
    EncryptionRequired,
    /// The server cannot log anybody in right now.
    TemporaryAuthFailure,
    /// The password has characters that are not allowed.
    PasswordNotAllowed,
    /// Log-in failed for another reason.
    AuthFailed {
        /// The defined condition.
        condition: String,
        /// The server's words.
        text: Option<String>,
    },
    /// The same account is already logged in here.
    AlreadyLoggedIn,

    // --- the session
    /// The server ended the session because it is being shut down.
    SystemShutdown,
    /// Another client took our place, or an administrator ended the session.
    Conflict,
    /// The server says that we break its rules (its words).
    PolicyViolation(Option<String>),
    /// The server is full, or does not have the means to go on.
    ServerFull,
    /// The server does not host that domain.
    HostUnknown(String),
    /// The server sends us elsewhere, where we may not go.
    UnsafeRedirect(String),
    /// The server and we do not understand each other.
    StreamError {
        /// The defined condition (RFC 6120 §4.9.3).
        condition: String,
        /// The server's words.
        text: Option<String>,
    },

    // --- answers
    /// We are not connected; this needs a connection.
    Offline,
    /// Refused by the other side.
    Refused {
        /// The defined condition (RFC 6120 §8.3.3).
        condition: String,
        /// The words of who refused.
        text: Option<String>,
    },
    /// The contact's server cannot be reached.
    RemoteServerUnreachable,
    /// There is no such account.
    NoSuchContact,
    /// The message is longer than the server allows.
    TooLong,
    /// The server cannot do that.
    Unsupported,

    // --- registration
    /// The server does not let people make accounts here.
    RegistrationClosed,
    /// The name is taken.
    NameTaken,
    /// Too many accounts were made from here lately.
    TooFast,
    /// The form's answers were not accepted (the server's words).
    NotAcceptable(Option<String>),

    // --- this device
    /// Storage is not available: history lives only as long as the engine.
    NoStorage,
    /// Storage is full.
    StorageFull,
    /// What is kept on this device could not be removed.
    NotRemoved,
    /// Our own mistake.
    Internal,

    // --- later ones
    /// What the server says that it offered is not what arrived here.
    OfferTampered,
    /// Somebody has logged out, and what this device may keep of them cannot be removed before it can be read.
    LeftBehind,
    /// The archive holds much that is not to be shown, or goes round in circles.
    Fruitless,
}

impl Problem {
    /// Whether a message that failed for it may have arrived all the same: nobody refused the message itself.
    #[must_use]
    pub fn leaves_doubt(&self) -> bool {
        matches!(
            self,
            Self::ConnectionLost
                | Self::Timeout
                | Self::PolicyViolation(_)
                | Self::ServerFull
                | Self::StreamError { .. }
        )
    }
}
