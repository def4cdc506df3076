//! RFC 5122 and XEP-0147: addresses that begin with `xmpp:`, as other pages and programs hand them over.
//!
//! **Invariant:** reading one has no effect, and what it asks for is at most a text in a field: a link is written by
//! anybody, and whoever follows it has agreed to nothing yet.

use super::place::decode;
use super::text::clean::{legal, one_line};

/// The longest text that a link puts into a composer, in characters.
const BODY: usize = 10_000;
/// The longest name, of a contact or a group.
const NAME: usize = 80;
/// The longest address: three parts of 1,023 bytes and what stands between them (RFC 7622 §3.1).
const ADDRESS: usize = 3071;

/// What an address asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct XmppUri {
    /// The account to do it with, if the link names one.
    pub account: Option<String>,
    /// Whom it concerns, without resource; not prepared.
    pub peer: String,
    /// What is to be done.
    pub action: Action,
}

/// What a link wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// To see the conversation: what names no action, or one that is not understood.
    Open,
    /// `?message`: to write this.
    Message(String),
    /// `?roster`, `?subscribe`: to add a contact.
    Add {
        /// The name to give them.
        name: String,
        /// The group to put them into.
        group: String,
    },
    /// `?join`: to enter a room.
    Join,
}

impl XmppUri {
    /// Reads an address, or nothing if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let scheme = text.get(..5)?;
        if !scheme.eq_ignore_ascii_case("xmpp:") {
            return None;
        }
        let rest = text.get(5..)?.split('#').next()?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (account, path) = match path.strip_prefix("//") {
            // RFC 5122 §2.3: the account that is to do it.
            Some(path) => {
                let (account, path) = path.split_once('/')?;
                (Some(bare(account)?), path)
            }
            None => (None, path),
        };
        Some(Self {
            account,
            peer: bare(path)?,
            action: action(query),
        })
    }
}

/// The bare address of a percent-encoded one.
fn bare(text: &str) -> Option<String> {
    let text = text.split('/').next().unwrap_or_default();
    let address = decode(text);
    let is_legal = !address.is_empty()
        && address.len() <= ADDRESS
        && !address.chars().any(|c| c.is_whitespace() || c.is_control());
    is_legal.then_some(address)
}

fn action(query: &str) -> Action {
    let mut parts = query.split(';');
    let kind = parts.next().unwrap_or_default();
    // XEP-0147 §2: a key that stands twice is a mistake; the first one counts.
    let pairs: Vec<_> = parts.filter_map(|part| part.split_once('=')).collect();
    let value = |key: &str| {
        let found = pairs.iter().find(|(other, _)| *other == key);
        found.map(|(_, value)| decode(value)).unwrap_or_default()
    };
    match kind {
        "message" => {
            let body: String = legal(&value("body")).chars().take(BODY).collect();
            if body.trim().is_empty() {
                Action::Open
            } else {
                Action::Message(body)
            }
        }
        "roster" | "subscribe" => Action::Add {
            name: one_line(&value("name"), NAME),
            group: one_line(&value("group"), NAME),
        },
        "join" => Action::Join,
        // `remove`, `unsubscribe` and the like would be harm; `disco`, `command` and the like are not understood.
        _ => Action::Open,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (String, Action) {
        let uri = XmppUri::parse(text).unwrap_or_else(|| panic!("{text}"));
        (uri.peer, uri.action)
    }

    fn add(name: &str, group: &str) -> Action {
        Action::Add {
            name: name.into(),
            group: group.into(),
        }
    }

    // The examples of RFC 5122 §2 and XEP-0147 §8.
    #[test]
    fn the_examples_of_the_specifications_are_understood() {
        let juliet = "juliet@example.org";
        let message = |body: &str| Action::Message(body.into());
        for (text, peer, action) in [
            ("xmpp:juliet@example.org", juliet, Action::Open),
            ("XMPP:juliet@example.org?message", juliet, Action::Open),
            (
                "xmpp:juliet@example.org?message;subject=Test%20Message;body=Here%27s%20a%20test%20message",
                juliet,
                message("Here's a test message"),
            ),
            (
                "xmpp:juliet@example.org/balcony?roster",
                juliet,
                add("", ""),
            ),
            (
                "xmpp:juliet@example.org?roster;name=Juliet%20Capulet;group=Friends#there",
                juliet,
                add("Juliet Capulet", "Friends"),
            ),
            ("xmpp:juliet@example.org?subscribe", juliet, add("", "")),
            (
                "xmpp:room@rooms.example.org?join",
                "room@rooms.example.org",
                Action::Join,
            ),
            (
                "xmpp:room@rooms.example.org?join;password=x",
                "room@rooms.example.org",
                Action::Join,
            ),
            (
                "xmpp:nasty!%23$%25()*+,-.;=%3F%5B%5C%5D%5E_%60%7B%7C%7D~node@example.com",
                "nasty!#$%()*+,-.;=?[\\]^_`{|}~node@example.com",
                Action::Open,
            ),
            (
                "xmpp:ji%C5%99i@%C4%8Dechy.example/v%20Praze",
                "jiři@čechy.example",
                Action::Open,
            ),
            ("xmpp:example.org", "example.org", Action::Open),
        ] {
            assert_eq!(read(text), (peer.to_owned(), action), "{text}");
        }
        let with = XmppUri::parse("xmpp://romeo@example.net/juliet@example.org/x?message").unwrap();
        assert_eq!(with.account.as_deref(), Some("romeo@example.net"));
        assert_eq!(with.peer, juliet);
    }

    #[test]
    fn what_would_do_harm_only_opens_the_conversation() {
        for kind in [
            "remove",
            "unsubscribe",
            "unregister",
            "register",
            "command;action=execute",
            "sendfile",
            "pubsub",
            "recvfile",
            "invite;jid=mallory@example.net",
            "",
            "MESSAGE;body=x",
            "message;body=",
            "message;body=%20%0A",
            "message;Body=x",
            "message;body",
        ] {
            let text = format!("xmpp:juliet@example.org?{kind}");
            assert_eq!(
                read(&text),
                ("juliet@example.org".into(), Action::Open),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in [
            "",
            "xmpp",
            "xmpp:",
            "xmpp:?message",
            "xmpp:/x",
            "xmpp://",
            "xmpp://romeo@example.org",
            "xmpp:///juliet@example.org",
            "javascript:alert(1)",
            "https://example.org/",
            "xmpp%3Aa@b",
            "xmpp:a%20b@c",
            "xmpp:a%0Ab@c",
            "xmpp:%00@c",
            "data:text/html,xmpp:a@b",
            "ｘmpp:a@b",
        ] {
            assert_eq!(XmppUri::parse(text), None, "{text}");
        }
        let long = format!("xmpp:{}@example.org", "a".repeat(5000));
        assert_eq!(XmppUri::parse(&long), None);
    }

    #[test]
    fn texts_are_cleaned_and_bounded() {
        let body = |text: &str| match read(&format!("xmpp:a@b?message;body={text}")).1 {
            Action::Message(body) => body,
            other => panic!("{other:?}"),
        };
        assert_eq!(body("a%0D%0Ab%00%0Bc%EF%BF%BE"), "a\nbc");
        assert_eq!(body("first;body=second"), "first");
        assert_eq!(body("%zz%4%ff"), "%zz%4\u{fffd}");
        assert_eq!(body(&"x".repeat(100_000)).len(), BODY);
        let named = read("xmpp:a@b?roster;name=Bank%0A%0AVerified%E2%80%AE").1;
        assert_eq!(named, add("Bank Verified", ""));
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(text in "(xmpp:)?[a-z@/?;=#%0-9é漢\u{202e} ]{0,60}") {
            if let Some(uri) = XmppUri::parse(&text) {
                prop_assert!(!uri.peer.is_empty());
            }
        }
    }
}
