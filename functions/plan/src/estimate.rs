//! Examples, tokens and price, from a sample of each table.

use records::recipe::{Recipe, Source};
use records::row::Row;
use records::tokens::{TokenCounter, Tokens};
use stage::StageError;
use stage::arrows::Estimate;
use supabase::Page;

/// What a sample says about the whole. Texts are rendered and counted in memory and go nowhere.
pub(crate) struct Sample<'a> {
    recipe: &'a Recipe,
    counter: TokenCounter,
    rows: u64,
    bytes: u64,
    usable: u64,
    tokens: Tokens,
    examples: u64,
    all_tokens: Tokens,
}

impl<'a> Sample<'a> {
    /// Rows per source, fewer where they are long. Lengths vary by a factor of a few, so the mean of 200 is right within some percent.
    pub(crate) const ROWS: u32 = 200;

    pub(crate) fn new(recipe: &'a Recipe) -> Result<Self, StageError> {
        let counter = TokenCounter::new()
            .ok_or_else(|| StageError::internal("the token vocabulary is not built in"))?;
        let none = Tokens::default();
        Ok(Self {
            recipe,
            counter,
            rows: 0,
            bytes: 0,
            usable: 0,
            tokens: none,
            examples: 0,
            all_tokens: none,
        })
    }

    /// Renders a source's sample.
    pub(crate) fn take(&mut self, source: &Source, page: &Page) -> Result<(), StageError> {
        let templates = source.templates().map_err(|error| StageError::internal(error.to_string()))?;
        (self.rows, self.bytes, self.usable, self.tokens) = (0, 0, 0, Tokens::default());
        for row in page.rows()? {
            self.rows += 1;
            self.bytes += row.get().len() as u64;
            let rendered = Row::parse(row.get().as_bytes()).ok().and_then(|row| templates.render(&row).ok());
            // The text is not scrubbed yet, so this is a guess; capitals, markup and length are the same.
            let rendered =
                rendered.filter(|it| self.recipe.quality.check(&it.prompt, &it.completion).is_ok());
            let Some(rendered) = rendered else { continue };
            self.usable += 1;
            self.tokens += self.counter.example([
                ("system", source.system.as_str()),
                ("user", &rendered.prompt),
                ("assistant", &rendered.completion),
            ]);
        }
        Ok(())
    }

    /// Returns how long the rows of the last sample are on average.
    pub(crate) fn row_bytes(&self) -> u64 {
        self.bytes / self.rows.max(1)
    }

    /// Carries the last sample over to all rows of its source.
    pub(crate) fn weigh(&mut self, rows: u64) {
        let sampled = self.rows.max(1);
        self.examples += rows * self.usable / sampled;
        let whole = |sum: u64| rows * sum / sampled;
        let Tokens { least, counted, most } = self.tokens;
        self.all_tokens += Tokens { least: whole(least), counted: whole(counted), most: whole(most) };
    }

    /// Returns the estimate for the training side.
    pub(crate) fn estimate(&self) -> Estimate {
        let split = &self.recipe.split;
        let train = 100 - u64::from(split.validation_percent) - u64::from(split.holdout_percent);
        let part = |count: u64| count * train / 100;
        let examples = part(self.examples);
        let Tokens { least, counted, most } = self.all_tokens;
        let tokens = Tokens { least: part(least), counted: part(counted), most: part(most) };
        let bill = self.recipe.bill(examples, tokens);
        Estimate { examples, tokens: bill.tokens.counted, usd: bill.usd }
    }
}
