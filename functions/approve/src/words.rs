//! Numbers, prices and times as an operator reads them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(crate) fn usd(usd: f64) -> String {
    format!("${usd:.2}")
}

pub(crate) fn usd_range(least: f64, most: f64) -> String {
    let (least, most) = (usd(least), usd(most));
    if least == most { least } else { format!("{least} to {most}") }
}

/// A number with its thousands apart.
pub(crate) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(crate) fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%-d %B %Y, %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_people_write() {
        assert_eq!(usd_range(1.0, 1.0), "$1.00");
        assert_eq!(usd_range(4.1, 5.256), "$4.10 to $5.26");
        assert_eq!([number(0), number(999), number(1_234_567)].join(" "), "0 999 1,234,567");
        assert_eq!(time("2026-11-26T03:04:05Z".parse().unwrap()), "26 November 2026, 03:04 UTC");
    }
}
