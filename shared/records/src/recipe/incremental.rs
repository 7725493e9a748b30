use serde::{Deserialize, Serialize};

use super::Source;

/// Runs that read again only what has changed since the last one that succeeded. Without this table each run reads
/// everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Incremental {
    /// Of so many runs one reads everything: what changed without its cursor is found then.
    pub full_every: u32,
    /// A run notes the source's time less so many seconds; the next one begins there. Longer than the source takes to
    /// show what was committed.
    pub lag_seconds: u32,
    /// The next run begins so much earlier still: longer than the longest transaction, which commits rows with the time
    /// of its beginning.
    pub overlap_minutes: u32,
}

impl Default for Incremental {
    fn default() -> Self {
        Self { full_every: 10, lag_seconds: 60, overlap_minutes: 60 }
    }
}

impl Incremental {
    fn check(&self) -> Result<(), String> {
        if !(1..=100).contains(&self.full_every) {
            return Err("incremental.full_every: use 1 to 100".to_owned());
        }
        if self.lag_seconds > 24 * 3_600 {
            return Err("incremental.lag_seconds: use 0 to 86400, a day".to_owned());
        }
        if self.overlap_minutes > 7 * 24 * 60 {
            return Err("incremental.overlap_minutes: use 0 to 10080, a week".to_owned());
        }
        Ok(())
    }
}

/// Checks the table with the columns that it goes by.
pub(super) fn check(incremental: Option<&Incremental>, sources: &[Source]) -> Result<(), String> {
    let with_cursor = sources.iter().find(|source| source.cursor.is_some());
    match (incremental, with_cursor) {
        (Some(incremental), Some(_)) => incremental.check(),
        (Some(_), None) => Err("incremental: name the cursor of at least one source".to_owned()),
        (None, Some(source)) => {
            Err(format!("source {}: cursor: add [incremental], or leave it out", source.name))
        }
        (None, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::library;
    use crate::recipe::{Incremental, Recipe};

    fn parse(incremental: &str, cursor: &str) -> Result<Recipe, String> {
        let text = library::text("zion-support").unwrap();
        let text = text.replacen("[gates]", &format!("{incremental}\n[gates]"), 1);
        let text = text.replacen("key = \"id\"", &format!("key = \"id\"\n{cursor}"), 1);
        Recipe::parse("x.toml", &text).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_has_a_default_and_the_cursor_is_a_column_that_is_used() {
        let recipe = parse("[incremental]\nfull_every = 5", "cursor = \"updated_at\"").unwrap();
        let expected = Incremental { full_every: 5, ..Incremental::default() };
        assert_eq!(recipe.incremental, Some(expected));
        assert!(recipe.used_columns()["support_logs"].contains("updated_at"));
        assert!(!recipe.sources[0].selected().contains(&"updated_at"), "it is asked by, not read");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_key_and_the_fix() {
        let cursor = "cursor = \"updated_at\"";
        for (incremental, cursor, words) in [
            ("[incremental]", "", "name the cursor of at least one source"),
            ("", cursor, "cursor: add [incremental]"),
            ("[incremental]\nfull_every = 0", cursor, "full_every: use 1 to 100"),
            ("[incremental]\nlag_seconds = 90000", cursor, "lag_seconds: use 0 to 86400"),
            ("[incremental]\noverlap_minutes = 99999", cursor, "overlap_minutes: use 0 to 10080"),
            ("[incremental]\nlag = 1", cursor, "lag"),
            ("[incremental]", "cursor = \"a b\"", "columns = \"a b\""),
        ] {
            let error = parse(incremental, cursor).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
