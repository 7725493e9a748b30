//! Numbers that nobody has.
//!
//! Telephone numbers come out of the ranges that regulators keep for films and books: NANP 555-0100 to 555-0199 (ATIS
//! line numbers for fiction), Ofcom's drama numbers, the Bundesnetzagentur's, ARCEP's and ACMA's; any other form becomes
//! one of country code 999, which the ITU has reserved (E.164, list of country codes). Of each range only the numbers
//! whose digits, read as one, leave 7 when divided by 97 are used: so a surrogate is told from a number that somebody
//! wrote down as an example.

use super::Draw;

/// Parts of reserved numbers that are the same in all of them.
pub(super) const FIXED: [&str; 6] = ["7700", "07700", "7946", "23125", "5550", "7010"];

/// A range: what the number begins with, written internationally and at home, and how many digits follow.
struct Range {
    country: &'static str,
    /// Without the trunk prefix.
    begins: &'static str,
    trunk: &'static str,
    free: usize,
}

const RANGES: [Range; 7] = [
    Range { country: "44", begins: "7700900", trunk: "0", free: 3 },
    Range { country: "44", begins: "2079460", trunk: "0", free: 3 },
    Range { country: "49", begins: "3023125", trunk: "0", free: 3 },
    Range { country: "33", begins: "19900", trunk: "0", free: 4 },
    Range { country: "33", begins: "63998", trunk: "0", free: 4 },
    Range { country: "61", begins: "25550", trunk: "0", free: 4 },
    Range { country: "61", begins: "77010", trunk: "0", free: 4 },
];

/// Area codes of large places, all in service.
const AREAS: [&str; 24] = [
    "202", "206", "212", "213", "215", "216", "303", "305", "312", "313", "314", "404", "412", "415", "416",
    "502", "503", "512", "514", "602", "604", "612", "615", "617",
];

pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Says whether the digits of a number leave 7 when divided by 97.
fn checks(digits: &str) -> bool {
    digits.bytes().fold(0_u32, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97) == 7
}

/// Says whether a telephone number is one of ours.
pub(super) fn is_phone(text: &str) -> bool {
    let digits = digits(text);
    if !checks(&digits) {
        return false;
    }
    let bare = digits.strip_prefix("00").unwrap_or(&digits);
    let nanp = |number: &str| number.len() == 10 && &number[3..8] == "55501";
    let home = |number: &str, range: &Range| {
        number.strip_prefix(range.begins).is_some_and(|rest| rest.len() == range.free)
    };
    nanp(bare)
        || bare.strip_prefix('1').is_some_and(nanp)
        || bare.strip_prefix("999").is_some_and(|rest| (4..=12).contains(&rest.len()))
        || RANGES.iter().any(|range| {
            bare.strip_prefix(range.country)
                .is_some_and(|rest| home(rest.strip_prefix('0').unwrap_or(rest), range))
                || digits.strip_prefix(range.trunk).is_some_and(|rest| home(rest, range))
        })
}

/// Makes a telephone number that is written like `found`.
pub(super) fn phone(found: &str, draw: &mut Draw) -> Option<String> {
    let before = digits(found);
    let international = found.trim_start().starts_with('+') || before.starts_with("00");
    let bare = if international { before.strip_prefix("00").unwrap_or(&before) } else { &before };
    let nanp = if international {
        bare.starts_with('1') && bare.len() == 11
    } else {
        before.len() == 10 && !before.starts_with('0')
    };
    // As many tries as make one number in 97 all but certain.
    for _ in 0..1_500 {
        let made = if nanp {
            let area = draw.of(&AREAS);
            let line = format!("{area}55501{}{}", draw.digit(), draw.digit());
            if international {
                filled(found, &before, &format!("1{line}"))
            } else {
                filled(found, &before, &line)
            }
        } else {
            let ranges = ranges(bare, international, &before);
            if ranges.is_empty() {
                unassigned(found, &before, international, draw)
            } else {
                let range = draw.of(&ranges);
                let free: String = (0..range.free).map(|_| draw.digit()).collect();
                let country = if international { range.country } else { range.trunk };
                filled(found, &before, &format!("{country}{}{free}", range.begins))
            }
        };
        if is_phone(&made) {
            return Some(made);
        }
    }
    None
}

/// The ranges whose numbers have as many digits as the one that is there.
fn ranges(bare: &str, international: bool, before: &str) -> Vec<&'static Range> {
    let fits = |range: &&Range| {
        let length = range.begins.len() + range.free;
        if international {
            bare.strip_prefix(range.country).is_some_and(|rest| rest.trim_start_matches('0').len() == length)
        } else {
            // At home nothing tells the country: the length has to do, and the first digits of a mobile number.
            before.starts_with(range.trunk)
                && before.len() == length + 1
                && before.as_bytes()[1] == range.begins.as_bytes()[0]
        }
    };
    RANGES.iter().filter(fits).collect()
}

/// A number of the reserved country code 999, grouped as the one that is there.
fn unassigned(found: &str, before: &str, international: bool, draw: &mut Draw) -> String {
    let count = before.len().clamp(7, 15);
    let number: String = "999".chars().chain((3..count).map(|_| draw.digit())).collect();
    if international && !found.trim_start().starts_with("00") {
        return filled(found, before, &number);
    }
    let shape = found.trim_start_matches('0');
    format!("+{}", filled(shape, &digits(shape), &number))
}

/// Writes `digits` into the places of the old ones; what is too many stands at the end, what is missing is left out.
fn filled(found: &str, before: &str, digits: &str) -> String {
    let zeros =
        if before.starts_with("00") && !digits.starts_with("00") && found.trim_start().starts_with("00") {
            "00"
        } else {
            ""
        };
    let mut digits = zeros.chars().chain(digits.chars());
    let mut places = before.len();
    let mut made = String::with_capacity(found.len() + 4);
    for c in found.chars() {
        if c.is_ascii_digit() {
            places -= 1;
            made.extend(digits.next());
            if places == 0 {
                made.extend(digits.by_ref());
            }
        } else {
            made.push(c);
        }
    }
    made
}

/// Says whether an id is one of ours: at least four digits, and a beginning of zeros that no register has given out.
pub(super) fn is_id(text: &str) -> bool {
    let digits = digits(text);
    digits.len() >= 4
        && digits.starts_with("000")
        && text.chars().filter(|c| c.is_alphabetic()).all(|c| matches!(c, 'X' | 'x'))
}

/// Makes an id of the same form: letters become `X`, the number begins with three zeros.
pub(super) fn id(found: &str, draw: &mut Draw) -> Option<String> {
    if digits(found).len() < 4 {
        return None;
    }
    let mut place = 0;
    let made = found.chars().map(|c| {
        if c.is_ascii_digit() {
            place += 1;
            if place <= 3 { '0' } else { draw.digit() }
        } else if c.is_alphabetic() {
            if c.is_lowercase() { 'x' } else { 'X' }
        } else {
            c
        }
    });
    Some(made.collect())
}
