//! Known bugs, planted between the client and the world: what the client would do wrong is made of what it does right. The
//! oracle sees each of them; production code knows nothing of it.

use minidom::Element;

use crate::run;
use crate::support::disk::Fault;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plant {
    /// One stanza more is confirmed than came.
    ConfirmsTooMuch,
    /// What was not sent is forgotten when the engine dies.
    ForgetsOutbox,
    /// A stanza-id counts, whoever it is by.
    TrustsForeignId,
    /// Of a page of the archive, the cursor alone is kept.
    SkipsPage,
    /// A live message moves the cursor.
    CursorFollowsLive,
    /// What was in doubt is sent again without a look into the archive.
    SendsUnlooked,
    /// A copy of what another device heard or sent is not known again.
    CopyIsNew,
    /// After a resumption it is not waited for that the server shows that it understands what is said.
    WritesUnheard,
}

pub const ALL: [Plant; 8] = [
    Plant::ConfirmsTooMuch,
    Plant::ForgetsOutbox,
    Plant::TrustsForeignId,
    Plant::SkipsPage,
    Plant::CursorFollowsLive,
    Plant::SendsUnlooked,
    Plant::CopyIsNew,
    Plant::WritesUnheard,
];

impl Plant {
    /// What the disk does wrong for it.
    pub fn of_disk(self) -> Option<Fault> {
        match self {
            Self::SkipsPage => Some(Fault::PageSkipped),
            Self::CursorFollowsLive => Some(Fault::CursorFollowsLive),
            _ => None,
        }
    }

    /// What the client would say.
    pub fn up(self, frame: String) -> String {
        match self {
            Self::ConfirmsTooMuch if frame.starts_with("<a ") || frame.starts_with("<resume ") => {
                let nonza: Element = frame.parse().unwrap();
                let h: u32 = nonza.attr("h").unwrap().parse().unwrap();
                let told = |h: u32| [format!("h=\"{h}\""), format!("h='{h}'")];
                let [double, single] = told(h);
                let [more, _] = told(h + 1);
                frame.replace(&double, &more).replace(&single, &more)
            }
            // Only a look for messages in doubt asks for one conversation from some time on.
            Self::SendsUnlooked
                if frame.contains("urn:xmpp:mam:2")
                    && frame.contains("with")
                    && frame.contains("start") =>
            {
                frame.replace("@example.org</value>", "@elsewhere.example</value>")
            }
            _ => frame,
        }
    }

    /// What the client would hear.
    pub fn down(self, frame: String) -> String {
        match self {
            Self::TrustsForeignId if frame.contains("by='mallory@example.org'") => {
                let Some(to) = between(&frame, " to='", "'").map(str::to_owned) else {
                    return frame;
                };
                let own = format!("<stanza-id xmlns='urn:xmpp:sid:0' by='{to}'");
                without(frame, &own).replace("by='mallory@example.org'", &format!("by='{to}'"))
            }
            Self::CopyIsNew if frame.contains("urn:xmpp:carbons:2") => {
                let frame = without(frame, "<origin-id ");
                let frame = without(frame, "<stanza-id ");
                match frame.rfind("type='chat' id='") {
                    Some(at) => {
                        let (before, rest) = frame.split_at(at);
                        let rest = rest.replacen(" id='", " xml:lang='en' was='", 1);
                        format!("{before}{rest}").replace(" was='", " class='")
                    }
                    None => frame,
                }
            }
            _ => frame,
        }
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split(after).next()
}

/// The frame without the first element that begins so.
fn without(frame: String, beginning: &str) -> String {
    match frame.split_once(beginning) {
        Some((before, rest)) => {
            let after = rest.split_once("/>").map_or("", |(_, after)| after);
            format!("{before}{after}")
        }
        None => frame,
    }
}

/// How many seeds are tried until a planted bug is seen.
const PATIENCE: u64 = 300;

#[test]
fn planted_bugs_are_seen() {
    for plant in ALL {
        let seen = (1..=PATIENCE)
            .find_map(|seed| run::play(seed, Some(plant)).err().map(|why| (seed, why)));
        let (seed, why) = seen.unwrap_or_else(|| panic!("{plant:?} goes unnoticed"));
        println!("{plant:?}: seen with seed {seed}: {}", why.what);
    }
}
