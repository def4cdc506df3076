//! XEP-0077: In-Band Registration: the server's form, plain or as a data form, and our answer.

use minidom::Element;

use crate::entity::form::{Field, FieldKind, Form};
use crate::xmpp::ns;

use super::build::{Build, element, text_element};
use super::form::{self, DataForm, Values};
use super::text::direct_text;

/// What a server wants to know before it makes an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registration {
    data: DataForm,
    style: Style,
}

/// How the server asked, and so how it is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Style {
    /// Elements named like the fields (XEP-0077 §3.1).
    Plain,
    /// XEP-0077 §4: a data form goes before the elements beside it.
    DataForm,
}

/// The fields that XEP-0077 §14.1 knows, but `key`, which is sent back as it came.
const FIELDS: [&str; 17] = [
    "username", "nick", "password", "name", "first", "last", "email", "address", "city", "state",
    "zip", "phone", "url", "date", "misc", "text", "sex",
];

impl Registration {
    /// Reads the `<query/>` of the server's answer.
    #[must_use]
    pub fn parse(query: &Element) -> Self {
        let (mut data, style) = match query.get_child("x", ns::DATA_FORMS) {
            Some(x) => (form::parse(x, query), Style::DataForm),
            None => (plain(query), Style::Plain),
        };
        let instructions = query.get_child("instructions", ns::REGISTER);
        if data.form.instructions.is_none() {
            let text = instructions.map(direct_text).unwrap_or_default();
            data.form.instructions = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        }
        data.form.link = link(query);
        Self { data, style }
    }

    /// The form for the view.
    #[must_use]
    pub fn form(&self) -> &Form {
        &self.data.form
    }

    /// Builds the `<query/>` that asks for the account. Answers to what was not asked are left out.
    #[must_use]
    pub fn submit(&self, answers: &[(String, Vec<String>)]) -> Element {
        let query = element("query", ns::REGISTER);
        if self.style == Style::DataForm {
            return query.with_child(form::submit(&self.data, answers));
        }
        let hidden = self.data.hidden.iter().map(|(name, values)| (name, values));
        let asked = self.data.form.fields.iter().map(|field| {
            let answer = answers.iter().find(|(name, _)| *name == field.name);
            (
                &field.name,
                answer.map_or(&field.values, |(_, values)| values),
            )
        });
        query.with_children(
            hidden
                .chain(asked)
                .map(|(name, values)| text_element(name, ns::REGISTER, &values.concat())),
        )
    }
}

/// Builds the question for the form.
#[must_use]
pub fn ask() -> Element {
    element("query", ns::REGISTER)
}

fn plain(query: &Element) -> DataForm {
    let mut hidden = Values::new();
    let mut form = Form::default();
    for child in query.children().filter(|child| child.has_ns(ns::REGISTER)) {
        let (name, value) = (child.name(), direct_text(child));
        let known = FIELDS.contains(&name);
        let doubled = form.fields.iter().any(|field| field.name == name);
        if name == "key" {
            hidden.push((name.to_owned(), vec![value]));
        } else if known && !doubled {
            form.fields.push(Field {
                name: name.to_owned(),
                label: None,
                kind: match name {
                    "password" => FieldKind::Password,
                    _ => FieldKind::Text,
                },
                // XEP-0077 §3.1: every field of the plain form is to be filled in.
                required: true,
                values: Some(value)
                    .filter(|value| !value.is_empty())
                    .into_iter()
                    .collect(),
                description: None,
                image: None,
            });
        }
    }
    DataForm { form, hidden }
}

/// XEP-0077 §5: the server's own page; only `https:`, since a password will be typed there.
fn link(query: &Element) -> Option<String> {
    let url = query.get_child("x", ns::OOB)?.get_child("url", ns::OOB)?;
    let url = direct_text(url).trim().to_owned();
    let safe = url
        .get(..8)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
    (safe && !url.contains(char::is_whitespace)).then_some(url)
}
