//! One file a recogniser, one line in the registry.

mod address;
mod age;
mod bank_account;
mod bic;
mod birth_date;
mod card;
mod crypto;
mod dates;
mod domains;
mod email;
mod gender;
mod iban;
mod imei;
mod ip;
mod licence;
mod location;
mod mac;
mod marital_status;
mod name;
pub(crate) mod name_rules;
mod national_id;
mod nationality;
mod passport;
mod personal;
mod phone;
mod places;
mod school;
mod secret;
mod ssn;
mod url;
mod username;
mod view;
mod words;

use crate::codes::Shape;
use crate::schemes::Scheme;
use crate::{Doc, Finding, Kinds};

/// Looks for some kinds of personal data.
pub trait Recogniser: Send + Sync {
    /// Returns the kinds it yields.
    fn kinds(&self) -> Kinds;

    /// Appends what it sees, in any order, overlaps allowed; offsets are the document's. The cost must be linear in the
    /// document's length, whatever it says.
    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>);
}

/// Builds a recogniser.
pub type Build = fn() -> Box<dyn Recogniser>;

/// A recogniser and the cases that show what it does, as TOML.
pub struct Entry {
    /// The name of its file.
    pub name: &'static str,
    /// Builds it.
    pub build: Build,
    /// `[[case]]` tables with `text` and `clean`: what the text reads like when every kind is replaced by its tag.
    pub cases: &'static str,
}

/// Declares the recognisers: the file's name is the module's, the cases' and the entry's.
macro_rules! registry {
    ($($name:ident),* $(,)?) => {
        /// All recognisers.
        pub static REGISTRY: &[Entry] = &[$(Entry {
            name: stringify!($name),
            build: $name::recogniser,
            cases: include_str!(concat!("recognisers/", stringify!($name), ".toml")),
        },)*];
    };
}

registry! { address, age, birth_date, location, email, phone, name, card, iban, ip, mac, national_id, secret, ssn, bank_account, bic, crypto, imei, licence, passport, name_rules, school, nationality, marital_status, gender, url, username }

/// Returns the shapes of all numbers that are told by shape: only what has one of them is looked at.
pub(crate) fn shapes() -> impl Iterator<Item = Shape> {
    const TABLES: &[&[Scheme]] = &[
        bank_account::SCHEMES,
        card::SCHEMES,
        imei::SCHEMES,
        licence::SCHEMES,
        passport::SCHEMES,
        ssn::SCHEMES,
    ];
    TABLES
        .iter()
        .chain(national_id::TABLES)
        .copied()
        .flatten()
        .flat_map(|scheme| scheme.shapes)
        .map(|shape| Shape::new(shape))
}

/// Compiles a pattern that is part of the program.
#[expect(clippy::expect_used, reason = "the pattern is a constant, and a test compiles each")]
pub(crate) fn pattern(text: &str) -> regex::Regex {
    regex::Regex::new(text).expect("constant pattern")
}

#[cfg(test)]
mod tests {
    use super::REGISTRY;
    use crate::{Kinds, Policy, Scrubber};

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
        let scrubber = Scrubber::new(Policy::Tag).with_kinds(Kinds::ALL);
        let mut wrong = Vec::new();
        for entry in REGISTRY {
            let cases: Cases = toml::from_str(entry.cases).unwrap();
            assert!(cases.case.len() >= 5, "{} has too few cases", entry.name);
            for case in cases.case {
                let clean = scrubber.record().text(&case.text);
                if clean != case.clean {
                    wrong.push(format!(
                        "{}: {:?}\n  should be {:?}\n  but is    {clean:?}",
                        entry.name, case.text, case.clean
                    ));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
