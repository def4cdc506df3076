//! Places: what the part of the address after `#` says, and the way from one to another.

use crate::ui::view::prelude::*;

use crate::entity::address::Address;

/// Where in the app one is. Addresses in it are as in the link, not prepared.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Place {
    /// The lists alone: `#/`.
    #[default]
    Home,
    /// A conversation: `#/romeo@example.org/juliet@example.org`.
    Conversation {
        /// The bare JID of the account.
        account: String,
        /// The bare JID of the other.
        peer: String,
    },
    /// The details of a contact: the same, and `/details`.
    Details {
        /// The bare JID of the account.
        account: String,
        /// The bare JID of the other.
        peer: String,
    },
    /// `#/settings`.
    Settings,
    /// `#/diagnostics`.
    Diagnostics,
    /// `#/register`.
    Register,
    /// An `xmpp:` link that the browser handed over: `#/open/xmpp:juliet@example.org?message`.
    Link(String),
}

impl Place {
    /// The conversation with somebody.
    #[must_use]
    pub fn conversation(account: &Address, peer: &Address) -> Self {
        Self::Conversation {
            account: account.to_string(),
            peer: peer.to_string(),
        }
    }

    /// The details of somebody.
    #[must_use]
    pub fn details(account: &Address, peer: &Address) -> Self {
        Self::Details {
            account: account.to_string(),
            peer: peer.to_string(),
        }
    }

    /// Reads the part of an address after `#`, with or without it. What makes no sense leads home.
    #[must_use]
    pub fn parse(hash: &str) -> Self {
        let hash = hash.strip_prefix('#').unwrap_or(hash);
        let path = hash.strip_prefix('/').unwrap_or(hash);
        if let Some(link) = path.strip_prefix("open/") {
            return Self::Link(decode(link));
        }
        let mut parts = path.split('/').filter(|part| !part.is_empty()).map(decode);
        let (first, second, third) = (parts.next(), parts.next(), parts.next());
        if parts.next().is_some() {
            return Self::Home;
        }
        match (first, second, third.as_deref()) {
            (Some(name), None, None) if name == "settings" => Self::Settings,
            (Some(name), None, None) if name == "diagnostics" => Self::Diagnostics,
            (Some(name), None, None) if name == "register" => Self::Register,
            (Some(account), Some(peer), None) => Self::Conversation { account, peer },
            (Some(account), Some(peer), Some("details")) => Self::Details { account, peer },
            _ => Self::Home,
        }
    }

    /// The link that leads there.
    #[must_use]
    pub fn href(&self) -> String {
        let mut out = String::from("#/");
        match self {
            Self::Home => {}
            Self::Conversation { account, peer } | Self::Details { account, peer } => {
                encode(account, &mut out);
                out.push('/');
                encode(peer, &mut out);
                if matches!(self, Self::Details { .. }) {
                    out.push_str("/details");
                }
            }
            Self::Settings => out.push_str("settings"),
            Self::Diagnostics => out.push_str("diagnostics"),
            Self::Register => out.push_str("register"),
            Self::Link(link) => {
                out.push_str("open/");
                encode(link, &mut out);
            }
        }
        out
    }

    /// The account and the other, where there are such.
    #[must_use]
    pub fn peer(&self) -> Option<(&str, &str)> {
        match self {
            Self::Conversation { account, peer } | Self::Details { account, peer } => {
                Some((account, peer))
            }
            _ => None,
        }
    }

    /// The place that one comes back to from here on a narrow screen.
    #[must_use]
    pub fn parent(&self) -> Self {
        match self {
            Self::Details { account, peer } => Self::Conversation {
                account: account.clone(),
                peer: peer.clone(),
            },
            Self::Diagnostics => Self::Settings,
            _ => Self::Home,
        }
    }
}

/// Percent-encodes all but what may stand in a fragment and separates nothing there.
fn encode(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@!$&'()*+,;=:?".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(HEX.get(usize::from(digit)).copied().map_or('0', char::from));
            }
        }
    }
}

/// Undoes percent-encoding (RFC 3986 §2.1); what is not UTF-8 becomes U+FFFD.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%'
            && let Some((digits, after)) = rest.split_at_checked(2)
            && let Some(byte) = std::str::from_utf8(digits)
                .ok()
                .and_then(|digits| u8::from_str_radix(digits, 16).ok())
        {
            bytes.push(byte);
            rest = after;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Where one is, and the way elsewhere. A copy is the same.
#[derive(Clone, Copy)]
pub struct Router {
    /// Where one is.
    pub place: ReadSignal<Place>,
    set: WriteSignal<Place>,
}

impl Router {
    /// Follows the browser's address. Belongs to the owner that is current.
    #[must_use]
    pub fn new() -> Self {
        let (place, set) = signal(Place::parse(&hash()));
        if cfg!(target_arch = "wasm32") {
            let listener = window_event_listener(leptos::ev::hashchange, move |_| {
                let now = Place::parse(&hash());
                if place.try_with_untracked(|old| *old != now) == Some(true) {
                    set.set(now);
                }
            });
            on_cleanup(move || listener.remove());
        }
        Self { place, set }
    }

    /// Goes to a place; the browser's "back" leads back.
    pub fn go(&self, place: Place) {
        if self.place.get_untracked() == place {
            return;
        }
        if cfg!(target_arch = "wasm32") {
            // `hashchange` follows, too late for what is drawn at once.
            let _refused = window().location().set_hash(&place.href());
        }
        self.set.set(place);
    }

    /// Goes to a place that takes the place of this one: "back" leads to where one was before.
    pub fn replace(&self, place: Place) {
        if self.place.get_untracked() == place {
            return;
        }
        if cfg!(target_arch = "wasm32")
            && let Ok(history) = window().history()
        {
            let href = place.href();
            let _refused =
                history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&href));
        }
        self.set.set(place);
    }
}

impl Default for Router {
    fn default() -> Self {
        Self::new()
    }
}

fn hash() -> String {
    if cfg!(target_arch = "wasm32") {
        window().location().hash().unwrap_or_default()
    } else {
        String::new()
    }
}

/// The router of this page.
#[must_use]
pub fn use_router() -> Router {
    expect_context()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_a_link_that_leads_there() {
        let account = String::from("romeo@example.org");
        let places = [
            Place::Home,
            Place::Settings,
            Place::Diagnostics,
            Place::Register,
            Place::Link("xmpp:juliet@example.org?message;body=%20".into()),
            Place::Conversation {
                account: account.clone(),
                peer: "juliet@example.org".into(),
            },
            Place::Details {
                account,
                peer: "朱丽叶/ü%@example.org".into(),
            },
        ];
        for place in places {
            assert_eq!(Place::parse(&place.href()), place, "{}", place.href());
        }
    }

    #[test]
    fn a_link_is_legible() {
        let address = |text| Address::parse(text).unwrap();
        let place = Place::conversation(
            &address("romeo@example.org"),
            &address("juliet@example.org"),
        );
        assert_eq!(place.href(), "#/romeo@example.org/juliet@example.org");
        assert_eq!(
            place.peer(),
            Some(("romeo@example.org", "juliet@example.org"))
        );
    }

    #[test]
    fn nonsense_leads_home() {
        for hash in [
            "",
            "#",
            "#/",
            "#/a",
            "#/a/b/c",
            "#/a/b/details/x",
            "#/settings/x/y",
            "#//",
        ] {
            assert_eq!(Place::parse(hash), Place::Home, "{hash}");
        }
        assert_eq!(decode("%zz%4"), "%zz%4");
    }

    #[test]
    fn the_way_back_leads_up() {
        let details = Place::parse("#/a@b/c@d/details");
        assert_eq!(details.parent(), Place::parse("#/a@b/c@d"));
        assert_eq!(details.parent().parent(), Place::Home);
    }
}
