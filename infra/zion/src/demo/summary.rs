//! The closing summary: the funnel, what was found, what it cost, how long it took.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use stage::keys;
use stage::manifest::{Manifest, Recall};
use stage::plan_file::PlanFile;

use crate::error::{Context as _, Result};
use crate::local::{Execution, Outcome, Stack};
use crate::term::{number, seconds};

/// The summary of a run that ended well.
///
/// # Errors
/// When one of the run's documents can't be read, or the database can't be asked.
pub(super) async fn lines(stack: &Stack, execution: &Execution, outcome: &Outcome) -> Result<Vec<String>> {
    let run = &execution.run;
    let mut lines = vec![String::new()];
    let plan = stack.document::<PlanFile>(&keys::plan(run)).await?;
    let manifest = stack.document::<Manifest>(&keys::manifest(run)).await?;
    let promoted = &outcome.output["promoted"];
    if promoted.is_object() {
        let purpose = text(&promoted["purpose"]);
        lines.push(format!("{} is live for {purpose}", text(&promoted["name"])));
        lines.push(format!("  model id         {}", text(&promoted["id"])));
        lines.push(format!(
            "  replaces         {}",
            promoted["previous"].as_str().unwrap_or("nothing: it is the first")
        ));
        lines.push(format!("  the app's query  {}", app_finds(stack, &purpose).await?));
    } else {
        lines.push("Estimated, nothing was spent".to_owned());
    }
    if let Some(plan) = &plan {
        lines.extend(["", "Rows"].map(str::to_owned));
        for source in &plan.sources {
            let name = format!("in {}", source.source);
            lines.push(row(
                &name,
                source.rows,
                &format!(
                    "{} opted out or never asked",
                    number(source.rows - source.consented.min(source.rows))
                ),
            ));
        }
    }
    if let Some(manifest) = &manifest {
        lines.extend(funnel(manifest));
        lines.extend(found(&manifest.found));
        lines.extend(recall(&manifest.recall));
    }
    lines.extend(["", "Cost"].map(str::to_owned));
    if let Some(plan) = &plan {
        let estimate = plan.estimate;
        lines.push(row("estimated", estimate.tokens, &format!("tokens, {}", dollars(estimate.usd))));
    }
    if let Some(manifest) = &manifest {
        lines.push(row("counted", manifest.billed_tokens, &format!("tokens, {}", dollars(manifest.usd))));
    }
    if let Some(trained) = outcome.output["polled"]["trained_tokens"].as_u64() {
        let usd = plan.map(|plan| plan.recipe.price.usd(&plan.recipe.model.base, trained));
        let note = usd.map(|usd| format!(", {}", dollars(usd))).unwrap_or_default();
        lines.push(row("billed", trained, &format!("tokens, as the provider says{note}")));
    }
    Ok(lines)
}

/// How long each step took.
pub(super) fn times(setup: &[(&'static str, Duration)], phases: &[(&'static str, Duration)]) -> Vec<String> {
    let mut lines = vec![String::new(), "Time".to_owned()];
    let sum = |steps: &[(&str, Duration)]| steps.iter().map(|(_, length)| *length).sum::<Duration>();
    for (title, steps) in [("set-up", setup), ("the run", phases)] {
        let listed: Vec<String> =
            steps.iter().map(|(name, length)| format!("{name} {}", seconds(*length))).collect();
        lines.push(format!("  {title:<16} {:>8}: {}", seconds(sum(steps)), listed.join(", ")));
    }
    lines
}

fn funnel(manifest: &Manifest) -> Vec<String> {
    let counts = &manifest.counts;
    let reasons: Vec<String> =
        manifest.quarantined.iter().map(|(reason, count)| format!("{reason}: {}", number(*count))).collect();
    let mut lines = vec![
        row("exported", counts.rows, ""),
        row("quarantined", counts.quarantined, &reasons.join(", ")),
        row("examples", counts.examples, ""),
        row("duplicates", counts.duplicates, "left out"),
        row("near duplicates", counts.near_duplicates, "left out"),
    ];
    if counts.withdrawn > 0 {
        lines.push(row("withdrawn", counts.withdrawn, "left out"));
    }
    if counts.too_long > 0 {
        lines.push(row("too long", counts.too_long, "left out"));
    }
    for name in ["train", "validation", "holdout"] {
        if let Some(side) = manifest.outputs.get(name) {
            lines.push(row(name, side.lines, &format!("{} bytes", number(side.bytes))));
        }
    }
    lines
}

fn found(found: &BTreeMap<String, u64>) -> Vec<String> {
    let mut lines = vec![String::new(), "Personal data found and removed".to_owned()];
    lines.extend(found.iter().map(|(kind, count)| row(&kind.to_lowercase(), *count, "")));
    if found.is_empty() {
        lines.push("  none".to_owned());
    }
    lines
}

/// What the scrubber found of the people planted into copies of the run's own records.
fn recall(recall: &BTreeMap<String, Recall>) -> Vec<String> {
    let mut lines = vec![String::new(), "Recall, by people planted into copies of the records".to_owned()];
    lines.extend(recall.iter().map(|(kind, recall)| {
        let floor =
            recall.floor.map(|floor| format!(", the recipe asks {}", percent(floor))).unwrap_or_default();
        let (share, bound) = (percent(recall.recall), percent(recall.lower_bound));
        row(kind, recall.planted, &format!("planted, {share} found, at least {bound}{floor}"))
    }));
    lines
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// What the app's own query answers for the purpose.
async fn app_finds(stack: &Stack, purpose: &str) -> Result<String> {
    let client = stack.database().await?;
    let sql = "select id from model_versions where purpose = $1 and active order by version desc limit 1";
    let row = client.query_opt(sql, &[&purpose]).await.context("ask for the live model")?;
    Ok(row.map_or_else(|| "finds nothing".to_owned(), |row| format!("finds {}", row.get::<_, String>(0))))
}

fn row(name: &str, count: u64, note: &str) -> String {
    format!("  {name:<24} {:>10}  {note}", number(count)).trim_end().to_owned()
}

fn dollars(amount: f64) -> String {
    format!("{amount:.2} US dollars")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("?").to_owned()
}
