//! Several pages, one client.

use std::time::Duration;

use waxwing::boundary::change::Change;
use waxwing::boundary::command::{Anchor, Attention, Command};
use waxwing::entity::settings::{Setting, Settings, Theme};

use crate::support::Stage;

fn message(id: u32, body: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='juliet@example.org/balcony' type='chat' id='m{id}'><body>{body}</body></message>"
    )
}

#[test]
fn two_pages_see_the_same_and_answers_go_to_the_asker() {
    let mut stage = Stage::online();
    stage.server.deliver(&message(1, "one"));
    stage.go();
    let second = stage.attach(Attention::Visible);
    stage.go();
    stage.watch(0, Anchor::Newest, 50);
    stage.watch(second, Anchor::Newest, 50);
    stage.pages[0].changes.clear();
    stage.pages[second].changes.clear();
    stage.say("two");
    stage.server.deliver(&message(3, "three"));
    stage.go();
    assert_eq!(stage.pages[0].window.bodies(), ["one", "two", "three"]);
    assert_eq!(
        stage.pages[0].window.items,
        stage.pages[second].window.items
    );
    let shared = |page: usize| -> Vec<Change> {
        let changes = stage.pages[page].changes.iter();
        changes
            .filter(|change| !matches!(change, Change::Answer(..)))
            .cloned()
            .collect()
    };
    assert_eq!(shared(0), shared(second));
    assert_eq!(stage.pages[second].unasked_answers(), 0);
    assert_eq!(stage.server.sockets.len(), 1);
}

#[test]
fn a_snapshot_begins_with_clear_and_ends_with_ready() {
    let mut stage = Stage::empty();
    stage.server.roster = (0..1_000)
        .map(|number| {
            format!(
                "<item jid='c{number}@example.org' subscription='both'><group>Verona</group></item>"
            )
        })
        .collect();
    stage.log_in(true).unwrap();
    stage.server.deliver(&message(1, "one"));
    stage.go();
    let second = stage.attach(Attention::Visible);
    stage.world.run();
    let messages = stage.pages[second].page.take_messages();
    let first = &messages[0];
    assert_eq!(first, &[waxwing::boundary::change::ToPage::Welcome]);
    let pieces: Vec<Vec<Change>> = messages[1..]
        .iter()
        .flatten()
        .map(|message| match message {
            waxwing::boundary::change::ToPage::Changes(changes) => changes.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(pieces.len() >= 2, "one piece of 1,000 rows");
    let changes: Vec<_> = pieces.concat();
    assert_eq!(changes.first(), Some(&Change::Clear));
    assert_eq!(changes.last(), Some(&Change::Ready));
    let place = |wanted: fn(&Change) -> bool| changes.iter().position(wanted).unwrap();
    let conversations = place(|change| matches!(change, Change::Conversations { .. }));
    let contacts = place(|change| matches!(change, Change::Contacts { .. }));
    assert!(conversations < contacts);
}

#[test]
fn exactly_one_page_notifies_unless_somebody_looks() {
    let mut stage = Stage::online();
    stage.set(Setting::Notifications(true));
    let second = stage.attach(Attention::Hidden);
    stage.go();
    stage.server.deliver(&message(1, "one"));
    stage.server.deliver(&message(2, "two"));
    stage.go();
    assert_eq!(stage.pages[0].notifications(), ["juliet@example.org: two"]);
    assert!(stage.pages[second].notifications().is_empty());
    stage.watch(0, Anchor::Newest, 50);
    stage.server.deliver(&message(3, "three"));
    stage.go();
    assert!(
        stage.pages[0].notifications().is_empty(),
        "romeo is looking at it"
    );
    stage.ask(Command::Attention(Attention::Hidden));
    stage.server.deliver(&message(4, "four"));
    stage.go();
    let told = stage.pages[0].notifications().len() + stage.pages[second].notifications().len();
    assert_eq!(told, 1);
}

#[test]
fn what_two_pages_set_at_the_same_time_is_both_kept() {
    let mut stage = Stage::online();
    let second = stage.attach(Attention::Hidden);
    stage.go();
    let dark = Command::Set(Setting::Theme(Theme::Dark));
    stage.page_wishes(dark);
    let chinese = Command::Set(Setting::Language(Some("zh-CN".into())));
    stage.pages[second].page.wish(0, chinese);
    stage.go();
    let both = Settings {
        theme: Theme::Dark,
        language: Some("zh-CN".into()),
        ..Settings::default()
    };
    assert_eq!(stage.disk.device().settings, both);
}

#[test]
fn the_server_learns_when_nobody_looks() {
    let mut stage = Stage::online();
    let second = stage.attach(Attention::Hidden);
    let told = |stage: &mut Stage| {
        stage.go();
        let told = |frame: &String| frame.contains("urn:xmpp:csi:0");
        let frames: Vec<_> = stage.server.frames.drain(..).filter(told).collect();
        frames.concat()
    };
    stage.ask(Command::Attention(Attention::Hidden));
    stage.pass(Duration::from_secs(9));
    stage.ask(Command::Attention(Attention::Visible));
    stage.pass(Duration::from_secs(60));
    assert_eq!(told(&mut stage), "", "a short look elsewhere");
    stage.ask(Command::Attention(Attention::Hidden));
    stage.pass(Duration::from_secs(11));
    assert_eq!(told(&mut stage), "<inactive xmlns='urn:xmpp:csi:0'/>");
    // Another tab is as good.
    stage.pages[second]
        .page
        .wish(0, Command::Attention(Attention::Focused));
    assert_eq!(told(&mut stage), "<active xmlns='urn:xmpp:csi:0'/>");
}

#[test]
fn settings_are_shared_and_kept() {
    let mut stage = Stage::online();
    let second = stage.attach(Attention::Visible);
    stage.go();
    stage.set(Setting::Notifications(true));
    let on = Change::Settings(Settings {
        notifications: true,
        ..Settings::default()
    });
    assert!(stage.pages[second].changes.contains(&on));
    let stage = stage.restart();
    assert!(stage.pages[0].changes.contains(&on));
}

#[test]
fn the_console_shows_frames_without_secrets_to_those_who_watch() {
    let mut stage = Stage::empty();
    let watch = Command::WatchDiagnostics {
        log: true,
        console: true,
    };
    stage.ask(watch);
    let second = stage.attach(Attention::Visible);
    stage.log_in(true).unwrap();
    let console = |page: usize| -> Vec<(bool, String)> {
        let changes = stage.pages[page].changes.iter();
        changes
            .filter_map(|change| match change {
                Change::Console(frames) => Some(frames.clone()),
                _ => None,
            })
            .flatten()
            .map(|frame| (frame.sent, frame.xml))
            .collect()
    };
    let frames = console(0);
    assert!(
        frames
            .iter()
            .any(|(sent, xml)| *sent && xml.contains("<auth") && xml.contains("***"))
    );
    let sent: Vec<_> = frames
        .iter()
        .filter(|(sent, _)| *sent)
        .map(|(_, xml)| xml)
        .collect();
    for (raw, shown) in stage.server.frames.iter().zip(sent) {
        let is_secret = raw.contains("xmpp-sasl");
        assert_eq!(raw == shown, !is_secret, "{shown}");
    }
    assert!(console(second).is_empty());
}
