//! Banks' identifier codes.
//!
//! Finds eight or eleven signs, four of the bank, two of a country, two of the place, three of the branch (ISO 9362), where
//! a label says BIC or SWIFT. Leaves all else: most words of eight capitals have the form.

use super::Recogniser;
use crate::phrases::Phrase;
use crate::topics::{Context, Topics};
use crate::{Doc, Finding, Kind, Kinds};

struct Bic;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Bic)
}

/// Countries of ISO 3166-1, and Kosovo's code in use.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK";

impl Recogniser for Bic {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Bic])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let bytes = doc.bytes();
        for at in doc.phrases(Phrase::Bic) {
            let word = at + if bytes[at].eq_ignore_ascii_case(&b'b') { "BIC".len() } else { "SWIFT".len() };
            if doc.is_glued(at, word) {
                continue;
            }
            // The code is one of the next few words.
            let rest = doc.after(word, 40);
            for (offset, candidate) in words(rest).take(4) {
                let (start, end) = (word + offset, word + offset + candidate.len());
                if is_code(candidate) && Context::read(doc.text(), start, end).label.meets(Topics::BIC) {
                    findings.push(Finding { kind: Kind::Bic, start, end, score: 0.95, rule: "bic.label" });
                    break;
                }
            }
        }
    }
}

/// Returns the words with where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

fn is_code(word: &str) -> bool {
    let bytes = word.as_bytes();
    matches!(bytes.len(), 8 | 11)
        && bytes[..6].iter().all(u8::is_ascii_uppercase)
        && bytes[6..].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && COUNTRIES.split(' ').any(|country| country.as_bytes() == &bytes[4..6])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_is_one_and_no_other_pair_is() {
        let mut known = 0;
        for pair in (b'A'..=b'Z').flat_map(|a| (b'A'..=b'Z').map(move |b| [a, b])) {
            let code = format!("DEUT{}FF", String::from_utf8_lossy(&pair));
            known += usize::from(is_code(&code));
        }
        assert_eq!(known, COUNTRIES.split(' ').count());
        assert!(!is_code("deutdeff") && !is_code("DEUTDEF"));
    }
}
