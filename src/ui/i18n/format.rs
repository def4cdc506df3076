//! Dates, times and numbers as the language writes them.

use std::cell::OnceCell;
use std::rc::Rc;
use std::time::Duration;

use crate::ui::view::prelude::*;
use wasm_bindgen::JsValue;

use super::intl::{self, DateTimeFormat, NumberFormat, RelativeTimeFormat};
use super::{Locale, Texts};
use crate::entity::calendar::{civil, days};
use crate::entity::time::Timestamp;

/// Writes dates, times and numbers. A copy is the same.
#[derive(Clone, Copy)]
pub struct Format {
    texts: &'static Texts,
    made: StoredValue<Rc<Made>>,
}

/// The browser's formatters: each is made when it is first needed, because making one takes long.
#[derive(Default)]
struct Made {
    time: OnceCell<DateTimeFormat>,
    weekday: OnceCell<DateTimeFormat>,
    day: OnceCell<DateTimeFormat>,
    day_of_year: OnceCell<DateTimeFormat>,
    full: OnceCell<DateTimeFormat>,
    number: OnceCell<NumberFormat>,
    relative: OnceCell<RelativeTimeFormat>,
}

impl Format {
    /// For one language. Belongs to the owner that is current.
    #[must_use]
    pub fn new(texts: &'static Texts) -> Self {
        Self {
            texts,
            made: StoredValue::new(Rc::default()),
        }
    }

    /// Has what a list wants made after the next frame. The first of all formatters takes the browser some 30 ms: that is
    /// too long a wait for the first message of all.
    pub fn prepare(self) {
        request_animation_frame(move || {
            let prepare = move || {
                let _not_shown = self.brief(now());
            };
            set_timeout(prepare, Duration::ZERO);
        });
    }

    /// The language.
    #[must_use]
    pub fn locale(&self) -> Locale {
        self.texts.locale
    }

    /// The time of day: "14:05".
    #[must_use]
    pub fn time(&self, at: Timestamp) -> String {
        self.date(at, |made| &made.time, &[("timeStyle", "short")])
    }

    /// The whole moment: "Saturday, 21 November 2026 at 14:05".
    #[must_use]
    pub fn full(&self, at: Timestamp) -> String {
        let options = [("dateStyle", "full"), ("timeStyle", "short")];
        self.date(at, |made| &made.full, &options)
    }

    /// The day, in words where it is near: "Today", "Yesterday", "Monday", "3 May", "3 May 2025".
    #[must_use]
    pub fn day(&self, at: Timestamp) -> String {
        match local_day(now()) - local_day(at) {
            0 => self.texts.common.today.to_owned(),
            1 => self.texts.common.yesterday.to_owned(),
            2..=6 => self.date(at, |made| &made.weekday, &[("weekday", "long")]),
            days if (0..300).contains(&days) => {
                let options = [("day", "numeric"), ("month", "long")];
                self.date(at, |made| &made.day_of_year, &options)
            }
            _ => self.date(at, |made| &made.day, &[("dateStyle", "long")]),
        }
    }

    /// As short as a list wants it: the time today, else the day.
    #[must_use]
    pub fn brief(&self, at: Timestamp) -> String {
        if local_day(now()) == local_day(at) {
            self.time(at)
        } else {
            self.day(at)
        }
    }

    /// How long ago: "5 minutes ago", "now".
    #[must_use]
    pub fn ago(&self, at: Timestamp) -> String {
        let seconds = (now().0.saturating_sub(at.0) / 1000).max(0);
        let (count, unit) = match seconds {
            0..60 => (0, "second"),
            60..3_600 => (seconds / 60, "minute"),
            3_600..86_400 => (seconds / 3_600, "hour"),
            86_400..2_592_000 => (seconds / 86_400, "day"),
            2_592_000..31_536_000 => (seconds / 2_592_000, "month"),
            _ => (seconds / 31_536_000, "year"),
        };
        if !cfg!(target_arch = "wasm32") {
            return format!("-{count} {unit}");
        }
        let Some(made) = self.made.try_get_value() else {
            return String::new();
        };
        let format = made.relative.get_or_init(|| {
            let options = intl::options(&[("numeric", "auto")]);
            RelativeTimeFormat::new(self.locale().tag(), &options)
        });
        format.format(-(count as f64), unit)
    }

    /// A whole number: "12,345".
    #[must_use]
    pub fn number(&self, number: u64) -> String {
        if !cfg!(target_arch = "wasm32") {
            return number.to_string();
        }
        let Some(made) = self.made.try_get_value() else {
            return String::new();
        };
        let format = made
            .number
            .get_or_init(|| NumberFormat::new(self.locale().tag()));
        format.format(number as f64)
    }

    fn date(
        &self,
        at: Timestamp,
        which: fn(&Made) -> &OnceCell<DateTimeFormat>,
        options: &[(&str, &str)],
    ) -> String {
        if !cfg!(target_arch = "wasm32") {
            return at.0.to_string();
        }
        let Some(made) = self.made.try_get_value() else {
            return String::new();
        };
        let format = which(&made)
            .get_or_init(|| DateTimeFormat::new(self.locale().tag(), &intl::options(options)));
        format.format(at.0 as f64)
    }
}

/// The wall clock.
#[must_use]
pub fn now() -> Timestamp {
    if cfg!(target_arch = "wasm32") {
        Timestamp(js_sys::Date::now() as i64)
    } else {
        Timestamp(0)
    }
}

/// The number of the day, where the user is: two times of one day have the same.
#[must_use]
pub fn local_day(at: Timestamp) -> i64 {
    let minutes_west = if cfg!(target_arch = "wasm32") {
        js_sys::Date::new(&JsValue::from_f64(at.0 as f64)).get_timezone_offset()
    } else {
        0.0
    };
    at.0.saturating_sub(minutes_west as i64 * 60_000)
        .div_euclid(86_400_000)
}

/// The day of a time where the user is, as a field for dates has it: `2026-05-03`.
#[must_use]
pub fn local_date(at: Timestamp) -> String {
    let (year, month, day) = civil(local_day(at));
    format!("{year:04}-{month:02}-{day:02}")
}

/// When a day begins where the user is, of a date as a field for dates has it.
#[must_use]
pub fn day_begins(date: &str) -> Option<Timestamp> {
    let mut parts = date.split('-').map(str::parse::<u32>);
    let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    // Fields take any year that is being typed; the browser takes two digits for the last century.
    if !(1_970..=9_999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    if cfg!(target_arch = "wasm32") {
        let month = i32::try_from(month).ok()? - 1;
        let day = i32::try_from(day).ok()?;
        let date = js_sys::Date::new_with_year_month_day(year, month, day);
        return Some(Timestamp(date.get_time() as i64));
    }
    let days = days(year.into(), month.into(), day.into());
    Some(Timestamp(days * 86_400_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::i18n::texts;
    use leptos::prelude::Owner;

    #[test]
    fn a_date_of_a_field_is_the_beginning_of_its_day() {
        for date in [
            "1970-01-01",
            "1999-12-31",
            "2000-02-29",
            "2026-03-01",
            "2024-12-31",
        ] {
            let begins = day_begins(date).unwrap();
            assert_eq!(local_date(begins), date);
            assert_eq!(local_date(Timestamp(begins.0 + 86_399_999)), date);
        }
        assert_eq!(day_begins("2026-01-01"), Some(Timestamp(1_767_225_600_000)));
        for none in [
            "",
            "2026",
            "2026-13-01",
            "0026-01-01",
            "2026-01-01-01",
            "x-y-z",
        ] {
            assert_eq!(day_begins(none), None, "{none}");
        }
    }

    #[test]
    fn a_day_changes_at_midnight() {
        assert_eq!(local_day(Timestamp(0)), 0);
        assert_eq!(local_day(Timestamp(86_399_999)), 0);
        assert_eq!(local_day(Timestamp(86_400_000)), 1);
        assert_eq!(local_day(Timestamp(-1)), -1);
    }

    #[test]
    fn near_days_have_words() {
        let owner = Owner::new();
        owner.set();
        let format = Format::new(texts(Locale::ZhCn));
        assert_eq!(format.day(Timestamp(1)), "今天");
        assert_eq!(format.day(Timestamp(-1)), "昨天");
    }
}
