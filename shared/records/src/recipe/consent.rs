use serde::{Deserialize, Serialize};

/// Where a source says who has agreed. A null is a no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, untagged)]
pub enum Consent {
    /// An opt-out column of a related table, reached through a foreign key.
    Related(RelatedConsent),
    /// An opt-out column of the row itself.
    Own(OwnConsent),
    /// Nobody's consent is needed, for a reason.
    NotNeeded(NoConsent),
}

/// An opt-out column of a related table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelatedConsent {
    /// The table.
    pub table: String,
    /// Its boolean column: true means left out.
    pub opt_out: String,
}

/// An opt-out column of the row itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnConsent {
    /// The boolean column: true means left out.
    pub opt_out: String,
}

/// Nobody's consent is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoConsent {
    /// Why, in words that a privacy officer accepts.
    pub not_needed: String,
}
