//! One file a recogniser, one line in the registry.

mod email;
mod name;
mod phone;

use crate::Finding;

/// Looks for one kind of personal data.
pub trait Recogniser: Send + Sync {
    /// Appends what it sees in `text`, in any order, overlaps allowed.
    fn find(&self, text: &str, findings: &mut Vec<Finding>);
}

/// Builds a recogniser.
pub type Build = fn() -> Box<dyn Recogniser>;

/// All recognisers.
pub static REGISTRY: &[Build] = &[email::recogniser, phone::recogniser, name::recogniser];

/// Compiles a pattern that is part of the program.
#[expect(clippy::expect_used, reason = "the pattern is a constant, and a test compiles each")]
fn pattern(text: &str) -> regex::Regex {
    regex::Regex::new(text).expect("constant pattern")
}

#[cfg(test)]
mod tests {
    use crate::{Policy, Scrubber};

    /// Cases are data beside the code: one `input => expected` a line, as TOML, so that anyone can add one.
    #[test]
    fn every_case_is_rewritten_as_it_says() {
        #[derive(serde::Deserialize)]
        struct Cases {
            case: Vec<Case>,
        }
        #[derive(serde::Deserialize)]
        struct Case {
            text: String,
            clean: String,
        }
        let scrubber = Scrubber::new(Policy::Tag);
        let files = [
            ("email", include_str!("recognisers/email.toml")),
            ("phone", include_str!("recognisers/phone.toml")),
            ("name", include_str!("recognisers/name.toml")),
        ];
        for (file, text) in files {
            let cases: Cases = toml::from_str(text).unwrap();
            assert!(cases.case.len() >= 5, "{file} has too few cases");
            for case in cases.case {
                assert_eq!(scrubber.record().text(&case.text), case.clean, "{file}: {}", case.text);
            }
        }
    }
}
