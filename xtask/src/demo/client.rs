//! A small XMPP client over WebSocket (RFC 7395), foreign to the app: it logs in, says that it is there, and answers.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::{SinkExt, StreamExt};
use minidom::Element;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::demo::bot::{Bot, Incoming, Step};
use crate::demo::people::{BOT, DOMAIN, Online, PASSWORD, Person};

const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";

/// Why a session is over.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    #[error("the connection: {0}")]
    Socket(#[from] WsError),
    #[error("XML: {0}")]
    Xml(#[from] minidom::Error),
    #[error("the server ended the stream")]
    Ended,
    #[error("the server does not let this account in")]
    Refused,
}

/// Keeps somebody online for as long as this runs: after a lost connection, again in two seconds.
pub async fn keep_online(person: &'static Person, online: &'static Online, port: u16) {
    loop {
        // The server may be restarting, which is something to try with the demo.
        if let Err(why) = live(person, online, port).await
            && std::env::var_os("WAXWING_DEMO_DEBUG").is_some()
        {
            eprintln!("{}: {why}", person.user);
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

async fn live(person: &Person, online: &Online, port: u16) -> Result<(), Lost> {
    let mut client = Client::log_in(person.user, online.resource, port).await?;
    client.send(&presence(online.show, online.status)).await?;
    let mut bot = (person.user == BOT).then(Bot::new);
    let (later, mut due) = mpsc::unbounded_channel::<String>();
    let mut pulse = tokio::time::interval(Duration::from_secs(60));
    loop {
        tokio::select! {
            stanza = client.next() => {
                for reply in answer(&stanza?, bot.as_mut(), &later) {
                    client.send(&reply).await?;
                }
            }
            Some(stanza) = due.recv() => client.send(&stanza).await?,
            // Finds a connection that is dead without having said so.
            _ = pulse.tick() => client.send("<iq xmlns='jabber:client' type='get' id='pulse'><ping xmlns='urn:xmpp:ping'/></iq>").await?,
        }
    }
}

/// What goes back at once. What goes later is sent to `later` when it is due.
fn answer(
    stanza: &Element,
    bot: Option<&mut Bot>,
    later: &mpsc::UnboundedSender<String>,
) -> Vec<String> {
    let from = stanza.attr("from").unwrap_or_default();
    let kind = stanza.attr("type").unwrap_or_default();
    match (stanza.name(), kind) {
        // RFC 6120 §8.2.3: every question is answered.
        ("iq", "get" | "set") => vec![format!(
            "<iq xmlns='jabber:client' type='error' id='{}' to='{}'><error type='cancel'>\
             <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
            escape(stanza.attr("id").unwrap_or_default()),
            escape(from)
        )],
        // The bot is everybody's friend.
        ("presence", "subscribe") if bot.is_some() => {
            let bare = escape(from.split('/').next().unwrap_or_default());
            ["subscribed", "subscribe"]
                .map(|kind| format!("<presence xmlns='jabber:client' type='{kind}' to='{bare}'/>"))
                .to_vec()
        }
        ("message", "chat" | "normal" | "") => match bot {
            Some(bot) => converse(stanza, bot, later),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn converse(stanza: &Element, bot: &mut Bot, later: &mpsc::UnboundedSender<String>) -> Vec<String> {
    let body = stanza.get_child("body", "jabber:client").map(Element::text);
    let (Some(text), false) = (body, stanza.has_child("delay", "urn:xmpp:delay")) else {
        return Vec::new();
    };
    let from = stanza.attr("from").unwrap_or_default();
    let id = stanza.attr("id").unwrap_or_default();
    let incoming = Incoming {
        text: &text,
        from,
        id,
        wants_receipt: stanza.has_child("request", "urn:xmpp:receipts"),
        wants_marker: stanza.has_child("markable", "urn:xmpp:chat-markers:0"),
    };
    let mut now = Vec::new();
    for Step { after, stanza } in bot.answer(&incoming) {
        if after.is_zero() {
            now.push(stanza);
            continue;
        }
        let later = later.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            // Nobody listens any more when the connection was lost meanwhile.
            later.send(stanza).ok();
        });
    }
    now
}

/// A presence with its show and its status text, where they are not empty.
pub fn presence(show: &str, status: &str) -> String {
    let mut stanza = String::from("<presence xmlns='jabber:client'>");
    if !show.is_empty() {
        stanza.push_str(&format!("<show>{show}</show>"));
    }
    if !status.is_empty() {
        stanza.push_str(&format!("<status>{}</status>", escape(status)));
    }
    stanza.push_str("</presence>");
    stanza
}

/// Text as XML may hold it, also in an attribute.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\'', "&apos;")
        .replace('"', "&quot;")
}

/// A session.
pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    /// Logs in with PLAIN, which loopback allows.
    pub async fn log_in(user: &str, resource: &str, port: u16) -> Result<Self, Lost> {
        let mut request = format!("ws://127.0.0.1:{port}/xmpp-websocket").into_client_request()?;
        request
            .headers_mut()
            .insert("sec-websocket-protocol", HeaderValue::from_static("xmpp"));
        let (socket, _) = connect_async(request).await?;
        let mut client = Self { socket };
        client.open().await?;
        let proof = BASE64.encode(format!("\0{user}\0{PASSWORD}"));
        client
            .send(&format!(
                "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{proof}</auth>"
            ))
            .await?;
        if client.next().await?.name() != "success" {
            return Err(Lost::Refused);
        }
        client.open().await?;
        client
            .send(&format!(
                "<iq xmlns='jabber:client' type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
                 <resource>{resource}</resource></bind></iq>"
            ))
            .await?;
        match client.next().await?.attr("type") {
            Some("result") => Ok(client),
            _ => Err(Lost::Refused),
        }
    }

    /// Opens the stream and reads its features.
    async fn open(&mut self) -> Result<(), Lost> {
        self.send(&format!(
            "<open xmlns='{FRAMING}' to='{DOMAIN}' version='1.0'/>"
        ))
        .await?;
        while self.next().await?.name() != "features" {}
        Ok(())
    }

    /// Sends a stanza.
    pub async fn send(&mut self, xml: &str) -> Result<(), Lost> {
        Ok(self.socket.send(Message::text(xml)).await?)
    }

    /// Sends many stanzas in as few writes as there can be.
    pub async fn send_all(&mut self, all: Vec<String>) -> Result<(), Lost> {
        for xml in all {
            self.socket.feed(Message::text(xml)).await?;
        }
        Ok(self.socket.flush().await?)
    }

    /// The next stanza.
    pub async fn next(&mut self) -> Result<Element, Lost> {
        let element: Element = self.next_text().await?.parse()?;
        if element.is("close", FRAMING) {
            return Err(Lost::Ended);
        }
        Ok(element)
    }

    /// The next frame as it came.
    pub async fn next_text(&mut self) -> Result<String, Lost> {
        while let Some(frame) = self.socket.next().await {
            if let Message::Text(text) = frame? {
                return Ok(text.as_str().to_owned());
            }
        }
        Err(Lost::Ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(xml: &str, bot: Option<&mut Bot>) -> Vec<String> {
        let (later, _due) = mpsc::unbounded_channel();
        answer(&xml.parse().unwrap(), bot, &later)
    }

    #[test]
    fn a_question_gets_an_answer() {
        let iq = "<iq xmlns='jabber:client' type='get' id='a&amp;b' from='x@y/z'><query xmlns='jabber:iq:version'/></iq>";
        let all = reply(iq, None);
        assert!(
            all[0].contains("service-unavailable") && all[0].contains("id='a&amp;b'"),
            "{all:?}"
        );
        assert!(reply("<iq xmlns='jabber:client' type='result' id='1'/>", None).is_empty());
    }

    #[test]
    fn the_bot_accepts_everybody_and_leaves_the_past_alone() {
        let mut bot = Bot::new();
        let all = reply(
            "<presence xmlns='jabber:client' type='subscribe' from='a@b/c'/>",
            Some(&mut bot),
        );
        assert_eq!(all.len(), 2);
        assert!(all[0].contains("to='a@b'"));
        let old = "<message xmlns='jabber:client' from='a@b/c' type='chat'><body>time</body><delay xmlns='urn:xmpp:delay'/></message>";
        assert!(reply(old, Some(&mut bot)).is_empty());
    }

    #[test]
    fn a_presence_says_only_what_there_is() {
        assert_eq!(
            presence("", ""),
            "<presence xmlns='jabber:client'></presence>"
        );
        assert!(presence("dnd", "a < b").contains("<show>dnd</show><status>a &lt; b</status>"));
        assert_eq!(
            Bot::new()
                .answer(&Incoming {
                    text: "",
                    from: "a",
                    id: "",
                    wants_receipt: false,
                    wants_marker: false
                })
                .len(),
            0
        );
    }
}
