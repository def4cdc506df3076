//! The frame gate: every frame is checked in one pass before any XML tree is built.
//!
//! **Invariant:** what passes is one well-formed element, at most [`MAX_DEPTH`] deep, with unique attributes, legal
//! characters and bounded names, so that nothing behind the gate can overflow the stack, whatever it does with the
//! tree. What is refused is still told apart as a stanza or not, because stream management counts every stanza
//! received (XEP-0198 §4).

use std::borrow::Cow;

use super::ns;
use super::scan::{Attr, Sink, scan};

/// The largest frame, in bytes.
pub const MAX_FRAME: usize = 2 * 1024 * 1024;
/// How deep elements may nest; the root is the first level.
pub const MAX_DEPTH: usize = 100;
/// How many elements one frame may hold: a roster of 20,000 contacts in groups passes.
pub const MAX_ELEMENTS: usize = 65_536;
/// How many attributes one element may have.
pub const MAX_ATTRIBUTES: usize = 64;
/// How many namespace declarations may be in force at once.
pub const MAX_SCOPES: usize = 256;
/// The longest name of an element or attribute, in bytes.
pub const MAX_NAME: usize = 1024;
/// The longest namespace, in bytes: each element of the tree holds its own copy.
pub const MAX_NAMESPACE: usize = 512;

/// A frame that may be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed<'a> {
    text: &'a str,
    ns: Cow<'a, str>,
    local: &'a str,
}

impl<'a> Passed<'a> {
    /// The frame as it came.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The root's local name.
    pub fn name(&self) -> &'a str {
        self.local
    }

    /// The root's namespace.
    pub fn ns(&self) -> &str {
        &self.ns
    }

    /// Whether the frame is a stanza, which stream management counts.
    pub fn is_stanza(&self) -> bool {
        self.ns == ns::CLIENT && is_stanza_name(self.local)
    }
}

/// A frame that must not be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused<'a> {
    /// What is wrong with it.
    pub reason: Reason,
    /// The byte at which that was noticed.
    pub at: usize,
    /// The root's local name, as far as it can be told.
    pub name: Option<&'a str>,
}

impl Refused<'_> {
    /// Whether the frame began as a stanza: the server has counted it, and so do we.
    pub fn is_stanza(&self) -> bool {
        self.name.is_some_and(is_stanza_name)
    }
}

/// Why a frame is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Reason {
    /// Nothing but white space, which some servers send to keep the connection alive.
    #[error("the frame is empty")]
    Empty,
    /// More than [`MAX_FRAME`] bytes.
    #[error("the frame is too large")]
    TooLarge,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("the elements nest too deep")]
    TooDeep,
    /// More elements, attributes or declarations than [`MAX_ELEMENTS`], [`MAX_ATTRIBUTES`] or [`MAX_SCOPES`].
    #[error("there are too many parts")]
    TooMany,
    /// A name or namespace longer than [`MAX_NAME`] or [`MAX_NAMESPACE`].
    #[error("a name is too long")]
    NameTooLong,
    /// Text where markup belongs, or markup that is none.
    #[error("the frame is not XML")]
    Junk,
    /// It ends within an element.
    #[error("an element is not closed")]
    Unclosed,
    /// An end tag that answers no start tag.
    #[error("the tags do not match")]
    Mismatched,
    /// A second element beside the root (RFC 7395 §3.3.3: one frame, one element).
    #[error("there is more than one root")]
    SecondRoot,
    /// Two attributes of one name.
    #[error("an attribute stands twice")]
    Duplicate,
    /// A name that XML does not allow.
    #[error("a name is not legal")]
    BadName,
    /// An undeclared prefix, or a declaration that Namespaces in XML forbids.
    #[error("a namespace is not legal")]
    BadNamespace,
    /// An entity other than the predefined five, or a reference to no legal character.
    #[error("a reference is not legal")]
    BadReference,
    /// A character that XML does not allow.
    #[error("a character is not legal")]
    IllegalCharacter,
    /// A comment, processing instruction or DTD (RFC 6120 §11.1).
    #[error("the markup is not allowed in a stream")]
    Restricted,
}

impl Reason {
    /// Whether the frame only goes beyond our own bounds: a correct server may have sent it.
    pub fn is_bound(self) -> bool {
        matches!(
            self,
            Self::Empty | Self::TooLarge | Self::TooDeep | Self::TooMany | Self::NameTooLong
        )
    }
}

/// Checks a frame in one pass, in time linear in its length, without building anything.
pub fn check(frame: &str) -> Result<Passed<'_>, Refused<'_>> {
    let refuse = |reason, at| Refused {
        reason,
        at,
        name: first_name(frame),
    };
    if frame.len() > MAX_FRAME {
        return Err(refuse(Reason::TooLarge, MAX_FRAME));
    }
    let scanned = scan(frame, Nothing);
    match (scanned.verdict, scanned.root) {
        (Ok(()), Some((ns, local))) => Ok(Passed {
            text: frame,
            ns,
            local,
        }),
        (Ok(()), None) => Err(refuse(Reason::Empty, 0)),
        (Err((reason, at)), _) => Err(refuse(reason, at)),
    }
}

/// Checks, and keeps nothing.
struct Nothing;

impl<'a> Sink<'a> for Nothing {
    fn open(&mut self, _: &str, _: &'a str, _: &[Attr<'a>]) {}
    fn text(&mut self, _: &'a str, _: bool) {}
    fn cdata(&mut self, _: &'a str) {}
    fn close(&mut self) {}
}

/// Whether a frame that is not looked at any further begins as a stanza.
pub fn is_stanza(frame: &str) -> bool {
    first_name(frame).is_some_and(is_stanza_name)
}

fn is_stanza_name(name: &str) -> bool {
    matches!(name, "message" | "presence" | "iq")
}

/// The local name of the first tag, whatever follows it.
fn first_name(frame: &str) -> Option<&str> {
    let (_, tag) = frame
        .split_once('<')
        .filter(|(before, _)| before.len() < 16)?;
    let window = tag.as_bytes().get(..64).unwrap_or(tag.as_bytes());
    let ends = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>');
    let end = window.iter().position(ends).unwrap_or(window.len());
    let name = tag.get(..end).filter(|name| !name.is_empty())?;
    Some(name.rsplit_once(':').map_or(name, |(_, local)| local))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(frame: &str) -> Reason {
        check(frame).unwrap_err().reason
    }

    fn message(inner: &str) -> String {
        format!("<message xmlns='jabber:client' from='juliet@localhost/balcony'>{inner}</message>")
    }

    fn passes(frame: &str) {
        assert_eq!(check(frame).map(|_| ()), Ok(()), "{frame:.200}");
    }

    #[test]
    fn a_message_passes_and_is_a_stanza() {
        let frame = message("<body>Art thou not Romeo?</body>");
        let passed = check(&frame).unwrap();
        assert_eq!((passed.name(), passed.ns()), ("message", ns::CLIENT));
        assert!(passed.is_stanza());
        assert_eq!(passed.text(), frame);
    }

    #[test]
    fn a_nonza_is_no_stanza() {
        let passed = check("<r xmlns='urn:xmpp:sm:3'/>").unwrap();
        assert!(!passed.is_stanza());
        let passed = check("<message xmlns='urn:example:other'/>").unwrap();
        assert!(!passed.is_stanza());
    }

    #[test]
    fn a_frame_without_namespace_belongs_to_the_client_stream() {
        let passed = check("<presence/>").unwrap();
        assert_eq!(passed.ns(), ns::CLIENT);
        let passed = check("<stream:features><bind/></stream:features>").unwrap();
        assert_eq!((passed.name(), passed.ns()), ("features", ns::STREAM));
        let passed = check("<c:iq xmlns:c='jabber:client' type='get'/>").unwrap();
        assert!(passed.is_stanza() && passed.name() == "iq");
    }

    #[test]
    fn a_dtd_is_refused_before_it_unfolds() {
        let bomb = "<!DOCTYPE b [<!ENTITY a 'lol'><!ENTITY c '&a;&a;&a;'>]>\
                    <message xmlns='jabber:client'><body>&c;</body></message>";
        assert_eq!(reason(bomb), Reason::Restricted);
        assert_eq!(reason(&message("<body>&c;</body>")), Reason::BadReference);
        passes(&message(
            "<body>&lt;&amp;&gt;&apos;&quot;&#65;&#x1F98B;</body>",
        ));
    }

    #[test]
    fn comments_and_instructions_are_refused_and_cdata_passes() {
        assert_eq!(reason(&message("<!-- x -->")), Reason::Restricted);
        assert_eq!(reason(&message("<?php x ?>")), Reason::Restricted);
        assert_eq!(reason(&message("<![IGNORE[x]]>")), Reason::Restricted);
        assert_eq!(
            reason(&message("<body><![CDATA[x]]</body>")),
            Reason::Unclosed
        );
        passes(&message("<body><![CDATA[]]><![CDATA[<b>]]]]></body>"));
        passes("<?xml version='1.0'?><open xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    }

    #[test]
    fn a_duplicate_attribute_is_refused() {
        let forged = "<message xmlns='jabber:client' id='1' id='2' from='juliet@localhost' from='mallory@localhost/m'/>";
        assert_eq!(reason(forged), Reason::Duplicate);
        assert!(check(forged).unwrap_err().is_stanza());
        passes("<message xmlns='jabber:client' id='1' from='juliet@localhost'/>");
    }

    #[test]
    fn two_prefixes_of_one_namespace_do_not_hide_a_duplicate() {
        let alias = "<x xmlns:a='urn:t' xmlns:b='urn:t' a:v='1' b:v='2'/>";
        assert_eq!(reason(&message(alias)), Reason::Duplicate);
        let by_reference = "<x xmlns:a='urn:t' xmlns:b='urn:&#116;' a:v='1' b:v='2'/>";
        assert_eq!(reason(&message(by_reference)), Reason::Duplicate);
        assert_eq!(
            reason(&message("<x xmlns='a' xmlns='b'/>")),
            Reason::Duplicate
        );
        passes(&message(
            "<x xmlns:a='urn:t' xmlns:b='urn:u' a:v='1' b:v='2' v='3'/>",
        ));
    }

    #[test]
    fn broken_frames_are_refused_in_words() {
        for (frame, expected) in [
            ("", Reason::Empty),
            (" \r\n\t", Reason::Empty),
            ("<?xml version='1.0'?>", Reason::Empty),
            ("garbage", Reason::Junk),
            ("\u{FEFF}<message xmlns='jabber:client'/>", Reason::Junk),
            ("<message><body>", Reason::Unclosed),
            ("<message", Reason::Unclosed),
            ("<message a", Reason::Unclosed),
            ("<message a='", Reason::Unclosed),
            ("<", Reason::BadName),
            ("<message></body>", Reason::Mismatched),
            ("<message></messages>", Reason::Mismatched),
            ("</message>", Reason::Mismatched),
            ("<message/>x", Reason::Junk),
            ("<message/><![CDATA[x]]>", Reason::Junk),
            ("<message a=1/>", Reason::Junk),
            ("<message a='<'/>", Reason::Junk),
            ("<message a='1'b='2'/>", Reason::BadName),
            ("<message / >", Reason::Junk),
            ("<1/>", Reason::BadName),
            ("<a:b:c xmlns:a='x'/>", Reason::BadName),
            ("<:a/>", Reason::BadName),
            ("<a: xmlns:a='x'/>", Reason::BadName),
            ("<\u{D7}/>", Reason::BadName),
            // XML allows these, the tree does not: it could be built, but never written.
            ("<a\u{FDF0}/>", Reason::BadName),
            ("<a b\u{FDF0}=''/>", Reason::BadName),
            ("<body>]]></body>", Reason::Junk),
            ("<body>&#0;</body>", Reason::BadReference),
            ("<body>&#xD800;</body>", Reason::BadReference),
            ("<body>&#xFFFE;</body>", Reason::BadReference),
            ("<body>&#+65;</body>", Reason::BadReference),
            ("<body>&#x110000;</body>", Reason::BadReference),
            ("<body>& </body>", Reason::BadReference),
            ("<body>\u{0}</body>", Reason::IllegalCharacter),
            ("<body>\u{B}</body>", Reason::IllegalCharacter),
            ("<body>\u{FFFE}</body>", Reason::IllegalCharacter),
            ("<body a='\u{1F}'/>", Reason::IllegalCharacter),
            (
                "<body><![CDATA[\u{FFFF}]]></body>",
                Reason::IllegalCharacter,
            ),
        ] {
            assert_eq!(reason(frame), expected, "{frame}");
        }
    }

    #[test]
    fn forbidden_namespaces_are_refused() {
        for inner in [
            "<a:x/>",
            "<x a:v='1'/>",
            "<xml:x/>",
            "<xmlns:x/>",
            "<x xmlns:a=''/>",
            "<x xmlns:xmlns='urn:t'/>",
            "<x xmlns:xml='urn:t'/>",
            "<x xmlns='http://www.w3.org/XML/1998/namespace'/>",
            "<x xmlns:a='http://www.w3.org/2000/xmlns/'/>",
            "<x xmlns='http://www.w3.org/XML/1998/n&#97;mespace'/>",
            "<y xmlns:a='urn:t'/><a:x/>",
        ] {
            assert_eq!(reason(&message(inner)), Reason::BadNamespace, "{inner}");
        }
        passes(&message("<body xml:lang='en'>x</body><x xmlns=''/>"));
        passes(&message(
            "<x xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
        ));
    }

    #[test]
    fn two_stanzas_in_one_frame_are_refused_whole() {
        assert_eq!(reason("<message/><message/>"), Reason::SecondRoot);
        assert!(check("<message/><message/>").unwrap_err().is_stanza());
        passes(" <message/>\n");
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| {
            let inside = depth - 1;
            message(&format!(
                "{}{}",
                "<a>".repeat(inside),
                "</a>".repeat(inside)
            ))
        };
        passes(&nested(MAX_DEPTH));
        assert_eq!(reason(&nested(MAX_DEPTH + 1)), Reason::TooDeep);
        let hostile = nested(20_000);
        let refused = check(&hostile).unwrap_err();
        assert_eq!(refused.reason, Reason::TooDeep);
        assert!(refused.is_stanza() && refused.at < 1_000);
        assert!(refused.reason.is_bound());
    }

    #[test]
    fn size_is_bounded() {
        let body = |len: usize| message(&format!("<body>{}</body>", "x".repeat(len)));
        passes(&body(300_000));
        let hostile = body(10_000_000);
        let refused = check(&hostile).unwrap_err();
        assert_eq!(refused.reason, Reason::TooLarge);
        assert!(refused.is_stanza());
    }

    #[test]
    fn long_values_pass_and_long_names_do_not() {
        let long = "v".repeat(9_000);
        passes(&message(&format!(
            "<body>x</body><x xmlns='urn:t' v='{long}'/>"
        )));
        for inner in [
            format!("<x xmlns='{long}'/>"),
            format!("<{long}/>"),
            format!("<x {long}='1'/>"),
        ] {
            assert_eq!(reason(&message(&inner)), Reason::NameTooLong);
        }
    }

    #[test]
    fn many_children_pass_and_too_many_do_not() {
        passes(&message(&"<a/>".repeat(10_000)));
        let hostile = message(&"<a/>".repeat(MAX_ELEMENTS));
        assert_eq!(reason(&hostile), Reason::TooMany);
        assert!(check(&hostile).unwrap_err().is_stanza());
    }

    #[test]
    fn attributes_and_declarations_are_bounded() {
        let attributes = |count: usize| {
            let list: String = (0..count).map(|n| format!(" a{n}='{n}'")).collect();
            message(&format!("<x{list}/>"))
        };
        passes(&attributes(MAX_ATTRIBUTES));
        assert_eq!(reason(&attributes(MAX_ATTRIBUTES + 1)), Reason::TooMany);
        let declarations: String = (0..MAX_SCOPES)
            .map(|n| format!(" xmlns:a{n}='urn:{n}'"))
            .collect();
        assert_eq!(
            reason(&message(&format!("<x{declarations}/>"))),
            Reason::TooMany
        );
    }

    #[test]
    fn a_smuggled_stanza_stays_text() {
        let frame = message("<body>&lt;/body&gt;&lt;/message&gt;&lt;message from='x'&gt;</body>");
        assert_eq!(check(&frame).unwrap().name(), "message");
        passes(&message(
            "<body><![CDATA[</body></message><message>]]></body>",
        ));
    }

    #[test]
    fn the_first_name_is_told_of_what_is_refused() {
        for (frame, name) in [
            ("<presence \u{0}/>", Some("presence")),
            ("<c:iq", Some("iq")),
            (" <message>", Some("message")),
            ("garbage <message>, and more", Some("message")),
            ("a long line of garbage <message>", None),
            ("<>", None),
        ] {
            assert_eq!(check(frame).unwrap_err().name, name, "{frame}");
        }
    }
}
