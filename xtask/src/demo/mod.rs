//! `cargo xtask demo`: a server full of people, and the site, in one command.

mod address;
mod bot;
pub(crate) mod client;
mod lock;
pub(crate) mod people;
mod seed;
pub(crate) mod talk;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::error::{Context, Error, Result, write};
use crate::net::free_port;
use crate::prosody::{self, Prosody};
use crate::serve::{self, Site};
use crate::site;
use crate::tool::{say, timed};
use crate::{install, paths};
pub use address::Address;
use lock::Lock;
use people::{BOT, DOMAIN, PASSWORD, PEOPLE};

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The site's port.
    pub port: Option<u16>,
    /// The WebSocket address of an existing server, instead of a Prosody of ours.
    pub server: Option<Address>,
    /// Whether to open a browser.
    pub open: bool,
    /// Whether to forget what happened in earlier demos.
    pub reset: bool,
}

/// The port that the site takes when it is free.
const PORT: u16 = 8720;
/// How often the server is looked after.
const LOOK: Duration = Duration::from_secs(1);
/// A server that ends again so soon is not started once more.
const SOON: Duration = Duration::from_secs(10);

/// Runs the demo until it is asked to end.
///
/// # Errors
/// When something is missing, does not build, or does not start.
pub fn run(options: &Options) -> Result<()> {
    let mut lock = match options.server {
        Some(_) => None,
        None => Some(Lock::take(&paths::work().join("demo.lock"))?),
    };
    let port = port(options.port)?;
    if let Some(lock) = &mut lock {
        lock.note(port)?;
        install::debian(&install::PROSODY)?;
    }
    site::build(false)?;
    let mut prosody = match options.server {
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
            config: Some(config(options.server.as_ref(), port)),
            ..serve::Options::default()
        },
    )?;
    introduce(&site, prosody.as_ref(), options.server.as_ref());
    if options.open {
        open(&site.url);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context(|| "start the main loop".into())?;
    let result = runtime.block_on(async {
        let Some(server) = &mut prosody else {
            return end().await;
        };
        for person in PEOPLE {
            if let Some(online) = &person.online {
                tokio::spawn(client::keep_online(person, online, server.http_port));
            }
        }
        tokio::select! {
            ended = end() => ended,
            broken = look_after(server) => broken,
        }
    });
    // The next demo may begin when the server is gone.
    drop(prosody);
    drop(lock);
    result
}

/// The site's port, which must be free: nothing is begun for a demo that nobody can see.
fn port(wanted: Option<u16>) -> Result<u16> {
    let is_free = |port| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
    match wanted {
        Some(port) if is_free(port) => Ok(port),
        Some(port) => Err(Error::Usage(format!(
            "port {port} is taken (or not for you): choose another one with --port"
        ))),
        None if is_free(PORT) => Ok(PORT),
        None => free_port(),
    }
}

/// Starts the server again whenever it ends, until it ends as soon as it was started.
async fn look_after(server: &mut Prosody) -> Result<()> {
    let mut look = tokio::time::interval(LOOK);
    let mut started: Option<Instant> = None;
    loop {
        look.tick().await;
        if server.is_running() {
            continue;
        }
        if started.is_some_and(|at| at.elapsed() < SOON) {
            return Err(Error::Usage(format!(
                "Prosody ended twice; why stands in {}",
                shown(&server.log_file())
            )));
        }
        say("Prosody has ended: starting it again");
        server.restart()?;
        started = Some(Instant::now());
    }
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
fn config(server: Option<&Address>, port: u16) -> String {
    let config = match server {
        Some(address) => serde_json::json!({ "websocket": address.url() }),
        None => serde_json::json!({
            "domain": DOMAIN,
            "websocket": format!("ws://localhost:{port}/xmpp-websocket"),
            "registration": true,
        }),
    };
    format!("{config}\n")
}

fn introduce(site: &Site, prosody: Option<&Prosody>, server: Option<&Address>) {
    println!("\n  Waxwing is at  {}\n", site.url);
    if let Some(server) = server {
        println!(
            "  It talks to {}: log in with an account of yours.",
            server.url()
        );
        if let Some(why) = server.silence() {
            println!("  Nobody answers there now ({why}).");
        }
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

/// Opens a browser. Some openers end at once, others with the browser: a thread waits, so that none is left undead.
fn open(url: &str) {
    let mut opener = Command::new("xdg-open");
    opener.arg(url);
    let url = url.to_owned();
    std::thread::spawn(move || {
        if !succeeds(&mut opener) {
            say(format!("No browser could be opened: open {url} yourself."));
        }
    });
}

/// Runs a program that says nothing here, to its end.
fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
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

    #[test]
    fn a_taken_port_is_found_before_anything_begins() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = listener.local_addr().unwrap().port();
        let told = port(Some(taken)).unwrap_err().to_string();
        assert!(told.contains(&taken.to_string()), "{told}");
        drop(listener);
        assert_eq!(port(Some(taken)).unwrap(), taken);
    }

    #[test]
    fn an_opener_that_fails_or_is_not_there_is_noticed() {
        assert!(succeeds(&mut Command::new("true")));
        assert!(!succeeds(&mut Command::new("false")));
        assert!(!succeeds(&mut Command::new("no-such-opener")));
    }

    #[test]
    fn the_configuration_is_json() {
        let server = Address::parse("wss://example.org/ws").unwrap();
        let told: serde_json::Value = serde_json::from_str(&config(Some(&server), 1)).unwrap();
        assert_eq!(
            told,
            serde_json::json!({ "websocket": "wss://example.org/ws" })
        );
        let own: serde_json::Value = serde_json::from_str(&config(None, 7)).unwrap();
        assert_eq!(own["websocket"], "ws://localhost:7/xmpp-websocket");
    }

    #[tokio::test]
    async fn a_server_that_ended_is_started_again_once() {
        let mut server = Prosody::start(prosody::Options::default()).unwrap();
        let pid = server.dir().join("prosody.pid");
        let http_port = server.http_port;
        let ends = |old: String| {
            let pid = pid.clone();
            async move {
                // The next one writes its own number.
                loop {
                    let text = std::fs::read_to_string(&pid).unwrap_or_default();
                    if let (true, Ok(number)) = (text != old, text.trim().parse()) {
                        let number = rustix::process::Pid::from_raw(number).unwrap();
                        let kill = rustix::process::Signal::KILL;
                        rustix::process::kill_process(number, kill).unwrap();
                        return text;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        };
        let twice = async {
            let first = ends(String::new()).await;
            ends(first).await;
        };
        let (broken, ()) = tokio::join!(look_after(&mut server), twice);
        let told = broken.unwrap_err().to_string();
        assert!(told.contains("ended twice"), "{told}");
        assert!(!server.is_running());
        server.restart().unwrap();
        assert_eq!(server.http_port, http_port);
    }

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
