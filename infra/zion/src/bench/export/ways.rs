//! The ways out of a table, each read to its end and forgotten.

use std::path::Path;
use std::time::Instant;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use records::recipe::{Recipe, Source};
use secrecy::SecretString;
use serde::Deserialize;
use stage::arrows::{Estimate, ExportAnswer, ExportEvent, SliceRef};
use stage::plan_file::{Limits, PlanFile, Slice};
use stage::{Deadline, StageError, keys};
use store::put_json;
use supabase::{Postgres, Range, Rows, Scan as _};
use tokio::process::Command;

use super::nowhere::Nowhere;
use crate::error::{Context as _, Error, Result};
use crate::{database, local::Sandbox};

const RUN: &str = "bench";

/// What came out, and how long it took.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Took {
    pub(super) rows: u64,
    pub(super) seconds: f64,
    #[serde(default)]
    pub(super) bytes: u64,
}

/// Runs a way on a thread and a runtime of its own, as a function has them.
pub(super) async fn apart(way: impl AsyncFnOnce() -> Result<Took> + Send + 'static) -> Result<Took> {
    let thread = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.context("start a runtime")?.block_on(way())
    });
    thread.await.context("run a way")?
}

/// One range of the table over a connection of its own.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) url: String,
    pub(super) recipe: Recipe,
    pub(super) source: Source,
    pub(super) after: Option<String>,
    pub(super) up_to: Option<String>,
}

impl Job {
    fn range(&self) -> Range<'_> {
        Range::of(&self.source, self.after.as_deref(), self.up_to.as_deref())
    }

    fn database(&self) -> Result<Postgres> {
        Postgres::new(&SecretString::from(self.url.as_str())).context("the database")
    }

    /// `COPY` to a client that does nothing with it.
    pub(super) async fn bare(self) -> Result<Took> {
        apart(async move || bare(&self.url, &self.source, "text").await).await
    }

    /// Our scan, through the library.
    pub(super) async fn scan(self) -> Result<Took> {
        apart(async move || scan(&self.database()?, self.range()).await).await
    }

    /// The function's code.
    pub(super) async fn export(self) -> Result<Took> {
        apart(async move || handler(&self.database()?, &self.recipe, self.range()).await).await
    }

    /// Two slices at once, as two calls of the function.
    pub(super) async fn pair(self, middle: Option<&str>) -> Result<Took> {
        let middle = middle.map(str::to_owned).or_else(|| self.up_to.clone());
        let first = Self { up_to: middle.clone(), ..self.clone() };
        let second = Self { after: middle, ..self };
        let begun = Instant::now();
        let (one, two) = tokio::try_join!(first.export(), second.export())?;
        let seconds = begun.elapsed().as_secs_f64();
        Ok(Took { rows: one.rows + two.rows, bytes: one.bytes + two.bytes, seconds })
    }
}

/// Times a way that says how many rows and bytes it gave.
async fn timed(way: impl Future<Output = Result<(u64, u64)>>) -> Result<Took> {
    let begun = Instant::now();
    let (rows, bytes) = way.await?;
    Ok(Took { rows, bytes, seconds: begun.elapsed().as_secs_f64() })
}

/// The statement that everybody else runs: the same columns of the same rows, in any order.
fn select(source: &Source) -> String {
    let columns = source.selected().join(", s.");
    format!(
        "select s.{columns} from job_posts s join profiles p on p.id = s.owner_id \
        where p.training_opt_out is false and s.status = 'published'"
    )
}

/// `COPY` on the server alone, to nowhere.
pub(super) async fn server(url: &str, source: &Source, format: &str) -> Result<Took> {
    let client = database::connect(url).await?;
    let sql = format!("copy ({}) to '/dev/null' (format {format})", select(source));
    timed(async {
        let rows = client.execute(&sql, &[]).await.context("COPY to /dev/null")?;
        Ok((rows, 0))
    })
    .await
}

/// `COPY` to a client that does nothing with it.
async fn bare(url: &str, source: &Source, format: &str) -> Result<Took> {
    let client = database::connect(url).await?;
    let sql = format!("copy ({}) to stdout (format {format})", select(source));
    timed(async {
        let mut stream = Box::pin(client.copy_out(&sql).await.context("COPY to stdout")?);
        let (mut rows, mut bytes) = (0, 0);
        while let Some(message) = stream.next().await {
            bytes += message.context("COPY to stdout")?.len() as u64;
            rows += 1;
        }
        Ok((rows, bytes))
    })
    .await
}

/// Our scan, through the library.
async fn scan(rows: &impl Rows, range: Range<'_>) -> Result<Took> {
    timed(async {
        let (mut scan, mut lines) = (rows.scan(range), Vec::new());
        let (mut count, mut bytes) = (0, 0);
        while scan.read(&mut lines).await.context("scan")? > 0 {
            count += lines.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
            bytes += lines.len() as u64;
            lines.clear();
        }
        Ok((count, bytes))
    })
    .await
}

/// The function's code over one slice: parts, hashes, cursors, counts.
pub(super) async fn handler(rows: &impl Rows, recipe: &Recipe, range: Range<'_>) -> Result<Took> {
    let (table, bound) = (range.source.name.clone(), |key: Option<&str>| key.map(str::to_owned));
    let slice = Slice {
        source: table.clone(),
        slice: 0,
        after: bound(range.after),
        up_to: bound(range.up_to),
        earlier: false,
        counted: None,
    };
    let store = Nowhere::default();
    put_json(&store, &keys::plan(RUN), &plan(recipe, slice)).await.context("write the plan")?;
    timed(async { export(SliceRef { table, slice: 0 }, &store, rows).await.context("export") }).await
}

async fn export(slice: SliceRef, store: &Nowhere, rows: &impl Rows) -> Result<(u64, u64), StageError> {
    loop {
        let event = ExportEvent::Slice { run: RUN.to_owned(), slice: slice.clone() };
        let time = Deadline::after(std::time::Duration::from_mins(15));
        let answer = Box::pin(export::handle(event, time, store, rows)).await?;
        match answer {
            ExportAnswer::Slice(slice) if !slice.more => return Ok((slice.rows, slice.bytes)),
            ExportAnswer::Slice(_) | ExportAnswer::Gather(_) => {}
        }
    }
}

fn plan(recipe: &Recipe, slice: Slice) -> PlanFile {
    PlanFile {
        run: RUN.to_owned(),
        started_at: Timestamp::now(),
        recipe: recipe.clone(),
        recipe_sha256: String::new(),
        model: None,
        host: None,
        base_shutdown_date: None,
        limits: Limits { min_examples: 0, max_file_bytes: 0, max_example_tokens: 0 },
        sources: Vec::new(),
        reading: None,
        slices: vec![slice],
        estimate: Estimate { examples: 0, tokens: 0, usd: 0.0 },
        approval: stage::approval_file::Planned::default(),
    }
}

/// Bare pages of the gateway, each behind the last key, thrown away.
pub(super) async fn pages(sandbox: &Sandbox, source: &Source, up_to: u64, limit: u64) -> Result<Took> {
    let client = stage::http::client().context("set up HTTP")?;
    let url = format!("{}/rest/v1/job_posts", sandbox.url());
    let select = format!("{},zion_consent:profiles!inner(training_opt_out)", source.selected().join(","));
    timed(async {
        let (mut last, mut rows, mut bytes) = (0_u64, 0, 0);
        loop {
            let query = [
                ("select", select.clone()),
                ("zion_consent.training_opt_out", "is.false".to_owned()),
                ("status", "eq.published".to_owned()),
                ("id", format!("gt.{last}")),
                ("id", format!("lte.{up_to}")),
                ("order", "id.asc".to_owned()),
                ("limit", limit.to_string()),
            ];
            let request = client.get(&url).query(&query).header("apikey", &sandbox.keys().secret);
            let page = request.send().await.context("ask for a page")?.text().await.context("read a page")?;
            let Some((_, behind)) = page.rsplit_once("\"id\":") else { return Ok((rows, bytes)) };
            let id = behind.split(',').next().and_then(|id| id.trim().parse().ok());
            last = id.ok_or_else(|| Error::new("a page without ids"))?;
            rows += page.matches("\"id\":").count() as u64;
            bytes += page.len() as u64;
        }
    })
    .await
}

/// What a user would pick instead; none where it is not installed.
pub(super) async fn mover(
    python: &Path,
    script: &Path,
    peer: &str,
    rows: u64,
    url: &str,
    sandbox: &Sandbox,
) -> Result<Took, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut command = Command::new(python);
    command.arg(script).arg(peer).arg(rows.to_string()).arg(folder.path());
    command.env("DATABASE_URL", url).env("SUPABASE_URL", sandbox.url());
    command.env("SUPABASE_KEY", &sandbox.keys().secret).kill_on_drop(true);
    let output = command.output().await.map_err(|error| error.to_string())?;
    let last = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().last().unwrap_or_default().to_owned();
    if !output.status.success() {
        return Err(last(&output.stderr));
    }
    serde_json::from_str(&last(&output.stdout)).map_err(|error| error.to_string())
}
