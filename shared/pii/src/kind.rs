//! The kinds of personal data.

use serde::Serialize;

/// A kind of personal data. The word in brackets stands in rewritten text and in reports: it is stored data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A person's name.
    Name,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Name, Self::Email, Self::Phone];

    /// Returns the stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }
}
