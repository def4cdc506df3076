//! XEP-0060: Publish-Subscribe, as much of it as the nodes of our own account need (XEP-0163, XEP-0223).

use minidom::Element;

use crate::xmpp::ns;

use super::build::{Build, element, text_element};

/// How a node must be: fields of its configuration, and their values.
pub type Options = [(&'static str, &'static str)];

/// The question for all items of a node.
#[must_use]
pub fn all_items(node: &str) -> Element {
    let items = element("items", ns::PUBSUB).with("node", node);
    element("pubsub", ns::PUBSUB).with_child(items)
}

/// Publishes an item, on a node that is made like that if there is none, and must be like that if there is one.
#[must_use]
pub fn publish(node: &str, id: &str, payload: Element, options: &Options) -> Element {
    let item = element("item", ns::PUBSUB)
        .with("id", id)
        .with_child(payload);
    let publish = element("publish", ns::PUBSUB)
        .with("node", node)
        .with_child(item);
    let must_be =
        element("publish-options", ns::PUBSUB).with_child(submission(ns::PUBLISH_OPTIONS, options));
    element("pubsub", ns::PUBSUB)
        .with_child(publish)
        .with_child(must_be)
}

/// Makes a node like that, where there is none.
#[must_use]
pub fn create(node: &str, options: &Options) -> Element {
    let configure =
        element("configure", ns::PUBSUB).with_child(submission(ns::NODE_CONFIG, options));
    element("pubsub", ns::PUBSUB)
        .with_child(element("create", ns::PUBSUB).with("node", node))
        .with_child(configure)
}

/// Makes a node that is there already like that.
#[must_use]
pub fn configure(node: &str, options: &Options) -> Element {
    let configure = element("configure", ns::PUBSUB_OWNER)
        .with("node", node)
        .with_child(submission(ns::NODE_CONFIG, options));
    element("pubsub", ns::PUBSUB_OWNER).with_child(configure)
}

fn submission(kind: &str, options: &Options) -> Element {
    let field = |name: &str, value: &str| {
        let value = text_element("value", ns::DATA_FORMS, value);
        element("field", ns::DATA_FORMS)
            .with("var", name)
            .with_child(value)
    };
    element("x", ns::DATA_FORMS)
        .with("type", "submit")
        .with_child(field("FORM_TYPE", kind).with("type", "hidden"))
        .with_children(options.iter().map(|(name, value)| field(name, value)))
}

/// The items of a node, in an answer or in an event: id and payload.
pub fn items<'a>(
    around: &'a Element,
    node: &'a str,
) -> impl Iterator<Item = (&'a str, &'a Element)> {
    let ns = around.ns();
    let of_node = {
        let ns = ns.clone();
        move |child: &&Element| child.is("items", &*ns) && child.attr("node") == Some(node)
    };
    let items = around.children().filter(of_node);
    items
        .flat_map(Element::children)
        .filter(move |item| item.is("item", &*ns))
        .filter_map(|item| Some((item.attr("id")?, item.children().next()?)))
}

/// Whether an `<error/>` says that the node is not as a publication wants it.
#[must_use]
pub fn is_precondition(error: &Element) -> bool {
    error.has_child("precondition-not-met", ns::PUBSUB_ERRORS)
}
