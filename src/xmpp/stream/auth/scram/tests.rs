//! Vectors of the RFCs, one computed with another implementation, and servers that cheat.

use super::*;

const SHA_1: (&str, &str, &str, &str) = (
    "fyko+d2lbbFgONRv9qkxdawL",
    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
);

const SHA_256: (&str, &str, &str, &str) = (
    "rOprNGfwEbeRWgbNEkqO",
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
     p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
);

/// The dialogue of RFC 7677 §3 with the other hash, computed with Python's hashlib and hmac.
const SHA_512: (&str, &str, &str, &str) = (
    SHA_256.0,
    SHA_256.1,
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
     p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
    "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==",
);

fn password(text: &str) -> Secrets {
    Secrets {
        password: Some(Secret::new(text.into())),
        keys: None,
    }
}

/// A run whose nonce reads as given in base64.
fn run(hash: Hash, nonce: &str, username: &str, secrets: Secrets) -> Scram {
    let nonce = BASE64.decode(nonce).unwrap();
    Scram::new(hash, username, secrets, &nonce, Offer::default()).unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn dialogue(hash: Hash, vector: (&str, &str, &str, &str)) -> ScramKeys {
    let (nonce, server_first, client_final, server_final) = vector;
    let mut scram = run(hash, nonce, "user", password("pencil"));
    assert_eq!(text(scram.initial()), format!("n,,n=user,r={nonce}"));
    let answer = scram.on_challenge(server_first.as_bytes()).unwrap();
    assert_eq!(text(answer), client_final);
    scram.on_success(Some(server_final.as_bytes())).unwrap()
}

/// What the run of RFC 5802's example says to another first message of the server.
fn to_challenge(server_first: &str) -> Result<Vec<u8>, ScramError> {
    run(Hash::Sha1, SHA_1.0, "user", password("pencil")).on_challenge(server_first.as_bytes())
}

/// The same run, with its challenge answered.
fn answered() -> Scram {
    let mut scram = run(Hash::Sha1, SHA_1.0, "user", password("pencil"));
    scram.on_challenge(SHA_1.1.as_bytes()).unwrap();
    scram
}

#[test]
fn the_dialogue_of_rfc_5802_is_ours() {
    dialogue(Hash::Sha1, SHA_1);
}

#[test]
fn the_dialogue_of_rfc_7677_is_ours() {
    dialogue(Hash::Sha256, SHA_256);
}

#[test]
fn sha_512_agrees_with_another_implementation() {
    dialogue(Hash::Sha512, SHA_512);
}

/// H13, and RFC 5802 §5.1's escapes; computed with Python's hashlib from the composed letter.
#[test]
fn names_are_escaped_and_passwords_prepared() {
    let mut scram = run(
        Hash::Sha512,
        SHA_512.0,
        "romeo,of=Verona",
        password("pa\u{301}ss\u{1F600}"),
    );
    assert_eq!(
        text(scram.initial()),
        "n,,n=romeo=2Cof=3DVerona,r=rOprNGfwEbeRWgbNEkqO"
    );
    let answer = scram
        .on_challenge(b"r=rOprNGfwEbeRWgbNEkqOjuliet,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=10000")
        .unwrap();
    assert_eq!(text(answer), NON_ASCII.0);
    scram.on_success(Some(NON_ASCII.1.as_bytes())).unwrap();
}

const NON_ASCII: (&str, &str) = (
    "c=biws,r=rOprNGfwEbeRWgbNEkqOjuliet,p=F84Ql/z4kC3DAaEGiYvhn/qPMGCZP6V+bDXvceVcikWgdPuZiFGTV1RRvIjNtSctbZHWReEe0YsMUQGUz/5Nyg==",
    "v=YAV4d4AzhnpSNRv575UD9HvLAmAbbI8VSn6WU2B7IkR6xyLjsAduCK9Cjpj9Rr1mvIYDguvj6YBrB6FdUn7vkw==",
);

/// H07.
#[test]
fn the_header_never_claims_channel_binding() {
    let offer = Offer {
        mechanisms: vec!["SCRAM-SHA-256-PLUS".into(), "SCRAM-SHA-256".into()],
        channel_bindings: Some(vec!["tls-exporter".into()]),
    };
    let scram = Scram::new(Hash::Sha256, "romeo", password("x"), &[7; 18], offer).unwrap();
    assert!(scram.initial().starts_with(b"n,,n=romeo,r="));
}

/// H01.
#[test]
fn a_server_that_does_not_prove_itself_is_refused() {
    for data in [
        None,
        Some(&b""[..]),
        Some(b"v="),
        Some(b"v=AAAA"),
        Some(b"v=rmF9pqV8S7suAoZWja4dJRkFsKR="),
        Some(b"v=rmF9pqV8S7suAoZWja4dJRkFsKU="),
        Some(b"x=rmF9pqV8S7suAoZWja4dJRkFsKQ="),
        Some(b"\xff\xfe"),
    ] {
        assert_eq!(
            answered().on_success(data),
            Err(ScramError::ServerNotAuthentic),
            "{data:?}"
        );
    }
    let mut early = run(Hash::Sha1, SHA_1.0, "user", password("pencil"));
    assert_eq!(
        early.on_success(Some(SHA_1.3.as_bytes())),
        Err(ScramError::ServerNotAuthentic)
    );
}

#[test]
fn the_signature_may_come_in_a_challenge() {
    let mut scram = answered();
    assert_eq!(scram.on_challenge(SHA_1.3.as_bytes()), Ok(Vec::new()));
    assert!(scram.on_success(None).is_ok());
    assert!(scram.on_success(None).is_err(), "only once");

    let mut forged = answered();
    assert_eq!(
        forged.on_challenge(b"v=AAAA"),
        Err(ScramError::ServerNotAuthentic)
    );
    assert_eq!(forged.on_success(None), Err(ScramError::ServerNotAuthentic));
}

#[test]
fn the_servers_own_error_is_told() {
    assert_eq!(
        answered().on_success(Some(b"e=invalid-proof")),
        Err(ScramError::Refused("invalid-proof".into()))
    );
}

/// H03.
#[test]
fn too_few_iterations_are_refused() {
    for count in [0, 1, 1000, 4095, 1_000_001, 4_294_967_296, 4_294_971_392] {
        assert_eq!(
            to_challenge(&SHA_1.1.replace("4096", &count.to_string())),
            Err(ScramError::Iterations(count)),
        );
    }
    for count in [
        "",
        "-4096",
        "+4096",
        "4096 ",
        "4k",
        "99999999999999999999999",
    ] {
        assert_eq!(
            to_challenge(&SHA_1.1.replace("4096", count)),
            Err(ScramError::Malformed),
            "{count}"
        );
    }
    assert!(to_challenge(&SHA_1.1.replace("4096", "4097")).is_ok());
}

#[test]
fn the_nonce_must_begin_with_ours_and_go_on() {
    for nonce in [
        "fyko+d2lbbFgONRv9qkxdawL",
        "fyko+d2lbbFgONRv9qkxdaw",
        "3rfcNHYJY1ZVvWVs7jfyko+d2lbbFgONRv9qkxdawL",
        "Fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j",
        "",
    ] {
        assert_eq!(
            to_challenge(&format!("r={nonce},s=QSXCR+Q6sek8bf92,i=4096")),
            Err(ScramError::Nonce),
            "{nonce}"
        );
    }
    assert_eq!(
        to_challenge("r=fyko+d2lbbFgONRv9qkxdawL \u{e9},s=QSXCR+Q6sek8bf92,i=4096"),
        Err(ScramError::Malformed)
    );
}

/// H05.
#[test]
fn a_mandatory_extension_ends_the_run() {
    assert_eq!(
        to_challenge(&format!("m=ext,{}", SHA_1.1)),
        Err(ScramError::MandatoryExtension)
    );
    assert_eq!(
        to_challenge(&format!("{},m=ext", SHA_1.1)),
        Err(ScramError::MandatoryExtension)
    );
}

#[test]
fn optional_extensions_are_signed_but_not_needed() {
    let plain = to_challenge(SHA_1.1).unwrap();
    let extended = to_challenge(&format!("{},x=whatever", SHA_1.1)).unwrap();
    assert_ne!(plain, extended);
}

#[test]
fn a_first_message_in_another_shape_is_refused() {
    let nonce = "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j";
    for message in [
        String::new(),
        "r".into(),
        ",,,".into(),
        format!("r={nonce}"),
        format!("r={nonce},s=QSXCR+Q6sek8bf92"),
        format!("s=QSXCR+Q6sek8bf92,r={nonce},i=4096"),
        format!("r={nonce},s=,i=4096"),
        format!("r={nonce},s=QSXCR+Q6sek8bf9,i=4096"),
        format!("r={nonce},s=QSXCR+Q6sek8bf92====,i=4096"),
        format!("r={nonce},s=QSX CR+Q6sek8bf92,i=4096"),
        format!("r={nonce},s=QSXCR-Q6sek8bf92,i=4096"),
        format!("r={nonce},s=QSXCR+Q6sek8bf92,i=4096,i=4096"),
        format!("r={nonce},s=QSXCR+Q6sek8bf92,i=4096,"),
        format!("r={nonce},s=QSXCR+Q6sek8bf92,i=4096,xy=1"),
        format!("r={nonce},s=QSXCR+Q6sek8bf92,i=4096,1=1"),
        "e=other-error".into(),
    ] {
        assert_eq!(
            to_challenge(&message),
            Err(ScramError::Malformed),
            "{message}"
        );
    }
}

#[test]
fn kept_keys_log_in_without_the_password() {
    let keys = dialogue(Hash::Sha256, SHA_256);
    let kept = Secrets {
        password: None,
        keys: Some(keys.clone()),
    };
    let mut scram = run(Hash::Sha256, SHA_256.0, "user", kept.clone());
    let answer = scram.on_challenge(SHA_256.1.as_bytes()).unwrap();
    assert_eq!(text(answer), SHA_256.2);
    assert_eq!(scram.on_success(Some(SHA_256.3.as_bytes())), Ok(keys));

    for (from, to) in [("W22Z", "W22a"), ("i=4096", "i=8192")] {
        let mut scram = run(Hash::Sha256, SHA_256.0, "user", kept.clone());
        assert_eq!(
            scram.on_challenge(SHA_256.1.replace(from, to).as_bytes()),
            Err(ScramError::KeysOutdated)
        );
    }
}

#[test]
fn a_password_makes_new_keys_when_the_kept_ones_are_outdated() {
    let mut old = dialogue(Hash::Sha256, SHA_256);
    old.salt = b"another".to_vec();
    let both = Secrets {
        keys: Some(old),
        ..password("pencil")
    };
    let mut scram = run(Hash::Sha256, SHA_256.0, "user", both);
    let answer = scram.on_challenge(SHA_256.1.as_bytes()).unwrap();
    assert_eq!(text(answer), SHA_256.2);
}

/// H09.
#[test]
fn an_offer_that_was_tampered_with_ends_the_run() {
    let offer = |names: &[&str]| Offer {
        mechanisms: names.iter().map(ToString::to_string).collect(),
        channel_bindings: None,
    };
    let challenge = |offer: Offer, extension: &str| {
        Scram::new(
            Hash::Sha1,
            "user",
            password("pencil"),
            &BASE64.decode(SHA_1.0).unwrap(),
            offer,
        )
        .unwrap()
        .on_challenge(format!("{}{extension}", SHA_1.1).as_bytes())
    };
    let h = ",h=Y+xk2TW25vKwG9yWicfQlsuiFQs=";
    let d = ",d=YfgaWEbiAknReYP16I7U77lHGX0=";
    for extension in [h, d, ""] {
        assert!(challenge(offer(&["SCRAM-SHA-1", "PLAIN"]), extension).is_ok());
    }
    for extension in [h, d, ",h=", ",h=AAAA"] {
        assert_eq!(
            challenge(offer(&["SCRAM-SHA-1"]), extension),
            Err(ScramError::Downgrade),
            "{extension}"
        );
    }
}

#[test]
fn keys_do_not_show_themselves() {
    let keys = dialogue(Hash::Sha1, SHA_1);
    assert_eq!(format!("{keys:?}"), "***");
    let secrets = Secrets {
        keys: Some(keys),
        ..password("pencil")
    };
    assert!(!format!("{secrets:?}").contains("pencil"));
}
