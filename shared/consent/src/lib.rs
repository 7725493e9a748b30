//! Who of a run's people may still be used.
//!
//! Consent is part of the query that exports a row. People take it back while a run is under way, rows are deleted, and
//! a filter may leave out today what it took an hour ago: so it is read again, by the same query, for the rows whose
//! examples a dataset is made of. Not by asking for each of them, which would be a request a row or addresses of any
//! length: the keys of all rows that may be used are read along the ranges of the run's own parts, thousands a request,
//! and what does not come back may not be used any more.

mod bits;

use std::collections::HashSet;

use futures_util::stream::{self, Stream, TryStreamExt as _};
use records::recipe::Source;
use records::row;
use stage::arrows::PartRef;
use stage::plan_file::PlanFile;
use stage::{StageError, keys};
use store::Get;
use supabase::{KeyPages, Range, Rows};

pub use bits::Bits;

/// Parts that are asked for at once: a question waits for its answer most of the time. Their keys are in memory.
const AT_ONCE: usize = 4;

/// Reads consent along the parts of a run, of which a few are in memory.
pub struct Consent<'a, S, R> {
    plan: &'a PlanFile,
    store: &'a S,
    rows: &'a R,
}

/// A part's rows that became examples, and the range that they lie in.
struct Wanted<'a> {
    source: &'a Source,
    after: Option<String>,
    keys: Vec<String>,
}

/// The slice of the last part that had an example, and the key it ended with: the next part begins behind it.
type Behind = Option<(String, u32, String)>;

impl<'a, S: Get, R: Rows> Consent<'a, S, R> {
    /// Reads along the parts of that plan.
    pub fn new(plan: &'a PlanFile, store: &'a S, rows: &'a R) -> Self {
        Self { plan, store, rows }
    }

    /// Says of each example of each part whether it may still be used, part by part in their order, which is the plan's. The
    /// source is asked for a few parts at once.
    ///
    /// # Errors
    /// `SourceRefused` and `ConsentUnreadable` with the fix; `Internal` when the keys of a part's rows are not there,
    /// as in a run that is older than their seven days, 35 where the recipe is incremental; `Throttled` and `Unavailable`.
    pub fn of(&self, parts: &[PartRef]) -> impl Stream<Item = Result<Vec<bool>, StageError>> {
        let wanted = stream::try_unfold((parts.iter(), None), move |(mut parts, mut behind)| async move {
            let Some(part) = parts.next() else { return Ok(None) };
            let wanted = self.wanted(part, &mut behind).await?;
            Ok(Some((wanted, (parts, behind))))
        });
        wanted.map_ok(move |wanted| self.usable(wanted)).try_buffered(AT_ONCE)
    }

    /// Reads the keys of a part's rows, of those that became examples, and where its range begins.
    async fn wanted(&self, part: &PartRef, behind: &mut Behind) -> Result<Wanted<'a>, StageError> {
        let no_such =
            || StageError::internal(format!("the plan has no slice {} of {}", part.slice, part.table));
        let source = self.plan.recipe.source(&part.table).ok_or_else(no_such)?;
        let slice = self.plan.slices.iter().find(|it| it.source == part.table && it.slice == part.slice);
        let slice = slice.ok_or_else(no_such)?;
        let keys = self.keys(part).await?;
        let Some(last) = keys.last().cloned() else { return Ok(Wanted { source, after: None, keys }) };
        let after = match behind.replace((part.table.clone(), part.slice, last)) {
            Some((table, number, key)) if table == part.table && number == part.slice => Some(key),
            _ => slice.after.clone(),
        };
        Ok(Wanted { source, after, keys })
    }

    /// Asks the source for the keys of a range that may be used.
    async fn usable(&self, Wanted { source, after, keys }: Wanted<'a>) -> Result<Vec<bool>, StageError> {
        let mut missing: HashSet<&str> = keys.iter().map(String::as_str).collect();
        let range = Range::of(source, after.as_deref(), keys.last().map(String::as_str));
        let mut pages = KeyPages::new(self.rows, range);
        while !missing.is_empty() && !pages.is_done() {
            for key in pages.read().await? {
                missing.remove(key.as_str());
            }
        }
        Ok(keys.iter().map(|key| !missing.contains(key.as_str())).collect())
    }

    /// Reads the keys of a part's rows, of those that became examples.
    async fn keys(&self, part: &PartRef) -> Result<Vec<String>, StageError> {
        let key = keys::row_keys(&self.plan.run, &part.table, part.slice, part.part);
        let bytes = self.store.get(&key).await?;
        let lines = std::str::from_utf8(&bytes).ok().map(|text| text.lines().map(row::text));
        lines
            .and_then(Iterator::collect)
            .ok_or_else(|| StageError::internal(format!("{key} is not a list of keys: start a new run")))
    }
}
