//! Hostile input from page to store: each case of `attacks/cases.jsonl` has no effect, and its legitimate twin has.
//!
//! A case is sent live, inside a page of the archive, inside a forged and a true carbon, and
//! the client is started anew from its store afterwards. *No effect* means: what pages see and what is stored is the
//! same as before, nothing is published, and nothing is sent but one error at most. Where the text is to arrive, it
//! arrives letter by letter.
//!
//! In a case `{ME}` is romeo, `{MEF}` his session, `{JU}` and `{JUF}` juliet, `{EV}` and `{EVB}` mallory; `{OPENIQ}` and
//! `{OPENQ}` name an open question to the archive about juliet, `{MYMSG}` a message to juliet that is not confirmed,
//! `{DONEIQ}` a question that was answered, and `{x9000:v}` is 9,000 times `v`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "attacks/gaps.rs"]
mod gaps;
mod support;

use futures::FutureExt;
use minidom::Element;
use serde_json::Value;
use support::{Stage, WINDOW, address, juliet};
use waxwing::boundary::change::{Change, Reply};
use waxwing::boundary::command::{AccountCommand, Anchor, Attention, Command, TimelineRequest};
use waxwing::entity::address::Address;
use waxwing::entity::id::{ItemId, WindowId};
use waxwing::store::{Depot, From, PageQuery};

const ME: &str = "romeo@example.org";
const MALLORY: &str = "mallory@example.net";

struct Case {
    id: String,
    title: String,
    stanza: String,
    effect: Effect,
    twin: Option<Twin>,
    /// Not one well-formed element: it cannot be wrapped.
    raw: bool,
}

/// What differs from the case only in that it is harmless, and has its effect: so no check passes by refusing all.
struct Twin {
    stanza: String,
    /// What changes in what pages see and what is stored.
    shows: Option<String>,
    /// What is told to pages, where nothing is kept of it.
    tells: Option<String>,
    /// What the answer to it says.
    answers: Option<String>,
}

enum Effect {
    None,
    /// This text arrives from mallory.
    Text(String),
    /// An open page ends, and holds nothing.
    Page,
}

fn cases() -> Vec<Case> {
    include_str!("attacks/cases.jsonl")
        .lines()
        .map(|line| {
            let case: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| case[name].as_str().unwrap_or_default().to_owned();
            Case {
                id: text("id"),
                title: text("title"),
                stanza: text("stanza"),
                effect: match case["effect"].as_str().unwrap() {
                    "none" => Effect::None,
                    "text" => Effect::Text(repeat(&text("body"))),
                    "page" => Effect::Page,
                    other => panic!("no effect {other}"),
                },
                twin: case["twin"].as_str().map(|twin| Twin {
                    stanza: twin.to_owned(),
                    shows: case["shows"].as_str().map(String::from),
                    tells: case["tells"].as_str().map(String::from),
                    answers: case["answers"].as_str().map(String::from),
                }),
                raw: case["raw"].as_bool().unwrap_or_default(),
            }
        })
        .collect()
}

/// `{x3:ab}` becomes `ababab`.
fn repeat(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("{x") {
        let inside = &rest[start + 2..];
        let parts = inside.split_once('}').and_then(|(inside, after)| {
            let (count, what) = inside.split_once(':')?;
            Some((count.parse::<usize>().ok()?, what, after))
        });
        let Some((count, what, after)) = parts else {
            break;
        };
        out += &rest[..start];
        out += &what.repeat(count);
        rest = after;
    }
    out + rest
}

/// Romeo is online, watches his conversations with juliet and mallory, whose archives are still being asked (when it is known what
/// was missed), and has said something to juliet that is not confirmed.
struct Scene {
    stage: Stage,
    names: Vec<(&'static str, String)>,
}

impl Scene {
    /// Nothing was missed.
    fn new() -> Self {
        Self::with(true)
    }

    /// What was missed is still being asked for.
    fn behind() -> Self {
        Self::with(false)
    }

    fn with(is_caught_up: bool) -> Self {
        let mut stage = Stage::empty();
        stage.server.roster =
            "<item jid='juliet@example.org' name='Juliet' subscription='both'/>".into();
        stage.server.holds_pages = true;
        stage.log_in(true).unwrap();
        let done = id_of(&stage.server.frames, "jabber:iq:roster");
        stage.server.silent = true;
        // The same name in each scene: they are compared.
        let message = AccountCommand::SendMessage {
            to: juliet(),
            body: "wherefore".into(),
            id: ItemId(1),
            again: false,
        };
        assert_eq!(stage.tell(message), Ok(Reply::Done));
        let mine = stage.server.take_messages()[0].0.clone();
        stage.watch(0, Anchor::Newest, 50);
        let request = TimelineRequest {
            account: stage.account,
            conversation: address(MALLORY),
            anchor: Anchor::Newest,
            count: 50,
        };
        stage.pages[0]
            .page
            .wish(0, Command::Watch(WindowId(2), request));
        stage.go();
        let page = |stage: &Stage, with: &str| {
            let found = stage.server.pages.iter().find(|page| page.2 == with);
            found.expect("the archive was not asked").clone()
        };
        let of_all = page(&stage, "");
        if is_caught_up {
            stage.server.deliver(&format!(
                "<iq xmlns='jabber:client' type='result' id='{}'><fin xmlns='urn:xmpp:mam:2' complete='true'/></iq>",
                of_all.0
            ));
            stage.go();
        }
        let of = |with: &str| match is_caught_up {
            true => page(&stage, with),
            false => ("not asked".into(), "not asked".into(), with.into()),
        };
        let (of_juliet, of_mallory) = (of("juliet@example.org"), of(MALLORY));
        let names = vec![
            ("{ME}", ME.to_owned()),
            ("{MEF}", format!("{ME}/orchard")),
            ("{JU}", "juliet@example.org".to_owned()),
            ("{JUF}", "juliet@example.org/balcony".to_owned()),
            ("{EV}", format!("{MALLORY}/m")),
            ("{EVB}", MALLORY.to_owned()),
            ("{ROOM}", "room@rooms.example.org".to_owned()),
            ("{N}", "n1".to_owned()),
            ("{MYMSG}", mine),
            ("{DONEIQ}", done),
            ("{OPENIQ}", of_juliet.0),
            ("{OPENQ}", of_juliet.1),
            ("{HISIQ}", of_mallory.0),
            ("{HISQ}", of_mallory.1),
            ("{CUPIQ}", of_all.0),
            ("{CUPQ}", of_all.1),
        ];
        let mut scene = Self { stage, names };
        scene.forget();
        scene
    }

    fn forget(&mut self) {
        self.stage.go();
        self.stage.server.frames.clear();
        self.stage.pages[0].changes.clear();
    }

    fn fill(&self, text: &str) -> String {
        let text = repeat(text);
        self.names
            .iter()
            .fold(text, |text, (name, value)| text.replace(name, value))
    }

    /// Sends stanzas (of the client's namespace where they name none), or a raw frame.
    fn deliver(&mut self, text: &str, raw: bool) {
        let text = self.fill(text);
        if raw {
            self.stage.server.deliver(&text);
        } else {
            for stanza in split(&text) {
                self.stage.server.deliver(&qualified(&stanza));
            }
        }
        self.stage.go();
    }

    /// Ends a page of the archive, with that in it.
    fn finish_page(&mut self, page: &Page, inner: &str) {
        let Page { query, iq, .. } = page;
        // Whatever becomes of the first item, the page ends with the second one.
        let nothing = qualified(&format!("<message from='{MALLORY}' to='{ME}'/>"));
        for (id, inner) in [("h1", inner), ("h2", &nothing)] {
            let item = format!(
                "<message to='{{MEF}}'><result xmlns='urn:xmpp:mam:2' queryid='{query}' id='{id}'>\
                 <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2025-12-31T20:00:00Z'/>{inner}\
                 </forwarded></result></message>"
            );
            let item = self.fill(&item);
            self.stage.server.deliver(&qualified(&item));
        }
        self.deliver(
            &format!(
                "<iq type='result' id='{iq}'><fin xmlns='urn:xmpp:mam:2' complete='true'>\
                 <set xmlns='http://jabber.org/protocol/rsm'><first>h1</first><last>h2</last></set></fin></iq>"
            ),
            false,
        );
    }

    /// What a page that opens now would see, and everything that is stored.
    fn state(&mut self) -> String {
        let page = self.stage.attach(Attention::Hidden);
        self.stage.go();
        let seen = std::mem::take(&mut self.stage.pages[page].changes);
        self.stage.pages.remove(page).page.vanish();
        self.stage.go();
        format!("{seen:#?}\n{}", self.stored())
    }

    fn stored(&self) -> String {
        let disk = &self.stage.disk;
        let store = now(disk.open(self.stage.account));
        let snapshot = now(store.load());
        let known = snapshot
            .conversations
            .iter()
            .map(|known| known.peer.clone());
        let mut peers: Vec<Address> = known.collect();
        let people = [
            ME,
            MALLORY,
            "juliet@example.org",
            "room@rooms.example.org",
            "example.org",
        ];
        peers.extend(people.map(address));
        peers.sort();
        peers.dedup();
        let messages: Vec<_> = peers
            .into_iter()
            .flat_map(|conversation| {
                now(store.page(PageQuery {
                    conversation,
                    from: From::Newest,
                    count: 1000,
                }))
            })
            .collect();
        format!("{snapshot:#?}\n{messages:#?}\n{:#?}", disk.device())
    }

    /// What was published and sent since the last look.
    fn take_done(&mut self) -> (Vec<Change>, Vec<String>) {
        let published = std::mem::take(&mut self.stage.pages[0].changes);
        (published, std::mem::take(&mut self.stage.server.frames))
    }

    /// The texts stored of mallory's messages.
    fn heard(&self) -> Vec<String> {
        let store = now(self.stage.disk.open(self.stage.account));
        let query = PageQuery {
            conversation: address(MALLORY),
            from: From::Newest,
            count: 100,
        };
        now(store.page(query))
            .into_iter()
            .map(|message| message.body)
            .collect()
    }

    /// Nothing is broken: the client still answers.
    fn still_answers(&mut self) -> bool {
        self.stage.server.frames.clear();
        self.deliver(
            "<iq from='example.org' type='get' id='alive'><ping xmlns='urn:xmpp:ping'/></iq>",
            false,
        );
        let answered = |frame: &String| frame.contains("alive") && frame.contains("result");
        self.stage.server.frames.iter().any(answered)
    }

    fn restart(self) -> Self {
        let Self { stage, names } = self;
        let mut scene = Self {
            stage: stage.restart(),
            names,
        };
        scene.stage.go();
        scene
    }
}

fn now<T>(stored: waxwing::store::Stored<'_, T>) -> T {
    stored
        .now_or_never()
        .expect("memory waits for nothing")
        .unwrap()
}

fn id_of(frames: &[String], payload: &str) -> String {
    let frame = frames.iter().find(|frame| frame.contains(payload)).unwrap();
    let element: Element = frame.parse().unwrap();
    element.attr("id").unwrap().to_owned()
}

/// The stanzas that stand one after another.
fn split(text: &str) -> Vec<String> {
    let mut stanzas = Vec::new();
    let mut rest = text;
    for end in ["</message>", "</iq>"] {
        // Only twins are several: an item, then the end of its page.
        if let Some(at) = rest.rfind(&format!("{end}<iq ")) {
            stanzas.push(rest[..at + end.len()].to_owned());
            rest = &rest[at + end.len()..];
        }
    }
    stanzas.push(rest.to_owned());
    stanzas
}

fn qualified(stanza: &str) -> String {
    let (name, rest) = stanza.split_at(stanza.find([' ', '>']).unwrap());
    format!("{name} xmlns='jabber:client'{rest}")
}

fn only_an_error(frames: &[String]) -> bool {
    match frames {
        [] => true,
        [frame] => frame.starts_with("<iq ") && frame.contains("type='error'"),
        _ => false,
    }
}

/// Notes what failed, so that one run tells all.
#[derive(Default)]
struct Failures(Vec<String>);

impl Failures {
    fn check(&mut self, case: &Case, way: &str, holds: bool, why: impl FnOnce() -> String) {
        if !holds {
            let mut why = why();
            why.truncate(why.floor_char_boundary(1500));
            self.0
                .push(format!("{} ({}), {way}: {why}", case.id, case.title));
        }
    }

    fn report(self) {
        assert!(self.0.is_empty(), "\n\n{}\n", self.0.join("\n\n"));
    }
}

/// The lines in which two states differ.
fn difference(before: &str, after: &str) -> String {
    let lines = |text: &str| {
        text.lines()
            .map(|line| line.chars().take(300).collect::<String>())
            .collect::<Vec<_>>()
    };
    let (before, after) = (lines(before), lines(after));
    let gone = before
        .iter()
        .filter(|line| !after.contains(line))
        .map(|line| format!("- {line}"));
    let new = after
        .iter()
        .filter(|line| !before.contains(line))
        .map(|line| format!("+ {line}"));
    gone.chain(new).collect::<Vec<_>>().join("\n")
}

#[test]
pub fn live_and_after_a_reload() {
    let mut failures = Failures::default();
    let untouched = Scene::new().restart().state();
    for case in cases() {
        let mut scene = Scene::new();
        let before = scene.state();
        scene.forget();
        scene.deliver(&case.stanza, case.raw);
        let (published, frames) = scene.take_done();
        failures.check(&case, "live", only_an_error(&frames), || {
            format!("sent {frames:?}")
        });
        let after = scene.state();
        failures.check(&case, "live", scene.still_answers(), || "no answer".into());
        match &case.effect {
            Effect::None => {
                failures.check(&case, "live", published.is_empty(), || {
                    format!("published {published:?}")
                });
                failures.check(&case, "live", before == after, || {
                    difference(&before, &after)
                });
                let again = scene.restart().state();
                failures.check(&case, "reloaded", untouched == again, || {
                    difference(&untouched, &again)
                });
            }
            Effect::Text(body) => {
                let heard = scene.heard();
                failures.check(&case, "live", heard == [body.clone()], || {
                    format!("heard {heard:?}")
                });
                let shown = published.iter().any(|change| matches!(change, Change::Timeline(WindowId(2), change)
                    if change.put.iter().any(|item| matches!(&item.kind, waxwing::boundary::change::ItemKind::Message(message) if message.body == *body))));
                failures.check(&case, "live", shown, || format!("published {published:?}"));
                let mut scene = scene.restart();
                let heard = scene.heard();
                failures.check(&case, "reloaded", heard == [body.clone()], || {
                    format!("heard {heard:?}")
                });
                failures.check(&case, "reloaded", scene.still_answers(), || {
                    "no answer".into()
                });
            }
            Effect::Page => {
                failures.check(&case, "live", !after.contains("FORGED"), || {
                    difference(&before, &after)
                });
                failures.check(&case, "live", after.contains("Complete"), || {
                    "the page did not end".into()
                });
            }
        }
    }
    failures.report();
}

/// A page of the archive that is waited for.
struct Page {
    query: &'static str,
    iq: &'static str,
    /// What its end leaves in the store.
    ends: &'static str,
    /// Where it is waited for.
    scene: fn() -> Scene,
}

#[test]
fn inside_a_page_of_the_archive() {
    inside(&Page {
        query: "{HISQ}",
        iq: "{HISIQ}",
        ends: "Complete",
        scene: Scene::new,
    });
}

#[test]
fn inside_a_page_of_what_was_missed() {
    inside(&Page {
        query: "{CUPQ}",
        iq: "{CUPIQ}",
        ends: "\"h2\"",
        scene: Scene::behind,
    });
}

fn inside(page: &Page) {
    let mut failures = Failures::default();
    let mut empty = (page.scene)();
    empty.finish_page(page, &qualified("<message/>"));
    // What waits for what was missed is asked then.
    let (_, asked) = empty.take_done();
    let untouched = empty.state();
    assert!(untouched.contains(page.ends));
    let again = empty.restart().state();
    for case in cases()
        .iter()
        .filter(|case| !case.raw && case.stanza.starts_with("<message"))
    {
        let mut scene = (page.scene)();
        let [one] = split(&case.stanza)
            .try_into()
            .unwrap_or_else(|_| [String::new()]);
        if one.is_empty() {
            continue;
        }
        scene.finish_page(page, &qualified(&one));
        let (_, frames) = scene.take_done();
        // Where a text was found, history begins before it.
        let is_text = matches!(case.effect, Effect::Text(_));
        let as_ever = frames == asked || is_text && frames.len() == asked.len();
        failures.check(case, "archived", as_ever, || format!("sent {frames:?}"));
        let state = scene.state();
        failures.check(case, "archived", scene.still_answers(), || {
            "no answer".into()
        });
        if let Effect::Text(body) = &case.effect {
            let heard = scene.heard();
            failures.check(case, "archived", heard == [body.clone()], || {
                format!("heard {heard:?}")
            });
            let heard = scene.restart().heard();
            failures.check(case, "archived, reloaded", heard == [body.clone()], || {
                format!("heard {heard:?}")
            });
        } else {
            failures.check(case, "archived", untouched == state, || {
                difference(&untouched, &state)
            });
            let state = scene.restart().state();
            failures.check(case, "archived, reloaded", again == state, || {
                difference(&again, &state)
            });
        }
    }
    failures.report();
}

#[test]
fn inside_carbons_true_and_forged() {
    let mut failures = Failures::default();
    for case in cases()
        .iter()
        .filter(|case| !case.raw && case.stanza.starts_with("<message"))
    {
        for (way, sender) in [("forged carbon", "{EV}"), ("carbon", "{ME}")] {
            let mut scene = Scene::new();
            let before = scene.state();
            scene.forget();
            let [one] = split(&case.stanza)
                .try_into()
                .unwrap_or_else(|_| [String::new()]);
            if one.is_empty() {
                continue;
            }
            let inner = qualified(&one);
            scene.deliver(
                &format!(
                    "<message from='{sender}' to='{{MEF}}'><received xmlns='urn:xmpp:carbons:2'>\
                     <forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded></received></message>"
                ),
                false,
            );
            let (published, frames) = scene.take_done();
            failures.check(case, way, frames.is_empty(), || format!("sent {frames:?}"));
            if let (Effect::Text(body), "carbon") = (&case.effect, way) {
                let heard = scene.heard();
                failures.check(case, way, heard == [body.clone()], || {
                    format!("heard {heard:?}")
                });
                continue;
            }
            failures.check(case, way, published.is_empty(), || {
                format!("published {published:?}")
            });
            let after = scene.state();
            failures.check(case, way, before == after, || difference(&before, &after));
        }
    }
    failures.report();
}

#[test]
pub fn every_twin_has_its_effect() {
    let mut failures = Failures::default();
    for case in cases() {
        let Some(twin) = &case.twin else {
            // What changes something is its own twin. Of the rest there is none for what no stanza is like, and for
            // what is not understood yet: calls, stream management, a second log-in.
            let has_none = ["B11", "G05", "G15", "H"];
            let is_known = has_none.iter().any(|id| case.id.starts_with(id));
            failures.check(
                &case,
                "twin",
                is_known || matches!(case.effect, Effect::Text(_)),
                || "none".into(),
            );
            continue;
        };
        let mut scene = Scene::new();
        let before = scene.state();
        scene.forget();
        scene.deliver(&twin.stanza, case.raw);
        let (published, frames) = scene.take_done();
        if let Some(wanted) = &twin.answers {
            let answers = |frame: &String| {
                frame.starts_with("<iq ")
                    && frame.contains("type='result'")
                    && frame.contains(wanted)
            };
            failures.check(&case, "twin", frames.iter().any(answers), || {
                format!("no {wanted}: {frames:?}")
            });
        }
        if let Some(shows) = &twin.shows {
            let change = difference(&before, &scene.state());
            failures.check(&case, "twin", change.contains(shows), || {
                format!("no {shows}: {change}")
            });
        }
        if let Some(wanted) = &twin.tells {
            let told = format!("{published:?}");
            failures.check(&case, "twin", told.contains(wanted), || {
                format!("no {wanted}: {told}")
            });
        }
        let expected = [&twin.shows, &twin.tells, &twin.answers];
        let is_any = expected.iter().any(|wanted| wanted.is_some());
        failures.check(&case, "twin", is_any, || "nothing is expected of it".into());
    }
    failures.report();
}

/// B13: what does not hash to its claim is not kept, and what does is.
#[test]
fn capabilities_are_learned_only_under_their_own_name() {
    let info = |name: &str| {
        format!(
            "<query xmlns='http://jabber.org/protocol/disco#info' node='n'><identity category='client' name='{name}' type='pc'/>\
             <feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>\
             <feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/></query>"
        )
    };
    for (name, kept) in [
        ("Mallory", false),
        ("Exodus 0.9.1&lt;", false),
        ("Exodus 0.9.1", true),
    ] {
        let mut scene = Scene::new();
        scene.deliver(
            "<presence from='{JUF}' to='{MEF}'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' \
             ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>",
            false,
        );
        scene.stage.server.disco = Some(info(name));
        scene
            .stage
            .tell(AccountCommand::Resources(juliet()))
            .unwrap();
        scene.stage.go();
        let store = now(scene.stage.disk.open(scene.stage.account));
        assert_eq!(!now(store.load()).caps.is_empty(), kept, "{name}");
    }
}

/// XEP-0490: what only claims to be our account's word clears no badge, wherever it is put; our account's word does.
#[test]
fn nobody_else_says_how_far_we_have_read() {
    let flag = |to: &str| {
        format!(
            "<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:mds:displayed:0'>\
             <item id='juliet@example.org'><displayed xmlns='urn:xmpp:mds:displayed:0'>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='{to}' id='a1'/></displayed></item></items></event>"
        )
    };
    let unread = |stanza: &str| {
        let mut scene = Scene::new();
        scene.deliver(
            "<message from='{JUF}' to='{ME}' type='chat'><body>wherefore</body>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='{ME}' id='a1'/></message>",
            false,
        );
        assert_eq!(scene.stage.row().unread, 1);
        scene.forget();
        scene.deliver(stanza, false);
        let (_, frames) = scene.take_done();
        assert!(only_an_error(&frames), "{stanza}: {frames:?}");
        assert!(scene.still_answers(), "{stanza}");
        scene.restart().stage.row().unread
    };
    let event = flag(ME);
    for sender in [
        "{EV}",
        "{EVB}",
        "{JUF}",
        "{MEF}",
        "{ME}/other",
        "example.org",
    ] {
        for inner in [event.clone(), format!("<body>x</body>{event}")] {
            let stanza =
                format!("<message from='{sender}' to='{{MEF}}' type='headline'>{inner}</message>");
            let expected = if sender == "{JUF}" && inner != event {
                2
            } else {
                1
            };
            assert_eq!(unread(&stanza), expected, "{stanza}");
        }
    }
    for wrapping in [
        format!(
            "<message from='{{EV}}' to='{{MEF}}'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>\
             <message xmlns='jabber:client' from='{{ME}}'>{event}</message></forwarded></received></message>"
        ),
        format!(
            "<message from='{{ME}}' to='{{MEF}}'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>\
             <message xmlns='jabber:client' from='{{ME}}'>{event}</message></forwarded></received></message>"
        ),
        format!("<message from='{{ME}}' to='{{MEF}}' type='error'>{event}</message>"),
        format!("<iq from='{{EV}}' to='{{MEF}}' type='set' id='{{N}}'>{event}</iq>"),
        format!(
            "<message from='{{ME}}' to='{{MEF}}' type='headline'>{}</message>",
            flag(MALLORY)
        ),
    ] {
        assert_eq!(unread(&wrapping), 1, "{wrapping}");
    }
    for twin in [
        format!("<message from='{{ME}}' to='{{MEF}}' type='headline'>{event}</message>"),
        format!("<message to='{{MEF}}' type='headline'>{event}</message>"),
    ] {
        assert_eq!(unread(&twin), 0, "{twin}");
    }
}

/// WINDOW is juliet's: what is forged in her name shows nowhere there.
#[test]
fn the_scene_is_as_described() {
    let mut scene = Scene::new();
    assert_eq!(WINDOW, WindowId(1));
    assert_eq!(scene.stage.bodies(), ["wherefore"]);
    assert!(scene.state().contains("Juliet"));
    assert!(scene.heard().is_empty() && scene.still_answers());
    assert_eq!(
        scene
            .names
            .iter()
            .filter(|(_, value)| value.is_empty())
            .count(),
        0
    );
}
