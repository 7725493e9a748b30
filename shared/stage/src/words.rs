//! Numbers, shares, prices and times as people read them, in reports, notices and at the terminal.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What a decision about a live model is told with; words in capitals are the reader's to fill in.
const DECIDED: &str = "--by YOUR-NAME --reason TEXT --supabase-url URL --supabase-key-secret ARN";

/// What an operator types to put a version live, with all that the command asks for.
#[must_use]
pub fn zion_live(version: &str, model: &str) -> String {
    format!("zion live {version} --model {model} {DECIDED}")
}

/// What an operator types to take a version out of service, with all that the command asks for.
#[must_use]
pub fn zion_retire(version: &str) -> String {
    format!("zion retire {version} {DECIDED}")
}

/// A price in dollars and cents, with its thousands apart: `$1,234.50`.
#[must_use]
pub fn usd(usd: f64) -> String {
    let text = format!("{usd:.2}");
    let apart = text.split_once('.').and_then(|(dollars, cents)| Some((dollars.parse().ok()?, cents)));
    apart.map_or_else(|| format!("${text}"), |(dollars, cents)| format!("${}.{cents}", number(dollars)))
}

/// A price that is known within bounds: `$4.10 to $5.26`.
#[must_use]
pub fn usd_range(least: f64, most: f64) -> String {
    let (least, most) = (usd(least), usd(most));
    if least == most { least } else { format!("{least} to {most}") }
}

/// A number with its thousands apart: `12,345`.
#[must_use]
pub fn number(value: u64) -> String {
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

/// What share a part is of a whole; none of nothing.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
pub fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// A share as a percentage, never rounded up: what falls short of a floor must not look as if it reached it.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.1}%", (share * 1_000.0).floor() / 10.0)
}

/// A time to the minute, in UTC.
#[must_use]
pub fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%-d %B %Y, %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_people_write() {
        assert_eq!(usd_range(1.0, 1.0), "$1.00");
        assert_eq!(usd_range(4.1, 5.256), "$4.10 to $5.26");
        let prices = [usd(0.0), usd(999.999), usd(1_234_567.891), usd(-1.5), usd(f64::NAN)];
        assert_eq!(prices.join(" "), "$0.00 $1,000.00 $1,234,567.89 $-1.50 $NaN");
        assert_eq!([number(0), number(999), number(1_234_567)].join(" "), "0 999 1,234,567");
        assert_eq!([percent(0.9999), percent(share(0, 0))].join(" "), "99.9% 0.0%");
        assert_eq!(time("2026-11-26T03:04:05Z".parse().unwrap()), "26 November 2026, 03:04 UTC");
    }
}
