//! An ejabberd of our own on loopback, without Erlang's distribution: no node name, no epmd, nothing shared.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::error::{Context, Error, Result, create_dir, write};
use crate::net;
use crate::server::{self, Server, Software};

/// How an ejabberd is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// The domain of the accounts. Rooms live at `conference.` and uploads at `upload.` below it.
    pub domain: String,
    /// A folder that outlives the server, or none for a temporary one.
    pub dir: Option<PathBuf>,
    /// How long a lost stream can be resumed.
    pub hibernation: Duration,
    /// Whether passwords are kept as SCRAM-SHA-256 keys, and not in plain text (all SCRAM mechanisms on offer).
    pub scram_only: bool,
    /// Whether what it has confirmed outlives a `kill -9`: all in SQLite. Its own database loses the last two seconds.
    pub durable: bool,
    /// Whole top-level lines of YAML.
    pub extra: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            domain: "localhost".into(),
            dir: None,
            hibernation: Duration::from_secs(600),
            scram_only: false,
            durable: false,
            extra: String::new(),
        }
    }
}

/// A running ejabberd. Dropping it ends it.
pub type Ejabberd = Server<Erlang>;

/// What makes a [`Server`] an ejabberd.
#[derive(Debug)]
pub struct Erlang;

impl Software for Erlang {
    const NAME: &'static str = "ejabberd";
    // The listeners open last, the administration with them.
    const READY: &'static str = "/api/status";

    fn prepare(server: &Ejabberd) -> Result<Command> {
        let missing = || missing("ejabberd", "ejabberd");
        let libraries = libraries().ok_or_else(missing)?;
        let erl = server::find("erl").ok_or_else(missing)?;
        let spool = server.dir().join("spool").display().to_string();
        let mut command = Command::new(erl);
        command
            .args(["-noinput", "+sbwt", "none", "-mnesia", "dir"])
            .arg(format!("{spool:?}"))
            .args(["-ejabberd", "quiet", "true", "-s", "ejabberd"])
            .env("ERL_LIBS", libraries)
            .env("HOME", server.dir())
            .env("EJABBERD_CONFIG_PATH", server.config())
            .env("EJABBERD_LOG_PATH", server.log_file())
            .env("ERL_CRASH_DUMP_BYTES", "0");
        Ok(command)
    }
}

impl Ejabberd {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// When ejabberd is not installed or does not start.
    pub fn start(options: Options) -> Result<Self> {
        let mut server = Self::new(&options.domain, options.dir.clone(), [None, None])?;
        server::certificate(server.dir(), std::slice::from_ref(&options.domain))?;
        let both = ["cert.pem", "key.pem"].map(|name| crate::error::read(&server.dir().join(name)));
        let both: Result<Vec<String>> = both.into_iter().collect();
        write(&server.dir().join("both.pem"), both?.concat())?;
        create_dir(&server.dir().join("spool"))?;
        write(&server.config(), render(&options, &server))?;
        if options.durable {
            tables(&server.tables())?;
        }
        server.run()?;
        Ok(server)
    }

    /// The WebSocket address.
    #[must_use]
    pub fn ws_url(&self) -> String {
        format!("ws://localhost:{}/ws", self.http_port)
    }

    /// Creates an account.
    ///
    /// # Errors
    /// When the server refuses, e.g. because it exists.
    pub fn register(&self, user: &str, password: &str) -> Result<()> {
        let body = format!(
            r#"{{"user":{},"host":{},"password":{}}}"#,
            json(user),
            json(&self.domain),
            json(password)
        );
        self.shell("register", &body).map(drop)
    }

    /// Runs a command of ejabberd's administration, with its arguments as JSON, and returns the answer as JSON.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn shell(&self, command: &str, json: &str) -> Result<String> {
        let headers = ["Content-Type: application/json"];
        let answer = net::request(
            self.http_port,
            "POST",
            &format!("/api/{command}"),
            &headers,
            json.as_bytes(),
        )?;
        if answer.status == 200 {
            return Ok(answer.text());
        }
        Err(Error::Refused {
            what: format!("ejabberd's {command}"),
            answer: answer.text(),
        })
    }

    /// Lets the messages of an account's archive have come at these times, in seconds since 1970, in their order: the only way to
    /// an archive of many days. For one that is `durable`; it is restarted.
    ///
    /// # Errors
    /// When it has not as many messages, or does not start again.
    pub fn date_archive(&mut self, user: &str, times: &[i64]) -> Result<()> {
        self.stop();
        // Of several in one second the times, which are the ids, still differ.
        let values = times.iter().enumerate();
        let values: Vec<String> = values
            .map(|(at, time)| format!("({at}, {time} * 1000000 + {at})"))
            .collect();
        let own = format!("username = '{}'", user.replace('\'', "''"));
        // A row of less or more fails: a time must be there, and must be one.
        let script = format!(
            "CREATE TEMP TABLE times (number INTEGER PRIMARY KEY, at INTEGER);\n\
             INSERT INTO times VALUES {};\n\
             CREATE TEMP TABLE whole (is_it INTEGER CHECK (is_it));\n\
             INSERT INTO whole SELECT (SELECT COUNT(*) FROM archive WHERE {own}) = (SELECT COUNT(*) FROM times);\n\
             CREATE TEMP TABLE numbered AS SELECT id, ROW_NUMBER() OVER (ORDER BY id) - 1 AS number FROM archive WHERE {own};\n\
             CREATE INDEX temp.by_id ON numbered (id);\n\
             UPDATE archive SET timestamp = (SELECT at FROM times JOIN numbered USING (number) WHERE numbered.id = archive.id) \
             WHERE {own};\n",
            values.join(", ")
        );
        let file = self.dir().join("times.sql");
        write(&file, script)?;
        let script = File::open(&file).context(|| "open times.sql".into())?;
        sqlite(&self.tables(), script)?;
        self.restart()
    }

    /// Whether ejabberd is on this machine.
    #[must_use]
    pub fn is_installed() -> bool {
        libraries().is_some() && server::find("erl").is_some()
    }

    fn config(&self) -> PathBuf {
        self.dir().join("ejabberd.yml")
    }

    fn tables(&self) -> PathBuf {
        self.dir().join("ejabberd.db")
    }
}

/// Makes the tables that ejabberd expects in SQLite.
fn tables(database: &Path) -> Result<()> {
    if database.exists() {
        return Ok(());
    }
    let schema = Path::new("/usr/share/ejabberd/sql/lite.sql");
    let schema = File::open(schema).map_err(|_| missing("ejabberd's schema", "ejabberd"))?;
    sqlite(database, schema)
}

/// Runs a script on a database, up to the first error.
fn sqlite(database: &Path, script: File) -> Result<()> {
    let sqlite = server::find("sqlite3").ok_or_else(|| missing("sqlite3", "sqlite3"))?;
    let mut command = Command::new(sqlite);
    command
        .arg("-bail")
        .arg(database)
        .stdin(Stdio::from(script));
    let output = command.output().context(|| "start sqlite3".into())?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Command {
        command: "sqlite3".into(),
        status: output.status.to_string(),
        tail: format!("\n{}", String::from_utf8_lossy(&output.stderr)),
    })
}

fn missing(what: &str, package: &str) -> Error {
    Error::Missing {
        what: what.into(),
        remedy: format!("Install it: apt-get install {package}"),
    }
}

/// The folder of Erlang libraries that holds ejabberd (Debian's, by architecture).
fn libraries() -> Option<PathBuf> {
    let dirs = std::fs::read_dir("/usr/lib").ok()?;
    dirs.flatten().map(|entry| entry.path()).find(|dir| {
        let inside = std::fs::read_dir(dir).into_iter().flatten().flatten();
        inside.into_iter().any(|entry| {
            entry.file_name().to_string_lossy().starts_with("ejabberd-")
                && entry.path().join("ebin").is_dir()
        })
    })
}

fn json(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c < ' ' => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn render(options: &Options, server: &Ejabberd) -> String {
    format!(
        r#"# Written by `cargo xtask`: changes are lost.
hosts: [ {domain} ]
loglevel: info
certfiles: [ {cert} ]
auth_method: {method}
auth_password_format: {format}
auth_scram_hash: sha256
listen:
  - {{ port: {c2s}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: true, max_stanza_size: 262144, access: all }}
  - port: {http}
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers:
      /ws: ejabberd_http_ws
      /api: mod_http_api
      /upload: mod_http_upload
      /.well-known/host-meta: mod_host_meta
      /.well-known/host-meta.json: mod_host_meta
acl:
  local: {{ user_regexp: "" }}
  loopback: {{ ip: [ 127.0.0.0/8, "::1/128" ] }}
api_permissions:
  "from this machine": {{ from: [ mod_http_api ], who: {{ ip: "127.0.0.0/8" }}, what: "*" }}
access_rules:
  local: {{ allow: local }}
  register: {{ allow: all }}
registration_timeout: infinity
modules:
  mod_adhoc: {{ }}
  mod_admin_extra: {{ }}
  mod_announce: {{ }}
  mod_avatar: {{ }}
  mod_blocking: {{ }}
  mod_bosh: {{ }}
  mod_caps: {{ }}
  mod_carboncopy: {{ }}
  mod_client_state: {{ }}
  mod_disco: {{ }}
  mod_host_meta: {{ websocket_url: "ws://localhost:{http}/ws" }}
  mod_http_api: {{ }}
  mod_http_upload:
    put_url: http://localhost:{http}/upload
    docroot: {upload}
    custom_headers:
      Access-Control-Allow-Origin: "*"
      Access-Control-Allow-Methods: GET,HEAD,PUT,OPTIONS
      Access-Control-Allow-Headers: Content-Type
  mod_last: {{ }}
  mod_mam: {{ default: always, assume_mam_usage: true }}
  mod_muc:
    default_room_options: {{ mam: true, persistent: true }}
  mod_muc_admin: {{ }}
  mod_offline: {{ }}
  mod_ping: {{ }}
  mod_privacy: {{ }}
  mod_private: {{ }}
  mod_pubsub:
    plugins: [ flat, pep ]
    force_node_config:
      storage:bookmarks: {{ access_model: whitelist }}
  mod_push: {{ }}
  mod_register: {{ ip_access: all }}
  mod_roster: {{ versioning: true }}
  mod_stream_mgmt: {{ resume_timeout: {hibernation} }}
  mod_time: {{ }}
  mod_vcard: {{ }}
  mod_vcard_xupdate: {{ }}
  mod_version: {{ }}
{durable}
{extra}
"#,
        method = if options.durable { "sql" } else { "internal" },
        durable = if options.durable {
            let database = json(&server.tables().display().to_string());
            format!("default_db: sql\nsql_type: sqlite\nsql_database: {database}")
        } else {
            String::new()
        },
        domain = json(&options.domain),
        cert = json(&server.dir().join("both.pem").display().to_string()),
        format = if options.scram_only { "scram" } else { "plain" },
        c2s = server.c2s_port,
        http = server.http_port,
        upload = json(&server.dir().join("upload").display().to_string()),
        hibernation = options.hibernation.as_secs(),
        extra = options.extra,
    )
}
