//! A Prosody of our own on loopback: own configuration, data and ports. The system's instance is left alone.

mod config;

pub use config::quote;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::error::{Context, Error, Result, create_dir, write};
use crate::server::{self, Server, Software};

/// How a Prosody is to be. The default suits most tests: everything on, no limits, in-band registration allowed.
#[derive(Clone, Debug)]
pub struct Options {
    /// The domain of the accounts. Rooms live at `rooms.`, uploads at `upload.` and anonymous logins at `guest.` below it.
    pub domain: String,
    /// A folder that outlives the server, or none for a temporary one.
    pub dir: Option<PathBuf>,
    /// The TCP port for clients, or any free one.
    pub c2s_port: Option<u16>,
    /// The HTTP and WebSocket port, or any free one.
    pub http_port: Option<u16>,
    /// Where browsers reach the HTTP paths (uploads), if not at the HTTP port itself: the site's origin, when it proxies.
    pub public_url: Option<String>,
    /// How passwords are kept, which decides the SCRAM mechanisms on offer.
    pub passwords: Passwords,
    /// Whether anybody may register an account in-band.
    pub registration: bool,
    /// How long a lost stream can be resumed.
    pub hibernation: Duration,
    /// Modules that are not loaded.
    pub without: Vec<String>,
    /// Lines of Lua for the global section.
    pub global: String,
    /// Lines of Lua for the accounts' host.
    pub host: String,
    /// A module of our own, by name and text, for the accounts' host.
    pub module: Option<(&'static str, &'static str)>,
}

/// How a server keeps passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passwords {
    /// In plain text: SCRAM-SHA-1, SCRAM-SHA-256 and PLAIN on offer.
    Plain,
    /// As SCRAM-SHA-1 keys: that and PLAIN on offer.
    Sha1,
    /// As SCRAM-SHA-256 keys: that and PLAIN on offer.
    Sha256,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            domain: "localhost".into(),
            dir: None,
            c2s_port: None,
            http_port: None,
            public_url: None,
            passwords: Passwords::Sha256,
            registration: true,
            hibernation: Duration::from_secs(600),
            without: Vec::new(),
            global: String::new(),
            host: String::new(),
            module: None,
        }
    }
}

impl Options {
    /// The same, with logging in by SASL2 and these of its modules: `sasl2`, `sasl2_bind2`, `sasl2_sm` and `sasl2_fast` are all
    /// that Debian has. What the last two miss in Debian's Prosody is in a module of our own, so this is for tests.
    #[must_use]
    pub fn with_sasl2(mut self, modules: &[&str]) -> Self {
        let is_whole = |name: &&str| matches!(*name, "sasl2" | "sasl2_bind2");
        let missing = if modules.iter().all(is_whole) {
            ""
        } else {
            let text = include_str!("modules/mod_sasl2_missing.lua");
            self.module = Some(("sasl2_missing", text));
            "\"sasl2_missing\"; "
        };
        let modules: String = modules.iter().map(|name| quote(name) + "; ").collect();
        self.host += &format!("modules_enabled = {{ {missing}{modules}}}\n");
        self
    }
}

/// A running Prosody. Dropping it ends it.
pub type Prosody = Server<Lua>;

/// What makes a [`Server`] a Prosody.
#[derive(Debug)]
pub struct Lua;

impl Software for Lua {
    const NAME: &'static str = "Prosody";
    const READY: &'static str = "/xmpp-websocket";

    fn prepare(server: &Prosody) -> Result<Command> {
        let program = server::find("prosody").ok_or_else(|| Error::Missing {
            what: "Prosody".into(),
            remedy: "Install it: apt-get install prosody prosody-modules".into(),
        })?;
        // A killed server leaves it behind.
        std::fs::remove_file(server.socket()).ok();
        let mut command = Command::new(program);
        command
            .arg("--config")
            .arg(server.config())
            .arg("-F")
            .env_remove("LISTEN_FDS");
        Ok(command)
    }
}

impl Prosody {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// When Prosody is not installed or does not start.
    pub fn start(options: Options) -> Result<Self> {
        let ports = [options.c2s_port, options.http_port];
        let mut server = Self::new(&options.domain, options.dir.clone(), ports)?;
        create_dir(&server.data())?;
        server::certificate(
            server.dir(),
            &[options.domain.clone(), format!("rooms.{}", options.domain)],
        )?;
        if let Some((name, text)) = options.module {
            write(&server.modules().join(format!("mod_{name}.lua")), text)?;
        }
        write(&server.config(), config::render(&options, &server))?;
        server.run()?;
        Ok(server)
    }

    /// The WebSocket address.
    #[must_use]
    pub fn ws_url(&self) -> String {
        format!("ws://localhost:{}/xmpp-websocket", self.http_port)
    }

    /// Creates an account, or gives it a new password.
    ///
    /// Written into the storage, which Prosody reads at each log-in.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn register(&self, user: &str, password: &str) -> Result<()> {
        // Both of Prosody's internal back ends take a plain password; the hashing one replaces it at the first log-in.
        let record = format!("return {{\n\t[\"password\"] = {};\n}};\n", quote(password));
        write(&self.record("accounts", user, "dat"), record)
    }

    /// The file of a record in Prosody's own storage, e.g. `("roster", "romeo", "dat")`.
    #[must_use]
    pub fn record(&self, store: &str, user: &str, extension: &str) -> PathBuf {
        // In names of stores, and nowhere else, an underscore stands for itself.
        self.data()
            .join(encode(&self.domain))
            .join(encode(store).replace("%5f", "_"))
            .join(format!("{}.{extension}", encode(user)))
    }

    /// Runs a command of the admin shell, e.g. `user:delete("romeo@localhost")`, and returns what it says.
    ///
    /// # Errors
    /// When the server does not run, or says that the command failed.
    pub fn shell(&self, command: &str) -> Result<String> {
        let what = || format!("Prosody's shell: {command}");
        let mut stream = UnixStream::connect(self.socket()).context(what)?;
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .context(what)?;
        let input = command.replace('&', "&amp;").replace('<', "&lt;");
        let text = format!(
            "<stream:stream xmlns='xmpp:prosody.im/admin' xmlns:stream='http://etherx.jabber.org/streams'>\
             <repl-input>{input}</repl-input>"
        );
        stream.write_all(text.as_bytes()).context(what)?;
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        let (result, body) = loop {
            let count = stream.read(&mut buffer).context(what)?;
            bytes.extend(buffer.iter().take(count));
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some(end) = text.find("<repl-result") {
                let result = text.split_at(end).1;
                if result.contains("/>") || result.contains("</repl-result>") {
                    break (result.to_owned(), text);
                }
            }
            if count == 0 {
                break ("type='error'".into(), text);
            }
        };
        let plain = strip_tags(&body);
        let is_error = result
            .split('>')
            .next()
            .is_some_and(|tag| tag.contains("error"));
        if is_error {
            return Err(Error::Refused {
                what: what(),
                answer: plain,
            });
        }
        Ok(plain)
    }

    /// Lets the messages of an account's archive have come at these times, in seconds since 1970, in their order: the only way to
    /// an archive of many days.
    ///
    /// # Errors
    /// When the server does not run, or has not as many messages.
    pub fn date_archive(&self, user: &str, times: &[i64]) -> Result<()> {
        let of = format!("{}, {}, \"archive\"", quote(user), quote(&self.domain));
        let times: Vec<String> = times.iter().map(ToString::to_string).collect();
        // Each query reads the file anew; nothing of it is remembered but how many there are.
        self.shell(&format!(
            "> do local lists = require \"core.storagemanager\".olddm; local times = {{ {} }}; \
             local items = lists.list_load({of}); assert(#items == #times, \"there are \" .. #items); \
             for at, item in ipairs(items) do item.when = times[at]; \
             item.attr.stamp = require \"util.datetime\".datetime(times[at]); end; \
             assert(lists.list_store({of}, items)); end",
            times.join(", ")
        ))
        .map(drop)
    }

    /// Whether Prosody is on this machine.
    #[must_use]
    pub fn is_installed() -> bool {
        server::find("prosody").is_some()
    }

    fn config(&self) -> PathBuf {
        self.dir().join("prosody.cfg.lua")
    }

    fn data(&self) -> PathBuf {
        self.dir().join("data")
    }

    /// Where its own modules are, if it has any.
    fn modules(&self) -> PathBuf {
        self.dir().join("modules")
    }

    /// The admin shell's socket. Its path must fit into 108 bytes, which a deep target folder may not leave.
    fn socket(&self) -> PathBuf {
        let here = self.dir().join("admin.sock");
        if here.as_os_str().len() < 100 {
            return here;
        }
        std::env::temp_dir().join(format!("waxwing-prosody-{}.sock", self.http_port))
    }
}

/// Prosody's own way to make a file name of a key (`util.datamanager`).
#[must_use]
pub fn encode(key: &str) -> String {
    let mut name = String::new();
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02x}"));
        }
    }
    name
}

fn strip_tags(xml: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in xml.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push('\n');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&apos;", "'");
    let text = text.replace("&quot;", "\"").replace("&amp;", "&");
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_the_file_names_that_prosody_uses() {
        assert_eq!(encode("rooms.localhost"), "rooms%2elocalhost");
        assert_eq!(encode("日"), "%e6%97%a5");
    }

    #[test]
    fn the_shell_s_answer_is_plain_text() {
        let xml = "<?xml version='1.0'?><stream:stream><repl-output>a &lt; b</repl-output><repl-result>OK: 1</repl-result>";
        assert_eq!(strip_tags(xml), "a < b\nOK: 1");
    }
}
