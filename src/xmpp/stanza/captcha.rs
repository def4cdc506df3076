//! XEP-0158, XEP-0221, XEP-0231: the image of a CAPTCHA, sent along as bits of binary.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use minidom::Element;

use crate::entity::form::FormImage;
use crate::xmpp::ns;

use super::text::direct_text;

/// The largest image, in bytes.
const LARGEST: usize = 256 * 1024;

/// The image that a form's field points to by `cid:`, if it came along among `around`'s children. What it is, its
/// first bytes say, never the sender.
#[must_use]
pub fn image(field: &Element, around: &Element) -> Option<FormImage> {
    let media = field.get_child("media", ns::MEDIA)?;
    let uris = media.children().filter(|child| child.is("uri", ns::MEDIA));
    uris.filter_map(|uri| {
        let text = direct_text(uri);
        let cid = text.trim().strip_prefix("cid:")?;
        let data = around
            .children()
            .find(|child| child.is("data", ns::BOB) && child.attr("cid") == Some(cid))?;
        decode(&direct_text(data))
    })
    .next()
}

fn decode(text: &str) -> Option<FormImage> {
    if text.len() > LARGEST * 2 {
        return None;
    }
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let packed: String = text.split_ascii_whitespace().collect();
    let bytes = GeneralPurpose::new(&STANDARD, lenient)
        .decode(packed)
        .ok()?;
    let media_type = sniff(&bytes)?.to_owned();
    (bytes.len() <= LARGEST).then_some(FormImage { media_type, bytes })
}

/// Tells the four kinds of image that every browser shows, and that run nothing.
fn sniff(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some("image/png"),
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        _ => None,
    }
}
