//! XEP-0030: Service Discovery: what we are, and what the server can do.
//!
//! **Invariant:** [`FEATURES`] is the one list of what we can do; whatever is answered or hashed comes from it.

use minidom::Element;

use crate::entity::jid::Jid;
use crate::entity::order;
use crate::event::{Event, SessionEvent};
use crate::xmpp::cx::{Cx, Kind};
use crate::xmpp::iq::{Outcome, Reply};
use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element};

/// What we can do, sorted.
pub const FEATURES: &[&str] = &[
    ns::CAPS,
    ns::DISCO_INFO,
    ns::DISCO_ITEMS,
    ns::LAST,
    ns::VERSION,
    ns::DISPLAYED_NOTIFY,
    ns::PING,
    ns::TIME,
];

/// What we are called.
pub const NAME: &str = "Waxwing";
/// Which software we are, as a URI (XEP-0115 §4).
pub const NODE: &str = "urn:x-waxwing";

/// Whom we asked what they can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whom {
    /// The server.
    Server,
    /// Our own account.
    Account,
}

/// What the server can do.
#[derive(Default)]
pub struct Disco {
    features: Vec<String>,
    waiting: u8,
    clean_ids: bool,
    has_archive: Option<bool>,
    tells_archive: bool,
    checks_publications: bool,
}

impl Disco {
    /// Asks our server and our account what they can do.
    pub fn load(&mut self, cx: &mut Cx) {
        let Some(account) = cx.account() else { return };
        let server = Jid::parse(account.domain()).ok();
        *self = Self {
            waiting: 2,
            ..Self::default()
        };
        let query = element("query", ns::DISCO_INFO);
        cx.request(server, Kind::Get, query.clone(), Reply::Disco(Whom::Server));
        cx.request(None, Kind::Get, query, Reply::Disco(Whom::Account));
    }

    /// An answer to [`Self::load`].
    pub fn on_answer(&mut self, cx: &mut Cx, whom: Whom, outcome: Outcome) {
        self.waiting = self.waiting.saturating_sub(1);
        // The session is over: the next one asks again.
        if matches!(outcome, Outcome::CutOff) {
            return;
        }
        if whom == Whom::Account {
            // A question that failed does not say that there is none.
            self.has_archive = Some(true);
        }
        if let Outcome::Result(Some(query)) = outcome {
            let found = features(&query);
            if whom == Whom::Account {
                self.tells_archive = found.iter().any(|feature| feature == ns::MAM);
                self.has_archive = Some(self.tells_archive);
            }
            self.checks_publications |=
                whom == Whom::Account && found.iter().any(|feature| feature == ns::PUBLISH_OPTIONS);
            // XEP-0359 §5, XEP-0313 §4.2: such a server removes what others say in its name.
            self.clean_ids |= whom == Whom::Account
                && found
                    .iter()
                    .any(|feature| feature == ns::STANZA_ID || feature == ns::MAM);
            self.features.extend(found);
        }
        if self.waiting == 0 {
            order::sort(&mut self.features);
            self.features.dedup();
            cx.emit(Event::Session(SessionEvent::Features(
                self.features.clone(),
            )));
        }
    }

    /// Whether our account may have an archive (XEP-0313 §7: its own word counts, not the server's); unknown until it was asked.
    #[must_use]
    pub fn has_archive(&self) -> Option<bool> {
        self.has_archive
    }

    /// Whether our account said itself that it has an archive.
    #[must_use]
    pub fn tells_archive(&self) -> bool {
        self.tells_archive
    }

    /// Whether what our account publishes (XEP-0163) can be bound to who may see it (XEP-0060 §7.1.5).
    #[must_use]
    pub fn checks_publications(&self) -> bool {
        self.checks_publications
    }

    /// Whether a stanza-id by our account can only come from our server.
    #[must_use]
    pub fn keeps_ids_clean(&self) -> bool {
        self.clean_ids
    }
}

/// The features of an answer, sorted, without doubles.
#[must_use]
pub fn features(query: &Element) -> Vec<String> {
    let named = query
        .children()
        .filter(|child| child.is("feature", ns::DISCO_INFO));
    let mut features: Vec<_> = named
        .filter_map(|child| child.attr("var"))
        .map(str::to_owned)
        .collect();
    order::sort(&mut features);
    features.dedup();
    features.truncate(1000);
    features
}

/// What we are and can do.
#[must_use]
pub fn own() -> Element {
    let identity = element("identity", ns::DISCO_INFO)
        .with("category", "client")
        .with("type", "web")
        .with("name", NAME);
    let features = FEATURES
        .iter()
        .map(|feature| element("feature", ns::DISCO_INFO).with("var", feature));
    element("query", ns::DISCO_INFO)
        .with_child(identity)
        .with_children(features)
}

/// The answer to a question about us; none if the node is not ours.
#[must_use]
pub fn answer(query: &Element) -> Option<Element> {
    let node = query.attr("node");
    let hashed = || {
        super::caps::own()
            .attr("ver")
            .map(|ver| format!("{NODE}#{ver}"))
    };
    match node {
        None => Some(own()),
        Some(node) if node == NODE || hashed().as_deref() == Some(node) => {
            Some(own().with("node", node))
        }
        Some(_) => None,
    }
}
