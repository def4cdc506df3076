//! The XML console shows frames without what must not be seen.
//!
//! **Invariant:** in a frame that can hold a secret, no text and no attribute but the harmless ones is shown. It
//! works on text alone, so that a frame that is no XML is safe, too.

/// What a frame mentions if it can hold a secret.
const SECRET: [&str; 8] = [
    "xmpp-sasl",
    "urn:xmpp:sasl:",
    "urn:xmpp:fast:",
    "jabber:iq:register",
    "jabber:iq:auth",
    "urn:xmpp:sm:",
    "challenge",
    "password",
];

/// Attributes that are shown even then.
const HARMLESS: [&str; 9] = [
    "xmlns",
    "mechanism",
    "type",
    "id",
    "from",
    "to",
    "version",
    "var",
    "xml:lang",
];

/// The frame, secrets replaced by `***`.
#[must_use]
pub fn redact(frame: &str) -> String {
    if !SECRET.iter().any(|secret| frame.contains(secret)) {
        return frame.to_owned();
    }
    let mut shown = String::with_capacity(frame.len());
    for piece in frame.split_inclusive('>') {
        let (text, tag) = match piece.find('<') {
            Some(at) => piece.split_at(at),
            None => (piece, ""),
        };
        shown.push_str(if text.trim().is_empty() { text } else { "***" });
        push_tag(tag, &mut shown);
    }
    shown
}

/// A tag, the values of its attributes hidden.
fn push_tag(tag: &str, shown: &mut String) {
    if tag.starts_with("<!") || tag.starts_with("<?") {
        return shown.push_str("***");
    }
    let mut rest = tag;
    while let Some(at) = rest.find(['"', '\'']) {
        let (before, quoted) = rest.split_at(at);
        let quote = if quoted.starts_with('"') { '"' } else { '\'' };
        let name = before.trim_end().trim_end_matches('=').trim_end();
        let name = name.rsplit(char::is_whitespace).next().unwrap_or("");
        let harmless = HARMLESS.contains(&name) || name.starts_with("xmlns:");
        let inner = quoted.get(1..).unwrap_or("");
        let (value, after) = inner.split_once(quote).unwrap_or((inner, ""));
        shown.push_str(before);
        shown.push(quote);
        shown.push_str(if harmless { value } else { "***" });
        shown.push(quote);
        rest = after;
    }
    shown.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_frame_is_shown_as_it_is() {
        let frame = "<message to='juliet@example.org'><body>hello &gt; you</body></message>";
        assert_eq!(redact(frame), frame);
    }

    #[test]
    fn what_proves_us_is_not_shown() {
        let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHJvbWVvAHNlY3JldA==</auth>";
        assert_eq!(
            redact(auth),
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>***</auth>"
        );
        let register = "<iq type=\"set\"><query xmlns=\"jabber:iq:register\"><username>romeo</username>\
                        <password>secret</password></query></iq>";
        assert!(!redact(register).contains("secret"));
        let token = "<token xmlns='urn:xmpp:fast:0' token='secret-token' expiry='2026'/>";
        assert!(!redact(token).contains("secret"), "{}", redact(token));
        for log_in in [
            "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='HT-SHA-256-NONE'><initial-response>secret</initial-response>\
             <fast xmlns='urn:xmpp:fast:0' count='secret'/></authenticate>",
            "<success xmlns='urn:xmpp:sasl:2'><additional-data>secret</additional-data>\
             <token xmlns='urn:xmpp:fast:0' token='secret' expiry='2026-01-01T00:00:00Z'/></success>",
            "<task-data xmlns='urn:xmpp:sasl:2'><hash xmlns='urn:xmpp:scram-upgrade:0'>secret</hash></task-data>",
        ] {
            assert!(!redact(log_in).contains("secret"), "{}", redact(log_in));
        }
        let resume = "<enabled xmlns='urn:xmpp:sm:3' id='x' resume='true' location='[::1]:5222'/>";
        assert!(redact(resume).contains("resume='***'"));
    }

    #[test]
    fn a_broken_frame_gives_nothing_away() {
        for frame in [
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>secret",
            "<auth x='xmpp-sasl' secret='secret",
            "xmpp-sasl secret",
            "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl' a=\"'\" b='secret'>secret</response>",
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><![CDATA[secret]]></auth>",
        ] {
            let shown = redact(frame).replace("secret=", "");
            assert!(!shown.contains("secret"), "{frame} became {shown}");
        }
    }
}
