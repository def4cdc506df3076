//! The state of an account's connection, as people are told it.

use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::time::Timestamp;

/// The state of an account's connection.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Connection {
    /// Not connected, and not trying: at the start, or because the user must act first.
    #[default]
    Idle,
    /// Looking the server up, opening the socket, proving who we are, loading the roster.
    Connecting(Step),
    /// Everything works.
    Online,
    /// Not connected; trying again by itself at that time.
    Waiting {
        /// What happened.
        problem: Problem,
        /// When the next attempt begins.
        retry: Timestamp,
    },
    /// Not connected; waits for the user.
    Failed(Problem),
}

/// The step that a connection attempt is at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Step {
    /// XEP-0156.
    Discovering,
    /// WebSocket and stream.
    Opening,
    /// SASL.
    Authenticating,
    /// Resource binding and what follows.
    Starting,
}
