//! The one scanner of XML text: walks a frame once, without recursion, and hands legal pieces to a [`Sink`].
//!
//! XML 1.0 (fifth edition) and Namespaces in XML, restricted as RFC 6120 §11.1 demands: no comments, no processing
//! instructions, no DTD, no entities but the five predefined ones.
//!
//! **Invariant:** the time is linear in the length of the text and the memory does not depend on it: every list that
//! is searched has a bound.

mod chars;
mod cook;
mod cursor;
mod scope;

use std::borrow::Cow;

use super::gate::{MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, Reason};
use cursor::Cursor;
use scope::Scopes;

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
        cursor: Cursor::new(text),
        sink,
        root: None,
        elements: 0,
        open: Vec::with_capacity(8),
        scopes: Scopes::new(),
        attrs: Vec::with_capacity(8),
    };
    let verdict = scanner.document();
    Scanned {
        verdict: verdict.map_err(|reason| (reason, scanner.cursor.at)),
        root: scanner.root,
        sink: scanner.sink,
    }
}

struct Scanner<'a, S> {
    cursor: Cursor<'a>,
    sink: S,
    root: Option<(Cow<'a, str>, &'a str)>,
    elements: usize,
    open: Vec<Open<'a>>,
    scopes: Scopes<'a>,
    attrs: Vec<Attr<'a>>,
}

impl<'a, S: Sink<'a>> Scanner<'a, S> {
    fn document(&mut self) -> Result<(), Reason> {
        self.cursor.space();
        self.cursor.declaration()?;
        loop {
            match (self.cursor.peek(), self.open.is_empty()) {
                (Some(b'<'), outside) => self.markup(outside)?,
                (Some(_), false) => {
                    let (raw, cooked) = self.cursor.text()?;
                    self.sink.text(raw, cooked);
                }
                (Some(b' ' | b'\t' | b'\r' | b'\n'), true) => self.cursor.space(),
                (Some(_), true) => return Err(Reason::Junk),
                (None, true) if self.root.is_some() => return Ok(()),
                (None, true) => return Err(Reason::Empty),
                (None, false) => return Err(Reason::Unclosed),
            }
        }
    }

    fn markup(&mut self, outside: bool) -> Result<(), Reason> {
        match self.cursor.peek_at(1) {
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
        if !self.cursor.rest().starts_with(HEAD) {
            return Err(Reason::Restricted);
        }
        if outside {
            return Err(Reason::Junk);
        }
        self.cursor.at += HEAD.len();
        let content = self.cursor.cdata()?;
        self.sink.cdata(content);
        Ok(())
    }

    fn end_tag(&mut self) -> Result<(), Reason> {
        let open = self.open.pop().ok_or(Reason::Mismatched)?;
        self.cursor.at += 2;
        if !self.cursor.rest().starts_with(open.qname) {
            return Err(Reason::Mismatched);
        }
        self.cursor.at += open.qname.len();
        self.cursor.space();
        self.cursor.expect(b'>', Reason::Mismatched)?;
        self.scopes.leave(open.scopes);
        self.sink.close();
        Ok(())
    }

    fn start_tag(&mut self) -> Result<(), Reason> {
        self.cursor.at += 1;
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(Reason::TooMany);
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(Reason::TooDeep);
        }
        let (qname, prefix, local) = self.cursor.name()?;
        let scopes = self.scopes.len();
        self.attrs.clear();
        let empty = loop {
            let spaced = self.cursor.space_seen();
            match self.cursor.peek().ok_or(Reason::Unclosed)? {
                b'>' => {
                    self.cursor.at += 1;
                    break false;
                }
                b'/' => {
                    self.cursor.at += 1;
                    self.cursor.expect(b'>', Reason::Junk)?;
                    break true;
                }
                _ if spaced => self.attribute(scopes)?,
                _ => return Err(Reason::BadName),
            }
        };
        self.scopes.resolve(&mut self.attrs)?;
        let ns = self.scopes.element_namespace(prefix)?;
        self.sink.open(&ns, local, &self.attrs);
        if self.root.is_none() {
            self.root = Some((ns, local));
        }
        if empty {
            self.scopes.leave(scopes);
            self.sink.close();
        } else {
            self.open.push(Open { qname, scopes });
        }
        Ok(())
    }

    fn attribute(&mut self, scopes: usize) -> Result<(), Reason> {
        let (qname, prefix, local) = self.cursor.name()?;
        self.cursor.space();
        self.cursor.expect(b'=', Reason::Junk)?;
        self.cursor.space();
        let (raw, cooked) = self.cursor.value()?;
        if prefix == "xmlns" {
            return self.scopes.declare(scopes, local, raw, cooked);
        }
        if qname == "xmlns" {
            return self.scopes.declare(scopes, "", raw, cooked);
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
}
