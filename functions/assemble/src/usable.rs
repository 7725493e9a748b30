//! Whose examples may still be used.

use std::collections::BTreeMap;
use std::pin::pin;

use consent::{Bits, Consent};
use futures_util::TryStreamExt as _;
use stage::arrows::PartRef;
use stage::manifest::Consented;
use stage::plan_file::PlanFile;
use stage::scrub_file::ScrubReport;
use stage::{ErrorName, StageError};
use store::Get;
use supabase::Rows;

/// One bit an example, in the dataset's order.
#[derive(Default)]
pub(crate) struct Usable {
    withdrawn: Bits,
    sources: BTreeMap<String, Consented>,
}

impl Usable {
    /// Reads consent for every example of the run.
    ///
    /// # Errors
    /// As [`Consent::of`]; `ConsentDrifted` when more was withdrawn than the recipe allows: a mapping that has gone
    /// wrong looks like that, and so does a table that was emptied.
    pub(crate) async fn read(
        plan: &PlanFile,
        parts: &[PartRef],
        reports: &[ScrubReport],
        store: &impl Get,
        rows: &impl Rows,
    ) -> Result<Self, StageError> {
        let mut read = Self::default();
        let consent = Consent::new(plan, store, rows);
        let (mut asked, mut at) = (pin!(consent.of(parts)), parts.iter().zip(reports));
        while let (Some(usable), Some((part, report))) = (asked.try_next().await?, at.next()) {
            if usable.len() as u64 != report.examples {
                let text = format!(
                    "{} keys for {} examples of part {:05}-{:05} of {}: start a new run",
                    usable.len(),
                    report.examples,
                    part.slice,
                    part.part,
                    part.table
                );
                return Err(StageError::new(ErrorName::CountsDiffer, text));
            }
            let counts = read.sources.entry(part.table.clone()).or_default();
            for usable in usable {
                read.withdrawn.push(!usable);
                *(if usable { &mut counts.usable } else { &mut counts.withdrawn }) += 1;
            }
        }
        read.within(plan.recipe.gates.max_withdrawn_percent)?;
        Ok(read)
    }

    /// Takes what was found before.
    pub(crate) fn found(withdrawn: Bits, parts: &[PartRef], reports: &[ScrubReport]) -> Self {
        let mut sources: BTreeMap<String, Consented> = BTreeMap::new();
        let mut at = 0;
        for (part, report) in parts.iter().zip(reports) {
            let counts = sources.entry(part.table.clone()).or_default();
            for at in at..at + report.examples {
                *(if withdrawn.get(at) { &mut counts.withdrawn } else { &mut counts.usable }) += 1;
            }
            at += report.examples;
        }
        Self { withdrawn, sources }
    }

    /// Returns a bit an example, set where it may not be used any more.
    pub(crate) fn bits(&self) -> &Bits {
        &self.withdrawn
    }

    /// Says whether example `at` may not be used any more.
    pub(crate) fn withdrawn(&self, at: u64) -> bool {
        self.withdrawn.get(at)
    }

    /// Counts by source.
    pub(crate) fn sources(&self) -> &BTreeMap<String, Consented> {
        &self.sources
    }

    fn within(&self, most: f64) -> Result<(), StageError> {
        let withdrawn: u64 = self.sources.values().map(|counts| counts.withdrawn).sum();
        let all: u64 = withdrawn + self.sources.values().map(|counts| counts.usable).sum::<u64>();
        #[expect(clippy::cast_precision_loss, reason = "a share in percent needs no more than 52 bits")]
        let share = withdrawn as f64 * 100.0 / all.max(1) as f64;
        if share <= most {
            return Ok(());
        }
        let sources: Vec<_> = self
            .sources
            .iter()
            .map(|(source, counts)| {
                format!("{source} {} of {}", counts.withdrawn, counts.usable + counts.withdrawn)
            })
            .collect();
        let text = format!(
            "{withdrawn} of {all} examples may not be used any more ({}), gates.max_withdrawn_percent allows {most}: look at the consent mapping and the tables, then start a new run or raise it",
            sources.join(", ")
        );
        Err(StageError::new(ErrorName::ConsentDrifted, text))
    }

    #[cfg(test)]
    pub(crate) fn without(withdrawn: &[u64]) -> Self {
        let mut bits = Bits::default();
        let end = withdrawn.iter().max().map_or(0, |at| at + 1);
        for at in 0..end {
            bits.push(withdrawn.contains(&at));
        }
        Self { withdrawn: bits, ..Self::default() }
    }
}
