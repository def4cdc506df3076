//! Addresses in a line that can be followed: `http`, `https`, `mailto`, `xmpp`, `geo`, and `www.` without a scheme.
//!
//! **Invariant:** an `href` begins with one of those schemes, holds neither quotes nor white space, and leads
//! to the host that is shown: what stands before an `@` in an authority is never part of it.

use super::piece;

/// An address in a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link<'a> {
    /// Where it begins in its line, in bytes.
    pub start: usize,
    /// As written.
    pub text: &'a str,
    /// What kind it is.
    pub kind: Kind,
    /// Where it leads.
    pub href: String,
    /// Where the host stands in `text`, in bytes.
    pub host: Option<(usize, usize)>,
    /// The host can be mistaken for another: its ASCII form must be shown beside the text.
    pub doubtful: bool,
}

/// What kind of address a link is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `http`, `https`.
    Web,
    /// `mailto`.
    Mail,
    /// `xmpp` (RFC 5122).
    Xmpp,
    /// `geo` (RFC 5870).
    Place,
}

impl Link<'_> {
    /// Where it ends in its line, in bytes.
    #[must_use]
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

const SCHEMES: [(&str, Kind); 5] = [
    ("https", Kind::Web),
    ("http", Kind::Web),
    ("mailto", Kind::Mail),
    ("xmpp", Kind::Xmpp),
    ("geo", Kind::Place),
];

/// Finds the links of a line, in order.
#[must_use]
pub fn find(line: &str) -> Vec<Link<'_>> {
    let mut links = Vec::new();
    let mut from = 0;
    let mut styled = Styled::default();
    while let Some((start, body, kind)) = candidate(line, from) {
        let token = token(line, start);
        // What was looked at is not looked at again: the whole takes linear time.
        from = start + token.len().max(1);
        styled.advance(line, start);
        let token = trimmed(&styled, token);
        let link = match kind {
            Kind::Web => web(start, token, body - start),
            _ => other(start, token, body - start, kind),
        };
        if let Some(link) = link {
            from = link.end();
            links.push(link);
        } else {
            from = from.max(body);
        }
        while !line.is_char_boundary(from) {
            from += 1;
        }
    }
    links
}

/// The next place where a link may begin: its offset, that of what follows the scheme, and its kind.
fn candidate(line: &str, from: usize) -> Option<(usize, usize, Kind)> {
    let bytes = line.as_bytes();
    for (at, byte) in bytes.iter().copied().enumerate().skip(from) {
        if byte == b':' {
            for (scheme, kind) in SCHEMES {
                let Some(start) = at.checked_sub(scheme.len()).filter(|s| *s >= from) else {
                    continue;
                };
                if piece(line, start, at).eq_ignore_ascii_case(scheme) && begins_word(line, start) {
                    return Some((start, at + 1, kind));
                }
            }
        } else if byte.eq_ignore_ascii_case(&b'w')
            && piece(line, at, at + 4).eq_ignore_ascii_case("www.")
            && begins_word(line, at)
        {
            return Some((at, at, Kind::Web));
        }
    }
    None
}

fn begins_word(line: &str, at: usize) -> bool {
    !piece(line, 0, at)
        .bytes()
        .next_back()
        .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'@' | b'/'))
}

/// From `start` to the first character that is no part of an address.
fn token(line: &str, start: usize) -> &str {
    let rest = piece(line, start, line.len());
    let end = rest.find(ends_address).unwrap_or(rest.len());
    piece(rest, 0, end)
}

fn ends_address(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || super::clean::is_invisible(c)
        // Browsers read a backslash as a slash; whoever means well does not write it.
        || matches!(c, '<' | '>' | '\\')
        || matches!(c, '，' | '。' | '；' | '：' | '！' | '？' | '、' | '（' | '）' | '《' | '》' | '「' | '」'
            | '『' | '』' | '【' | '】' | '“' | '”' | '‘' | '’' | '«' | '»' | '…' | '＠' | '／' | '．' | '｡')
}

/// Which signs of styling stand somewhere before a place; it goes forward only.
#[derive(Default)]
struct Styled {
    to: usize,
    signs: [(char, bool); 4],
}

impl Styled {
    fn advance(&mut self, line: &str, to: usize) {
        let passed = piece(line, self.to, to);
        self.to = to;
        let before = self.signs.map(|(_, is_there)| is_there);
        self.signs = ['*', '_', '~', '`'].map(|sign| (sign, passed.contains(sign)));
        for ((_, is_there), before) in self.signs.iter_mut().zip(before) {
            *is_there |= before;
        }
    }

    fn has(&self, sign: char) -> bool {
        self.signs.contains(&(sign, true))
    }
}

/// Without what belongs to the sentence around it.
fn trimmed<'a>(styled: &Styled, token: &'a str) -> &'a str {
    let count = |wanted: char| token.matches(wanted).count();
    let mut spare = [('(', ')'), ('[', ']'), ('{', '}')]
        .map(|(open, close)| (close, count(close).saturating_sub(count(open))));
    let mut token = token;
    while let Some(last) = token.chars().next_back() {
        let drop = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '"' => true,
            ')' | ']' | '}' => spare.iter_mut().any(|(close, left)| {
                let drop = *close == last && *left > 0;
                *left -= usize::from(drop);
                drop
            }),
            _ => styled.has(last),
        };
        if !drop {
            break;
        }
        token = token.strip_suffix(last).unwrap_or_default();
    }
    token
}

fn web(start: usize, token: &str, body: usize) -> Option<Link<'_>> {
    let (scheme, at) = if body == 0 {
        ("https:", 0)
    } else {
        let scheme = if body == "https:".len() {
            "https:"
        } else {
            "http:"
        };
        (scheme, body + 2)
    };
    if body > 0 && piece(token, body, at) != "//" {
        return None;
    }
    let rest = token.get(at..)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let tail = piece(rest, authority.len(), rest.len());
    let host_and_port = authority.rsplit('@').next().unwrap_or_default();
    let has_userinfo = host_and_port.len() < authority.len();
    let (host, port) = split_port(host_and_port)?;
    if !is_host(host) {
        return None;
    }
    let host_at = at + authority.len() - host_and_port.len();
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    Some(Link {
        start,
        text: token,
        kind: Kind::Web,
        href: format!("{scheme}//{host}{port}{}", encoded(tail)),
        host: Some((host_at, host_at + host.len())),
        doubtful: has_userinfo || is_doubtful(host),
    })
}

fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    match authority.rsplit_once(':') {
        // The colons of an IPv6 address.
        Some((_, after)) if after.contains(']') => Some((authority, None)),
        Some((host, port)) => {
            let valid = port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
            valid.then_some((host, (!port.is_empty()).then_some(port)))
        }
        None => Some((authority, None)),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(v6) = host.strip_prefix('[') {
        return v6.strip_suffix(']').is_some_and(|v6| {
            v6.contains(':')
                && v6
                    .chars()
                    .all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.'))
        });
    }
    !host.is_empty()
        && host.len() <= 255
        && !host.starts_with(['.', '-'])
        && host
            .chars()
            .all(|c| c.is_alphanumeric() || is_mark(c) || matches!(c, '-' | '.' | '_'))
}

/// Combining marks of scripts that need them; such a host is always doubtful.
fn is_mark(c: char) -> bool {
    !c.is_ascii() && !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control()
}

/// Whether a host could be taken for another: it holds anything but unaccented or Western European Latin
/// letters, or Chinese, Japanese and Korean ones, each label of one kind. (UTS #39 asks for tables that
/// would be larger than this whole program.)
fn is_doubtful(host: &str) -> bool {
    host.split('.').any(|label| {
        let mut latin = false;
        let mut east = false;
        for c in label.chars() {
            match c {
                '0'..='9' | '-' | '_' | '[' | ']' | ':' => {}
                'a'..='z' | 'A'..='Z' | '\u{df}'..='\u{f6}' | '\u{f8}'..='\u{ff}' => latin = true,
                '\u{3041}'..='\u{3096}'
                | '\u{30a1}'..='\u{30fa}'
                | '\u{3400}'..='\u{4dbf}'
                | '\u{4e00}'..='\u{9fff}'
                | '\u{ac00}'..='\u{d7a3}' => east = true,
                _ => return true,
            }
        }
        latin && east
    })
}

fn other(start: usize, token: &str, body: usize, kind: Kind) -> Option<Link<'_>> {
    let rest = token.get(body..).filter(|rest| !rest.is_empty())?;
    let valid = match kind {
        Kind::Mail => rest.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && is_host(domain.split('?').next().unwrap_or_default())
        }),
        Kind::Place => {
            let place = rest.split([';', '?']).next().unwrap_or_default();
            place.contains(',')
                && place
                    .chars()
                    .all(|c| c.is_ascii_digit() || matches!(c, ',' | '.' | '-'))
        }
        Kind::Xmpp => {
            !rest.starts_with(['/', '?', '#']) && rest.chars().any(|c| c.is_alphanumeric())
        }
        Kind::Web => false,
    };
    let scheme = piece(token, 0, body).to_ascii_lowercase();
    valid.then(|| Link {
        start,
        text: token,
        kind,
        href: format!("{scheme}{}", encoded(rest)),
        host: None,
        doubtful: false,
    })
}

/// With what could end an attribute or an address percent-encoded (RFC 3986 §2.1).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("%22"),
            '\'' => out.push_str("%27"),
            '`' => out.push_str("%60"),
            '{' => out.push_str("%7B"),
            '|' => out.push_str("%7C"),
            '}' => out.push_str("%7D"),
            '^' => out.push_str("%5E"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hrefs(line: &str) -> Vec<String> {
        find(line).into_iter().map(|link| link.href).collect()
    }

    fn texts(line: &str) -> Vec<&str> {
        find(line).into_iter().map(|link| link.text).collect()
    }

    #[test]
    fn links_end_where_a_reader_ends_them() {
        for (line, expected) in [
            (
                "see https://example.org/a, ok",
                vec!["https://example.org/a"],
            ),
            (
                "(https://example.org/a(b)).",
                vec!["https://example.org/a(b)"],
            ),
            (
                "看https://example.org/路，好",
                vec!["https://example.org/路"],
            ),
            ("\"https://example.org\"", vec!["https://example.org"]),
            ("<https://example.org>", vec!["https://example.org"]),
            (
                "HTTP://EXAMPLE.org:8080/?q=1#f",
                vec!["HTTP://EXAMPLE.org:8080/?q=1#f"],
            ),
            ("http://[::1]:5280/x", vec!["http://[::1]:5280/x"]),
            (
                "https://a.org https://b.org",
                vec!["https://a.org", "https://b.org"],
            ),
            (
                "xmpp:juliet@example.org?message",
                vec!["xmpp:juliet@example.org?message"],
            ),
            ("mailto:a@example.org!", vec!["mailto:a@example.org"]),
            ("geo:48.2,16.3;u=5", vec!["geo:48.2,16.3;u=5"]),
            ("www.example.org.", vec!["www.example.org"]),
            (
                "http: //a xhttp://a http:// http:///x mailto:x geo:x xmpp:?x",
                vec![],
            ),
            ("http://a%2eb http://a:b http://-a", vec![]),
        ] {
            assert_eq!(texts(line), expected, "{line}");
        }
        assert_eq!(hrefs("www.example.org/x"), ["https://www.example.org/x"]);
    }

    #[test]
    fn scripts_are_never_links() {
        for line in [
            "javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https",
        ] {
            assert!(find(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn a_line_of_nothing_but_links_takes_linear_time() {
        // No clock: who looks at all that stands before each link looks at more than a terabyte here.
        let line = "http://a/* ".repeat(300_000);
        let links = find(&line);
        assert_eq!(links.len(), 300_000);
        // A sign belongs to the sentence only where there is one before it.
        assert_eq!((links[0].text, links[1].text), ("http://a/*", "http://a/"));
    }

    // E05
    #[test]
    fn quotes_cannot_break_out_of_an_attribute() {
        assert_eq!(
            hrefs("http://www.opkode.com/\"onmouseover=\"alert(1)\"whatever"),
            ["http://www.opkode.com/%22onmouseover=%22alert(1)%22whatever"]
        );
    }

    // E07
    #[test]
    fn a_host_that_pretends_is_told() {
        let links = find(
            "https://accounts.google.com@evil.test/ https://xn--pple-43d.com/ https://аpple.com/ https://müller.de https://例え.jp",
        );
        let seen: Vec<_> = links
            .iter()
            .map(|l| (l.href.as_str(), l.doubtful))
            .collect();
        assert_eq!(
            seen,
            [
                ("https://evil.test/", true),
                ("https://xn--pple-43d.com/", false),
                ("https://аpple.com/", true),
                ("https://müller.de", false),
                ("https://例え.jp", false),
            ]
        );
        let (from, to) = links[0].host.unwrap();
        assert_eq!(&links[0].text[from..to], "evil.test");
        // A browser takes the backslash for the end of the host.
        assert_eq!(
            hrefs("https://good.example\\@evil.test/"),
            ["https://good.example"]
        );
        assert_eq!(hrefs("https://a@b@evil.test/"), ["https://evil.test/"]);
    }

    #[test]
    fn what_cannot_be_seen_ends_a_link() {
        assert_eq!(
            hrefs("https://example.org/\u{202e}gpj.exe"),
            ["https://example.org/"]
        );
    }

    proptest! {
        #[test]
        fn every_href_is_harmless(line in "(https?://|mailto:|xmpp:|geo:|www\\.|[a-z@:/.\"'<>\\\\ \u{202e}漢é()\\[\\]]){0,40}") {
            for link in find(&line) {
                let scheme = link.href.split(':').next();
                prop_assert!(SCHEMES.iter().any(|(known, _)| scheme == Some(*known)));
                prop_assert!(!link.href.contains(['"', '\'', '<', '>', ' ', '\\']));
                prop_assert_eq!(&line[link.start..link.end()], link.text);
            }
        }
    }
}
