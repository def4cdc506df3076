//! Texts: diagnostics: connection, log, XML console.

/// Texts: diagnostics: connection, log, XML console.
#[allow(missing_docs)]
pub struct Diagnostics {
    pub diagnostics: &'static str,
    pub connection: &'static str,
    pub log: &'static str,
    pub console: &'static str,
    pub clear: &'static str,
    pub export: &'static str,
    pub build: &'static str,
    pub account: &'static str,
    pub state: &'static str,
    pub websocket: &'static str,
    pub mechanism: &'static str,
    pub session: &'static str,
    pub features: &'static str,
    pub idle: &'static str,
    pub discovering: &'static str,
    pub opening: &'static str,
    pub authenticating: &'static str,
    pub starting: &'static str,
}
