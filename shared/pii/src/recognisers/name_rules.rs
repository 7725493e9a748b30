//! Names of people by what stands around them, whatever the name.
//!
//! Finds names behind a label (*Name:*, *Nom et prénom*, *Kontaktperson*), a title (*Dr.*, *Herr*, *Mme*), a phrase
//! (*my name is*, *Je m'appelle*), a greeting (*Dear*, *Hej*) and below a closing (*Regards*, *Mit freundlichen
//! Grüßen*); in the head of a résumé, on lines and above lines with contact data, in the line of a signature (*Oslo,
//! 1 May 2025*); in the heads of mail (*Lee, Ann; Moss, Bo*, `"Ann Lee" <…>`, `Ann Lee/HOU/ECT@ECT`), as speakers of a
//! chat and as authors of a publication (*Lee A., Moss B. (2020)*); and spaced-out letters (*A N N  L E E*). Leaves
//! lower-case words but behind a label, and what a name can't be: headings, posts, forms of firms. The phrases are
//! general knowledge of letters, forms and résumés in the languages that the label list knows; the layouts of authors
//! are those of the APA, Vancouver and IEEE styles.

mod authors;
mod cues;
mod labelled;
mod lines;
mod mail;
mod read;
mod speakers;

pub(crate) use cues::cue_ends;
pub(crate) use read::{Name, Reader};

use super::Recogniser;
use crate::{Doc, Finding, Kind, Kinds};

struct NameRules;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(NameRules)
}

impl Recogniser for NameRules {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Name])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let reader = Reader::new(doc);
        labelled::find(doc, reader, findings);
        cues::find(doc, reader, findings);
        authors::find(doc, reader, findings);
        mail::find(doc, reader, findings);
        lines::find(doc, reader, findings);
        speakers::find(doc, reader, findings);
    }
}

fn finding(range: (usize, usize), score: f32, rule: &'static str) -> Finding {
    Finding { kind: Kind::Name, start: range.0, end: range.1, score, rule }
}
