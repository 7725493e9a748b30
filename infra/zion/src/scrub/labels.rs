//! What the names of fields say about their values: `full_name`, `e-mail`, `Telefon`. The words are the library's, which
//! reads them in front of colons.

use std::collections::HashMap;

use pii::{Doc, Finding, Kind, Kinds, Scratch};

use super::block::Place;

/// Kinds whose values are removed wherever they stand in the record.
const WHO: Kinds = Kinds::of(&[Kind::Name, Kind::Email, Kind::Phone, Kind::Username, Kind::Address]);
/// Fields beside which a bare `name` is a person's: without one it may be a product's.
const PERSONAL: Kinds = Kinds::of(&[Kind::Email, Kind::Phone, Kind::BirthDate, Kind::Address]);

/// The names of fields that were seen, and what they say.
#[derive(Default)]
pub(super) struct Labels {
    seen: HashMap<String, Option<Kind>>,
    scratch: Scratch,
}

impl Labels {
    /// For each field of a record the kind that its name promises.
    pub(super) fn known(&mut self, places: &[Place<'_>]) -> Vec<Option<Kind>> {
        let kinds: Vec<Option<Kind>> = places.iter().map(|place| self.kind(place.field)).collect();
        let is_person = kinds.iter().flatten().any(|kind| PERSONAL.has(*kind));
        let is_sure = |place: &Place<'_>| is_person || !last(place.field).eq_ignore_ascii_case("name");
        places
            .iter()
            .zip(kinds)
            .map(|(place, kind)| kind.filter(|kind| WHO.has(*kind) && is_sure(place)))
            .collect()
    }

    fn kind(&mut self, field: &str) -> Option<Kind> {
        // *T:* in front of a number announces it; a column of that name may be anything, such as text.
        if last(field).chars().count() < 2 {
            return None;
        }
        if let Some(kind) = self.seen.get(field) {
            return *kind;
        }
        let text = format!("{}: x", last(field));
        let kind = Doc::read(&text, false, &mut self.scratch).fields().first().map(|field| field.kind);
        self.seen.insert(field.to_owned(), kind);
        kind
    }
}

/// The name alone, of a path.
fn last(field: &str) -> &str {
    field.rsplit_once('.').map_or(field, |(_, name)| name)
}

/// The whole value as a finding, for `--explain`.
pub(super) fn whole(text: &str, kind: Kind) -> Option<Finding> {
    let value = text.trim();
    let start = text.len() - text.trim_start().len();
    let finding = Finding { kind, start, end: start + value.len(), score: 0.97, rule: "record.value" };
    (!value.is_empty()).then_some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_letter_says_nothing() {
        assert_eq!(known(&["t", "row.e", "tel"]), [None, None, Some(Kind::Phone)]);
    }

    fn known(fields: &[&str]) -> Vec<Option<Kind>> {
        let places: Vec<Place<'_>> = fields.iter().map(|field| Place { file: "", line: 1, field }).collect();
        Labels::default().known(&places)
    }

    #[test]
    fn the_name_of_a_field_says_what_it_holds() {
        let fields = ["full_name", "user.e-mail", "Telefon", "title", "note", ""];
        assert_eq!(
            known(&fields),
            [Some(Kind::Name), Some(Kind::Email), Some(Kind::Phone), None, None, None]
        );
    }

    #[test]
    fn a_bare_name_is_a_persons_beside_an_address() {
        assert_eq!(known(&["name", "price"]), [None, None]);
        assert_eq!(known(&["name", "email"]), [Some(Kind::Name), Some(Kind::Email)]);
    }
}
