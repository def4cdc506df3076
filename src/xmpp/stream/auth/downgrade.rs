//! XEP-0474: SASL SCRAM Downgrade Protection (0.5.0; the shape of 0.3 is understood, too).
//!
//! The server hashes what it offered into its first SCRAM message. If somebody on the way has taken the stronger
//! mechanisms out of the offer, our hash of it differs. If they change the hash as well, the proofs fail, as they cover
//! that message. A browser cannot bind a channel, so this is the only such protection there is for us.

use subtle::ConstantTimeEq;

use super::scram::Hash;
use crate::entity::order;

/// What the server offered on this stream, as it came.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Offer {
    /// The SASL mechanisms, those that we do not know included.
    pub mechanisms: Vec<String>,
    /// The channel-binding types of XEP-0440, if the server advertised any list of them.
    pub channel_bindings: Option<Vec<String>>,
}

impl Offer {
    /// Whether `h`, base64 of a hash as XEP-0474 0.4.0 and later have it, fits what arrived here.
    #[must_use]
    pub fn fits(&self, hash: Hash, h: &str) -> bool {
        same(
            hash,
            &self.joined("\u{1E}", "\u{1F}", self.channel_bindings.as_ref()),
            h,
        )
    }

    /// Whether `d`, base64 of a hash as XEP-0474 0.3 had it, fits what arrived here. That version's implementations
    /// hashed channel-binding types that were not advertised, or did not; either will do.
    #[must_use]
    pub fn fits_0_3(&self, hash: Hash, d: &str) -> bool {
        same(hash, &self.joined(",", "|", None), d)
            || same(
                hash,
                &self.joined(",", "|", self.channel_bindings.as_ref()),
                d,
            )
    }

    /// XEP-0474 §6.1: sorted by octets (RFC 4790 §9.3), and joined.
    fn joined(&self, between: &str, before_types: &str, types: Option<&Vec<String>>) -> String {
        let list = |names: &[String]| {
            let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
            order::sort(&mut names);
            names.join(between)
        };
        let mut all = list(&self.mechanisms);
        if let Some(types) = types {
            all.push_str(before_types);
            all.push_str(&list(types));
        }
        all
    }
}

fn same(hash: Hash, offered: &str, claimed: &str) -> bool {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .decode(claimed)
        .is_ok_and(|claimed| hash.digest(offered.as_bytes()).ct_eq(&claimed).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Offer {
        Offer {
            mechanisms: vec!["SCRAM-SHA-1-PLUS".into(), "SCRAM-SHA-1".into()],
            channel_bindings: Some(vec!["tls-server-end-point".into(), "tls-exporter".into()]),
        }
    }

    /// H09: the vector of XEP-0474 §6.3.
    #[test]
    fn the_example_of_xep_0474_fits() {
        assert!(example().fits(Hash::Sha1, "G6k/rBLDqgOhRRaCuuatSDFkJ08="));
        assert!(example().fits(Hash::Sha256, "H6VEQ+6wl/eYKuTjJn4D9/e9GTn1AcYGw/oiSJ3Yhy0="));
    }

    /// H09.
    #[test]
    fn an_offer_that_lost_a_mechanism_or_a_type_does_not_fit() {
        let h = "G6k/rBLDqgOhRRaCuuatSDFkJ08=";
        let mut less = example();
        less.mechanisms.remove(0);
        assert!(!less.fits(Hash::Sha1, h));
        let mut less = example();
        less.channel_bindings = None;
        assert!(!less.fits(Hash::Sha1, h));
        let mut other = example();
        other.mechanisms.push("PLAIN".into());
        assert!(!other.fits(Hash::Sha1, h));
        assert!(!example().fits(Hash::Sha1, ""));
        assert!(!example().fits(Hash::Sha1, "not base64"));
    }

    #[test]
    fn an_offer_without_channel_bindings_has_no_second_list() {
        let offer = Offer {
            mechanisms: vec!["SCRAM-SHA-1".into(), "PLAIN".into()],
            channel_bindings: None,
        };
        assert!(offer.fits(Hash::Sha1, "Y+xk2TW25vKwG9yWicfQlsuiFQs="));
        assert!(offer.fits_0_3(Hash::Sha1, "YfgaWEbiAknReYP16I7U77lHGX0="));
        assert!(!offer.fits_0_3(Hash::Sha1, "Y+xk2TW25vKwG9yWicfQlsuiFQs="));
    }

    #[test]
    fn the_older_shape_fits_with_its_own_delimiters() {
        assert!(example().fits_0_3(Hash::Sha1, "dRc3RenuSY9ypgPpERowoaySQZY="));
        assert!(!example().fits_0_3(Hash::Sha1, "G6k/rBLDqgOhRRaCuuatSDFkJ08="));
    }
}
