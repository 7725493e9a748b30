//! Telephone numbers of every region.
//!
//! Finds international numbers (`+44 20 …`, `0049-30-…`, `+44 (0)20 …`) that fit a country's numbering plan; numbers as
//! they are written at home, grouped as a country groups them or with the area code in parentheses; North American
//! numbers (3-3-4); and any other run of 4 to 15 digits that a label or a call to call announces, in some forty
//! languages; and numbers that are spelled out (*zero seven seven …*). An extension (`x12`, `ext. 12`) belongs to the number.
//!
//! Leaves dates and ranges of years, prices and thousands, versions, IP addresses, coordinates, ISBNs, card and social
//! security numbers, ids and orders that are announced as such, digits that are glued to letters, and bare digits of
//! which nothing says that they are a telephone number.
//!
//! Sources: ITU-T E.164 (at most 15 digits); libphonenumber's metadata for lengths, first digits, trunk prefixes and
//! groups (`phone/plan.txt`); the North American plan's form (area code and exchange begin with 2 to 9).

mod context;
mod form;
mod plan;
mod spoken;

use std::cell::LazyCell;

use self::context::Context;
use self::form::{Number, form};
use super::Recogniser;
use super::words::is_unspaced;
use crate::numbers::{Chain, Group};
use crate::{Doc, Finding, Kind, Kinds};

struct Phone;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Phone)
}

/// Below this a finding is not even doubtful.
const LEAST_SCORE: f32 = 0.2;

impl Recogniser for Phone {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Phone])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let mut last = Last { end: 0, is_sure: false };
        for &chain in doc.chains() {
            if chain.digits >= 2 && doc.chain(chain).last().is_some_and(|group| group.end as usize > last.end)
            {
                read(doc, chain, &mut last, findings);
            }
        }
        spoken::find(doc, findings);
    }
}

/// The number that was found last.
struct Last {
    end: usize,
    is_sure: bool,
}

/// Finds the numbers of a chain.
fn read(doc: &Doc<'_>, chain: Chain, last: &mut Last, findings: &mut Vec<Finding>) {
    let groups = doc.chain(chain);
    let mut first = 0;
    while first < groups.len() {
        let at = groups[first].start as usize;
        let head = Head::read(doc, at);
        // A number begins where a word may: not within a date, a version or a path.
        let opens = first == 0 || head.start < at || doc.bytes()[at - 1] == b' ';
        let left: u32 =
            groups[first..].iter().take(plan::MOST_GROUPS).map(|group| group.end - group.start).sum();
        let skipped = at < last.end || !opens || left < 2 || (left == 4 && is_year(doc, groups[first]));
        let found = if skipped { None } else { number(doc, &groups[first..], head, last) };
        if let Some((finding, used)) = found {
            *last = Last { end: finding.end, is_sure: finding.score > 0.6 };
            findings.push(finding);
            first += used;
        } else {
            first += 1;
        }
    }
}

/// What stands right in front of a number.
#[derive(Clone, Copy)]
struct Head {
    start: usize,
    plus: bool,
}

impl Head {
    /// Reads `+`, `(`, `(+` and `+(` in front of `at`.
    fn read(doc: &Doc<'_>, at: usize) -> Self {
        let bytes = doc.bytes();
        let mut head = Self { start: at, plus: false };
        for _ in 0..3 {
            match head.start.checked_sub(1).map(|before| bytes[before]) {
                Some(b'(') => head.start -= 1,
                Some(b'+') if !head.plus => {
                    head.plus = true;
                    head.start -= 1;
                }
                Some(b' ') if !head.plus && head.start >= 2 && bytes[head.start - 2] == b'+' => {
                    head.start -= 1;
                }
                _ => break,
            }
        }
        head
    }
}

/// Returns the number that begins with the first of these groups, and how many of them it takes.
fn number(doc: &Doc<'_>, groups: &[Group], head: Head, last: &Last) -> Option<(Finding, usize)> {
    let text = doc.text();
    let before = doc.char_before(head.start);
    let glued = before.is_some_and(|c| {
        let is_mark = match c {
            // Nothing but an amount in a formula puts a plus where a number is.
            _ if head.plus => c == '_',
            ',' | ':' | '\'' => text[..head.start - 1].ends_with(|c: char| c.is_alphanumeric()),
            _ => matches!(
                c,
                '_' | '@' | '#' | '$' | '€' | '£' | '¥' | '=' | '%' | '.' | '-' | '/' | '\\' | '&'
            ),
        };
        (c.is_alphanumeric() && !is_unspaced(c)) || is_mark
    });
    // Two or three digits are a number only right behind a word for extensions.
    let is_short = groups.len() == 1 && groups[0].digits() <= 3 && !head.plus;
    let farthest = if is_short { 0 } else { context::MOST_UNKNOWN };
    let before_it = || context::before(doc, head.start, farthest);
    let mut context = None;
    if glued {
        // Glued to a label: `Tel.020…`, `tel:+44…`, `?phone=020…`.
        let is_joint = before.is_some_and(|c| ".-:=#,".contains(c))
            && text[..head.start - 1].ends_with(|c: char| c.is_alphabetic() || matches!(c, '.' | ')' | ' '));
        let seen = is_joint.then(before_it)?;
        if seen < Context::Strong {
            return None;
        }
        context = Some(seen);
    }
    let mut digits = [0; plan::MOST_DIGITS];
    let mut sizes = [0; plan::MOST_GROUPS];
    // Announced numbers are as long as they can be; others as they fit a plan.
    let (mut count, mut best) = (0, None::<(f32, &'static str, usize, usize)>);
    for (place, group) in groups.iter().enumerate().take(plan::MOST_GROUPS) {
        if place > 0
            && splits(&text[groups[place - 1].end as usize..group.start as usize], count, group.digits())
        {
            break;
        }
        if count + group.digits() > plan::MOST_DIGITS {
            break;
        }
        digits[count..count + group.digits()]
            .copy_from_slice(&doc.bytes()[group.start as usize..group.end as usize]);
        count += group.digits();
        sizes[place] = u8::try_from(group.digits()).unwrap_or(u8::MAX);
        let end = group.end as usize;
        let is_clean = groups.get(place + 1).is_none_or(|next| {
            let between = &text[end..next.start as usize];
            between.starts_with(' ') || between.len() > 1 || splits(between, count, next.digits())
        });
        if !is_clean {
            continue;
        }
        let number = Number {
            text: &text[head.start..end],
            digits: &digits[..count],
            groups: &sizes[..=place],
            plus: head.plus,
        };
        let (score, rule) = form(&number);
        if score <= 0.0 {
            continue;
        }
        let mut is_longer =
            || count <= 13 && sizes[place] > 1 && *context.get_or_insert_with(before_it) >= Context::Medium;
        if best.is_none_or(|(most, ..)| score >= most || is_longer()) {
            best = Some((score, rule, place + 1, count));
        }
    }
    let (form, rule, used, count) = best?;
    let mut end = groups[used - 1].end as usize;
    let extension = (count >= 7).then(|| context::extension(doc, end)).flatten();
    if let Some(extended) = extension {
        end = extended;
    } else if is_glued_behind(doc, end) {
        return None;
    }
    // Cut out of a longer row of digits, only what fits a plan well is a number.
    let is_cut = groups.get(used).is_some_and(|next| next.start as usize == end + 1)
        || (head.start > 0
            && doc.bytes()[..head.start].trim_ascii_end().last().is_some_and(u8::is_ascii_digit));
    let context = context.unwrap_or_else(before_it);
    let behind = LazyCell::new(|| context::behind(doc, end));
    let form = if is_cut && form < 0.75 { form / 2.0 } else { form };
    // So few digits tell nothing: they are looked at only where a word is in front.
    let context = match context {
        Context::Strong | Context::Extension => context,
        Context::Other if *behind < Context::Strong => Context::Other,
        _ if count < 7 && context < Context::Medium && used == 1 => return None,
        _ if *behind == Context::Other => Context::Other,
        _ => context.max(*behind).max(listed(doc, last, head.start)),
    };
    let bonus = if extension.is_some() { 0.03 } else { 0.0 };
    let score = (score(doc, form, context, (head.start, end, count, used)) + bonus).min(0.99);
    let rule = if form < 0.5 && score >= 0.5 { "phone.context" } else { rule };
    let (start, end) = trim(text, head.start, end);
    (score >= LEAST_SCORE).then_some((Finding { kind: Kind::Phone, start, end, score, rule }, used))
}

/// Weighs the number's form with what stands around it.
fn score(
    doc: &Doc<'_>,
    form: f32,
    context: Context,
    (start, end, count, groups): (usize, usize, usize, usize),
) -> f32 {
    match context {
        Context::Extension => {
            if (2..=6).contains(&count) {
                0.7
            } else {
                form
            }
        }
        Context::Strong => form.max(match count {
            7.. => 0.95,
            5..=6 => 0.85,
            4 => 0.65,
            _ => 0.0,
        }),
        Context::Medium => (form + 0.05).max(match (count, groups) {
            (7.., 2..) => 0.8,
            (8.., _) => 0.7,
            (7, _) => 0.6,
            (5.., 3..) => 0.5,
            (5.., _) => 0.4,
            _ => 0.0,
        }),
        Context::Weak | Context::None => {
            let near = groups > 1 && count >= 7;
            let contacts = near && context::is_among_contacts(doc, start, end);
            let alone = near && context::is_alone(doc, start, end);
            let more = [contacts, alone, context == Context::Weak].iter().filter(|more| **more).count();
            let step = if form > 0.3 { 0.15 } else { 0.08 };
            match more {
                0 => form,
                1 => (form + step).min(0.95).max(form),
                _ => (form + 2.0 * step).min(0.95).max(form),
            }
        }
        Context::Other if form > 0.95 => 0.8,
        Context::Other => form * 0.3,
    }
}

/// A number that follows another one in a list is announced by the same label.
fn listed(doc: &Doc<'_>, last: &Last, start: usize) -> Context {
    let between = doc.text().get(last.end..start).filter(|between| last.is_sure && between.len() <= 6);
    let is_list = between.is_some_and(|between| {
        matches!(
            between.trim_matches(' '),
            "," | "/" | "or" | "and" | "und" | "oder" | "et" | "ou" | "o" | "y" | "e" | ";" | "&"
        )
    });
    if is_list { Context::Medium } else { Context::None }
}

/// Says whether what stands between two groups parts two numbers, when `count` digits are in front of it.
fn splits(between: &str, count: usize, next: usize) -> bool {
    match between {
        "   " | ". " => true,
        " / " | " - " | "/ " | " /" | "  " => count >= 7,
        "/" => count >= 7 && next >= 5,
        _ => false,
    }
}

fn is_year(doc: &Doc<'_>, group: Group) -> bool {
    matches!(&doc.bytes()[group.start as usize..group.end as usize], [b'1', b'9', ..] | [b'2', b'0', ..])
}

/// Says whether something behind the digits makes them part of something else.
fn is_glued_behind(doc: &Doc<'_>, end: usize) -> bool {
    let mut rest = doc.text()[end..].chars();
    let (Some(first), second) = (rest.next(), rest.next()) else { return false };
    let joins = |c: char| c.is_alphanumeric() && !is_unspaced(c);
    match first {
        '_' | '@' | '%' | '$' | '€' | '£' | '=' => true,
        ':' | ',' | '+' | '*' => second.is_some_and(|c| c.is_ascii_digit()),
        '.' | '/' => second.is_some_and(|c| c.is_ascii_alphanumeric()),
        '-' => second.is_some_and(joins) && !context::is_named_behind(doc, end),
        _ => joins(first),
    }
}

/// Leaves parentheses that belong to the sentence: of `(020 7946 0018)` both, of `(020) 7946 0018` none.
fn trim(text: &str, mut start: usize, mut end: usize) -> (usize, usize) {
    let inner = &text[start..end];
    if inner.starts_with('(') && !inner.contains(')') {
        start += 1;
        while text[start..end].starts_with(' ') {
            start += 1;
        }
    } else if inner.matches('(').count() > inner.matches(')').count() && text[end..].starts_with(')') {
        end += 1;
    }
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scratch;

    #[test]
    fn hostile_digits_cost_no_more_than_their_length() {
        for text in [
            "1 ".repeat(50_000),
            "1".repeat(100_000),
            "(1)-".repeat(50_000),
            "+1".repeat(50_000),
            "020 7946 0018 ".repeat(9_000),
        ] {
            let mut scratch = Scratch::default();
            let doc = Doc::read(&text, false, &mut scratch);
            let mut findings = Vec::new();
            Phone.find(&doc, &mut findings);
            assert!(findings.len() <= text.len() / 7);
        }
    }
}
