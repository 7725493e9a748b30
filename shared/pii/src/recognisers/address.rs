//! Postal addresses, or the lines of one.
//!
//! Finds streets with a house number in the orders of the world (`22 Station Road`, `12 rue de la Paix`, `Via Roma 12`,
//! `Hauptstr. 5`, `36 Holmevej 34`), flats and floors beside them, post boxes, postal codes beside a town, state or
//! country, what stands behind `Address:`, and joins neighbours over line breaks. Leaves streets without a number, towns
//! alone, places of work, years, prices and versions.
//!
//! Everything hangs on numbers and on words that announce a flat; looks around are bounded, so the cost is linear.
//! Sources: Universal Postal Union, addressing of each country; USPS Publication 28; general knowledge of street names.

mod assemble;
mod grow;
mod postcode;
mod street;
mod unit;

use super::view::View;
use super::{Recogniser, places};
use crate::anchors::Anchor;
use crate::fields::Field;
use crate::lexicon::Classes;
use crate::tokens::{Case, TokenKind};
use crate::{Doc, Finding, Kind, Kinds};

/// What a part of an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Street,
    Unit,
    Box,
    Postcode,
    Field,
}

/// A part of an address: tokens from `first` up to `last`. Weight 3 stands alone, 2 does when little speaks against it,
/// 1 only beside other parts.
#[derive(Debug, Clone, Copy)]
struct Part {
    what: What,
    first: usize,
    last: usize,
    weight: u8,
}

struct Address;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Address)
}

impl Recogniser for Address {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Address])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let view = View::of(doc);
        let mut parts = Vec::new();
        for at in doc.anchors(Anchor::Number) {
            let token = view.tokens[at];
            match token.kind {
                TokenKind::Number => {
                    let digits = view.digits(at);
                    if digits > 7 {
                        continue;
                    }
                    if digits <= 5 {
                        street::read(view, at, &mut parts);
                        unit::post_box(view, at, &mut parts);
                    }
                    if digits == 5 {
                        postcode::forces(view, at, &mut parts);
                    }
                    postcode::numeric(view, at, &mut parts);
                }
                TokenKind::Word => {
                    if token.classes.meets(Classes::UNIT) {
                        unit::read(view, at, &mut parts);
                    }
                    let length = token.end - token.start;
                    let begins_with_a_digit = view.text.as_bytes()[token.start as usize].is_ascii_digit();
                    // Codes begin with a digit, such as `4QT`, or have only capitals, such as `X70A`.
                    if (3..=8).contains(&length)
                        && (begins_with_a_digit || token.case == Case::Upper && token.has_digit)
                    {
                        postcode::lettered(view, at, &mut parts);
                    }
                    // `15a`, `12bis`.
                    if begins_with_a_digit && length <= 6 {
                        street::read(view, at, &mut parts);
                    }
                }
                TokenKind::Mark | TokenKind::Break => {}
            }
        }
        for field in doc.fields().iter().filter(|field| field.kind == Kind::Address) {
            parts.extend(labelled(doc, view, *field));
        }
        assemble::assemble(view, &mut parts, findings);
    }
}

/// Returns the value behind `Address:` if it is a place, not that of mail, machines or the web.
fn labelled(doc: &Doc<'_>, view: View<'_>, field: Field) -> Option<Part> {
    let value = &view.text[field.start as usize..field.end as usize];
    let before = doc.before(field.start as usize, 40).to_lowercase();
    let is_other =
        ["mail", "ip ", "mac ", "web", "url", "wallet", "bitcoin", "hardware", "memory", "contract"]
            .iter()
            .any(|word| before.contains(word));
    if is_other
        || value.len() > 160
        || value.contains(['@', '{', '<', '['])
        || value.contains("://")
        || value.contains("www.")
    {
        return None;
    }
    let first = view.tokens.partition_point(|token| token.start < field.start);
    let last = view.tokens.partition_point(|token| token.start < field.end);
    let is_place =
        (first..last).any(|at| view.is_name(at)) && (last - first > 1 || places::at(view, first).is_some());
    let has_number = value.bytes().any(|byte| byte.is_ascii_digit());
    (first < last && is_place && (has_number || last - first <= 8)).then_some(Part {
        what: What::Field,
        first,
        last,
        weight: 2,
    })
}

/// Says how much the words in front of `first` announce an address: 2 if they say so, 1 for `at` or `to` alone.
fn cue(view: View<'_>, first: usize) -> u8 {
    let Some(word) = first.checked_sub(1) else { return 0 };
    let is_opening = matches!(
        view.str(word),
        "at" | "to"
            | "is"
            | "are"
            | "in"
            | "on"
            | "of"
            | "with"
            | "and"
            | ":"
            | ","
            | "from"
            | "à"
            | "en"
            | "a"
            | "w"
            | "i"
            | "på"
            | "bei"
            | "wohnhaft"
            | "au"
    );
    if !is_opening {
        return u8::from(matches!(
            view.str(word),
            "address" | "adresse" | "Adresse" | "wohnhaft" | "Address"
        )) * 2;
    }
    let mut here = word;
    while here > 0 && word - here < 6 {
        here -= 1;
        if view.has(here, Classes::ADDRESS_CUE) {
            return 2;
        }
        if view.is_break(here) || matches!(view.str(here), "." | ";" | "!" | "?") {
            break;
        }
    }
    u8::from(matches!(view.str(word), "at" | "to"))
}

#[cfg(test)]
mod tests {
    use crate::{Kinds, Policy, Scrubber};

    fn found(text: &str) -> Vec<String> {
        let scrubber = Scrubber::new(Policy::Tag).with_kinds(Kinds::of(&[crate::Kind::Address]));
        scrubber.find(text).iter().map(|finding| text[finding.start..finding.end].to_owned()).collect()
    }

    #[test]
    fn addresses_of_the_world_are_found_whole() {
        for address in include_str!("address/forms.txt").lines().filter(|line| !line.starts_with('#')) {
            let address = address.replace("\\n", "\n");
            assert_eq!(found(&format!("address: {address}")), [address.as_str()], "labelled");
            assert_eq!(found(&format!("x\n{address}\n")), [address.as_str()], "on lines of their own");
        }
    }

    #[test]
    fn hostile_text_costs_no_more_than_its_length() {
        for part in ["1 ", "12 A ", "St 1 ", "10115, ", "Apt 1\n", "Via ", "1-1/", "NR3 4QT ", "A, "] {
            found(&part.repeat(20_000));
        }
    }
}
