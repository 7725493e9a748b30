//! Values that a label announces, whatever they look like: *Employee ID: 4471-B*, *membership no. 1847223*.
//!
//! What has no known shape or wrong check digits is still somebody's number if it is written behind the words for one.

use crate::numbers::Group;
use crate::topics::{Context, Topics, ends_label};

/// A labelled value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Labelled {
    /// First byte.
    pub(crate) start: usize,
    /// One past the last byte.
    pub(crate) end: usize,
    /// What the label is about.
    pub(crate) label: Topics,
    /// Digits in it.
    pub(crate) digits: usize,
    /// How sure it is that the label means the value.
    pub(crate) score: f32,
}

/// Longest value, in bytes.
const LONGEST: usize = 40;

/// Topics whose labels announce numbers of persons.
const ANNOUNCING: Topics = Topics::SSN
    .with(Topics::TAX)
    .with(Topics::NATIONAL)
    .with(Topics::HEALTH)
    .with(Topics::MEMBER)
    .with(Topics::PASSPORT)
    .with(Topics::LICENCE)
    .with(Topics::BANK)
    .with(Topics::ROUTING)
    .with(Topics::VEHICLE);

/// Reads the labelled values that hang on `groups`.
pub(crate) fn read(text: &str, groups: &[Group], values: &mut Vec<Labelled>) {
    values.clear();
    let bytes = text.as_bytes();
    let mut done = 0;
    for group in groups {
        let at = group.start as usize;
        if at < done {
            continue;
        }
        let (start, end) = extent(bytes, at, group.end as usize, done);
        done = end;
        let value = &bytes[start..end];
        let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
        if digits < 4
            || end - start > LONGEST
            || bytes[..start].ends_with(b"+")
            || is_date(value, digits)
            || is_amount(bytes, start, end)
        {
            continue;
        }
        if !may_be_announced(&bytes[..start]) {
            continue;
        }
        let context = Context::before(text, start);
        let other = Topics::PHONE.with(Topics::OTHER);
        let (label, score) = if context.label.meets(ANNOUNCING) && !context.label.meets(other) {
            match (context.is_marked, digits) {
                (true, _) => (context.label, 0.88),
                (false, 6..) => (context.label, 0.65),
                _ => continue,
            }
        } else if context.is_numbered
            && digits * 2 > end - start
            && context.near.meets(Topics::MEMBER)
            && !context.near.meets(other)
        {
            // *Chartered Member (CMIOSH) no. 117622*
            (Topics::MEMBER, 0.7)
        } else {
            continue;
        };
        values.push(Labelled { start, end, label, digits, score });
    }
}

/// Says at a glance whether a label may stand in front: behind a mark, a number-word, a line break or a word that ends a
/// label. Most numbers of prose end here.
fn may_be_announced(front: &[u8]) -> bool {
    let front = front.trim_ascii_end();
    let word = front.iter().rev().take(28).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let is_whole = front.len() == word || front[front.len() - word - 1] < 0x80;
    word == 0 || !is_whole || ends_label(&front[front.len() - word..])
}

/// Returns the value around a run of digits: the word it is in, what is joined to it by one sign, and groups behind a space.
fn extent(bytes: &[u8], at: usize, behind: usize, done: usize) -> (usize, usize) {
    let is_sign = |byte: u8| matches!(byte, b'-' | b'.' | b'/');
    let mut start = at;
    while start > done.max(at.saturating_sub(12)) {
        let byte = bytes[start - 1];
        // A short word of capitals in front of a dash is a part: `TL-4478120`.
        let is_part = byte.is_ascii_alphanumeric()
            || (is_sign(byte) && start > 1 && bytes[start - 2].is_ascii_uppercase() && start == at);
        if !is_part {
            break;
        }
        start -= 1;
    }
    // Two capitals and a space: `GR 7729 1841`.
    if start >= 3 + done
        && bytes[start - 1] == b' '
        && bytes[start - 3..start - 1].iter().all(u8::is_ascii_uppercase)
        && !matches!(&bytes[start - 3..start - 1], b"ID" | b"NO" | b"NR" | b"DL" | b"CC" | b"IS")
        && (start == 3 || !bytes[start - 4].is_ascii_alphanumeric())
    {
        start -= 3;
    }
    let mut end = behind;
    let mut size = behind - at;
    let mut digits = size;
    while end < bytes.len() && end - start <= LONGEST {
        let byte = bytes[end];
        if byte.is_ascii_alphanumeric() {
            digits += usize::from(byte.is_ascii_digit());
            size += 1;
            end += 1;
            continue;
        }
        let next =
            bytes[end + 1..].iter().take(LONGEST).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let part = &bytes[end + 1..end + 1 + next];
        let has_digit = part.iter().any(u8::is_ascii_digit);
        let goes_on = match byte {
            byte if is_sign(byte) => {
                next > 0 && (has_digit || (next <= 4 && part.iter().all(u8::is_ascii_uppercase)))
            }
            // A group of the same size, or the first ones of a long number; a single sign is a check digit.
            b' ' => {
                has_digit && (next == size || next == 1 || (digits < 6 && next <= 6))
                    || (next == 1 && part[0].is_ascii_uppercase() && digits > 4)
            }
            _ => false,
        };
        if !goes_on {
            break;
        }
        size = 0;
        end += 1;
    }
    (start, end)
}

/// Years, dates, spans of them.
fn is_date(value: &[u8], digits: usize) -> bool {
    let is_year = |part: &[u8]| part.len() == 4 && (part.starts_with(b"19") || part.starts_with(b"20"));
    let value = if value.get(2) == Some(&b' ') { &value[3..] } else { value };
    let mut parts = value.split(|byte| !byte.is_ascii_alphanumeric());
    let is_numeric = value.iter().all(|byte| !byte.is_ascii_alphabetic());
    is_numeric
        && digits <= 8
        && parts.clone().count() <= 3
        && value.iter().any(|byte| !byte.is_ascii_digit())
        && parts.clone().any(is_year)
        || (is_numeric && digits == 4 && parts.all(is_year))
}

/// Money and shares.
fn is_amount(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = &bytes[start.saturating_sub(4)..start];
    let money = ["$", "€", "£", "¥", "₹"];
    money.iter().any(|sign| before.trim_ascii_end().ends_with(sign.as_bytes()))
        || bytes.get(end) == Some(&b'%')
        || bytes[end..].starts_with("€".as_bytes())
        || bytes.get(end).is_some_and(|byte| *byte == b',')
            && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use crate::{Doc, Scratch};

    fn values(text: &str) -> Vec<String> {
        let mut scratch = Scratch::default();
        let doc = Doc::read(text, false, &mut scratch);
        doc.labelled().iter().map(|value| text[value.start..value.end].to_owned()).collect()
    }

    #[test]
    fn what_a_label_announces_is_read_whole() {
        for (text, value) in [
            ("Employee ID: 4471-B", "4471-B"),
            ("membership no. 1847223 since", "1847223"),
            ("(licence no. GR 7729 1841)", "GR 7729 1841"),
            ("License #TL-4478120 (Mathematics", "TL-4478120"),
            ("Passport No: N2K418760", "N2K418760"),
            ("BSN: 184 726 503 (private)", "184 726 503"),
            ("Learner No. 00384271", "00384271"),
            ("Employee ID EMP-20391", "EMP-20391"),
            ("Member ID XYZ123456789", "XYZ123456789"),
        ] {
            assert_eq!(values(text), [value], "{text}");
        }
    }

    #[test]
    fn years_prices_and_plain_words_are_left() {
        for text in [
            "Member since: 2019",
            "Licence 2018-2020",
            "Account: $1234.50",
            "5 years, 2019 projects",
            "Phone no: 5551234",
            "invoice no. 123456",
            "Staff: 1,234,567",
        ] {
            assert_eq!(values(text), [""; 0], "{text}");
        }
    }
}
