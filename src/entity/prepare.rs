//! RFC 3454 (stringprep): one form for each address and each password, so that they can be compared.
//!
//! The profiles of addresses stand here (Nodeprep, Nameprep, Resourceprep); that of passwords is the log-in's.
//! Addresses are prepared as servers do, by RFC 6122, though RFC 7622 replaced it.

use std::borrow::Cow;

use stringprep::tables;

use crate::unicode::nfkc;

/// A part of an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Before the `@` (Nodeprep, RFC 6122 appendix A).
    Local,
    /// A domain name (Nameprep, RFC 3491).
    Domain,
    /// After the `/` (Resourceprep, RFC 6122 appendix B).
    Resource,
}

/// Prepares a part of an address; none if it holds what the profile prohibits.
#[must_use]
pub fn prepare(part: Part, text: &str) -> Option<Cow<'_, str>> {
    if text.bytes().all(|byte| stays(part, byte)) {
        return Some(Cow::Borrowed(text));
    }
    // RFC 3454 §7: what Unicode 3.2 does not know has no lasting form.
    if text.contains(tables::unassigned_code_point) {
        return None;
    }
    let mapped = text
        .chars()
        .filter(|&c| !tables::commonly_mapped_to_nothing(c));
    let mapped: String = if part == Part::Resource {
        mapped.collect()
    } else {
        mapped.flat_map(tables::case_fold_for_nfkc).collect()
    };
    let prepared = nfkc(&mapped);
    let prohibited = |c| is_prohibited(part, c) || tables::unassigned_code_point(c);
    if prepared.contains(prohibited) || mixes_directions(&prepared) {
        return None;
    }
    Some(Cow::Owned(prepared))
}

/// Whether preparation leaves the byte as it is, wherever it stands.
fn stays(part: Part, byte: u8) -> bool {
    match part {
        Part::Local => matches!(byte, b'['..=b'~' | b'0'..=b'9' | b'('..=b'.' | b'#'..=b'%'),
        Part::Domain => matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'),
        Part::Resource => matches!(byte, b' '..=b'~'),
    }
}

fn is_prohibited(part: Part, c: char) -> bool {
    let of_part = match part {
        Part::Local => c.is_ascii_control() || " \"&'/:<>@".contains(c),
        Part::Domain => false,
        Part::Resource => c.is_ascii_control(),
    };
    of_part || is_never_text(c)
}

/// The characters that every profile prohibits: spaces but the plain one, controls beyond ASCII, and what is not for
/// text (RFC 3454 C.1.2, C.2.2 and C.3 to C.9).
#[must_use]
pub fn is_never_text(c: char) -> bool {
    tables::non_ascii_space_character(c)
        || tables::non_ascii_control_character(c)
        || tables::private_use(c)
        || tables::non_character_code_point(c)
        || tables::inappropriate_for_plain_text(c)
        || tables::inappropriate_for_canonical_representation(c)
        || tables::change_display_properties_or_deprecated(c)
        || tables::tagging_character(c)
}

/// RFC 3454 §6: with any right-to-left character there is no left-to-right one, and it begins and ends with
/// right-to-left ones.
#[must_use]
pub fn mixes_directions(text: &str) -> bool {
    text.contains(tables::bidi_r_or_al)
        && (text.contains(tables::bidi_l)
            || !text.starts_with(tables::bidi_r_or_al)
            || !text.ends_with(tables::bidi_r_or_al))
}
