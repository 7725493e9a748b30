//! Names of hosts.

use std::sync::LazyLock;

use super::words::{Words, is_unspaced};

const TLD: u16 = 1;
const SPECIAL: u16 = 2;
const FILE: u16 = 4;

static ENDINGS: LazyLock<Words> = LazyLock::new(|| {
    Words::read(include_str!("domains/tlds.txt"), &[("tld", TLD), ("special", SPECIAL), ("file", FILE)])
});

/// What the last label of a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ending {
    /// Digits, or the ending of a file that is no domain.
    Never,
    /// Letters that no list knows.
    Unknown,
    /// A domain, and the ending of a file or a method as well.
    Either,
    /// A domain.
    Domain,
}

/// Says what a name's last label is.
pub(super) fn ending(label: &str) -> Ending {
    let class = ENDINGS.of(label);
    if class & (TLD | SPECIAL) != 0 {
        return if class & FILE == 0 { Ending::Domain } else { Ending::Either };
    }
    if label.len() > 4 && label.as_bytes()[..4].eq_ignore_ascii_case(b"xn--") {
        return Ending::Domain;
    }
    if class & FILE != 0 || label.len() < 2 || !label.chars().all(char::is_alphabetic) {
        return Ending::Never;
    }
    Ending::Unknown
}

/// Returns the end of the label that begins at `at`; `at` when there is none. A label in a script without spaces ends
/// where the script changes.
pub(super) fn label(text: &str, at: usize) -> usize {
    let mut end = at;
    let mut first = None;
    for c in text[at..].chars().take(64) {
        let unspaced = is_unspaced(c);
        if !(c.is_alphanumeric() || matches!(c, '-' | '_') || is_mark(c))
            || first.is_some_and(|first| first != unspaced)
        {
            break;
        }
        if c != '-' && c.is_alphanumeric() {
            first = Some(unspaced);
        }
        end += c.len_utf8();
    }
    at + text[at..end].trim_end_matches(['-', '_']).len()
}

/// Says whether a character is written over the one before.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36f | 0x900..=0x903 | 0x93a..=0x94f | 0xe31..=0xe3a | 0xe47..=0xe4e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_of_domains_and_of_files_are_told_apart() {
        assert_eq!(ending("com"), Ending::Domain);
        assert_eq!(ending("РФ"), Ending::Domain);
        assert_eq!(ending("xn--p1ai"), Ending::Domain);
        assert_eq!(ending("example"), Ending::Domain);
        assert_eq!([ending("rs"), ending("py"), ending("io")], [Ending::Either; 3]);
        assert_eq!([ending("png"), ending("0"), ending("c")], [Ending::Never; 3]);
        assert_eq!(ending("comm"), Ending::Unknown);
    }

    #[test]
    fn labels_end_where_the_script_does() {
        let cut = |text: &'static str| &text[..label(text, 0)];
        assert_eq!(cut("com请联系"), "com");
        assert_eq!(cut("みんなです"), "みんなです");
        assert_eq!(cut("почта.рф"), "почта");
        assert_eq!(cut("foo-bar- x"), "foo-bar");
    }
}
