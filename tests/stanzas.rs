//! Stanzas as real and hostile peers write them: read, built again, read again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::Path;

use minidom::Element;
use waxwing::entity::form::FieldKind;
use waxwing::xmpp::stanza::hints::Hint;
use waxwing::xmpp::stanza::last::LastAnswer;
use waxwing::xmpp::stanza::registration::Registration;
use waxwing::xmpp::{gate, ns, parse};

fn read(frame: &str) -> Element {
    parse::parse(&gate::check(frame).unwrap()).unwrap()
}

fn fixture(name: &str) -> Element {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/stanzas")
        .join(name);
    read(&std::fs::read_to_string(path).unwrap())
}

fn payload(name: &str) -> Element {
    fixture(name).children().next().unwrap().clone()
}

fn answers(pairs: &[(&str, &str)]) -> Vec<(String, Vec<String>)> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).into(), vec![(*value).into()]))
        .collect()
}

#[test]
fn every_fixture_survives_reading_writing_and_reading() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stanzas");
    let mut seen = 0;
    for folder in std::fs::read_dir(root).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let tree = read(&std::fs::read_to_string(&path).unwrap());
            assert_eq!(read(&String::from(&tree)), tree, "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 11);
}

#[test]
fn hints_are_read_and_built() {
    let message = fixture("0334/hints.xml");
    let found: Vec<_> = message
        .children()
        .skip(1)
        .map(|child| Hint::try_from(child.clone()).unwrap())
        .collect();
    assert_eq!(
        found,
        [
            Hint::NoCopy,
            Hint::NoStore,
            Hint::NoPermanentStore,
            Hint::Store
        ]
    );
    for (hint, child) in found.iter().zip(message.children().skip(1)) {
        assert_eq!(Element::from(*hint), *child);
    }
    assert!(Hint::try_from(payload("0334/hostile.xml")).is_err());
}

#[test]
fn last_activity_is_read_and_built() {
    let answer = LastAnswer::try_from(payload("0012/answer.xml")).unwrap();
    assert_eq!(
        (answer.seconds, answer.status.as_str()),
        (903, "Heading Home")
    );
    assert_eq!(Element::from(answer), payload("0012/answer.xml"));
    assert!(LastAnswer::try_from(payload("0012/hostile.xml")).is_err());
}

#[test]
fn a_plain_registration_is_asked_and_answered() {
    let registration = Registration::parse(&payload("0077/plain.xml"));
    let form = registration.form();
    assert_eq!(
        form.instructions.as_deref(),
        Some("Choose a username and password for use with this service.")
    );
    let kinds: Vec<_> = form
        .fields
        .iter()
        .map(|field| (field.name.as_str(), &field.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            ("username", &FieldKind::Text),
            ("password", &FieldKind::Password),
            ("email", &FieldKind::Text)
        ]
    );
    let answer = registration.submit(&answers(&[
        ("username", "romeo"),
        ("password", "<wherefore>"),
        ("admin", "1"),
    ]));
    let expected = "<query xmlns='jabber:iq:register'><key>106c0a7b5510f192a408a1d054150ed1065e255a</key>\
                    <username>romeo</username><password>&lt;wherefore></password>\
                    <email>romeo@montague.example</email></query>";
    assert_eq!(answer, read(expected));
}

#[test]
fn a_registration_form_is_asked_and_answered() {
    let registration = Registration::parse(&payload("0077/form.xml"));
    let form = registration.form();
    assert_eq!(form.title.as_deref(), Some("Contest Registration"));
    assert_eq!(
        form.instructions.as_deref(),
        Some("Please provide the following information\nto sign up for our special contests!")
    );
    let names: Vec<_> = form
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "first", "password", "x-gender", "", "about", "mail", "plays"
        ]
    );
    assert!(form.fields[0].required && !form.fields[2].required);
    let FieldKind::Choice(genders) = &form.fields[2].kind else {
        panic!("{:?}", form.fields[2])
    };
    assert_eq!(genders[2], ("X".to_owned(), "X".to_owned()));
    assert_eq!(form.fields[3].kind, FieldKind::Note);

    let mut given = answers(&[
        ("first", "Romeo"),
        ("password", "rose"),
        ("about", "one\ntwo"),
    ]);
    given.push(("plays".into(), vec!["1".into(), "2".into()]));
    let field = |name: &str, values: &[&str]| {
        let values: String = values
            .iter()
            .map(|value| format!("<value>{value}</value>"))
            .collect();
        format!("<field var='{name}'>{values}</field>")
    };
    let fields = [
        field("FORM_TYPE", &["jabber:iq:register"]),
        field("first", &["Romeo"]),
        field("password", &["rose"]),
        field("x-gender", &["F"]),
        field("about", &["one", "two"]),
        field("mail", &["1"]),
        field("plays", &["1", "2"]),
    ]
    .concat();
    let expected = format!(
        "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'>{fields}</x></query>"
    );
    assert_eq!(registration.submit(&given), read(&expected));
}

#[test]
fn a_captcha_comes_with_its_image() {
    let registration = Registration::parse(&payload("0077/captcha.xml"));
    let image = registration.form().fields[2].image.clone().unwrap();
    assert_eq!(image.media_type, "image/png");
    assert_eq!(image.bytes.len(), 70);
    let answer = registration.submit(&answers(&[("ocr", "7nHL3")]));
    let x = answer.get_child("x", ns::DATA_FORMS).unwrap();
    let sent = |name: &str| x.children().any(|field| field.attr("var") == Some(name));
    assert!(sent("challenge") && sent("sid") && sent("ocr") && sent("FORM_TYPE"));
}

#[test]
fn a_redirect_leads_to_https_only() {
    let registration = Registration::parse(&payload("0077/redirect.xml"));
    assert_eq!(
        registration.form().link.as_deref(),
        Some("https://www.shakespeare.example/contests.php")
    );
    assert!(registration.form().fields.is_empty());
}

#[test]
fn a_hostile_form_is_harmless() {
    let registration = Registration::parse(&payload("0077/hostile.xml"));
    let form = registration.form();
    let names: Vec<_> = form
        .fields
        .iter()
        .map(|field| (field.name.as_str(), &field.kind))
        .collect();
    assert_eq!(
        names,
        [
            ("odd", &FieldKind::Text),
            ("empty", &FieldKind::Choice(Vec::new())),
            ("ocr", &FieldKind::Text)
        ]
    );
    assert_eq!(
        form.fields[2].image, None,
        "neither HTML nor a remote image is an image"
    );
    assert_eq!(form.link, None);
}
