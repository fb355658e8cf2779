//! Points in time as RFC 3339 writes them: `2026-11-21T14:56:33.042Z`.
//!
//! Law: what is written is in UTC and has milliseconds, so that texts sort as the times do. What is read may have any offset.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: i64 = 86_400;

/// Writes a time. What lies before 1970 is written as its beginning.
pub fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    let (year, month, day) = date(seconds / DAY);
    let of_day = seconds % DAY;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let millis = since.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Reads a time; `None` if it is none, or lies before 1970. Of fractions nanoseconds count.
pub(crate) fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    let bytes = text.as_bytes();
    let is = |at: usize, any: &[u8]| bytes.get(at).is_some_and(|byte| any.contains(byte));
    if !(is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":")) {
        return None;
    }
    let number = |from: usize, to: usize, most: i64| digits(text.get(from..to)?, most);
    let (year, month, day) = (number(0, 4, 9999)?, number(5, 7, 12)?, number(8, 10, 31)?);
    // A leap second is read as the beginning of the minute that follows.
    let (hour, minute, second) = (number(11, 13, 23)?, number(14, 16, 59)?, number(17, 19, 60)?);
    let days = days(year, month, day);
    if month == 0 || date(days) != (year, month, day) {
        return None;
    }
    let (nanos, zone) = fraction(text.get(19..)?)?;
    let local = days * DAY + hour * 3600 + minute * 60 + second;
    let seconds = u64::try_from(local - offset(zone)?).ok()?;
    UNIX_EPOCH.checked_add(Duration::new(seconds, nanos))
}

/// `.042Z` is 42,000,000 nanoseconds and `Z`.
fn fraction(rest: &str) -> Option<(u32, &str)> {
    let Some(fraction) = rest.strip_prefix('.') else { return Some((0, rest)) };
    let len = fraction.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, zone) = fraction.split_at_checked(len).filter(|(digits, _)| !digits.is_empty())?;
    let nanos = digits.bytes().chain(std::iter::repeat(b'0')).take(9);
    Some((nanos.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')), zone))
}

/// Seconds by which local time is ahead: `Z`, `+02:00`.
fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let number = |text: &str, most: i64| digits(text, most).filter(|_| text.len() == 2);
    Some(sign * (number(hours, 23)? * 3600 + number(minutes, 59)? * 60))
}

/// A number of digits alone, up to `most`.
fn digits(text: &str, most: i64) -> Option<i64> {
    let number: i64 = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())??;
    (number <= most).then_some(number)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that the leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date that lies this many days behind 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64, millis: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_millis(millis)
    }

    #[test]
    fn known_times_are_written_and_read() {
        let known = [
            (at(0, 0), "1970-01-01T00:00:00.000Z"),
            (at(951_782_400, 0), "2000-02-29T00:00:00.000Z"),
            (at(1_000_000_000, 42), "2001-09-09T01:46:40.042Z"),
            (at(4_107_542_399, 999), "2100-02-28T23:59:59.999Z"),
            (at(4_107_542_400, 0), "2100-03-01T00:00:00.000Z"),
        ];
        for (time, text) in known {
            assert_eq!(rfc3339(time), text);
            assert_eq!(parse_rfc3339(text), Some(time));
        }
    }

    #[test]
    fn every_day_is_read_as_it_was_written() {
        for day in 0..60_000 {
            let time = at(day * 86_400 + day % 86_400, day % 1000);
            assert_eq!(parse_rfc3339(&rfc3339(time)), Some(time), "{day}");
        }
    }

    #[test]
    fn offsets_and_fractions_are_read() {
        let expected = Some(at(1_000_000_000, 500));
        for text in ["2001-09-09T01:46:40.5Z", "2001-09-09t03:46:40.50+02:00", "2001-09-08 20:16:40.5-05:30"]
        {
            assert_eq!(parse_rfc3339(text), expected, "{text}");
        }
        assert_eq!(
            parse_rfc3339("2001-09-09T01:46:40.0000000019Z"),
            Some(at(1_000_000_000, 0) + Duration::from_nanos(1))
        );
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let wrong = [
            "",
            "2001",
            "2001-09-09",
            "2001-09-09T01:46:40",
            "2001-13-09T01:46:40Z",
            "2001-02-29T01:46:40Z",
            "2001-00-09T01:46:40Z",
            "2001-09-00T01:46:40Z",
            "2001-09-09T24:46:40Z",
            "2001-09-09T01:46:40.Z",
            "2001-09-09T01:46:40Zz",
            "2001-09-09T01:46:40+2:00",
            "+001-09-09T01:46:40Z",
            "1969-12-31T23:59:59Z",
            "2001-09-09T01:46:4ÖZ",
            "2001-09-09T01:46:40.5+\u{e9}0:00",
        ];
        for text in wrong {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }
}
