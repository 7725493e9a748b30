//! National, tax, health and company numbers of persons.
//!
//! A region a file, a country's number a line: rule, shapes, check, the topics of its label. Where one check digit is all
//! that a form says, it takes a label or words about it, or a text that is nothing but the number.

mod asia;
mod britain;
mod german;

use super::Recogniser;
use crate::schemes::{Scheme, Schemes};
use crate::{Doc, Finding, Kind, Kinds};

pub(super) const TABLES: &[&[Scheme]] = &[asia::SCHEMES, britain::SCHEMES, german::SCHEMES];

struct NationalId(Schemes);

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(NationalId(Schemes::new(TABLES)))
}

impl Recogniser for NationalId {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::NationalId])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        self.0.find(doc, findings);
    }
}
