//! A source for tests that go through keys alone.

use std::collections::BTreeMap;

use records::recipe::{Consent, NoConsent, Source};

/// The table `t` with its key `id`, about nobody.
pub(crate) fn source() -> Source {
    Source {
        name: "t".to_owned(),
        table: "t".to_owned(),
        key: "id".to_owned(),
        subject: None,
        group: None,
        cursor: None,
        columns: Vec::new(),
        identity: BTreeMap::new(),
        filter: BTreeMap::new(),
        consent: Consent::NotNeeded(NoConsent { not_needed: "keys alone".to_owned() }),
        system: String::new(),
        prompt: String::new(),
        completion: String::new(),
    }
}
