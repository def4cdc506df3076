//! A form that a server asks the user to fill in (XEP-0077, XEP-0004), reduced to what a view needs.

use serde::{Deserialize, Serialize};

/// A form.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Form {
    /// A heading, if the server gave one.
    pub title: Option<String>,
    /// What the server says above the fields.
    pub instructions: Option<String>,
    /// The fields, in order. Hidden ones are kept by the engine.
    pub fields: Vec<Field>,
    /// A page of the server where the account is made instead (XEP-0066); `https:` only.
    pub link: Option<String>,
}

/// One field.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Field {
    /// Its name on the wire.
    pub name: String,
    /// What to call it; `None` for the well-known names that the view translates.
    pub label: Option<String>,
    /// What kind of input it is.
    pub kind: FieldKind,
    /// Must be filled in.
    pub required: bool,
    /// What it holds at first; several only for lists.
    pub values: Vec<String>,
    /// An explanation.
    pub description: Option<String>,
    /// An image (a captcha) that belongs to it.
    pub image: Option<FormImage>,
}

/// The kind of a field.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum FieldKind {
    /// One line.
    Text,
    /// One line, not shown.
    Password,
    /// Several lines.
    Paragraph,
    /// Yes or no.
    Boolean,
    /// One of some: (value, label).
    Choice(Vec<(String, String)>),
    /// Any of some: (value, label).
    Choices(Vec<(String, String)>),
    /// Text to read only.
    Note,
}

/// An image in a form: its bytes, checked by their signature to be PNG, JPEG, GIF or WebP.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FormImage {
    /// `image/png` and so on, as sniffed.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}
