//! Flats, floors, houses, and post boxes.

use super::street::number_end;
use super::{Part, What};
use crate::recognisers::view::View;

/// Appends the flat, floor or house that the word at `at` announces.
pub(super) fn read(view: View<'_>, at: usize, parts: &mut Vec<Part>) {
    let mut here = at + 1;
    while here < at + 3 && matches!(view.str(here), "." | "#" | "º" | "no" | "nr" | "n" | ":") {
        here += 1;
    }
    let number = view.str(here);
    let is_number = number.len() <= 5
        && (view.digits(here) > 0
            || view.is_word(here) && number.bytes().any(|byte| byte.is_ascii_digit())
            || number.len() == 1 && view.is_upper(here));
    if !is_number {
        return;
    }
    let word = view.str(at);
    let is_sure = word.len() >= 3
        && [
            "apt",
            "apartment",
            "suite",
            "flat",
            "lgh",
            "whg",
            "wohnung",
            "appt",
            "appartement",
            "apto",
            "apartamento",
            "lägenhet",
        ]
        .iter()
        .any(|sure| word.eq_ignore_ascii_case(sure));
    let is_apart = view.is_end(number_end(view, here))
        || view.digits(number_end(view, here)) > 0
        || view.is_name(number_end(view, here));
    let weight = if is_sure && is_apart && view.digits(here) > 0 { 2 } else { 1 };
    let end = number_end(view, here);
    // `Unit 1783 Box 3210`, `PSC 1234, Box 5678`.
    let box_at = if view.is_mark(end, ",") { end + 1 } else { end };
    if view.str(box_at).eq_ignore_ascii_case("box") && view.digits(box_at + 1) > 0 {
        parts.push(Part { what: What::Box, first: at, last: box_at + 2, weight: 3 });
        return;
    }
    parts.push(Part { what: What::Unit, first: at, last: end, weight });
}

/// Bytes of the longest word for a post box.
const LONGEST_BOX: usize = "postilokero".len();

/// Appends the post box whose number is at `at`.
pub(super) fn post_box(view: View<'_>, at: usize, parts: &mut Vec<Part>) {
    let Some(mut word) = at.checked_sub(1) else { return };
    while word > 0 && matches!(view.str(word), "." | "#" | "º" | ":") {
        word -= 1;
    }
    // A number stands behind any mark or long word; only of the others a copy in lower case is worth it.
    if !view.is_word(word) || !(3..=LONGEST_BOX).contains(&view.str(word).len()) {
        return;
    }
    let lower = view.str(word).to_ascii_lowercase();
    let first = match lower.as_str() {
        "box" | "bag" => {
            // `P.O. Box`, `PO Box`, `GPO Box`, `Private Bag`, `PSC 1234, Box`.
            let from = word.saturating_sub(4);
            let mut first = word;
            while first > from
                && matches!(
                    view.str(first - 1),
                    "." | "P"
                        | "O"
                        | "p"
                        | "o"
                        | "PO"
                        | "po"
                        | "Po"
                        | "GPO"
                        | "Post"
                        | "post"
                        | "Office"
                        | "office"
                        | "Private"
                        | "Locked"
                )
            {
                first -= 1;
            }
            if first == word && word >= 2 && view.str(word - 1).eq(",") && view.digits(word - 2) > 0 {
                first = word - 3.min(word);
            }
            if first == word && word >= 1 && view.digits(word - 1) > 0 {
                first = word.saturating_sub(2);
            }
            (first < word).then_some(first)
        }
        "postfach" | "postbus" | "postboks" | "postbox" | "apartado" | "apdo" | "skrytka" | "postilokero"
        | "boks" | "casella" | "pobox" => Some(word),
        "postale" | "postal" | "postales" | "correos" if word > 0 => {
            let head = view.str(word - 1).to_ascii_lowercase();
            matches!(head.as_str(), "casella" | "boîte" | "boite" | "apartado" | "caixa" | "de")
                .then(|| word - 1)
        }
        _ => None,
    };
    if let Some(first) = first {
        parts.push(Part { what: What::Box, first, last: number_end(view, at), weight: 3 });
    }
}
