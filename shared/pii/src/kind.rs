//! The kinds of personal data, and sets of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Declares the kinds once: variant, stored word, label of the common evaluation sets, and what it is.
macro_rules! kinds {
    ($(#[doc = $doc:literal] $variant:ident = $word:literal, $label:literal;)*) => {
        /// A kind of personal data. The word in brackets stands in rewritten text, recipes and reports: it is stored data.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind {
            $(#[doc = $doc] $variant,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the stored word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Returns what it is, in a sentence.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => $doc.trim_ascii(),)* }
            }

            /// Returns the label that the public evaluation sets use.
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }
        }
    };
}

kinds! {
    /// A person's name, or a part of one.
    Name = "name", "PERSON";
    /// An e-mail address.
    Email = "email", "EMAIL";
    /// A telephone number.
    Phone = "phone", "PHONE";
    /// A postal address, or the line of one.
    Address = "address", "ADDRESS";
    /// The town a person lives in, where a record's head says so.
    Location = "location", "LOCATION";
    /// A link: a profile, a personal site, any address of the web.
    Url = "url", "URL";
    /// A user name or handle.
    Username = "username", "USERNAME";
    /// A date of birth.
    BirthDate = "birth_date", "DATE";
    /// An age in years.
    Age = "age", "AGE";
    /// A United States social security number.
    Ssn = "ssn", "SSN";
    /// Any other national, tax, health or company-issued personal number.
    NationalId = "national_id", "ID";
    /// A passport's number.
    Passport = "passport", "ID";
    /// A driving licence's number.
    Licence = "licence", "ID";
    /// An account or routing number of a bank, not an IBAN.
    BankAccount = "bank_account", "ID";
    /// A payment card's number.
    Card = "card", "CREDIT_CARD";
    /// An international bank account number.
    Iban = "iban", "IBAN";
    /// A bank's identifier code.
    Bic = "bic", "ID";
    /// An IPv4 or IPv6 address.
    Ip = "ip", "IP";
    /// A hardware address.
    Mac = "mac", "MAC";
    /// A mobile device's number.
    Imei = "imei", "ID";
    /// A wallet's address.
    Crypto = "crypto", "CRYPTO";
    /// A key, token, password or private key.
    Secret = "secret", "SECRET";
    /// A nationality or citizenship.
    Nationality = "nationality", "NATIONALITY";
    /// A marital status.
    MaritalStatus = "marital_status", "MARITAL_STATUS";
    /// A statement of gender.
    Gender = "gender", "GENDER";
    /// A school or university.
    School = "school", "ORG";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind {0:?}; known are {known}", known = Kinds::ALL)]
pub struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == word)
            .ok_or_else(|| UnknownKind(word.to_owned()))
    }
}

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u32);

impl Kinds {
    /// No kind.
    pub const NONE: Self = Self(0);
    /// Every kind.
    pub const ALL: Self = Self((1 << Kind::ALL.len()) - 1);
    /// What identifies a person or opens an account. Left out is what only describes: nationality, marital status,
    /// gender, schools and home towns, which a recipe can add.
    pub const DEFAULT: Self = Self(
        Self::ALL.0
            & !Self::of(&[
                Kind::Location,
                Kind::Nationality,
                Kind::MaritalStatus,
                Kind::Gender,
                Kind::School,
            ])
            .0,
    );
    /// What tokens must be read for: kinds that are words, not patterns.
    pub const WORDS: Self = Self::of(&[
        Kind::Name,
        Kind::Address,
        Kind::Location,
        Kind::BirthDate,
        Kind::Age,
        Kind::Nationality,
        Kind::MaritalStatus,
        Kind::Gender,
        Kind::School,
    ]);

    /// Creates a set.
    pub const fn of(kinds: &[Kind]) -> Self {
        let mut set = 0;
        let mut at = 0;
        while at < kinds.len() {
            set |= 1 << kinds[at] as u32;
            at += 1;
        }
        Self(set)
    }

    /// Says whether a kind is in the set.
    pub const fn has(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u32) != 0
    }

    /// Says whether the sets share a kind.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns the set without a kind.
    #[must_use]
    pub const fn without(self, kind: Kind) -> Self {
        Self(self.0 & !(1 << kind as u32))
    }

    /// Returns the kinds in their order.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.iter().copied().filter(move |kind| self.has(*kind))
    }
}

impl FromIterator<Kind> for Kinds {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, |set, kind| Self(set.0 | Self::of(&[kind]).0))
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, kind) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(kind.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_names_its_kind_in_code_and_in_json() {
        for &kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert!(Kinds::ALL.has(kind) && Kinds::of(&[kind]).iter().eq([kind]));
        }
        assert!("person".parse::<Kind>().unwrap_err().to_string().contains("known are name, email"));
    }
}
