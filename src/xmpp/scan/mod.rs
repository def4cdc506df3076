//! The one scanner of XML text: walks a frame once, without recursion, and hands legal pieces to a [`Sink`].
//!
//! XML 1.0 (fifth edition) and Namespaces in XML, restricted as RFC 6120 §11.1 demands: no comments, no processing
//! instructions, no DTD, no entities but the five predefined ones.
//!
//! **Invariant:** the time is linear in the length of the text and the memory does not depend on it: every list that
//! is searched has a bound.

mod chars;
mod cook;

use std::borrow::Cow;

use super::gate::{
    MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_NAME, MAX_NAMESPACE, MAX_SCOPES, Reason,
};
use super::ns;
use chars::{NAME, NAME_START, PLAIN_TEXT, PLAIN_VALUE, class_of, is_ncname};
use cook::reference;

pub(super) use chars::is_legal;
pub(super) use cook::{cook_text, cook_value};

/// Takes the pieces of a frame in the order of the text.
pub(super) trait Sink<'a> {
    /// An element begins: its namespace, local name and attributes.
    fn open(&mut self, ns: &str, local: &'a str, attrs: &[Attr<'a>]);
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
