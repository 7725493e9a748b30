//! What is never rewritten, whoever finds it: tags that a scrub has left, and words that the recipe allows.

use std::ops::Range;

use crate::{Finding, Kind, Kinds};

/// A tag's number has at most this many digits: a telephone number in brackets is no tag.
const MOST_DIGITS: usize = 6;

/// Kinds of which a part may be cut out; of an address or a number that would leave a torn piece.
const OF_WORDS: Kinds = Kinds::of(&[Kind::Name, Kind::Location, Kind::School, Kind::Nationality]);

/// Phrases that may stay: public figures, the app's own name.
#[derive(Debug, Default)]
pub(crate) struct Allowed {
    phrases: Vec<String>,
    longest: usize,
}

impl Allowed {
    pub(crate) fn new<'a>(phrases: impl IntoIterator<Item = &'a str>) -> Self {
        let phrases: Vec<_> = phrases
            .into_iter()
            .map(|phrase| phrase.trim().to_lowercase())
            .filter(|phrase| !phrase.is_empty())
            .collect();
        // Upper and lower case may differ in length, by a byte a letter or so.
        let longest = phrases.iter().map(String::len).max().unwrap_or(0) * 2;
        Self { phrases, longest }
    }

    /// Appends where a phrase stands as whole words and touches `near`.
    fn touching(&self, text: &str, near: &Range<usize>, found: &mut Vec<Range<usize>>) {
        if self.phrases.is_empty() {
            return;
        }
        let mut from = near.start.saturating_sub(self.longest);
        while !text.is_char_boundary(from) {
            from -= 1;
        }
        let mut inside = text[..from].chars().next_back().is_some_and(char::is_alphanumeric);
        for (at, c) in text[from..near.end].char_indices() {
            let begins = c.is_alphanumeric() && !inside;
            inside = c.is_alphanumeric();
            let at = from + at;
            let ends = self.phrases.iter().filter(|_| begins).filter_map(|phrase| end(text, at, phrase));
            if let Some(end) = ends.max()
                && end > near.start
            {
                found.push(at..end);
            }
        }
    }
}

/// Where the phrase that begins at `at` ends, whatever its case; none unless it is there as whole words.
fn end(text: &str, at: usize, phrase: &str) -> Option<usize> {
    let mut wanted = phrase.chars();
    let mut chars = text[at..].char_indices();
    while !wanted.as_str().is_empty() {
        let (_, c) = chars.next()?;
        for lower in c.to_lowercase() {
            if wanted.next() != Some(lower) {
                return None;
            }
        }
    }
    let rest = chars.as_str();
    (!rest.starts_with(char::is_alphanumeric)).then_some(text.len() - rest.len())
}

/// Cuts what is protected out of the findings.
pub(crate) fn protect(text: &str, allowed: &Allowed, findings: &mut Vec<Finding>) {
    if findings.is_empty() {
        return;
    }
    let tags = tags(text);
    if tags.is_empty() && allowed.phrases.is_empty() {
        return;
    }
    let mut kept = Vec::with_capacity(findings.len());
    let mut whole = Vec::new();
    for finding in findings.drain(..) {
        let near = finding.start..finding.end;
        whole.clear();
        allowed.touching(text, &near, &mut whole);
        if whole.iter().any(|phrase| phrase.start <= near.start && near.end <= phrase.end) {
            continue;
        }
        if !OF_WORDS.has(finding.kind) {
            whole.clear();
        }
        let first = tags.partition_point(|tag| tag.end <= near.start);
        whole.extend(tags[first..].iter().take_while(|tag| tag.start < near.end).cloned());
        whole.sort_by_key(|range| range.start);
        let mut at = near.start;
        for range in &whole {
            piece(text, &finding, at..range.start.max(at), &mut kept);
            at = at.max(range.end);
        }
        if whole.is_empty() {
            kept.push(finding);
        } else {
            piece(text, &finding, at.min(near.end)..near.end, &mut kept);
        }
    }
    *findings = kept;
}

/// Keeps a piece of a finding, bare of what surrounds its letters and digits.
fn piece(text: &str, finding: &Finding, range: Range<usize>, kept: &mut Vec<Finding>) {
    let piece = &text[range.clone()];
    let Some(first) = piece.find(char::is_alphanumeric) else { return };
    let end = piece.trim_end_matches(|c: char| !c.is_alphanumeric()).len();
    kept.push(Finding { start: range.start + first, end: range.start + end, ..*finding });
}

/// Where `[kind]` and `[kind_7]` stand.
fn tags(text: &str) -> Vec<Range<usize>> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('[') {
        let start = at + open;
        at = start + 1;
        if let Some(length) = tag(&text[at..]) {
            at += length;
            tags.push(start..at);
        }
    }
    tags
}

/// Returns the length of a tag without its opening bracket.
fn tag(rest: &str) -> Option<usize> {
    const LONGEST: usize = 32;
    let end = rest
        .bytes()
        .take(LONGEST)
        .position(|byte| !(byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'))?;
    if rest.as_bytes()[end] != b']' {
        return None;
    }
    let word = rest[..end].trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = end - word.len();
    let word = if digits > 0 { word.strip_suffix('_')? } else { word };
    (digits <= MOST_DIGITS && word.parse::<Kind>().is_ok()).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left<'a>(text: &'a str, allowed: &[&str], kind: Kind, found: &str) -> Vec<&'a str> {
        let start = text.find(found).unwrap();
        let mut findings = vec![Finding { kind, start, end: start + found.len(), score: 0.9, rule: "test" }];
        protect(text, &Allowed::new(allowed.iter().copied()), &mut findings);
        findings.iter().map(|finding| &text[finding.start..finding.end]).collect()
    }

    #[test]
    fn a_tag_is_cut_out_of_what_covers_it() {
        assert_eq!(left("Ann [name_2] Lee", &[], Kind::Name, "Ann [name_2] Lee"), ["Ann", "Lee"]);
        assert_eq!(left("call [phone].", &[], Kind::Phone, "[phone]"), [""; 0]);
        assert_eq!(left("[5551234] [phone_5551234]", &[], Kind::Phone, "5551234"), ["5551234"]);
        assert_eq!(left("[phone_5551234]", &[], Kind::Phone, "5551234"), ["5551234"]);
    }

    #[test]
    fn an_allowed_phrase_stays_and_only_the_phrase() {
        let allowed = ["Ann Public", "ZionGPT", "Łódź"];
        assert_eq!(left("said ANN PUBLIC twice", &allowed, Kind::Name, "ANN PUBLIC"), [""; 0]);
        assert_eq!(left("said Ann Public twice", &allowed, Kind::Name, "Ann"), [""; 0]);
        assert_eq!(left("Ann Lee", &allowed, Kind::Name, "Ann Lee"), ["Ann Lee"]);
        assert_eq!(left("from ZionGPT Bob Lee", &allowed, Kind::Name, "ZionGPT Bob Lee"), ["Bob Lee"]);
        assert_eq!(left("Ann Publicity", &allowed, Kind::Name, "Ann"), ["Ann"]);
        assert_eq!(left("in ŁÓDŹ", &allowed, Kind::Location, "ŁÓDŹ"), [""; 0]);
    }

    #[test]
    fn an_address_that_holds_an_allowed_word_goes_whole() {
        assert_eq!(
            left("a ann@ziongpt.com", &["ziongpt"], Kind::Email, "ann@ziongpt.com"),
            ["ann@ziongpt.com"]
        );
    }
}
