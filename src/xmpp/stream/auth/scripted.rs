//! A server that knows a password, for tests, written apart from the client.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::Hash;

/// The challenge and the success that follow a client's first message, in base64.
pub fn server(client_first: &str, password: &str, hash: Hash) -> (String, String) {
    let bare = client_first.strip_prefix("n,,").unwrap();
    let nonce = bare.split_once(",r=").unwrap().1;
    let first = format!("r={nonce}juliet,s={},i=4096", BASE64.encode("salt"));
    let without_proof = format!("c=biws,r={nonce}juliet");
    let message = format!("{bare},{first},{without_proof}");
    let salted = hash.pbkdf2(password.as_bytes(), b"salt", 4096);
    let signature = hash.hmac(&hash.hmac(&salted, b"Server Key"), message.as_bytes());
    (
        BASE64.encode(first),
        BASE64.encode(format!("v={}", BASE64.encode(signature))),
    )
}
