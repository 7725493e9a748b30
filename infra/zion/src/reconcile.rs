//! `zion reconcile`: which examples of which models came from rows that are gone by now, or may not be used any more.
//!
//! The lineage of a run is compared with what the source has today. Rows are asked for by the run's own recipe, keys
//! alone, and hashed under the run's own key: nothing else can say which row an example came from. That is why it is a
//! command and no mode of `plan`, which may not read the key.

mod compare;

use records::subject::SubjectKeys;
use secrets::{ExposeSecret as _, Secret};
use store::S3;
use supabase::Origin;
use url::Url;

pub(crate) use self::compare::objects;
pub use self::compare::{Compared, Counts, Gone, Run, compare};
use crate::error::{Context as _, Result};
use crate::{project, term, who};

/// Says which models learnt from rows that were deleted or opted out since
// No `Debug`: addresses of secrets are nobody's business.
#[derive(clap::Args)]
pub(crate) struct Reconcile {
    /// Looks at this run alone
    #[arg(long)]
    run: Option<String>,
    /// The stack's output `Bucket`
    #[arg(long, env = "BUCKET")]
    bucket: String,
    /// The stack's output `SubjectKeySecret`
    #[arg(long, env = "SUBJECT_KEY_SECRET")]
    subject_key_secret: String,
    /// The project's address
    #[arg(long, env = "SUPABASE_URL")]
    supabase_url: Url,
    /// The stack's output `SupabaseKeySecret`
    #[arg(long, env = "SUPABASE_KEY_SECRET")]
    supabase_key_secret: String,
    /// The secret with the database's connection string, where runs read from the database
    #[arg(long, env = "DATABASE_URL_SECRET")]
    database_url_secret: Option<String>,
    /// Lists the hashes of row and person of each such example, for `zion who --hash`
    #[arg(long)]
    hashes: bool,
    /// Writes one JSON object instead of lines
    #[arg(long)]
    json: bool,
}

impl Reconcile {
    /// Compares and prints.
    ///
    /// # Errors
    /// When the bucket, a secret or the source refuses, or a run's key is not known.
    pub(crate) async fn run(&self) -> Result<()> {
        let secret = async |arn: &str, what: &'static str| Secret::new(arn).await.text().await.context(what);
        let subject_key = secret(&self.subject_key_secret, "read the subject key").await?;
        let subject_keys = SubjectKeys::parse(subject_key.expose_secret()).context("read the subject key")?;
        let database = match &self.database_url_secret {
            Some(arn) => Some(secret(arn, "read the database's address").await?),
            None => None,
        };
        let gateway = project::gateway(&self.supabase_url, &self.supabase_key_secret).await?;
        let rows = Origin::new(&gateway, database.as_ref()).context("reach the database")?;
        let store = S3::new(&self.bucket).await;
        let compared = compare(&store, &rows, &subject_keys, self.run.as_deref()).await;
        let mut compared = compared.context("compare the lineage with the source")?;
        let runs: Vec<&str> = compared.runs.iter().map(|run| run.run.as_str()).collect();
        let mut models = who::models(&gateway, &runs).await?;
        for run in &mut compared.runs {
            run.model = models.remove(&run.run);
            if !self.hashes {
                run.gone.clear();
            }
        }
        self.print(&compared)?;
        who::answered(&compared.unanswered, compared.runs.len() + compared.unanswered.len())
    }

    fn print(&self, compared: &Compared) -> Result<()> {
        if self.json {
            term::line(&serde_json::to_string(compared).context("write what was compared")?);
            return Ok(());
        }
        let all = compared.runs.len();
        let some = compared.runs.iter().filter(|run| run.people > 0);
        term::line(&format!(
            "{} of {all} runs have examples of rows that were deleted, or may not be used any more",
            some.count()
        ));
        for run in &compared.runs {
            term::line(&format!("  {}  {}", run.run, who::named(run.model.as_ref(), true)));
            if run.recipe_of_today {
                term::line("      its plan has expired: asked by the recipe as it is today");
            }
            for (source, counts) in &run.sources {
                let Counts { examples, deleted, withdrawn, unknown } = counts;
                term::line(&match unknown {
                    0 => format!(
                        "      {source}: of {examples} examples {deleted} deleted, {withdrawn} withdrawn"
                    ),
                    _ => {
                        format!("      {source}: {examples} examples, the recipe of today has no such source")
                    }
                });
            }
            if run.people > 0 {
                term::line(&format!("      people: {}", run.people));
            }
            for Gone { why, source, key, subject, side } in &run.gone {
                let subject = subject.as_deref().unwrap_or("nobody");
                term::line(&format!("      {why} {source} {key} of {subject}, {side}"));
            }
        }
        Ok(())
    }
}
