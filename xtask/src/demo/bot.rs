//! The account that answers, so that one person can try the app alone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::demo::client::{escape, presence};
use crate::demo::talk::date_time;

/// What it says about itself.
const HELP: &str = "I answer to:
- help: this list
- time: what my clock says (UTC)
- flood 100: so many messages at once, at most 2000
- slow: an answer after six seconds
- later 30: a message after so many seconds, to see a notification
- styled: bold, italics, quotes, code
- long: a message of many lines
- unicode: letters from everywhere
- away, dnd, back: my availability
Everything else comes back to you.";

const STYLED: &str = "This is *bold*, this is _italic_, this is ~struck~ and this is `code`.
> A quotation, of somebody wise
> and of two lines
```
fn main() {
    println!(\"a block of code\");
}
```
And a link: https://xmpp.org/extensions/xep-0393.html";

const UNICODE: &str = "Ελληνικά · Кириллица · עברית · العربية · हिन्दी · 日本語 · 한국어 · 简体中文 · 👩‍👩‍👧‍👦 🏳️‍🌈 🇮🇹 · e\u{301} = é · ﷽ · 𝒲𝒶𝓍𝓌𝒾𝓃𝑔";

/// What it says with an echo.
const WIT: [&str; 8] = [
    "You said: “{}”. I would have said it with more conviction.",
    "“{}” – that is what I always say.",
    "{}? In this weather?",
    "I shall think about “{}” all day.",
    "{} {} {}… (there is an echo in here)",
    "Let the record show: “{}”.",
    "“{}”, quoth the raven. Or was it me?",
    "I read “{}” to my friends. They want more.",
];

const WIT_ZH: [&str; 3] = [
    "你说：“{}”。说得好！",
    "“{}”……我也是这么想的。",
    "我会把“{}”记在小本子上。",
];

/// The most messages of one flood.
const FLOOD: u32 = 2000;

/// A message that came.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// The body.
    pub text: &'a str,
    /// The sender's full address.
    pub from: &'a str,
    /// The stanza's id.
    pub id: &'a str,
    /// XEP-0184.
    pub wants_receipt: bool,
    /// XEP-0333.
    pub wants_marker: bool,
}

/// Something to send, at once or later.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// How much later.
    pub after: Duration,
    /// The stanza.
    pub stanza: String,
}

/// The bot's memory.
#[derive(Debug, Default)]
pub struct Bot {
    said: usize,
}

impl Bot {
    /// A bot that has said nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All that it does about a message.
    pub fn answer(&mut self, incoming: &Incoming<'_>) -> Vec<Step> {
        let text = incoming.text.trim();
        if text.is_empty() {
            return Vec::new();
        }
        let mut steps = Vec::new();
        let mut step = |after: u64, stanza: String| {
            steps.push(Step {
                after: Duration::from_millis(after),
                stanza,
            });
        };
        let to = incoming.from;
        if incoming.wants_receipt {
            step(
                0,
                about(incoming, "<received xmlns='urn:xmpp:receipts' id='{}'/>"),
            );
        }
        if incoming.wants_marker {
            step(
                300,
                about(
                    incoming,
                    "<displayed xmlns='urn:xmpp:chat-markers:0' id='{}'/>",
                ),
            );
        }
        let lower = text.to_lowercase();
        let mut words = lower.split_whitespace();
        let command = words.next().unwrap_or_default();
        let number = words.next().and_then(|word| word.parse::<u32>().ok());
        match (command, number) {
            ("help" | "?" | "帮助", None) => step(0, self.say(to, HELP)),
            ("time", None) => {
                let now = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                step(
                    0,
                    self.say(to, &format!("It is {}.", date_time(now.as_secs()))),
                );
            }
            ("flood", count) => {
                let count = count.unwrap_or(100).min(FLOOD);
                for n in 1..=count {
                    step(0, self.say(to, &format!("{n} of {count}")));
                }
            }
            ("slow", None) => {
                step(0, typing(to, "composing"));
                step(
                    6000,
                    self.say(to, "Slow and steady. Sorry to keep you waiting."),
                );
            }
            ("later", seconds) => {
                let seconds = u64::from(seconds.unwrap_or(10).min(3600));
                step(0, self.say(to, &format!("In {seconds} s, then.")));
                step(seconds * 1000, self.say(to, "It is later now."));
            }
            ("styled", None) => step(0, self.say(to, STYLED)),
            ("long", None) => {
                let lines: Vec<String> = (1..=60)
                    .map(|n| format!("Line {n} of a long story."))
                    .collect();
                step(0, self.say(to, &lines.join("\n")));
            }
            ("unicode", None) => step(0, self.say(to, UNICODE)),
            ("edit", None) => {
                let first = self.next_id();
                step(0, message(to, &first, "Ths is wrng.", ""));
                let replace = format!("<replace xmlns='urn:xmpp:message-correct:0' id='{first}'/>");
                let second = self.next_id();
                step(2000, message(to, &second, "This is right.", &replace));
            }
            ("away", None) => step(0, presence("away", "Back in a moment")),
            ("dnd", None) => step(0, presence("dnd", "Thinking")),
            ("back", None) => step(0, presence("", "Write me “help”")),
            _ => {
                step(0, typing(to, "composing"));
                step(400, self.echo(to, text));
            }
        }
        steps
    }

    fn echo(&mut self, to: &str, text: &str) -> String {
        let short: String = text.chars().take(300).collect();
        let chinese = text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        let wit: &[&str] = if chinese { &WIT_ZH } else { &WIT };
        let chosen = wit
            .iter()
            .cycle()
            .nth(self.said % wit.len())
            .copied()
            .unwrap_or("{}");
        self.say(to, &chosen.replace("{}", &short))
    }

    fn say(&mut self, to: &str, text: &str) -> String {
        let id = self.next_id();
        message(to, &id, text, "")
    }

    fn next_id(&mut self) -> String {
        self.said += 1;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        format!("bot-{:x}-{}", now.as_micros(), self.said)
    }
}

fn message(to: &str, id: &str, text: &str, payload: &str) -> String {
    let bare = to.split('/').next().unwrap_or_default();
    format!(
        "<message xmlns='jabber:client' type='chat' to='{}' id='{id}'><body>{}</body>\
         <active xmlns='http://jabber.org/protocol/chatstates'/><origin-id xmlns='urn:xmpp:sid:0' id='{id}'/>{payload}</message>",
        escape(bare),
        escape(text)
    )
}

/// XEP-0085.
fn typing(to: &str, state: &str) -> String {
    format!(
        "<message xmlns='jabber:client' type='chat' to='{}'><{state} xmlns='http://jabber.org/protocol/chatstates'/>\
         <no-store xmlns='urn:xmpp:hints'/></message>",
        escape(to)
    )
}

/// A message about the one that came, whose id replaces `{}`.
fn about(incoming: &Incoming<'_>, payload: &str) -> String {
    let bare = incoming.from.split('/').next().unwrap_or_default();
    let payload = payload.replace("{}", &escape(incoming.id));
    format!(
        "<message xmlns='jabber:client' type='chat' to='{}'>{payload}<store xmlns='urn:xmpp:hints'/></message>",
        escape(bare)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(bot: &mut Bot, text: &str) -> Vec<Step> {
        bot.answer(&Incoming {
            text,
            from: "romeo@localhost/a",
            id: "1",
            wants_receipt: false,
            wants_marker: false,
        })
    }

    #[test]
    fn a_flood_has_the_number_asked_and_a_limit() {
        let mut bot = Bot::new();
        assert_eq!(ask(&mut bot, "flood 7").len(), 7);
        assert!(
            ask(&mut bot, "Flood 3")[2]
                .stanza
                .contains("<body>3 of 3</body>")
        );
        assert_eq!(ask(&mut bot, "flood 999999999").len(), 2000);
    }

    #[test]
    fn what_is_no_command_comes_back_escaped() {
        let mut bot = Bot::new();
        let steps = ask(&mut bot, "a < b & 'c'");
        assert!(
            steps[1].stanza.contains("a &lt; b &amp; &apos;c&apos;"),
            "{steps:?}"
        );
        assert!(ask(&mut bot, "你好")[1].stanza.contains("你好"));
        // Not a command with something behind it.
        assert_eq!(ask(&mut bot, "time 3").len(), 2);
    }

    #[test]
    fn everything_sent_is_xml() {
        let mut bot = Bot::new();
        for text in [
            "help", "time", "slow", "later 3", "styled", "long", "unicode", "edit", "away", "dnd",
            "back", "]]>",
        ] {
            let steps = bot.answer(&Incoming {
                text,
                from: "a@b/'&<",
                id: "'&<",
                wants_receipt: true,
                wants_marker: true,
            });
            assert!(steps.len() >= 3, "{text}");
            for step in steps {
                let element = step.stanza.parse::<minidom::Element>();
                assert!(element.is_ok(), "{text}: {}", step.stanza);
            }
        }
    }
}
