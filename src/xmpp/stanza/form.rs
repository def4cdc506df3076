//! XEP-0004: Data Forms, read leniently and reduced to what a view needs.
//!
//! xmpp-parsers refuses a whole form for one option in the wrong place, an unknown type or a label that is missing.

use minidom::Element;

use crate::entity::form::{Field, FieldKind, Form};
use crate::xmpp::ns;

use super::build::{Build, element, text_element};
use super::captcha;
use super::text::direct_text;

/// More fields or options than anybody fills in are left out.
const MOST: usize = 200;

/// Field names with values, in order.
pub type Values = Vec<(String, Vec<String>)>;

/// A form and what is sent back with it unseen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DataForm {
    /// For the view.
    pub form: Form,
    /// The hidden fields.
    pub hidden: Values,
}

/// Reads `<x xmlns='jabber:x:data'/>`; images may stand beside it in `around`.
#[must_use]
pub fn parse(x: &Element, around: &Element) -> DataForm {
    let mut data = DataForm::default();
    let mut instructions: Vec<String> = Vec::new();
    for child in x.children().filter(|child| child.has_ns(ns::DATA_FORMS)) {
        match child.name() {
            "title" => data.form.title = filled(direct_text(child)),
            "instructions" => instructions.extend(filled(direct_text(child))),
            "field" if data.form.fields.len() + data.hidden.len() < MOST => {
                parse_field(child, around, &mut data);
            }
            _ => {}
        }
    }
    data.form.instructions = filled(instructions.join("\n"));
    data
}

fn parse_field(field: &Element, around: &Element, data: &mut DataForm) {
    let kind = field.attr("type").unwrap_or("text-single");
    let name = field.attr("var").unwrap_or_default().to_owned();
    let values = children_text(field, "value");
    if name.is_empty() && kind != "fixed" {
        return;
    }
    let kind = match kind {
        "hidden" => return data.hidden.push((name, values)),
        "fixed" => FieldKind::Note,
        "boolean" => FieldKind::Boolean,
        "text-private" => FieldKind::Password,
        "text-multi" | "jid-multi" => FieldKind::Paragraph,
        "list-single" => FieldKind::Choice(options(field)),
        "list-multi" => FieldKind::Choices(options(field)),
        _ => FieldKind::Text,
    };
    data.form.fields.push(Field {
        name,
        label: field
            .attr("label")
            .and_then(|label| filled(label.to_owned())),
        kind,
        required: field.has_child("required", ns::DATA_FORMS),
        values,
        description: children_text(field, "desc").into_iter().find_map(filled),
        image: captcha::image(field, around),
    });
}

fn options(field: &Element) -> Vec<(String, String)> {
    let options = field
        .children()
        .filter(|child| child.is("option", ns::DATA_FORMS));
    options
        .filter_map(|option| {
            let value = children_text(option, "value").into_iter().next()?;
            let label = option.attr("label").unwrap_or(&value).to_owned();
            Some((value, label))
        })
        .take(MOST)
        .collect()
}

fn children_text(parent: &Element, name: &str) -> Vec<String> {
    let children = parent.children();
    children
        .filter(|child| child.is(name, ns::DATA_FORMS))
        .map(direct_text)
        .collect()
}

fn filled(text: String) -> Option<String> {
    let trimmed = text.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

/// Builds the form filled in: hidden fields as they came, then each field with its answer, or else with the value it
/// came with. Answers to what was not asked are left out.
#[must_use]
pub fn submit(data: &DataForm, answers: &[(String, Vec<String>)]) -> Element {
    let hidden = data.hidden.iter().map(|(name, values)| field(name, values));
    let asked = data
        .form
        .fields
        .iter()
        .filter(|f| f.kind != FieldKind::Note);
    let answered = asked.map(|asked| {
        let answer = answers.iter().find(|(name, _)| *name == asked.name);
        let values = answer.map_or(&asked.values, |(_, values)| values);
        match asked.kind {
            // XEP-0004 §3.3: each line of a text-multi is a value of its own.
            FieldKind::Paragraph => {
                let lines = values.iter().flat_map(|value| value.lines());
                field(&asked.name, &lines.map(str::to_owned).collect::<Vec<_>>())
            }
            _ => field(&asked.name, values),
        }
    });
    element("x", ns::DATA_FORMS)
        .with("type", "submit")
        .with_children(hidden)
        .with_children(answered)
}

/// Builds one field.
#[must_use]
pub fn field(name: &str, values: &[String]) -> Element {
    let values = values
        .iter()
        .map(|value| text_element("value", ns::DATA_FORMS, value));
    element("field", ns::DATA_FORMS)
        .with("var", name)
        .with_children(values)
}
