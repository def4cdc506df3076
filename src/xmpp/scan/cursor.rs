//! One place in the text, and what is read there: names, values, character data, blanks.

use super::chars::{NAME, NAME_START, PLAIN_TEXT, PLAIN_VALUE, class_of, is_ncname};
use super::cook::reference;
use crate::xmpp::gate::{MAX_NAME, Reason};

/// What is read is legal, and behind the place; where something is not, the place is there.
pub(super) struct Cursor<'a> {
    text: &'a str,
    /// The place, in bytes.
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// RFC 6120 §11.4 lets a text declaration open a stream, and some servers prefix a frame with it.
    pub(super) fn declaration(&mut self) -> Result<(), Reason> {
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

    /// What a CDATA section holds, whose beginning has been read.
    pub(super) fn cdata(&mut self) -> Result<&'a str, Reason> {
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
        let content = self.slice(start, self.at - 2);
        self.at += 1;
        Ok(content)
    }

    /// Character data up to the next tag, as written, and whether that is what it says.
    pub(super) fn text(&mut self) -> Result<(&'a str, bool), Reason> {
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
        Ok((self.slice(start, self.at), cooked))
    }

    /// Reads an attribute's value, quoted: as written, and whether that is what it says.
    pub(super) fn value(&mut self) -> Result<(&'a str, bool), Reason> {
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

    /// Reads a qualified name: as written, its prefix (or nothing) and its local part.
    pub(super) fn name(&mut self) -> Result<(&'a str, &'a str, &'a str), Reason> {
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

    pub(super) fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    pub(super) fn space_seen(&mut self) -> bool {
        let before = self.at;
        self.space();
        self.at > before
    }

    pub(super) fn expect(&mut self, byte: u8, otherwise: Reason) -> Result<(), Reason> {
        match self.peek() {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(otherwise),
            None => Err(Reason::Unclosed),
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn peek_at(&self, offset: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + offset).copied()
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }
}
