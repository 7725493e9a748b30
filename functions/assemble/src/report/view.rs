//! What the page shows, in words and widths: the template decides nothing.

use std::collections::BTreeMap;

use records::split::SideName;
use serde::Serialize;
use stage::manifest::{Bin, Manifest, Reading};
use stage::plan_file::{PlanFile, Since};
use stage::words::{number, percent, share, usd, usd_range};

use super::samples::{Sample, Samples, shown};
use super::warnings;

/// Shared passages that are shown, and characters of each.
const MOST_PASSAGES: usize = 8;
const MOST_SHOWN: usize = 200;

#[derive(Serialize)]
pub(super) struct View<'a> {
    recipe: &'a str,
    summary: &'a str,
    run: &'a str,
    base: &'a str,
    code_version: &'a str,
    tiles: Vec<Tile>,
    warnings: Vec<String>,
    reading: Vec<String>,
    funnel: Vec<Bar>,
    quarantined: Vec<Bar>,
    sides: Vec<Row>,
    histogram: Vec<Bar>,
    price: Vec<Fact>,
    found: Vec<Bar>,
    doubtful: Vec<Bar>,
    recall: Vec<RecallRow>,
    recall_note: String,
    consent_note: String,
    consent: Vec<Row>,
    boilerplate: Vec<SharedRow>,
    boilerplate_note: String,
    samples: Vec<&'a Sample>,
    proof: Vec<Fact>,
}

#[derive(Serialize)]
struct Tile {
    name: &'static str,
    value: String,
    note: String,
}

#[derive(Serialize)]
struct Fact {
    name: &'static str,
    value: String,
}

/// A line with a bar; the width is a share of 100.
#[derive(Serialize)]
struct Bar {
    name: String,
    count: String,
    width: String,
    tone: &'static str,
}

#[derive(Serialize)]
struct Row {
    name: String,
    counts: Vec<String>,
}

#[derive(Serialize)]
struct RecallRow {
    kind: String,
    planted: String,
    found: String,
    recall: String,
    least: String,
    floor: String,
}

/// A passage that many examples share.
#[derive(Serialize)]
struct SharedRow {
    text: String,
    count: String,
    share: String,
}

impl<'a> View<'a> {
    pub(super) fn new(
        manifest: &'a Manifest,
        manifest_sha256: &str,
        plan: &'a PlanFile,
        samples: &'a Samples,
        shared: &[String],
    ) -> Self {
        Self {
            recipe: &manifest.recipe,
            summary: plan.recipe.summary.trim_end_matches('.'),
            run: &manifest.run,
            base: &plan.recipe.model.base,
            code_version: &manifest.code_version,
            tiles: tiles(manifest, plan),
            warnings: warnings::of(manifest, plan),
            reading: manifest.reading.as_ref().map(reading).unwrap_or_default(),
            funnel: funnel(manifest),
            quarantined: bars(&manifest.quarantined, "lost"),
            sides: sides(manifest),
            histogram: histogram(manifest),
            price: price(manifest, plan),
            found: bars(&manifest.found, ""),
            doubtful: bars(&manifest.doubtful, "lost"),
            recall: recall(manifest),
            recall_note: recall_note(manifest),
            consent_note: consent_note(manifest),
            consent: consent(manifest),
            boilerplate: boilerplate(manifest, shared),
            boilerplate_note: boilerplate_note(manifest),
            samples: samples.list(),
            proof: proof(manifest, manifest_sha256),
        }
    }
}

fn tiles(manifest: &Manifest, plan: &PlanFile) -> Vec<Tile> {
    let bill = manifest.bill.unwrap_or_default();
    let [train, validation, holdout] = SideName::ALL.map(|side| number(manifest.lines(side)));
    let lowest = manifest.recall.iter().min_by(|a, b| a.1.lower_bound.total_cmp(&b.1.lower_bound));
    vec![
        Tile {
            name: "Training examples",
            value: train,
            note: format!("{validation} to validate, {holdout} held out"),
        },
        Tile {
            name: "Training tokens",
            value: number(manifest.training_tokens),
            note: format!("{} passes: {} billed", bill.epochs, number(manifest.billed_tokens)),
        },
        Tile {
            name: "Price of training",
            value: usd_range(bill.least_usd, bill.most_usd),
            note: format!("{} allowed without asking", usd(plan.recipe.price.max_usd)),
        },
        Tile {
            name: "Lowest recall",
            value: lowest.map_or("none".to_owned(), |(_, recall)| percent(recall.lower_bound)),
            note: lowest.map_or("nothing was planted".to_owned(), |(kind, _)| format!("{kind}, at least")),
        },
    ]
}

fn funnel(manifest: &Manifest) -> Vec<Bar> {
    let counts = &manifest.counts;
    let counted: u64 = manifest.slices.iter().map(|slice| slice.counts.counted.rows).sum();
    let no_consent: u64 = manifest.slices.iter().map(|slice| slice.counts.left_out).sum();
    let written: u64 = manifest.outputs.values().map(|side| side.lines).sum();
    let steps = [
        ("Rows counted in the tables", counted, ""),
        ("left out: no consent", no_consent, "lost"),
        ("Rows exported", counts.rows, ""),
        ("quarantined: no usable example", counts.quarantined, "lost"),
        ("Examples built", counts.examples, ""),
        ("taken out: consent withdrawn or row deleted", counts.withdrawn, "lost"),
        ("left out: exact duplicates", counts.duplicates, "lost"),
        ("left out: near duplicates", counts.near_duplicates, "lost"),
        ("left out: too long", counts.too_long, "lost"),
        ("held back: their person is in the hold-out, which is pinned", counts.held_back, "lost"),
        ("Examples in the dataset", written, ""),
    ];
    let most = steps.iter().map(|(_, count, _)| *count).max().unwrap_or_default();
    steps.into_iter().map(|(name, count, tone)| bar(name.to_owned(), count, most, tone)).collect()
}

/// What was read and what was not, and why.
fn reading(reading: &Reading) -> Vec<String> {
    let Reading { plan, read, kept, replaced, unchanged, gone } = reading;
    let mut lines = Vec::new();
    if let Some(Since { run, sources, .. }) = &plan.since {
        let from = sources.values().min().map_or_else(String::new, ToString::to_string);
        lines.push(format!(
            "Incremental since {from}: {} rows read, {} taken over from run {run}.",
            number(*read),
            number(*kept)
        ));
        lines.push("Personal data found is counted in the rows that were read.".to_owned());
        lines.push(format!(
            "Of what that run had, {} rows were read again, {} of them for nothing, and {} are gone or may not be used any more.",
            number(*replaced),
            number(*unchanged),
            number(*gone)
        ));
    } else {
        lines.push(format!("All {} rows were read.", number(*read)));
    }
    lines.extend(plan.notes.iter().map(|note| {
        let mut letters = note.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        format!("{first}{}.", letters.as_str())
    }));
    lines
}

fn bars(counts: &BTreeMap<String, u64>, tone: &'static str) -> Vec<Bar> {
    let most = counts.values().copied().max().unwrap_or_default();
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
    counts.into_iter().map(|(name, count)| bar(name.clone(), *count, most, tone)).collect()
}

fn bar(name: String, count: u64, most: u64, tone: &'static str) -> Bar {
    // What there is at all is seen.
    let least = if count > 0 { 0.5 } else { 0.0 };
    let width = format!("{:.1}", (share(count, most) * 100.0).max(least));
    Bar { name, count: number(count), width, tone }
}

fn sides(manifest: &Manifest) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (source, counts) in &manifest.sides {
        let count = |side: SideName| number(counts.get(side.as_str()).copied().unwrap_or_default());
        rows.push(Row { name: source.clone(), counts: SideName::ALL.map(count).to_vec() });
    }
    rows
}

/// All sides together, with the bins between that hold nothing.
fn histogram(manifest: &Manifest) -> Vec<Bar> {
    let mut bins: BTreeMap<u64, u64> = BTreeMap::new();
    for Bin { up_to, examples } in manifest.lengths.values().flat_map(|lengths| &lengths.histogram) {
        *bins.entry(*up_to).or_default() += examples;
    }
    let (Some(first), Some(last)) = (bins.keys().next().copied(), bins.keys().last().copied()) else {
        return Vec::new();
    };
    let most = bins.values().copied().max().unwrap_or_default();
    let mut rows = Vec::new();
    let mut below = 0;
    for end in Bin::ends().take_while(|end| *end <= last) {
        if end >= first {
            let examples = bins.get(&end).copied().unwrap_or_default();
            rows.push(bar(format!("{} to {}", number(below + 1), number(end)), examples, most, ""));
        }
        below = end;
    }
    rows
}

fn price(manifest: &Manifest, plan: &PlanFile) -> Vec<Fact> {
    let bill = manifest.bill.unwrap_or_default();
    let lengths: Vec<_> = manifest.lengths.values().collect();
    let (least, most) = (lengths.iter().map(|it| it.least).min(), lengths.iter().map(|it| it.most).max());
    vec![
        Fact { name: "Price", value: usd_range(bill.least_usd, bill.most_usd) },
        Fact { name: "As commonly counted", value: usd(bill.usd) },
        Fact { name: "Allowed without asking", value: usd(plan.recipe.price.max_usd) },
        Fact {
            name: "Billed tokens",
            value: format!("{} to {}", number(bill.tokens.least), number(bill.tokens.most)),
        },
        Fact { name: "Epochs", value: number(bill.epochs.into()) },
        Fact {
            name: "Shortest and longest",
            value: format!("{} and {} tokens", number(least.unwrap_or(0)), number(most.unwrap_or(0))),
        },
        Fact { name: "Cut to fit", value: number(manifest.counts.cut) },
    ]
}

fn recall(manifest: &Manifest) -> Vec<RecallRow> {
    let row = |(kind, recall): (&String, &stage::manifest::Recall)| RecallRow {
        kind: kind.clone(),
        planted: number(recall.planted),
        found: number(recall.found),
        recall: percent(recall.recall),
        least: percent(recall.lower_bound),
        floor: recall.floor.map_or("—".to_owned(), percent),
    };
    manifest.recall.iter().map(row).collect()
}

/// Says over which rows an incremental run's recall is measured.
fn recall_note(manifest: &Manifest) -> String {
    let earlier: u64 = manifest.recall.values().map(|recall| recall.earlier).sum();
    if earlier == 0 {
        return String::new();
    }
    let planted: u64 = manifest.recall.values().map(|recall| recall.planted).sum();
    format!(
        "Of {} pieces {} were planted by earlier runs, when they scrubbed the parts that are taken over, and the others into rows that this run has read.",
        number(planted),
        number(earlier)
    )
}

fn consent_note(manifest: &Manifest) -> String {
    manifest.consent.as_ref().map_or_else(
        || "This manifest is older than the snapshot of consent.".to_owned(),
        |consent| format!("Read again on {}, just before the dataset was made.", consent.read_at),
    )
}

fn consent(manifest: &Manifest) -> Vec<Row> {
    let sources = manifest.consent.iter().flat_map(|consent| &consent.sources);
    let row = |(source, counts): (&String, &stage::manifest::Consented)| Row {
        name: source.clone(),
        counts: vec![number(counts.usable), number(counts.withdrawn)],
    };
    sources.map(row).collect()
}

fn boilerplate(manifest: &Manifest, shared: &[String]) -> Vec<SharedRow> {
    let all: u64 = manifest.outputs.values().map(|side| side.lines).sum();
    let row = |(passage, text): (&stage::manifest::Shared, &String)| SharedRow {
        text: shown(text, MOST_SHOWN),
        count: number(passage.examples),
        share: percent(share(passage.examples, all)),
    };
    manifest.boilerplate.most_shared.iter().zip(shared).take(MOST_PASSAGES).map(row).collect()
}

fn boilerplate_note(manifest: &Manifest) -> String {
    let boilerplate = &manifest.boilerplate;
    let exact = if boilerplate.missed == 0 {
        String::new()
    } else {
        format!(" Counts may be too low by {}.", number(boilerplate.missed))
    };
    format!(
        "{} sentences or lines stand in {} examples or more: a model learns them by heart.{exact}",
        number(boilerplate.passages),
        number(boilerplate.from)
    )
}

fn proof(manifest: &Manifest, manifest_sha256: &str) -> Vec<Fact> {
    let sha256 = |side: &str| manifest.outputs.get(side).map_or(String::new(), |side| side.sha256.clone());
    let consent = manifest.consent.as_ref();
    vec![
        Fact { name: "Dataset (manifest)", value: manifest_sha256.to_owned() },
        Fact { name: "Training file", value: sha256("train") },
        Fact { name: "Validation file", value: sha256("validation") },
        Fact { name: "Hold-out", value: sha256("holdout") },
        Fact { name: "Consent snapshot", value: consent.map_or(String::new(), |it| it.sha256.clone()) },
        Fact { name: "Recipe", value: manifest.recipe_sha256.clone() },
        Fact { name: "Plan", value: manifest.plan_sha256.clone() },
        Fact { name: "Code", value: manifest.code_version.clone() },
        Fact { name: "Scrubber", value: manifest.scrubber_version.clone() },
        Fact { name: "Split seed", value: manifest.split_seed.to_string() },
    ]
}
