//! The one scanner of XML text: walks a frame once, without recursion, and hands legal pieces to a [`Sink`].
//!
//! XML 1.0 (fifth edition) and Namespaces in XML, restricted as RFC 6120 §11.1 demands: no comments, no processing
//! instructions, no DTD, no entities but the five predefined ones.
//!
//! **Invariant:** the time is linear in the length of the text and the memory does not depend on it: every list that
//! is searched has a bound.

use std::borrow::Cow;

use super::gate::{
    MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_NAME, MAX_NAMESPACE, MAX_SCOPES, Reason,
};
use super::ns;

/// Takes the pieces of a frame in the order of the text.
pub(super) trait Sink<'a> {
    /// An element begins: its namespace, local name and attributes.
    fn open(&mut self, ns: &Cow<'a, str>, local: &'a str, attrs: &[Attr<'a>]);
    /// Character data, as written; `cooked` is false when references or line ends have still to be resolved.
    fn text(&mut self, raw: &'a str, cooked: bool);
    /// A CDATA section's content.
    fn cdata(&mut self, raw: &'a str);
    /// The innermost open element ends.
    fn close(&mut self);
}

/// One attribute that is not a namespace declaration.
pub(super) struct Attr<'a> {
    qname: &'a str,
    prefix: &'a str,
    /// The expanded name's namespace; empty without a prefix.
    pub(super) ns: Cow<'a, str>,
    /// The local name.
    pub(super) local: &'a str,
    /// The value as written.
    pub(super) raw: &'a str,
    /// Whether `raw` is already the value.
    pub(super) cooked: bool,
}

/// A namespace declaration in force.
struct Scope<'a> {
    prefix: &'a str,
    ns: Cow<'a, str>,
}

/// An element whose end tag is awaited.
struct Open<'a> {
    qname: &'a str,
    /// How many declarations were in force before it.
    scopes: usize,
}

/// What the scanner learnt, with the sink it fed.
pub(super) struct Scanned<'a, S> {
    /// The root's namespace and local name, if the scan came that far.
    pub(super) root: Option<(Cow<'a, str>, &'a str)>,
    /// The sink that took the pieces.
    pub(super) sink: S,
    /// What is wrong and at which byte; `Ok` if nothing is.
    pub(super) verdict: Result<(), (Reason, usize)>,
}

/// Scans a whole frame into `sink`.
pub(super) fn scan<'a, S: Sink<'a>>(text: &'a str, sink: S) -> Scanned<'a, S> {
    let mut scanner = Scanner {
        text,
        at: 0,
        sink,
        root: None,
        elements: 0,
        open: Vec::with_capacity(8),
        scopes: Vec::with_capacity(8),
        attrs: Vec::with_capacity(8),
    };
    let verdict = scanner.document();
    Scanned {
        verdict: verdict.map_err(|reason| (reason, scanner.at)),
        root: scanner.root,
        sink: scanner.sink,
    }
}

struct Scanner<'a, S> {
    text: &'a str,
    at: usize,
    sink: S,
    root: Option<(Cow<'a, str>, &'a str)>,
    elements: usize,
    open: Vec<Open<'a>>,
    scopes: Vec<Scope<'a>>,
    attrs: Vec<Attr<'a>>,
}

impl<'a, S: Sink<'a>> Scanner<'a, S> {
    fn document(&mut self) -> Result<(), Reason> {
        self.space();
        self.declaration()?;
        loop {
            match (self.peek(), self.open.is_empty()) {
                (Some(b'<'), outside) => self.markup(outside)?,
                (Some(_), false) => self.text()?,
                (Some(b' ' | b'\t' | b'\r' | b'\n'), true) => self.space(),
                (Some(_), true) => return Err(Reason::Junk),
                (None, true) if self.root.is_some() => return Ok(()),
                (None, true) => return Err(Reason::Empty),
                (None, false) => return Err(Reason::Unclosed),
            }
        }
    }

    /// RFC 6120 §11.4 lets a text declaration open a stream, and some servers prefix a frame with it.
    fn declaration(&mut self) -> Result<(), Reason> {
        let rest = self.rest();
        if !rest.starts_with("<?xml ") {
            return Ok(());
        }
        let head = rest.as_bytes().get(..128).unwrap_or(rest.as_bytes());
        let end = head.windows(2).position(|pair| pair == b"?>");
        self.at += end.ok_or(Reason::Restricted)? + 2;
        self.space();
        Ok(())
    }

    fn markup(&mut self, outside: bool) -> Result<(), Reason> {
        match self.peek_at(1) {
            Some(b'/') => self.end_tag(),
            Some(b'!') => self.bang(outside),
            Some(b'?') => Err(Reason::Restricted),
            _ if outside && self.root.is_some() => Err(Reason::SecondRoot),
            _ => self.start_tag(),
        }
    }

    /// A CDATA section is character data; comments and a DTD are not for streams (RFC 6120 §11.1).
    fn bang(&mut self, outside: bool) -> Result<(), Reason> {
        const HEAD: &str = "<![CDATA[";
        let rest = self.rest();
        if !rest.starts_with(HEAD) {
            return Err(Reason::Restricted);
        }
        if outside {
            return Err(Reason::Junk);
        }
        self.at += HEAD.len();
        let start = self.at;
        let mut brackets = 0_usize;
        loop {
            match self.peek().ok_or(Reason::Unclosed)? {
                b']' => brackets += 1,
                b'>' if brackets >= 2 => break,
                byte => {
                    brackets = 0;
                    self.legal(byte)?;
                }
            }
            self.at += 1;
        }
        self.sink.cdata(self.slice(start, self.at - 2));
        self.at += 1;
        Ok(())
    }

    fn text(&mut self) -> Result<(), Reason> {
        let start = self.at;
        let mut cooked = true;
        loop {
            self.skip(PLAIN_TEXT);
            match self.peek().ok_or(Reason::Unclosed)? {
                b'<' => break,
                b'&' => {
                    cooked = false;
                    self.reference()?;
                }
                b'\r' => {
                    cooked = false;
                    self.at += 1;
                }
                b']' => {
                    // XML 1.0 §2.4: the string `]]>` stands in content only as the end of a CDATA section.
                    if self.rest().starts_with("]]>") {
                        return Err(Reason::Junk);
                    }
                    self.at += 1;
                }
                byte => {
                    self.legal(byte)?;
                    self.at += 1;
                }
            }
        }
        self.sink.text(self.slice(start, self.at), cooked);
        Ok(())
    }

    fn end_tag(&mut self) -> Result<(), Reason> {
        let open = self.open.pop().ok_or(Reason::Mismatched)?;
        self.at += 2;
        if !self.rest().starts_with(open.qname) {
            return Err(Reason::Mismatched);
        }
        self.at += open.qname.len();
        self.space();
        self.expect(b'>', Reason::Mismatched)?;
        self.scopes.truncate(open.scopes);
        self.sink.close();
        Ok(())
    }

    fn start_tag(&mut self) -> Result<(), Reason> {
        self.at += 1;
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(Reason::TooMany);
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(Reason::TooDeep);
        }
        let (qname, prefix, local) = self.name()?;
        let scopes = self.scopes.len();
        self.attrs.clear();
        let empty = loop {
            let spaced = self.space_seen();
            match self.peek().ok_or(Reason::Unclosed)? {
                b'>' => {
                    self.at += 1;
                    break false;
                }
                b'/' => {
                    self.at += 1;
                    self.expect(b'>', Reason::Junk)?;
                    break true;
                }
                _ if spaced => self.attribute(scopes)?,
                _ => return Err(Reason::BadName),
            }
        };
        self.resolve_attributes()?;
        let ns = self.element_namespace(prefix)?;
        self.sink.open(&ns, local, &self.attrs);
        if self.root.is_none() {
            self.root = Some((ns, local));
        }
        if empty {
            self.scopes.truncate(scopes);
            self.sink.close();
        } else {
            self.open.push(Open { qname, scopes });
        }
        Ok(())
    }

    fn attribute(&mut self, scopes: usize) -> Result<(), Reason> {
        let (qname, prefix, local) = self.name()?;
        self.space();
        self.expect(b'=', Reason::Junk)?;
        self.space();
        let (raw, cooked) = self.value()?;
        if prefix == "xmlns" {
            return self.declare(scopes, local, raw, cooked);
        }
        if qname == "xmlns" {
            return self.declare(scopes, "", raw, cooked);
        }
        if self.attrs.len() >= MAX_ATTRIBUTES {
            return Err(Reason::TooMany);
        }
        if self.attrs.iter().any(|other| other.qname == qname) {
            return Err(Reason::Duplicate);
        }
        self.attrs.push(Attr {
            qname,
            prefix,
            ns: Cow::Borrowed(""),
            local,
            raw,
            cooked,
        });
        Ok(())
    }

    fn value(&mut self) -> Result<(&'a str, bool), Reason> {
        let quote = match self.peek() {
            Some(quote @ (b'"' | b'\'')) => quote,
            _ => return Err(Reason::Junk),
        };
        self.at += 1;
        let start = self.at;
        let mut cooked = true;
        loop {
            self.skip(PLAIN_VALUE);
            match self.peek().ok_or(Reason::Unclosed)? {
                byte if byte == quote => break,
                b'<' => return Err(Reason::Junk),
                b'&' => {
                    cooked = false;
                    self.reference()?;
                }
                b'\t' | b'\r' | b'\n' => {
                    cooked = false;
                    self.at += 1;
                }
                byte => {
                    self.legal(byte)?;
                    self.at += 1;
                }
            }
        }
        let raw = self.slice(start, self.at);
        self.at += 1;
        Ok((raw, cooked))
    }

    /// Namespaces in XML §3: reserved prefixes and names are not to be declared, and a prefix has a namespace.
    fn declare(
        &mut self,
        scopes: usize,
        prefix: &'a str,
        raw: &'a str,
        cooked: bool,
    ) -> Result<(), Reason> {
        if raw.len() > MAX_NAMESPACE {
            return Err(Reason::NameTooLong);
        }
        if self.scopes.len() >= MAX_SCOPES {
            return Err(Reason::TooMany);
        }
        let ns = if cooked {
            Cow::Borrowed(raw)
        } else {
            Cow::Owned(cook_value(raw))
        };
        match (prefix, ns.as_ref()) {
            ("xml", ns::XML) => return Ok(()),
            ("xml" | "xmlns", _) | (_, ns::XML | ns::XMLNS) => return Err(Reason::BadNamespace),
            ("", _) => {}
            (_, "") => return Err(Reason::BadNamespace),
            _ => {}
        }
        let own = self.scopes.get(scopes..).unwrap_or_default();
        if own.iter().any(|other| other.prefix == prefix) {
            return Err(Reason::Duplicate);
        }
        self.scopes.push(Scope { prefix, ns });
        Ok(())
    }

    /// RFC 7395 §3.3.3: a frame declares its own namespaces; one that forgot the default means a client's stream.
    fn element_namespace(&self, prefix: &str) -> Result<Cow<'a, str>, Reason> {
        match (self.lookup(prefix), prefix) {
            (Some(ns), _) => Ok(ns.clone()),
            (None, "") => Ok(Cow::Borrowed(ns::CLIENT)),
            (None, "stream") => Ok(Cow::Borrowed(ns::STREAM)),
            (None, _) => Err(Reason::BadNamespace),
        }
    }

    fn lookup(&self, prefix: &str) -> Option<&Cow<'a, str>> {
        let mut scopes = self.scopes.iter().rev();
        scopes
            .find(|scope| scope.prefix == prefix)
            .map(|scope| &scope.ns)
    }

    /// Expands prefixed attribute names, and refuses two that mean the same.
    fn resolve_attributes(&mut self) -> Result<(), Reason> {
        let mut attrs = std::mem::take(&mut self.attrs);
        let mut prefixed = 0_usize;
        for attr in attrs.iter_mut().filter(|attr| !attr.prefix.is_empty()) {
            attr.ns = match attr.prefix {
                "xml" => Cow::Borrowed(ns::XML),
                prefix => self.lookup(prefix).ok_or(Reason::BadNamespace)?.clone(),
            };
            prefixed += 1;
        }
        if prefixed > 1 {
            let mut rest = attrs.as_slice();
            while let Some((first, others)) = rest.split_first() {
                let same = |other: &Attr<'_>| other.local == first.local && other.ns == first.ns;
                if others.iter().any(same) {
                    return Err(Reason::Duplicate);
                }
                rest = others;
            }
        }
        self.attrs = attrs;
        Ok(())
    }

    /// Reads a qualified name: as written, its prefix (or nothing) and its local part.
    fn name(&mut self) -> Result<(&'a str, &'a str, &'a str), Reason> {
        let start = self.at;
        let mut local = self.name_part()?;
        let mut prefix = "";
        if self.peek() == Some(b':') {
            self.at += 1;
            prefix = local;
            local = self.name_part()?;
        }
        let qname = self.slice(start, self.at);
        if qname.len() > MAX_NAME {
            return Err(Reason::NameTooLong);
        }
        Ok((qname, prefix, local))
    }

    fn name_part(&mut self) -> Result<&'a str, Reason> {
        let start = self.at;
        self.skip(NAME);
        let part = self.slice(start, self.at);
        let starts = part.bytes().next().map_or(0, class_of) & NAME_START != 0;
        if (starts && part.is_ascii()) || is_ncname(part) {
            Ok(part)
        } else {
            Err(Reason::BadName)
        }
    }

    fn reference(&mut self) -> Result<(), Reason> {
        let (_, len) = reference(self.rest()).ok_or(Reason::BadReference)?;
        self.at += len;
        Ok(())
    }

    /// Refuses what XML 1.0 §2.2 does not allow; `byte` is the one at hand.
    fn legal(&self, byte: u8) -> Result<(), Reason> {
        match byte {
            b'\t' | b'\r' | b'\n' => Ok(()),
            0..0x20 => Err(Reason::IllegalCharacter),
            // U+FFFE and U+FFFF.
            0xEF if matches!(
                (self.peek_at(1), self.peek_at(2)),
                (Some(0xBF), Some(0xBE | 0xBF))
            ) =>
            {
                Err(Reason::IllegalCharacter)
            }
            _ => Ok(()),
        }
    }

    fn skip(&mut self, class: u8) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let stop = rest.iter().position(|byte| class_of(*byte) & class == 0);
        self.at += stop.unwrap_or(rest.len());
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn space_seen(&mut self) -> bool {
        let before = self.at;
        self.space();
        self.at > before
    }

    fn expect(&mut self, byte: u8, otherwise: Reason) -> Result<(), Reason> {
        match self.peek() {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(otherwise),
            None => Err(Reason::Unclosed),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn peek_at(&self, offset: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + offset).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }
}

/// Bytes that need no second look in character data, in an attribute's value, in a name, and at its start.
const PLAIN_TEXT: u8 = 1;
const PLAIN_VALUE: u8 = 2;
const NAME: u8 = 4;
const NAME_START: u8 = 8;

static CLASSES: [u8; 256] = classes();

#[inline]
fn class_of(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
}

#[allow(clippy::indexing_slicing)] // Evaluated by the compiler: a wrong index would not build.
const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        let mut class = 0;
        if b >= 0x20 && b != 0xEF && b != b'<' && b != b'&' {
            if b != b']' {
                class |= PLAIN_TEXT;
            }
            if b != b'"' && b != b'\'' {
                class |= PLAIN_VALUE;
            }
        }
        if b == b'\t' || b == b'\n' {
            class |= PLAIN_TEXT;
        }
        if b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.') || b >= 0x80 {
            class |= NAME;
        }
        if b.is_ascii_alphabetic() || b == b'_' {
            class |= NAME_START;
        }
        table[byte] = class;
        byte += 1;
    }
    table
}

/// Namespaces in XML §3: a name without a colon.
fn is_ncname(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

fn is_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | 'a'..='z' | '_' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}' | '\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Whether XML 1.0 §2.2 allows the character.
pub(super) fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// Reads the reference that `text` begins with: the character it stands for and its length in bytes.
fn reference(text: &str) -> Option<(char, usize)> {
    /// Long enough for leading zeros, short enough that a stray `&` costs nothing.
    const LONGEST: usize = 32;
    let window = text.as_bytes().get(..LONGEST).unwrap_or(text.as_bytes());
    let end = window.iter().position(|byte| *byte == b';')?;
    let found = match text.get(1..end)? {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        name => {
            let (digits, radix) = match (name.strip_prefix("#x"), name.strip_prefix('#')) {
                (Some(digits), _) => (digits, 16),
                (None, Some(digits)) => (digits, 10),
                (None, None) => return None,
            };
            // `from_str_radix` takes a sign, XML does not.
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            let code = u32::from_str_radix(digits, radix).ok()?;
            char::from_u32(code).filter(|c| is_legal(*c))?
        }
    };
    Some((found, end + 1))
}

/// Resolves references and line ends in character data (XML 1.0 §2.11, §4.6).
pub(super) fn cook_text(raw: &str) -> String {
    cook(raw, |c| c)
}

/// Normalises an attribute's value (XML 1.0 §3.3.3): white space as written becomes a space, referenced white space stays.
pub(super) fn cook_value(raw: &str) -> String {
    cook(raw, |c| if matches!(c, '\t' | '\n') { ' ' } else { c })
}

fn cook(raw: &str, literal: fn(char) -> char) -> String {
    let mut cooked = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let len = match c {
            '&' => match reference(rest) {
                Some((found, len)) => {
                    cooked.push(found);
                    len
                }
                None => 1,
            },
            '\r' => {
                cooked.push(literal('\n'));
                if rest.starts_with("\r\n") { 2 } else { 1 }
            }
            c => {
                cooked.push(literal(c));
                c.len_utf8()
            }
        };
        rest = rest.get(len..).unwrap_or_default();
    }
    cooked
}
