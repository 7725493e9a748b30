//! National, tax, health and company numbers of persons.
//!
//! A region a file, a country's number a line: rule, shapes, check, the topics of its label. Where one check digit is all
//! that a form says, it takes a label or words about it, or a text that is nothing but the number.

mod americas;
mod asia;
mod britain;
mod east;
mod german;
mod iberia;
mod nordic;
mod south;
mod west;

use super::Recogniser;
use crate::schemes::{Scheme, Schemes};
use crate::topics::Topics;
use crate::{Doc, Finding, Kind, Kinds};

pub(super) const TABLES: &[&[Scheme]] = &[
    americas::SCHEMES,
    asia::SCHEMES,
    britain::SCHEMES,
    east::SCHEMES,
    german::SCHEMES,
    iberia::SCHEMES,
    nordic::SCHEMES,
    south::SCHEMES,
    west::SCHEMES,
];

/// What a label of such a number is about; a vehicle's plate tells its holder.
const LABELS: Topics = Topics::NATIONAL
    .with(Topics::TAX)
    .with(Topics::SSN)
    .with(Topics::HEALTH)
    .with(Topics::MEMBER)
    .with(Topics::VEHICLE);

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
        for value in doc.labelled().iter().filter(|value| value.label.meets(LABELS)) {
            let (start, end, score) = (value.start, value.end, value.score);
            findings.push(Finding { kind: Kind::NationalId, start, end, score, rule: "id.label" });
        }
    }
}
