//! The personal data that was put into the sample on purpose, so that a test can search for it.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::grammar::Facts;
use crate::error::{Context as _, Result};

/// What the sample's texts contain, by kind. A value is listed when a text really holds it.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planted {
    /// Full names.
    pub names: BTreeSet<String>,
    /// Mail addresses of people.
    pub emails: BTreeSet<String>,
    /// Telephone numbers as written.
    pub phones: BTreeSet<String>,
    /// Street addresses in one line.
    pub addresses: BTreeSet<String>,
    /// Words that occur in texts of people who opted out, or were never asked, and nowhere else.
    pub opted_out: BTreeSet<String>,
}

impl Planted {
    /// Notes the facts a text has used.
    pub(super) fn note(&mut self, facts: &Facts) {
        for (name, value) in facts.used() {
            let kind = match name {
                "name" | "other" | "agent" | "manager" | "lead_name" => &mut self.names,
                "email" | "other_email" => &mut self.emails,
                "phone" | "other_phone" | "agent_phone" => &mut self.phones,
                "address" | "other_address" => &mut self.addresses,
                "marker" => &mut self.opted_out,
                _ => continue,
            };
            if !kind.contains(value) {
                kind.insert(value.to_owned());
            }
        }
    }

    /// Adds what another part of the sample contains.
    pub(super) fn add(&mut self, other: Self) {
        self.names.extend(other.names);
        self.emails.extend(other.emails);
        self.phones.extend(other.phones);
        self.addresses.extend(other.addresses);
        self.opted_out.extend(other.opted_out);
    }

    /// Writes the list as JSON.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let json = serde_json::to_vec_pretty(self).context("render the planted values")?;
        std::fs::write(path, json).context(format!("write {}", path.display()))
    }
}
