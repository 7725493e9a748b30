//! E-mail addresses in their plain form.
//!
//! Finds `local@domain.tld` with the characters that mail systems allow unquoted (RFC 5322 dot-atom) and
//! international letters (RFC 6531). Leaves handles (`@ann`), package versions (`left-pad@1.3.0`: its last label has
//! no letters) and written-out forms (`ann [at] host`).

use regex::Regex;

use super::{Recogniser, pattern};
use crate::{Doc, Finding, Kind, Kinds};

struct Email(Regex);

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    // Bounded repetitions of Unicode classes compile to megabytes: lengths are not checked here.
    Box::new(Email(pattern(r"[\p{L}\p{N}._%+'\-]+@(?:[\p{L}\p{N}\-]+\.)+\p{L}{2,}")))
}

impl Recogniser for Email {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Email])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let text = doc.text();
        if !text.contains('@') {
            return;
        }
        findings.extend(self.0.find_iter(text).map(|found| {
            // A quotation mark or a full stop in front belongs to the sentence.
            let start = found.end() - found.as_str().trim_start_matches(['\'', '.', '-']).len();
            Finding { kind: Kind::Email, start, end: found.end(), score: 0.95, rule: "email.plain" }
        }));
    }
}
