//! What is read from a `config.json`, and what is refused.

use super::*;

fn s(text: &str) -> Json {
    Json::Text(text.into())
}

fn object(entries: Vec<(&str, Json)>) -> Json {
    let entries = entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value));
    Json::Object(entries.collect())
}

fn mistakes(entries: Vec<(&str, Json)>) -> Vec<(String, Expected)> {
    let (_, mistakes) = Config::read(object(entries));
    mistakes.into_iter().map(|m| (m.key, m.expected)).collect()
}

#[test]
fn everything_can_be_set_and_nothing_must_be() {
    assert_eq!(Config::read(object(vec![])), (Config::default(), vec![]));
    let (config, mistakes) = Config::read(object(vec![
        ("domain", s("example.org")),
        ("websocket", s("wss://example.org/xmpp-websocket")),
        ("other_servers", Json::Bool(false)),
        ("registration", Json::Bool(false)),
        ("anonymous", Json::Bool(true)),
        ("theme", s("dark")),
        ("language", s("zh-CN")),
        (
            "links",
            object(vec![
                ("help", s("help.html")),
                ("privacy", s("https://example.org/p")),
                ("password_reset", Json::Null),
            ]),
        ),
        ("hide", Json::List(vec![s("diagnostics")])),
    ]));
    assert_eq!(mistakes, []);
    assert_eq!(config.domain.as_deref(), Some("example.org"));
    assert_eq!(config.theme, Theme::Dark);
    assert_eq!(config.help.as_deref(), Some("help.html"));
    assert!(!config.other_servers && !config.registration && config.anonymous);
    assert!(!config.has(Feature::Diagnostics) && config.has(Feature::Notifications));
}

#[test]
fn a_mistake_names_its_key() {
    assert_eq!(Config::read(s("hello")).1.len(), 1);
    assert_eq!(
        mistakes(vec![
            ("domain", s("https://example.org")),
            ("other_servers", s("yes")),
            (
                "links",
                object(vec![
                    ("help", s("javascript:alert(1)")),
                    ("blog", s("https://example.org"))
                ])
            ),
            ("colour", s("red")),
            ("rooms", Json::List(vec![s("orchard@rooms.example.org")])),
            ("hide", Json::List(vec![Json::Other])),
        ]),
        [
            ("domain".to_owned(), Expected::Domain),
            ("other_servers".to_owned(), Expected::Bool),
            ("links.help".to_owned(), Expected::Link),
            ("links.blog".to_owned(), Expected::Nothing),
            ("colour".to_owned(), Expected::Nothing),
            ("rooms".to_owned(), Expected::Nothing),
            ("hide".to_owned(), Expected::Texts),
        ]
    );
    assert!(matches!(
        &mistakes(vec![("theme", s("pink"))])[..],
        [(key, Expected::OneOf(_))] if key == "theme"
    ));
}

#[test]
fn a_language_that_is_not_spoken_is_a_mistake() {
    for good in ["en", "zh-CN", "zh", "en-GB"] {
        assert_eq!(mistakes(vec![("language", s(good))]), [], "{good}");
    }
    assert!(matches!(
        &mistakes(vec![("language", s("klingon"))])[..],
        [(key, Expected::OneOf(["en", "zh-CN"]))] if key == "language"
    ));
}

#[test]
fn only_a_file_that_is_not_there_means_that_nothing_is_set() {
    let text = || Some("{}".to_owned());
    assert_eq!(fetched(200, text()), Fetched::Text("{}".into()));
    assert_eq!(fetched(404, text()), Fetched::None);
    for status in [0, 301, 401, 403, 500, 503] {
        assert_eq!(fetched(status, text()), Fetched::Failed, "{status}");
    }
    assert_eq!(fetched(200, None), Fetched::Failed);
}

#[test]
fn an_address_without_encryption_is_refused_but_for_this_machine() {
    for good in [
        "wss://a",
        "ws://localhost:5280/ws",
        "ws://127.0.0.1",
        "ws://[::1]:1/",
    ] {
        assert!(Endpoint::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "ws://example.org",
        "ws://localhost.example.org",
        "https://a",
        "wss://",
        "",
    ] {
        assert!(Endpoint::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn only_harmless_links_are_taken() {
    for good in [
        "https://example.org",
        "mailto:a@b",
        "help.html",
        "./a?b:c",
        "/x",
    ] {
        assert!(is_link(good), "{good}");
    }
    for bad in [
        "javascript:alert(1)",
        "JavaScript:x",
        "data:text/html,x",
        "http://example.org",
    ] {
        assert!(!is_link(bad), "{bad}");
    }
}

#[test]
fn an_address_is_completed_and_finds_its_websocket() {
    let config = Config {
        domain: Some("example.org".into()),
        websocket: Some("wss://example.org/ws".into()),
        ..Config::default()
    };
    assert_eq!(config.complete(" romeo "), "romeo@example.org");
    assert_eq!(config.complete("romeo@example.com"), "romeo@example.com");
    assert_eq!(config.complete(" "), "");
    assert_eq!(
        config.websocket_for("romeo@Example.org").as_deref(),
        Some("wss://example.org/ws")
    );
    assert_eq!(config.websocket_for("romeo@example.com"), None);
    assert_eq!(Config::default().websocket_for("romeo@example.com"), None);
}
