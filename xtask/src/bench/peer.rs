//! The other people: bare clients in threads of their own, straight at the server, that note when what came.

use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::{mpsc as orders, oneshot};
use tokio::task::JoinSet;

use crate::demo::client::{Client, Lost, escape, presence};
use crate::demo::people::DOMAIN;
use crate::error::{Context, Error, Result};

/// How long a server may take to store 10,000 messages twice.
const SETTLES: Duration = Duration::from_secs(180);
/// How many log in at a time.
const AT_ONCE: usize = 16;

/// Somebody who is online. Dropping it logs them out.
pub struct Peer {
    orders: Option<orders::UnboundedSender<Vec<String>>>,
    heard: Receiver<(Instant, String)>,
    thread: Option<JoinHandle<()>>,
}

impl Peer {
    /// Logs in.
    ///
    /// # Errors
    /// When the server does not let them in.
    pub fn log_in(user: &str, port: u16) -> Result<Self> {
        let (orders, mut due) = orders::unbounded_channel::<Vec<String>>();
        let (note, heard) = mpsc::channel();
        let (ready, is_ready) = mpsc::channel();
        let runtime = runtime()?;
        let name = user.to_owned();
        let talk = async move {
            let mut client = match enter(&name, port).await {
                Ok(client) => client,
                Err(why) => return drop(ready.send(Err(why))),
            };
            ready.send(Ok(())).ok();
            loop {
                let goes_on = tokio::select! {
                    stanzas = due.recv() => match stanzas {
                        Some(stanzas) => client.send_all(stanzas).await.is_ok(),
                        None => false,
                    },
                    frame = client.next_text() => match frame {
                        Ok(frame) => note.send((Instant::now(), frame)).is_ok(),
                        Err(_) => false,
                    },
                };
                if !goes_on {
                    return;
                }
            }
        };
        let thread = std::thread::spawn(move || runtime.block_on(talk));
        let entered = is_ready.recv().unwrap_or(Err(Lost::Ended));
        entered.map_err(|why| refused(user, &why.to_string()))?;
        Ok(Self {
            orders: Some(orders),
            heard,
            thread: Some(thread),
        })
    }

    /// Sends all of it in one go, and says when that began.
    pub fn send(&self, stanzas: Vec<String>) -> Instant {
        let now = Instant::now();
        if let Some(orders) = &self.orders {
            orders.send(stanzas).ok();
        }
        now
    }

    /// Waits until the server has done all that was sent: it answers in order.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn settles(&self, id: &str) -> Result<()> {
        let ping = format!(
            "<iq xmlns='jabber:client' type='get' to='{DOMAIN}' id='{id}'><ping xmlns='urn:xmpp:ping'/></iq>"
        );
        self.send(vec![ping]);
        self.hears(id).map(drop)
    }

    /// When a frame with this text came; what comes before it is forgotten.
    ///
    /// # Errors
    /// When it does not come.
    pub fn hears(&self, text: &str) -> Result<Instant> {
        let deadline = Instant::now() + SETTLES;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.heard.recv_timeout(left) {
                Ok((at, frame)) if frame.contains(text) => return Ok(at),
                Ok(_) => {}
                Err(_) => {
                    return Err(refused(
                        "the other client",
                        &format!("{text:?} did not come"),
                    ));
                }
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Many who are online and do nothing but listen. Dropping it logs them out.
pub struct Crowd {
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Crowd {
    /// Logs all of them in.
    ///
    /// # Errors
    /// When the server refuses one of them.
    pub fn gather(users: Vec<String>, port: u16) -> Result<Self> {
        let (end, ended) = oneshot::channel();
        let (ready, is_ready) = mpsc::channel();
        let runtime = runtime()?;
        let stay = async move {
            let mut here = JoinSet::new();
            for some in users.chunks(AT_ONCE) {
                let mut coming = JoinSet::new();
                for user in some {
                    let user = user.clone();
                    coming.spawn(async move { enter(&user, port).await });
                }
                while let Some(come) = coming.join_next().await {
                    match come {
                        // What nobody reads would fill up.
                        Ok(Ok(mut client)) => drop(
                            here.spawn(async move { while client.next_text().await.is_ok() {} }),
                        ),
                        Ok(Err(why)) => return drop(ready.send(Err(why))),
                        Err(_) => return drop(ready.send(Err(Lost::Ended))),
                    }
                }
            }
            ready.send(Ok(())).ok();
            ended.await.ok();
        };
        let thread = std::thread::spawn(move || runtime.block_on(stay));
        let gathered = is_ready.recv().unwrap_or(Err(Lost::Ended));
        gathered.map_err(|why| refused("somebody of the crowd", &why.to_string()))?;
        Ok(Self {
            end: Some(end),
            thread: Some(thread),
        })
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// A message from whoever sends it.
pub fn message(to: &str, id: &str, text: &str) -> String {
    format!(
        "<message xmlns='jabber:client' type='chat' to='{to}@{DOMAIN}' id='{id}'><body>{}</body>\
         <origin-id xmlns='urn:xmpp:sid:0' id='{id}'/></message>",
        escape(text)
    )
}

async fn enter(user: &str, port: u16) -> std::result::Result<Client, Lost> {
    let mut client = Client::log_in(user, "bench", port).await?;
    client.send(&presence("", "")).await?;
    Ok(client)
}

fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context(|| "start a client's thread".into())
}

fn refused(who: &str, why: &str) -> Error {
    Error::Refused {
        what: who.to_owned(),
        answer: why.to_owned(),
    }
}
