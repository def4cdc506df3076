//! The languages that the view speaks.

/// A language.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    ZhCn,
}

impl Locale {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::En, Self::ZhCn];

    /// Its BCP 47 tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        }
    }

    /// What its speakers call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::ZhCn => "简体中文",
        }
    }

    /// The direction of its script, as the attribute `dir` says it.
    #[must_use]
    pub fn direction(self) -> &'static str {
        match self {
            Self::En | Self::ZhCn => "ltr",
        }
    }

    /// The language that a BCP 47 tag asks for, as near as we can.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else if language.eq_ignore_ascii_case("zh") {
            Some(Self::ZhCn)
        } else {
            None
        }
    }

    /// The first of these tags that we speak, else English.
    #[must_use]
    pub fn choose<'a>(tags: impl IntoIterator<Item = &'a str>) -> Self {
        tags.into_iter().find_map(Self::of_tag).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_finds_its_language() {
        assert_eq!(Locale::of_tag("zh-Hans-CN"), Some(Locale::ZhCn));
        assert_eq!(Locale::of_tag("EN_us"), Some(Locale::En));
        assert_eq!(Locale::of_tag("eng"), None);
        assert_eq!(Locale::choose(["tlh", "zh", "en"]), Locale::ZhCn);
        assert_eq!(Locale::choose(["tlh"]), Locale::En);
        for locale in Locale::ALL {
            assert_eq!(Locale::of_tag(locale.tag()), Some(locale));
        }
    }
}
