//! XEP-0082: dates and times, read leniently and without arithmetic that can fail.

use crate::entity::calendar::{civil, days};
use crate::entity::time::Timestamp;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Reads `2002-09-10T23:41:07.123Z`, an offset instead of `Z`, or the form of XEP-0091, `20020910T23:41:07`. `None` for
/// anything else, and for days that no calendar has.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    let (date, time) = text.trim().split_once(['T', ' '])?;
    let days = parse_date(date)?;
    let split = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(split)?;
    Some(Timestamp(
        days * DAY + parse_clock(clock)? - parse_zone(zone)?,
    ))
}

/// Writes UTC, with milliseconds only if there are any. Years beyond four digits are clamped.
#[must_use]
pub fn format(time: Timestamp) -> String {
    const FIRST: i64 = -62_135_596_800_000; // 0001-01-01T00:00:00Z
    const LAST: i64 = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z
    let ms = time.0.clamp(FIRST, LAST);
    let (year, month, day) = civil(ms.div_euclid(DAY));
    let clock = ms.rem_euclid(DAY);
    let (hour, minute) = (clock / HOUR, clock / MINUTE % 60);
    let (second, fraction) = (clock / 1000 % 60, clock % 1000);
    let date = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if fraction == 0 {
        format!("{date}Z")
    } else {
        format!("{date}.{fraction:03}Z")
    }
}

fn parse_date(date: &str) -> Option<i64> {
    let (year, month, day) = match date.len() {
        10 if date.get(4..5) == Some("-") && date.get(7..8) == Some("-") => {
            (date.get(0..4)?, date.get(5..7)?, date.get(8..10)?)
        }
        8 => (date.get(0..4)?, date.get(4..6)?, date.get(6..8)?),
        _ => return None,
    };
    let (year, month, day) = (digits(year)?, digits(month)?, digits(day)?);
    let days = days(year, month, day);
    // What does not come back was no day: the 0th, the 30th of February, the 13th month.
    (civil(days) == (year, month, day)).then_some(days)
}

fn parse_clock(clock: &str) -> Option<i64> {
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.split(':');
    let (hour, minute) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let second = digits(parts.next()?)?;
    // The 60th second is a leap second.
    let sane = parts.next().is_none() && hour < 24 && minute < 60 && second <= 60;
    let ms = fraction
        .bytes()
        .chain(*b"000")
        .take(3)
        .try_fold(0, |ms, digit| {
            digit
                .is_ascii_digit()
                .then(|| ms * 10 + i64::from(digit - b'0'))
        })?;
    sane.then_some(hour * HOUR + minute * MINUTE + second * 1000 + ms)
}

fn parse_zone(zone: &str) -> Option<i64> {
    let (sign, offset) = match zone.chars().next() {
        None | Some('Z' | 'z') => return Some(0),
        Some('-') => (-1, zone.get(1..)?),
        Some(_) => (1, zone.get(1..)?),
    };
    let (hours, minutes) = offset
        .split_once(':')
        .or_else(|| offset.split_at_checked(2))?;
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * HOUR + minutes * MINUTE))
}

fn digits(text: &str) -> Option<i64> {
    let plain = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ms(text: &str) -> Option<i64> {
        parse(text).map(|stamp| stamp.0)
    }

    #[test]
    fn stamps_of_the_profile_are_read() {
        assert_eq!(ms("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(ms("1969-07-21T02:56:15Z"), Some(-14_159_025_000));
        assert_eq!(ms("1969-07-20T21:56:15-05:00"), Some(-14_159_025_000));
        assert_eq!(ms("2002-09-10T23:41:07.5Z"), Some(1_031_701_267_500));
        assert_eq!(
            ms("2002-09-10T23:41:07.123456789+00:00"),
            Some(1_031_701_267_123)
        );
        assert_eq!(ms("2002-09-11T01:41:07.5+0200"), Some(1_031_701_267_500));
        assert_eq!(ms("20020910T23:41:07"), Some(1_031_701_267_000));
        assert_eq!(ms("2024-02-29T00:00:00Z"), Some(1_709_164_800_000));
        assert_eq!(ms("2038-01-19T03:14:08Z"), Some(2_147_483_648_000));
        assert_eq!(ms("9999-12-31T23:59:60Z"), Some(253_402_300_800_000));
    }

    #[test]
    fn extreme_and_broken_stamps_are_absent() {
        for text in [
            "",
            "T",
            "yesterday",
            "0000-00-00T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "+99999-01-01T00:00:00Z",
            "2023-01-01T24:00:00Z",
            "2023-01-01T00:60:00Z",
            "2023-01-01T00:00:61Z",
            "2023-01-01T00:00Z",
            "2023-01-01T00:00:00:00Z",
            "2023-01-01T00:00:00.xZ",
            "2023-01-01T00:00:00+99:00",
            "2023-01-01T00:00:00+",
            "2023-01-01",
            "２０２３-01-01T00:00:00Z",
            "2023-0é-01T00:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn stamps_are_written_in_utc() {
        assert_eq!(format(Timestamp(0)), "1970-01-01T00:00:00Z");
        assert_eq!(
            format(Timestamp(1_031_701_267_005)),
            "2002-09-10T23:41:07.005Z"
        );
        assert_eq!(format(Timestamp(i64::MAX)), "9999-12-31T23:59:59.999Z");
        assert_eq!(format(Timestamp(i64::MIN)), "0001-01-01T00:00:00Z");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(ms in -62_135_596_800_000_i64..=253_402_300_799_999) {
            prop_assert_eq!(parse(&format(Timestamp(ms))), Some(Timestamp(ms)));
        }

        #[test]
        fn any_text_is_answered(text in "[0-9TZ:.+\\-é ]{0,30}") {
            let _ = parse(&text);
        }
    }
}
