//! The objects that one part becomes.

use stage::arrows::PartRef;
use stage::plan_file::PlanFile;
use stage::scrub_file::Doubtful;
use stage::{StageError, keys};
use store::{Class, Closed, Put, Writer};

use crate::batch::{Done, json_line};

/// Most doubtful findings that one part hands an operator.
const MOST_REVIEWED: u64 = 500;

/// Clean examples, the digests of their content, the keys of their rows, pointers to what could not be used, and a sample of what was doubtful.
pub(crate) struct Outputs<'a, P> {
    part: String,
    examples: Writer<'a, P>,
    digests: Writer<'a, P>,
    keys: Writer<'a, P>,
    /// Of the rows that became no example.
    unusable: Writer<'a, P>,
    quarantine: Writer<'a, P>,
    review: Writer<'a, P>,
}

impl<'a, P: Put> Outputs<'a, P> {
    pub(crate) fn new(plan: &PlanFile, part: &PartRef, store: &'a P) -> Self {
        let run = &plan.run;
        // A later run goes on by them.
        let as_keys = if plan.recipe.incremental.is_some() { Class::Keys } else { Class::Raw };
        let writer = |key: fn(&str, &str, u32, u32) -> String, class| {
            Writer::new(store, key(run, &part.table, part.slice, part.part), class)
        };
        Self {
            part: part.key.clone(),
            examples: writer(keys::scrubbed_part, Class::Derived),
            digests: writer(keys::scrubbed_digests, Class::Derived),
            // By which consent is read again. They say whose row it was, so they go when the rows go, or in weeks where the
            // recipe goes on from them.
            keys: writer(keys::row_keys, as_keys),
            unusable: writer(keys::unusable_keys, as_keys),
            quarantine: writer(keys::quarantine_part, Class::Derived),
            // It points to what may be personal data, so it goes when the rows go.
            review: writer(keys::review_part, Class::Raw),
        }
    }

    /// Writes a batch, in front of which that many rows and examples were.
    pub(crate) async fn write(&mut self, done: &Done, rows: u64, examples: u64) -> Result<(), StageError> {
        self.examples.lines_at_once(&done.example_lines, done.examples).await?;
        self.digests.lines_at_once(&done.digests, done.examples).await?;
        self.keys.lines_at_once(&done.keys, done.examples).await?;
        self.unusable.lines_at_once(&done.unusable_keys, done.quarantined.len() as u64).await?;
        let quarantine = done.quarantine_lines(&self.part, rows)?;
        self.quarantine.lines_at_once(&quarantine, done.quarantined.len() as u64).await?;
        for doubtful in &done.review {
            if self.review.lines() >= MOST_REVIEWED {
                break;
            }
            let mut line = Vec::new();
            let (row, example) = (rows + doubtful.row + 1, examples + doubtful.example + 1);
            json_line(&Doubtful { row, example, ..doubtful.clone() }, &mut line)?;
            self.review.line(&line).await?;
        }
        Ok(())
    }

    /// Makes the objects visible; a quarantine without a line is left out. Returns the examples' object.
    pub(crate) async fn close(self) -> Result<Closed, StageError> {
        self.digests.close().await?;
        self.keys.close().await?;
        self.unusable.close().await?;
        self.review.close().await?;
        if self.quarantine.lines() > 0 {
            self.quarantine.close().await?;
        }
        self.examples.close().await
    }
}
