//! `cargo xtask demo`: a server full of people, and the site, in one command.

mod bot;
mod client;
mod people;
mod seed;
mod talk;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{Context, Error, Result, write};
use crate::net::free_port;
use crate::prosody::{self, Prosody};
use crate::serve::{self, Site};
use crate::site::{self, Optimise};
use crate::tool::{say, timed};
use crate::{install, paths};
use people::{BOT, DOMAIN, PASSWORD, PEOPLE};

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The site's port.
    pub port: Option<u16>,
    /// The WebSocket address of an existing server, instead of a Prosody of ours.
    pub server: Option<String>,
    /// Whether to open a browser.
    pub open: bool,
    /// Whether to forget what happened in earlier demos.
    pub reset: bool,
}

/// The port that the site takes when it is free.
const PORT: u16 = 8720;

/// Runs the demo until it is asked to end.
///
/// # Errors
/// When something is missing, does not build, or does not start.
pub fn run(options: &Options) -> Result<()> {
    if let Some(server) = &options.server
        && !["wss://", "ws://localhost", "ws://127.0.0.1", "ws://[::1]"]
            .iter()
            .any(|start| server.starts_with(start))
    {
        return Err(Error::Usage(
            "--server takes a WebSocket address: wss://… (or ws:// on this machine)".into(),
        ));
    }
    if options.server.is_none() {
        install::debian(&install::PROSODY)?;
    }
    site::build(Optimise::Size, false)?;
    let port = match options.port {
        Some(port) => port,
        None if std::net::TcpListener::bind(("127.0.0.1", PORT)).is_ok() => PORT,
        None => free_port()?,
    };
    let prosody = match options.server {
        Some(_) => None,
        None => Some(timed("Prosody is up", || populated(port, options.reset))?),
    };
    let site = Site::start(
        &paths::dist(),
        serve::Options {
            port: Some(port),
            upstream: prosody.as_ref().map(|server| server.http_port),
            config: Some(config(options.server.as_deref(), port)),
            ..serve::Options::default()
        },
    )?;
    introduce(&site, prosody.as_ref(), options.server.as_deref());
    if options.open {
        open(&site.url);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context(|| "start the main loop".into())?;
    runtime.block_on(async {
        if let Some(server) = &prosody {
            for person in PEOPLE {
                if let Some(online) = &person.online {
                    tokio::spawn(client::keep_online(person, online, server.http_port));
                }
            }
        }
        end().await
    })
}

/// A Prosody with everybody in it. The past is written once, and kept from then on.
fn populated(site_port: u16, reset: bool) -> Result<Prosody> {
    let dir = paths::work().join("demo");
    if reset && dir.exists() {
        std::fs::remove_dir_all(&dir).context(|| format!("remove {}", dir.display()))?;
    }
    let server = Prosody::start(prosody::Options {
        domain: DOMAIN.into(),
        dir: Some(dir.clone()),
        public_url: Some(format!("http://localhost:{site_port}")),
        ..prosody::Options::default()
    })?;
    let stamp = dir.join("seeded");
    if !stamp.exists() {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        seed::everything(&server, now.as_secs())?;
        write(&stamp, now.as_secs().to_string())?;
    }
    Ok(server)
}

/// The site's `config.json`.
fn config(server: Option<&str>, port: u16) -> String {
    match server {
        Some(address) => format!(
            "{{\n  \"websocket\": \"{}\"\n}}\n",
            address.replace(['"', '\\'], "")
        ),
        None => format!(
            "{{\n  \"domain\": \"{DOMAIN}\",\n  \"websocket\": \"ws://localhost:{port}/xmpp-websocket\",\n  \"registration\": true\n}}\n"
        ),
    }
}

fn introduce(site: &Site, prosody: Option<&Prosody>, server: Option<&str>) {
    println!("\n  Waxwing is at  {}\n", site.url);
    if let Some(server) = server {
        println!("  It talks to {server}: log in with an account of yours.");
    }
    if let Some(prosody) = prosody {
        println!("  Log in as      romeo@{DOMAIN}      (or juliet, mallory, mercutio …)");
        println!("  password       {PASSWORD}");
        println!(
            "\n  {BOT}@{DOMAIN} answers: write it “help”. Mallory wants to be a contact of Romeo's."
        );
        println!(
            "  For another client: localhost, port {} (self-signed certificate).",
            prosody.c2s_port
        );
        println!("  Server's folder: {}", shown(prosody.dir()));
    }
    println!("\n  Ctrl-C ends it all.");
}

/// A path as seen from the project.
fn shown(path: &Path) -> String {
    path.strip_prefix(paths::root())
        .unwrap_or(path)
        .display()
        .to_string()
}

fn open(url: &str) {
    let started = Command::new("xdg-open")
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if started.is_err() {
        say("There is no xdg-open here: open the address yourself.");
    }
}

/// Waits for Ctrl-C, a polite kill, or the terminal's end.
///
/// # Errors
/// When the system's signals cannot be had.
pub fn wait_for_the_end() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context(|| "start the main loop".into())?;
    runtime.block_on(end())
}

/// The moment when the process is asked to end.
async fn end() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let what = || "listen to signals".to_owned();
    let mut interrupt = signal(SignalKind::interrupt()).context(what)?;
    let mut terminate = signal(SignalKind::terminate()).context(what)?;
    let mut hangup = signal(SignalKind::hangup()).context(what)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}
