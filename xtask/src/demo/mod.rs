//! `cargo xtask demo`: a server full of people, and the site, in one command.

mod bot;
pub(crate) mod client;
pub(crate) mod people;
mod seed;
pub(crate) mod talk;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{Context, Error, Result, write};
use crate::net::free_port;
use crate::prosody::{self, Prosody};
use crate::serve::{self, Site};
use crate::site;
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
    site::build(false)?;
    let port = match options.port {
        Some(port) => port,
        None if std::net::TcpListener::bind(("127.0.0.1", PORT)).is_ok() => PORT,
        None => free_port()?,
    };
    let prosody = match options.server {
        Some(_) => None,
        None => {
            let dir = paths::work().join("demo");
            if options.reset && dir.exists() {
                std::fs::remove_dir_all(&dir).context(|| format!("remove {}", dir.display()))?;
            }
            Some(timed("Prosody is up", || populated(&dir, port))?)
        }
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
fn populated(dir: &Path, site_port: u16) -> Result<Prosody> {
    let server = Prosody::start(prosody::Options {
        domain: DOMAIN.into(),
        dir: Some(dir.to_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths;
    use client::Client;

    #[tokio::test]
    async fn a_person_finds_contacts_requests_history_and_the_bot() {
        let dir = paths::fresh("demo-test");
        let server = populated(&dir, 1).unwrap();
        let port = server.http_port;
        for person in PEOPLE
            .iter()
            .filter(|person| ["juliet", BOT].contains(&person.user))
        {
            tokio::spawn(client::keep_online(
                person,
                person.online.as_ref().unwrap(),
                port,
            ));
        }
        let mut romeo = Client::log_in("romeo", "test", port).await.unwrap();

        romeo.send("<iq xmlns='jabber:client' type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>").await.unwrap();
        let roster = romeo.next().await.unwrap();
        let item = |user: &str| {
            let jid = format!("{user}@{DOMAIN}");
            let query = roster.get_child("query", "jabber:iq:roster").unwrap();
            query
                .children()
                .find(|item| item.attr("jid") == Some(jid.as_str()))
                .cloned()
        };
        assert_eq!(item("juliet").unwrap().attr("subscription"), Some("both"));
        assert_eq!(item("meihua").unwrap().attr("name"), Some("林美华"));
        assert_eq!(item("paris").unwrap().attr("ask"), Some("subscribe"));
        assert!(item("mallory").is_none());

        romeo.send(&client::presence("", "")).await.unwrap();
        let (mut asked, mut juliet, mut bot) = (false, false, false);
        while !(asked && juliet && bot) {
            let stanza = romeo.next().await.unwrap();
            let from = stanza.attr("from").unwrap_or_default();
            asked |= from.starts_with("mallory@") && stanza.attr("type") == Some("subscribe");
            juliet |= from == "juliet@localhost/balcony" && String::from(&stanza).contains("lark");
            bot |= from == "bot@localhost/bot";
        }

        romeo
            .send(
                "<iq xmlns='jabber:client' type='set' id='m'><query xmlns='urn:xmpp:mam:2'>\
                 <x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>\
                 <field var='with'><value>juliet@localhost</value></field></x>\
                 <set xmlns='http://jabber.org/protocol/rsm'><max>50</max><before/></set></query></iq>",
            )
            .await
            .unwrap();
        let (mut count, mut last) = (0, String::new());
        loop {
            let stanza = romeo.next().await.unwrap();
            if stanza.name() == "iq" && stanza.attr("id") == Some("m") {
                break;
            }
            let text = String::from(&stanza);
            if text.contains("urn:xmpp:forward:0") {
                (count, last) = (count + 1, text);
            }
        }
        assert_eq!(count, 50);
        assert!(last.contains("With spoon"), "{last}");

        romeo
            .send("<message xmlns='jabber:client' type='chat' to='bot@localhost'><body>flood 3</body></message>")
            .await
            .unwrap();
        while !String::from(&romeo.next().await.unwrap()).contains("3 of 3") {}
        drop(server);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
