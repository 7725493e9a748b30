//! Postal codes with the town, state or country beside them.
//!
//! Forms: Universal Postal Union, addressing of each country; areas and letters of the United Kingdom and Canada: Royal
//! Mail, Canada Post.

use super::{Part, What};
use crate::lexicon::Classes;
use crate::recognisers::places::{self, Place};
use crate::recognisers::view::View;

/// States and territories of the United States, with those of its forces abroad.
static STATES: Codes = Codes::new(
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI",
);
/// States of Australia and provinces of Canada.
static STATES_ABROAD: Codes = Codes::new("NSW VIC QLD TAS ACT SA WA NT ON QC BC AB MB SK NS NB NL PE YT NU");
/// Areas of the United Kingdom.
static AREAS: Codes = Codes::new(
    "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE",
);
/// What stands in front of a code with a hyphen: `D-10115`, `SE-111 22`.
static COUNTRIES: Codes = Codes::new(
    "D DE A AT CH F FR I IT B BE L DK SE S N NO FI FIN E ES PL CZ SK H HU HR SI SLO LT LV EE GR RO BG MD AD NL PT P UA TR",
);

/// Codes of one to three letters, each as one number.
struct Codes([u32; 128]);

impl Codes {
    /// Reads codes with spaces between.
    const fn new(list: &str) -> Self {
        let bytes = list.as_bytes();
        let mut codes = [0; 128];
        let (mut at, mut place) = (0, 0);
        while at < bytes.len() {
            if bytes[at] == b' ' {
                place += 1;
            } else {
                codes[place] = codes[place] << 8 | bytes[at] as u32;
            }
            at += 1;
        }
        Self(codes)
    }

    /// Says whether a word is one of them; without a branch for each, and many at a time.
    fn has(&self, word: &str) -> bool {
        let code = word.bytes().take(4).fold(0, |code, byte| code << 8 | u32::from(byte));
        (1..=3).contains(&word.len())
            && self.0.iter().fold(0, |found, one| found | u8::from(*one == code)) != 0
    }
}

/// Says whether a word's letters and digits stand as the shape says: `A` a letter, `9` a digit.
fn is_shape(word: &str, shape: &str) -> bool {
    word.len() == shape.len()
        && word
            .bytes()
            .zip(shape.bytes())
            .all(|(byte, of)| if of == b'9' { byte.is_ascii_digit() } else { byte.is_ascii_alphabetic() })
}

/// Appends the code with letters whose last word is at `at`.
pub(super) fn lettered(view: View<'_>, at: usize, parts: &mut Vec<Part>) {
    let word = view.str(at);
    let before = at.checked_sub(1).map_or("", |before| view.str(before));
    if !word.is_ascii() {
        return;
    }
    let is_upper = |word: &str| !word.bytes().any(|byte| byte.is_ascii_lowercase());
    let found = match word.len() {
        3 if is_shape(word, "9AA") && is_outcode(before) => {
            Some((at - 1, at + 1, if is_upper(before) && is_upper(word) { 3 } else { 1 }))
        }
        3 if is_shape(word, "9A9") && is_shape(before, "A9A") => {
            Some((at - 1, at + 1, if is_upper(before) && is_upper(word) { 3 } else { 1 }))
        }
        4 if is_eircode(before, word) => Some((at - 1, at + 1, 3)),
        5..=7
            if is_upper(word)
                && is_shape(word.get(word.len() - 3..).unwrap_or_default(), "9AA")
                && is_outcode(&word[..word.len() - 3]) =>
        {
            Some((at, at + 1, 2))
        }
        6 if is_shape(word, "9999AA") && is_upper(word) => {
            Some((at, at + 1, if view.is_name(at + 1) { 2 } else { 1 }))
        }
        6 if is_shape(word, "A9A9A9") && is_upper(word) && !"DFIOQUWZ".contains(&word[..1]) => {
            Some((at, at + 1, 2))
        }
        7 if is_eircode(&word[..3], &word[3..]) => Some((at, at + 1, 1)),
        8 if is_shape(word, "A9999AAA") && is_upper(word) => Some((at, at + 1, 3)),
        _ => None,
    };
    if let Some((first, last, weight)) = found {
        push(view, first, last, weight, parts);
    }
}

fn is_outcode(word: &str) -> bool {
    let letters = word.bytes().take_while(u8::is_ascii_alphabetic).count();
    if !(1..=2).contains(&letters) || word.len() - letters > 2 || word.len() == letters {
        return false;
    }
    let rest = &word.as_bytes()[letters..];
    let mut area = [0; 2];
    for (to, from) in area.iter_mut().zip(word.bytes().take(letters)) {
        *to = from.to_ascii_uppercase();
    }
    let is_area = std::str::from_utf8(&area[..letters]).is_ok_and(|area| AREAS.has(area));
    is_area && rest[0].is_ascii_digit() && rest.iter().all(u8::is_ascii_alphanumeric)
}

/// Routing key and unique identifier: `T12 X70A`, `D6W Y123`.
fn is_eircode(key: &str, unique: &str) -> bool {
    let (key, unique) = (key.as_bytes(), unique.as_bytes());
    let allowed = |byte: &u8| byte.is_ascii_digit() || b"ACDEFHKNPRTVWXY".contains(byte);
    key.len() == 3
        && unique.len() == 4
        && b"ACDEFHKNPRTVWXY".contains(&key[0])
        && key[1].is_ascii_digit()
        && (key[2].is_ascii_digit() || key == b"D6W")
        && unique.iter().all(allowed)
        && !unique[0].is_ascii_digit()
}

/// Appends the code that begins with the number at `at`.
pub(super) fn numeric(view: View<'_>, at: usize, parts: &mut Vec<Part>) {
    let digits = view.digits(at);
    if !(2..=7).contains(&digits)
        || at > 0
            && view.is_joined(at)
            && !is_prefix(view, at)
            && !matches!(view.str(at - 1), "(" | "," | "/" | ">")
    {
        return;
    }
    let next = |mark: &str, count: usize| {
        view.is_mark(at + 1, mark)
            && view.is_joined(at + 1)
            && view.is_joined(at + 2)
            && view.digits(at + 2) == count
    };
    // The form, its end and whether its form alone says a little.
    let (last, is_form) = match digits {
        3 if view.digits(at + 1) == 2 && !view.is_break(at + 1) => (at + 2, true),
        2 | 4 | 5 if next("-", 3) => (at + 3, true),
        3 if next("-", 4) && at > 0 && view.is_mark(at - 1, "〒") => (at + 3, true),
        4 if view.is_upper(at + 1) && view.str(at + 1).len() == 2 && !view.is_joined(at + 1) => {
            (at + 2, true)
        }
        5 if next("-", 4) => (at + 3, true),
        4..=7 => (at + 1, false),
        _ => return,
    };
    if view.is_joined(last)
        && (view.is_word(last) || matches!(view.str(last), "-" | "/" | "_" | "@" | "%" | ":"))
        || is_decimal(view, last)
    {
        return;
    }
    let plain = if is_form { 5 } else { digits };
    if is_cued(view, at) {
        push(view, at, last, 3, parts);
        return;
    }
    if let Some((first, weight)) = in_front(view, at, plain) {
        push(view, first, last, weight, parts);
        return;
    }
    // `10115 Berlin`, `3511 AX Utrecht`, `F-75001 Paris`.
    let is_prefixed = is_prefix(view, at);
    let first = if is_prefixed { at - 2 } else { at };
    let town = last + usize::from(view.is_mark(last, ",") || view.is_mark(last, "-"));
    let known = places::at(view, town).filter(|&(place, _)| place == Place::Town && view.is_name(town));
    let is_name = known.is_some() || view.is_name(last);
    if !is_name && !is_prefixed {
        return;
    }
    let weight = match (is_form || is_prefixed, known.is_some()) {
        (true, true) => 3,
        (true, false) if matches!(digits, 2 | 4) || is_prefixed => 2,
        (false, true) if digits == 5 => 2,
        (false, false) if digits > 5 => return,
        _ => 1,
    };
    push(view, first, last, weight, parts);
}

fn is_decimal(view: View<'_>, last: usize) -> bool {
    matches!(view.str(last), "." | ",")
        && view.is_joined(last)
        && view.is_joined(last + 1)
        && view.digits(last + 1) > 0
}

fn is_prefix(view: View<'_>, at: usize) -> bool {
    at > 1
        && (4..=6).contains(&view.digits(at))
        && view.is_mark(at - 1, "-")
        && view.is_joined(at)
        && view.is_joined(at - 1)
        && COUNTRIES.has(view.str(at - 2))
}

/// Says whether the words in front announce a code: `zip code is`, `PLZ:`.
fn is_cued(view: View<'_>, at: usize) -> bool {
    let mut here = at;
    while here > 0 && at - here < 4 {
        here -= 1;
        if view.has(here, Classes::POSTCODE_CUE) {
            let word = view.str(here);
            let is_short = word.len() <= 3 && !word.eq_ignore_ascii_case("zip");
            return !is_short
                || here + 1 == at && view.is_upper(here)
                || here + 2 == at && view.is_mark(here + 1, ":") && view.is_upper(here);
        }
        if view.is_break(here)
            || !(view.is_lower(here)
                || view.is_mark(here, ":")
                || matches!(view.str(here), "." | "+" | "/")
                || view.str(here).eq_ignore_ascii_case("code"))
        {
            break;
        }
    }
    false
}

/// Looks at the state, region, country or town in front of a code: `Portland, OR 97214`, `Bengaluru – 560048`.
fn in_front(view: View<'_>, at: usize, digits: usize) -> Option<(usize, u8)> {
    let mut end = at;
    while end > 0 && at - end < 2 && (matches!(view.str(end - 1), "," | "-" | "–")) {
        end -= 1;
    }
    // A column of an exported record stands on a line of its own: `, NB`, `26538`.
    let at = if end > 1 && view.is_break(end - 1) && (view.is_upper(end - 2) || is_nothing(view.str(end - 2)))
    {
        end - 1
    } else {
        at
    };
    let end = end.min(at);
    let before = end.checked_sub(1)?;
    let word = view.str(before);
    // `Employee ID 20391`: codes of Idaho begin with 83.
    let is_id = word == "ID" && !view.str(at).starts_with("83");
    if end == at && STATES.has(word) && digits == 5 && !is_id {
        let town = town_start(view, before);
        return Some((town, if town < before { 3 } else { 2 }));
    }
    if end == at && STATES_ABROAD.has(word) && digits == 4 {
        let town = town_start(view, before);
        return Some((town, if town < before { 3 } else { 1 }));
    }
    if let Some((place, start)) = places::before(view, end)
        && (view.is_name(start) || digits >= 5)
    {
        let is_apart = start == 0 || view.is_end(start - 1) || view.is_mark(start - 1, ",");
        let weight = match (place, digits) {
            (Place::Region, 5) if end == at => 2,
            (Place::Country, 5) if end == at && is_apart => 2,
            (Place::Town, 5 | 6) if end < at => 2,
            (Place::Country, 6) if start < at && view.str(start).eq_ignore_ascii_case("singapore") => 3,
            _ => 1,
        };
        return Some((start, weight));
    }
    // `Tartu TA 56325`, `Solís, MA 18614`, and a region that an exported record has not.
    let is_standard = matches!(
        word,
        "ISO" | "IEC" | "DIN" | "EN" | "RFC" | "BS" | "SAE" | "CVE" | "ID" | "NO" | "PO" | "SKU"
    );
    let is_code = !is_standard && view.is_upper(before) && (1..=3).contains(&word.len())
        || is_nothing(word)
        || (1..=2).contains(&word.len()) && view.digits(before) > 0;
    (end == at && digits == 5 && is_code && before > 0).then(|| {
        let town = town_start(view, before);
        (town, 1)
    })
}

/// What exporters write where a field is empty.
pub(super) fn is_nothing(word: &str) -> bool {
    matches!(word, "nan" | "NaN" | "null" | "None" | "none")
}

/// Returns where the town in front of a state begins; `at` if there is none.
fn town_start(view: View<'_>, at: usize) -> usize {
    let end = if at > 0 && view.is_mark(at - 1, ",") { at - 1 } else { at };
    let start = view.name_start(end, 3);
    if start < end { start } else { at }
}

/// Appends a code with the town at either side of it.
fn push(view: View<'_>, first: usize, last: usize, weight: u8, parts: &mut Vec<Part>) {
    let mut first = first;
    if view.is_word(first) || view.is_word(last - 1) {
        // Codes with letters stand behind the town as often as in front of it.
        let end = if first > 0 && view.is_mark(first - 1, ",") { first - 1 } else { first };
        if let Some((_, start)) = places::before(view, end) {
            first = start;
        }
    }
    // The town behind it, if it is not a label: `Atlanta, GA 30332  Phone:`.
    let end = view.name_end(last, 4);
    let is_town = !view.is_mark(end, ":") && !view.is_apart(last);
    parts.push(Part {
        what: What::Postcode,
        first,
        last: if is_town { end.max(last) } else { last },
        weight,
    });
}

/// Appends `APO AP 12345`, `DPO AA 12345`, with the line in front of it.
pub(super) fn forces(view: View<'_>, at: usize, parts: &mut Vec<Part>) {
    if at < 2 || view.digits(at) != 5 {
        return;
    }
    let is =
        |place: usize, words: &[&str]| words.iter().any(|word| view.str(place).eq_ignore_ascii_case(word));
    if !is(at - 2, &["APO", "FPO", "DPO"]) || !is(at - 1, &["AA", "AE", "AP"]) {
        return;
    }
    let mut first = at - 2;
    // A ship: `USNS Name`.
    let line = first.saturating_sub(1);
    if view.is_break(line) || view.is_mark(line, ",") {
        let name =
            (line.saturating_sub(3)..line).find(|&word| is(word, &["USNS", "USS", "USCGC", "USNV", "USAV"]));
        first = name.unwrap_or(first);
    }
    parts.push(Part { what: What::Postcode, first, last: at + 1, weight: 3 });
}
