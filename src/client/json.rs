//! RFC 8259: the little JSON that we are sent (XEP-0156), read without the tables and the arithmetic of a whole parser.
//!
//! **Invariant:** no document makes it recurse deeper than [`DEEPEST`].

/// The deepest nesting.
const DEEPEST: usize = 32;

/// What a document says; numbers, truth and null say nothing to us.
#[derive(PartialEq, Eq, Debug)]
pub enum Json {
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Fields(Vec<(String, Json)>),
    /// A number, `true`, `false` or `null`.
    Other,
}

impl Json {
    /// Reads a whole document; none if it is not JSON.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = Rest(text);
        let json = rest.value(DEEPEST)?;
        rest.skip();
        rest.0.is_empty().then_some(json)
    }

    /// The field of that name, of an object.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        let Self::Fields(fields) = self else {
            return None;
        };
        let (_, value) = fields.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    /// The members of an array; none of anything else.
    #[must_use]
    pub fn list(&self) -> &[Self] {
        match self {
            Self::List(list) => list,
            _ => &[],
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// What is not yet read.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn skip(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    /// Takes that sign, with what is blank before it.
    fn takes(&mut self, sign: char) -> bool {
        self.skip();
        let rest = self.0.strip_prefix(sign);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.0.chars();
        let next = chars.next();
        self.0 = chars.as_str();
        next
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        let depth = depth.checked_sub(1)?;
        if self.takes('{') {
            let member = |rest: &mut Self| {
                let name = rest.takes('"').then(|| rest.text())??;
                Some((name, rest.takes(':').then(|| rest.value(depth))??))
            };
            self.members('}', member).map(Json::Fields)
        } else if self.takes('[') {
            self.members(']', |rest| rest.value(depth)).map(Json::List)
        } else if self.takes('"') {
            self.text().map(Json::Text)
        } else {
            self.word()
        }
    }

    fn members<T>(
        &mut self,
        end: char,
        mut member: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut members = Vec::new();
        if self.takes(end) {
            return Some(members);
        }
        loop {
            members.push(member(self)?);
            if !self.takes(',') {
                return self.takes(end).then_some(members);
            }
        }
    }

    /// What follows a quotation mark, to the next.
    fn text(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            match self.next()? {
                '"' => return Some(text),
                '\\' => text.push(self.escaped()?),
                '\0'..' ' => return None,
                other => text.push(other),
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            sign @ ('"' | '\\' | '/') => sign,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.unit()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first);
                }
                // The second half of a pair in UTF-16.
                self.0 = self.0.strip_prefix("\\u")?;
                let second = self
                    .unit()?
                    .checked_sub(0xdc00)
                    .filter(|low| *low < 0x400)?;
                return char::from_u32(0x10000 + ((first - 0xd800) << 10) + second);
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |unit, _| Some(unit * 16 + self.next()?.to_digit(16)?))
    }

    /// A number, of whatever form, or one of the three words.
    fn word(&mut self) -> Option<Json> {
        let of_word = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let rest = self.0.trim_start_matches(of_word);
        let word = self.0.strip_suffix(rest)?;
        self.0 = rest;
        let number = word.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        (number || ["true", "false", "null"].contains(&word)).then_some(Json::Other)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_read() {
        let json = Json::parse(
            " { \"a\" : [ 1, -2.5e+3, true, false, null, \"x\" ,[],{} ],\"b\":{\"c\":\"d\"}, \"b\": 0 }\r\n",
        )
        .unwrap();
        let list = json.field("a").unwrap().list();
        assert_eq!(list.len(), 8);
        assert!(list[..5].iter().all(|value| *value == Json::Other));
        assert_eq!(list[5].text(), Some("x"));
        assert_eq!(
            (&list[6], &list[7]),
            (&Json::List(vec![]), &Json::Fields(vec![]))
        );
        assert_eq!(
            json.field("b").and_then(|b| b.field("c")?.text()),
            Some("d")
        );
        assert_eq!(
            (json.field("c"), json.text(), json.list()),
            (None, None, &[][..])
        );
    }

    #[test]
    fn texts_are_read() {
        for (json, text) in [
            (r#""""#, ""),
            (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r#""\u0041\u00e9\uD83D\uDE00é😀""#, "Aé😀é😀"),
        ] {
            assert_eq!(Json::parse(json).unwrap().text(), Some(text));
        }
    }

    #[test]
    fn what_is_no_json_is_not_read() {
        for text in [
            "",
            " ",
            "{",
            "[",
            "]",
            "[1,]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{\"a\":1,}",
            "\"",
            "\"\\",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\udc00\"",
            "\"a\nb\"",
            "nul",
            "nulls",
            "yes",
            "1 2",
            "[]]",
            "'a'",
            "<html>",
            "\u{feff}[]",
        ] {
            assert_eq!(Json::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn no_depth_is_too_deep() {
        for deep in ["[", "{\"a\":"] {
            assert_eq!(Json::parse(&deep.repeat(100_000)), None);
        }
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::parse(&nested(DEEPEST)).is_some());
        assert_eq!(Json::parse(&nested(DEEPEST + 1)), None);
    }

    proptest! {
        #[test]
        fn it_reads_what_another_writes(text in ".*", list in proptest::collection::vec("\\PC{0,4}", 0..5)) {
            let written = serde_json::json!({ text.clone(): list, "x": [text] }).to_string();
            let read = Json::parse(&written).unwrap();
            prop_assert_eq!(read.field("x").unwrap().list()[0].text(), Some(text.as_str()));
            if text != "x" {
                let texts: Vec<_> = read.field(&text).unwrap().list().iter().filter_map(Json::text).collect();
                prop_assert_eq!(texts, list);
            }
        }

        #[test]
        fn it_refuses_what_another_refuses(text in "[\\[\\]{}:,\"\\\\au0 ]{0,12}") {
            let other = serde_json::from_str::<serde_json::Value>(&text);
            // It says nothing about numbers, but that they are there.
            let odd = text.contains("00") || text.contains("0u") || text.contains("0a");
            prop_assert!(odd || other.is_ok() == Json::parse(&text).is_some(), "{}", text);
        }
    }
}
