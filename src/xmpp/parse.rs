//! Builds the XML tree of a frame that has passed the gate.
//!
//! Our own builder instead of minidom's reader: that one refuses every attribute, name and namespace over 8 KiB, which
//! servers do relay, keeps the last of two attributes of one name, and stops reading after the first element.

use minidom::Element;
use minidom::rxml::{Namespace, NcName};

use super::gate::Passed;
use super::ns;
use super::scan::{Attr, Sink, cook_text, cook_value, scan};

/// The frame passed the gate, yet no tree could be built: the gate and the tree disagree about XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no tree could be built from the frame")]
pub struct NoTree;

/// Builds the tree. Its depth is bounded by the gate, so walking and dropping it is safe.
pub fn parse(passed: &Passed<'_>) -> Result<Element, NoTree> {
    let scanned = scan(passed.text(), Builder::default());
    match (scanned.verdict, scanned.sink) {
        (
            Ok(()),
            Builder {
                root: Some(root),
                sound: true,
                ..
            },
        ) => Ok(root),
        _ => Err(NoTree),
    }
}

struct Builder {
    open: Vec<Element>,
    root: Option<Element>,
    /// False once an attribute's name did not please the tree.
    sound: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            open: Vec::with_capacity(8),
            root: None,
            sound: true,
        }
    }
}

impl<'a> Sink<'a> for Builder {
    fn open(&mut self, ns: &str, local: &'a str, attrs: &[Attr<'a>]) {
        let mut element = Element::bare(local, ns);
        let map = element.attrs_mut();
        for attr in attrs {
            let ns = match attr.ns.as_ref() {
                "" => Namespace::NONE,
                ns::XML => Namespace::XML,
                ns => Namespace::from(ns.to_owned()),
            };
            let value = if attr.cooked {
                attr.raw.to_owned()
            } else {
                cook_value(attr.raw)
            };
            match NcName::try_from(attr.local) {
                Ok(name) => drop(map.insert(ns, name, value)),
                Err(_) => self.sound = false,
            }
        }
        self.open.push(element);
    }

    fn text(&mut self, raw: &'a str, cooked: bool) {
        if let Some(element) = self.open.last_mut() {
            if cooked {
                element.append_text(raw);
            } else {
                element.append_text(cook_text(raw));
            }
        }
    }

    fn cdata(&mut self, raw: &'a str) {
        if let Some(element) = self.open.last_mut().filter(|_| !raw.is_empty()) {
            element.append_text(raw.replace("\r\n", "\n").replace('\r', "\n"));
        }
    }

    fn close(&mut self) {
        let Some(element) = self.open.pop() else {
            return;
        };
        match self.open.last_mut() {
            Some(parent) => drop(parent.append_child(element)),
            None => self.root = Some(element),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::xmpp::gate::{MAX_DEPTH, check};

    fn tree(frame: &str) -> Element {
        parse(&check(frame).unwrap()).unwrap()
    }

    #[test]
    fn the_tree_is_what_the_frame_says() {
        let root = tree(
            "<message xmlns='jabber:client' xmlns:e='urn:e' from='juliet@localhost' xml:lang='en' e:k='1'>\
             <body>a &lt; b &amp;&amp; c\r\nd</body><e:x e:v='2' v=' t\tw&#9;o '><y xmlns='urn:y'/><z/></e:x></message>",
        );
        assert!(root.is("message", ns::CLIENT));
        assert_eq!(root.attr("from"), Some("juliet@localhost"));
        assert_eq!(root.attr_ns(ns::XML, "lang"), Some("en"));
        assert_eq!(root.attr_ns("urn:e", "k"), Some("1"));
        assert_eq!(
            root.get_child("body", ns::CLIENT).unwrap().text(),
            "a < b && c\nd"
        );
        let x = root.get_child("x", "urn:e").unwrap();
        assert_eq!(x.attr_ns("urn:e", "v"), Some("2"));
        assert_eq!(x.attr("v"), Some(" t w\to "));
        assert!(x.has_child("y", "urn:y") && x.has_child("z", ns::CLIENT));
    }

    #[test]
    fn cdata_and_smuggled_stanzas_are_text() {
        let root = tree(
            "<message><body>&lt;/body&gt;<![CDATA[</body></message><message from='romeo@localhost'>]]>\
             ]] &#93;]></body></message>",
        );
        assert_eq!(root.children().count(), 1);
        let body = root.get_child("body", ns::CLIENT).unwrap();
        assert_eq!(body.nodes().count(), 1);
        assert_eq!(
            body.text(),
            "</body></body></message><message from='romeo@localhost'>]] ]]>"
        );
        let again = String::from(&root);
        assert_eq!(tree(&again), root);
    }

    #[test]
    fn a_long_attribute_hides_nothing() {
        let long = "v".repeat(9_000);
        let root = tree(&format!(
            "<message><body>x</body><x xmlns='urn:t' v='{long}'/></message>"
        ));
        assert_eq!(root.get_child("body", ns::CLIENT).unwrap().text(), "x");
        assert_eq!(
            root.get_child("x", "urn:t").unwrap().attr("v"),
            Some(long.as_str())
        );
    }

    #[test]
    fn ten_thousand_children_and_the_deepest_tree_are_built() {
        let wide = tree(&format!("<message>{}</message>", "<a/>".repeat(10_000)));
        assert_eq!(wide.children().count(), 10_000);
        let inside = MAX_DEPTH - 1;
        let deep = tree(&format!(
            "<message>{}{}</message>",
            "<a>".repeat(inside),
            "</a>".repeat(inside)
        ));
        assert_eq!(tree(&String::from(&deep)), deep);
    }

    #[test]
    fn it_agrees_with_the_reader_of_minidom() {
        for frame in [
            "<iq xmlns='jabber:client' type='result' id='1'><query xmlns='jabber:iq:roster'><item jid='a@b'/></query></iq>",
            "<a:x xmlns:a='urn:a' xmlns='urn:b'><y>t<z xmlns='' v='&quot;'/>u</y></a:x>",
            "<x xmlns='urn:x'>\n  <y/>\n</x>",
        ] {
            assert_eq!(tree(frame), frame.parse::<Element>().unwrap());
        }
    }

    fn name() -> impl Strategy<Value = String> {
        "[a-z_é蝶][a-z0-9._é·蝶-]{0,6}"
    }

    fn text() -> impl Strategy<Value = String> {
        proptest::collection::vec(any::<char>(), 0..12).prop_map(|chars| {
            chars
                .into_iter()
                .filter(|c| super::super::scan::is_legal(*c))
                .collect()
        })
    }

    fn element() -> impl Strategy<Value = Element> {
        let namespace = prop_oneof![
            Just("jabber:client".to_owned()),
            Just("urn:<&'\">".to_owned()),
            "[a-z:]{1,8}"
        ];
        let leaf = (
            name(),
            namespace,
            proptest::collection::vec((name(), text()), 0..4),
        )
            .prop_map(|(name, ns, attrs)| {
                let mut element = Element::bare(name, ns);
                for (name, value) in attrs {
                    element.set_attr(Namespace::NONE, name.try_into().unwrap(), value);
                }
                element
            })
            .boxed();
        let node = leaf.clone();
        leaf.prop_recursive(5, 40, 5, move |inner| {
            (
                node.clone(),
                proptest::collection::vec((inner, text()), 0..5),
            )
                .prop_map(|(mut element, children)| {
                    for (child, text) in children {
                        element.append_child(child);
                        if !text.is_empty() {
                            element.append_text(text);
                        }
                    }
                    element
                })
        })
    }

    /// Pieces from which nearly well-formed frames are strung together.
    fn shards() -> impl Strategy<Value = String> {
        let shard = prop::sample::select(vec![
            "<a>",
            "</a>",
            "<a",
            "/>",
            ">",
            " x='",
            "'",
            " xmlns='urn:a'",
            " xmlns:p='urn:p'",
            " p:x='1'",
            "<p:a>",
            "</p:a>",
            "&amp;",
            "&#x41;",
            "&#0;",
            "&",
            ";",
            "<![CDATA[",
            "]]>",
            "<!--",
            "<?",
            "\r\n",
            "\u{0}",
            "é",
            "text",
            " ",
            "=",
            ":",
            "<a/>",
            " xml:lang='e'",
            "\u{FFFE}",
            "<message>",
            "</message>",
        ]);
        proptest::collection::vec(shard, 0..24).prop_map(|shards| shards.concat())
    }

    proptest! {
        #[test]
        fn whatever_minidom_writes_passes_and_comes_back(element in element()) {
            let written = String::from(&element);
            // minidom writes carriage returns as they are, and XML turns them into line feeds.
            prop_assume!(!written.contains('\r'));
            prop_assume!(!written.contains("xmlns=\"\""));
            let passed = check(&written).map_err(|refused| TestCaseError::fail(format!("{refused:?}: {written}")))?;
            prop_assert_eq!(parse(&passed).unwrap(), element);
        }

        #[test]
        fn what_passes_can_be_parsed_written_and_parsed_again(frame in shards()) {
            if let Ok(passed) = check(&frame) {
                let root = parse(&passed).unwrap();
                let again = String::from(&root);
                prop_assert_eq!(parse(&check(&again).unwrap()).unwrap(), root);
            }
        }

        #[test]
        fn any_text_is_answered(frame in ".{0,200}") {
            let _ = check(&frame);
        }
    }
}
