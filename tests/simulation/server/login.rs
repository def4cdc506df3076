//! RFC 5802, the server's side, and resource binding.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use minidom::Element;
use sha2::{Digest, Sha256};

use super::{ConnId, Server};
use crate::support::PASSWORD;

const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";

pub(super) fn offer() -> String {
    format!("<mechanisms xmlns='{SASL}'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>")
}

impl Server {
    pub(super) fn on_sasl(&mut self, conn: ConnId, nonza: &Element) {
        let words = String::from_utf8(BASE64.decode(nonza.text()).unwrap()).unwrap();
        let stream = self.streams.get_mut(&conn).unwrap();
        let answer = if nonza.name() == "auth" {
            let bare = words.strip_prefix("n,,").unwrap().to_owned();
            let (name, nonce) = bare.split_once(",r=").unwrap();
            let name = name.strip_prefix("n=").unwrap();
            stream.account = Some(format!("{name}@{}", super::DOMAIN));
            let challenge = format!("r={nonce}server,s={},i=4096", BASE64.encode("salt"));
            let answer = BASE64.encode(&challenge);
            stream.scram = Some((bare, challenge));
            format!("<challenge xmlns='{SASL}'>{answer}</challenge>")
        } else {
            let (bare, challenge) = stream.scram.take().unwrap();
            let signature = verify(&bare, &challenge, &words).expect("a wrong proof");
            let proof = BASE64.encode(format!("v={}", BASE64.encode(signature)));
            format!("<success xmlns='{SASL}'>{proof}</success>")
        };
        self.say(conn, answer);
    }
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// The signature, if the client's proof is right.
fn verify(bare: &str, challenge: &str, answer: &str) -> Option<Vec<u8>> {
    static SALTED: OnceLock<[u8; 32]> = OnceLock::new();
    let salted = SALTED.get_or_init(|| {
        let mut salted = [0; 32];
        pbkdf2::pbkdf2_hmac::<Sha256>(PASSWORD.as_bytes(), b"salt", 4096, &mut salted);
        salted
    });
    let (without_proof, proof) = answer.rsplit_once(",p=")?;
    let auth = format!("{bare},{challenge},{without_proof}");
    let client_key = hmac(salted, b"Client Key");
    let signature = hmac(&Sha256::digest(&client_key), auth.as_bytes());
    let expected: Vec<u8> = client_key
        .iter()
        .zip(&signature)
        .map(|(a, b)| a ^ b)
        .collect();
    (BASE64.decode(proof).ok()? == expected)
        .then(|| hmac(&hmac(salted, b"Server Key"), auth.as_bytes()))
}
