//! How fast rows leave the database: ours against a bare `COPY`, against bare pages, and against what a user would pick.
//!
//! - `ways` the ways out of a table; `nowhere` the store behind the function's code

mod nowhere;
mod ways;

use std::path::PathBuf;

use records::library;
use secrecy::SecretString;
use serde::Serialize;
use supabase::{Gateway, Postgres as Database, Range, Rows as _};

use self::ways::{Job, Took};
use super::{rounded, watch};
use crate::database;
use crate::error::{Context as _, Error, Result};
use crate::local::{Postgres, Sandbox, paths};
use crate::term::{self, Board};

const RECIPE: &str = "zion-job-generator";
/// Each way of the first table runs so many times, in turn; the fastest counts: what is slower was disturbed.
const ROUNDS: u32 = 3;
/// The gateway's own cap, as Supabase has it.
const PAGE: u64 = 1000;
/// Slower ways read this share of the rows.
const SHARE: u64 = 10;
const PEERS: [&str; 3] = ["postgrest", "sling", "dlt"];

/// Rows of about a kilobyte, with quotes and line breaks; each tenth person opted out.
const ROWS: &str = "\
insert into profiles (id, training_opt_out) select md5(n::text)::uuid, n % 10 = 0 from generate_series(1, 1000) n; \
insert into job_posts (owner_id, title, description, location, salary_min, salary_max, currency, skills, status) \
select md5((1 + n % 1000)::text)::uuid, 'Senior engineer ' || n, \
repeat('We look for \"people\" who care, number ' || n || E'.\\n', 20), 'Bonn', 40000 + n % 100, 60000, 'EUR', \
array['rust', 'sql', 'k' || n % 50], 'published' from generate_series(1, {rows}) n";

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Export {
    /// Rows of `job_posts`
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// A Python environment with `postgrest`, `dlt` and `sling-linux-amd64`; any of them may be missing
    #[arg(long, value_name = "FOLDER", default_value = ".local/movers")]
    movers: PathBuf,
}

/// One way's figures.
#[derive(Serialize)]
struct Figures {
    way: String,
    rows: u64,
    seconds: f64,
    rows_per_second: f64,
    mb_per_second: f64,
    /// Against `COPY` as text to the server's own null device.
    to_server_alone: f64,
    /// Against `COPY` as text to a client that does nothing with it.
    to_bare_client: f64,
}

#[derive(Serialize)]
struct Answer {
    bench: &'static str,
    rows: u64,
    ways: Vec<Figures>,
    missing: Vec<String>,
    peak_mib: f64,
    /// The function's code, one slice, against both.
    handler_to_server_alone: f64,
    handler_to_bare_client: f64,
    /// The function's code over the gateway against its bare pages.
    rest_to_bare_pages: f64,
    /// The function's code, one slice, against the fastest peer.
    handler_to_fastest_peer: f64,
}

impl Export {
    /// Measures and prints.
    ///
    /// # Errors
    /// When the database or the sandbox can't be started, or a way fails.
    pub(super) async fn run(&self) -> Result<()> {
        let root = paths::root()?;
        let mut board = Board::default();
        let folder = tempfile::Builder::new().prefix("zion-").tempdir().context("create a folder")?;
        board.event("start PostgreSQL and the sandbox");
        let postgres = Postgres::any(&root, None, folder.path()).await?;
        let url = postgres.url();
        let client = database::connect(&url).await?;
        database::apply(&client, &root).await?;
        let program = std::env::current_exe().context("find the sandbox")?.with_file_name("sandbox");
        let sandbox = Sandbox::start(&program, &url, 0, PAGE, folder.path()).await?;
        board.event(&format!("make {} rows", term::number(self.rows)));
        let rows = ROWS.replace("{rows}", &self.rows.to_string());
        client.batch_execute(&rows).await.context("make the rows")?;
        client.batch_execute("vacuum (analyze) job_posts").await.context("make the rows ready")?;

        let recipe = library::recipe(RECIPE).context("read the recipe")?;
        let source = recipe.sources.first().ok_or_else(|| Error::new("a recipe without a source"))?;
        let (all, some) = (self.rows.to_string(), self.rows / SHARE);
        let range = Range::of(source, None, Some(&all));
        let database = Database::new(&SecretString::from(url.clone())).context("the database")?;
        let cuts = database.cuts(source, self.rows, 2).await.context("cut the table")?;
        let middle = cuts.first().map(String::as_str);
        let job = Job {
            url: url.clone(),
            recipe: recipe.clone(),
            source: source.clone(),
            after: None,
            up_to: Some(all.clone()),
        };
        let mut fast: Vec<(&str, Vec<Took>)> = Vec::new();
        for round in 1..=ROUNDS {
            board.event(&format!("the database, round {round} of {ROUNDS}"));
            let took = [
                ("COPY text, server alone", ways::server(&url, source, "text").await?),
                ("COPY binary, server alone", ways::server(&url, source, "binary").await?),
                ("COPY text, bare client", job.clone().bare().await?),
                ("our scan", job.clone().scan().await?),
                ("our export, one slice", job.clone().export().await?),
                ("our export, two slices", job.clone().pair(middle).await?),
            ];
            for (way, took) in took {
                match fast.iter_mut().find(|(known, _)| *known == way) {
                    Some((_, all)) => all.push(took),
                    None => fast.push((way, vec![took])),
                }
            }
        }
        let peak_mib = rounded(watch::mib(watch::peak(std::process::id()).unwrap_or(0)));
        let mut took: Vec<(String, Took)> =
            fast.into_iter().map(|(way, all)| (way.to_owned(), fastest(&all))).collect();

        board.event("the gateway");
        let project = sandbox.url().parse().context("the sandbox's address")?;
        let key = SecretString::from(sandbox.keys().secret.clone());
        let gateway = Gateway::new(stage::http::client().context("set up HTTP")?, &project, key)
            .context("the gateway")?;
        let some_text = some.to_string();
        let range = Range { up_to: Some(&some_text), ..range };
        let (mut bare, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            bare.push(ways::pages(&sandbox, source, some, PAGE).await?);
            ours.push(ways::handler(&gateway, &recipe, range).await?);
        }
        took.push(("bare pages of the gateway".to_owned(), fastest(&bare)));
        took.push(("our export over the gateway".to_owned(), fastest(&ours)));

        let mut missing = Vec::new();
        let python = self.movers.join("bin/python");
        let script = root.join("tests/peers/movers.py");
        for peer in PEERS {
            board.event(peer);
            match ways::mover(&python, &script, peer, some, &url, &sandbox).await {
                Ok(it) if it.rows > 0 => took.push((peer.to_owned(), it)),
                Ok(_) => missing.push(format!("{peer}: no row")),
                Err(why) => missing.push(format!("{peer}: {why}")),
            }
        }
        board.finish();
        print(self.rows, &took, missing, peak_mib)
    }
}

fn fastest(all: &[Took]) -> Took {
    let first = Took { rows: 0, seconds: f64::INFINITY, bytes: 0 };
    all.iter().fold(first, |best, took| if took.seconds < best.seconds { *took } else { best })
}

fn a_second(count: u64, took: &Took) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = count as f64 / took.seconds.max(0.001);
    rate
}

fn print(rows: u64, took: &[(String, Took)], missing: Vec<String>, peak_mib: f64) -> Result<()> {
    let rate = |name: &str| {
        took.iter().find(|(way, _)| way == name).map_or(0.0, |(_, took)| a_second(took.rows, took))
    };
    let (server, bare) = (rate("COPY text, server alone"), rate("COPY text, bare client"));
    let ours = rate("our export, one slice");
    let peer = PEERS.iter().map(|peer| rate(peer)).fold(0.0, f64::max);
    let ratio = |a: f64, b: f64| if b > 0.0 { rounded(a / b) } else { 0.0 };
    term::line(&format!(
        "{:<28} {:>10} {:>9} {:>10} {:>8} {:>12} {:>11}",
        "", "rows", "seconds", "rows/s", "MB/s", "server alone", "bare client"
    ));
    let mut ways = Vec::new();
    for (way, took) in took {
        let speed = a_second(took.rows, took);
        let figures = Figures {
            way: way.clone(),
            rows: took.rows,
            seconds: rounded(took.seconds),
            rows_per_second: speed.round(),
            mb_per_second: rounded(a_second(took.bytes, took) / 1e6),
            to_server_alone: ratio(speed, server),
            to_bare_client: ratio(speed, bare),
        };
        term::line(&format!(
            "{:<28} {:>10} {:>9.2} {:>10.0} {:>8.1} {:>12.2} {:>11.2}",
            figures.way,
            term::number(figures.rows),
            figures.seconds,
            figures.rows_per_second,
            figures.mb_per_second,
            figures.to_server_alone,
            figures.to_bare_client
        ));
        ways.push(figures);
    }
    for peer in &missing {
        term::line(&format!("not measured: {peer}"));
    }
    term::line(&format!("peak of this process, all of ours in it: {peak_mib} MiB"));
    let answer = Answer {
        bench: "export",
        rows,
        ways,
        missing,
        peak_mib,
        handler_to_server_alone: ratio(ours, server),
        handler_to_bare_client: ratio(ours, bare),
        rest_to_bare_pages: ratio(rate("our export over the gateway"), rate("bare pages of the gateway")),
        handler_to_fastest_peer: ratio(ours, peer),
    };
    term::line(&serde_json::to_string(&answer).context("write the figures")?);
    Ok(())
}
