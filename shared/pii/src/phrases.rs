//! Words and beginnings that hardly a text has, and that a recogniser hangs on: one scan looks for all of them.

use std::sync::LazyLock;

use regex::Regex;

use crate::recognisers::pattern;

/// What a phrase is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phrase {
    /// A word for a dot, in an address that is written out.
    Dot,
    /// The label of a bank's code.
    Bic,
    /// The armour of a key.
    Armour,
    /// What announces a password in a sentence.
    Password,
    /// A command that may carry a password.
    Curl,
}

/// No beginning of one is the end of another: none hides behind one that was found.
static PHRASES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "dot |DOT |Dot |dot-|dot_|DOT_|punto |PUNTO |ponto |PONTO |punkt |Punkt |PUNKT |point |POINT |punt |piste |kropka |prick |точка |nokta |BIC|bic|SWIFT|Swift|swift|-----BEGIN |assword is |curl ",
    )
});

/// Reads where phrases begin in a text of at most 4 GiB.
#[expect(clippy::cast_possible_truncation, reason = "the caller bounds the text")]
pub(crate) fn read(text: &str, phrases: &mut Vec<(u32, Phrase)>) {
    phrases.clear();
    phrases.extend(PHRASES.find_iter(text).map(|found| {
        let phrase = match found.as_str().as_bytes()[0] {
            b'B' | b'b' | b'S' | b's' => Phrase::Bic,
            b'-' => Phrase::Armour,
            b'a' => Phrase::Password,
            b'c' => Phrase::Curl,
            _ => Phrase::Dot,
        };
        (found.start() as u32, phrase)
    }));
}
