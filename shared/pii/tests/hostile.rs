//! Texts that are made to cost much: each is read to its end. That the cost is linear is measured by
//! `make bench BENCH=scrub`; a cost that is not would keep these tests busy for hours.

use pii::{Kinds, Policy, Scratch, Scrubber};

const LONG: usize = 10 << 20;
const MANY: usize = 1_000_000;

fn reads(text: &str) {
    let scrubber = Scrubber::new(Policy::Tag).with_kinds(Kinds::ALL);
    let findings = scrubber.see(text, &mut Scratch::default());
    let mut at = 0;
    for finding in findings.iter().filter(|finding| scrubber.is_sure(finding)) {
        assert!(finding.start >= at && text.get(finding.start..finding.end).is_some(), "{finding:?}");
        at = finding.end;
    }
}

#[test]
fn a_line_of_ten_megabytes() {
    let line =
        "the quick brown Fox met Ann Lee of 12 High Street, call +44 20 7946 0018 or a.b@example.com; ";
    reads(&line.repeat(LONG / line.len()));
}

#[test]
fn a_million_at_signs() {
    reads(&"@".repeat(MANY));
    reads(&"a@".repeat(MANY));
    reads(&"a@b.".repeat(MANY));
}

#[test]
fn digits_only() {
    reads(&"7".repeat(MANY));
    reads(&"7 ".repeat(MANY));
    reads(&"12-".repeat(MANY));
    reads(&"1.2.3.4.".repeat(MANY / 4));
}

#[test]
fn nested_brackets() {
    for bracket in ["(", "[", "{", "<", "([{<", "(1", "[at]", ")("] {
        reads(&bracket.repeat(MANY / 4));
    }
}

#[test]
fn combining_marks_and_signs_without_width() {
    reads(&"e\u{301}".repeat(MANY / 2));
    reads(&format!("a{}", "\u{301}".repeat(MANY / 2)));
    reads(&"a\u{200b}@\u{200b}".repeat(MANY / 8));
    reads(&"ﬁ①".repeat(MANY / 4));
}

#[test]
fn labels_names_and_addresses_without_end() {
    let pieces = [
        "Ann ",
        "Ann Lee ",
        "A. ",
        "12 High Street, ",
        "born 1 ",
        "www.",
        "https://",
        "::",
        "0x",
        "-----BEGIN ",
    ];
    for piece in pieces {
        reads(&piece.repeat(MANY / 8));
    }
    for piece in ["Name: ", "Name:\t", "Name:\n", "Name: \"", "E-mail = "] {
        reads(&piece.repeat(MANY / 8));
    }
}
