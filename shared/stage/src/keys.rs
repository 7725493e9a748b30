//! Names of objects in the run's bucket.
//!
//! They are deterministic: a step that runs again overwrites its objects with the same bytes.

/// Under which everything lies that a run writes and that expires.
pub const RUNS: &str = "runs/";

/// What the run will do, and its recipe as resolved. Written by `plan`.
pub fn plan(run: &str) -> String {
    format!("runs/{run}/plan.json")
}

/// The tables as the last run of a recipe saw them. Beside the runs, which expire: the next run may be far off.
pub fn schema(recipe: &str) -> String {
    format!("recipes/{recipe}/schema.json")
}

/// Says that an operator has approved a run of the recipe. Lost, the next run asks again.
pub fn recipe_approved(recipe: &str) -> String {
    format!("recipes/{recipe}/approved.json")
}

/// Which groups of the recipe's examples stand on another side than their hash says. Written by `assemble`.
pub fn recipe_sides(recipe: &str) -> String {
    format!("recipes/{recipe}/sides.json")
}

/// What the operators were told last of base models that are shut down. Written by `sunset`.
pub fn sunset() -> String {
    "sunset.json".to_owned()
}

/// One part of raw rows. Expires in days; read by `export` and `scrub` alone.
pub fn export_part(run: &str, table: &str, slice: u32, part: u32) -> String {
    format!("runs/{run}/export/{table}/{slice:05}-{part:05}.jsonl")
}

/// How far one slice's export has come: its durable cursor.
pub fn export_cursor(run: &str, table: &str, slice: u32) -> String {
    format!("runs/{run}/export/{table}/{slice:05}.cursor.json")
}

/// What became of each slice's rows, one slice a line.
pub fn export_counts(run: &str) -> String {
    format!("runs/{run}/export/counts.jsonl")
}

/// The Distributed Map's list, one part a line.
pub fn export_parts(run: &str) -> String {
    format!("runs/{run}/export/parts.jsonl")
}

/// One part of clean examples.
pub fn scrubbed_part(run: &str, table: &str, slice: u32, part: u32) -> String {
    format!("runs/{run}/scrubbed/{table}/{slice:05}-{part:05}.jsonl")
}

/// How the names of a slice's clean parts begin.
pub fn scrubbed_slice(run: &str, table: &str, slice: u32) -> String {
    format!("runs/{run}/scrubbed/{table}/{slice:05}-")
}

/// The digests of one part's examples, nine numbers of 8 bytes each, by which exact and near duplicates are found.
pub fn scrubbed_digests(run: &str, table: &str, slice: u32, part: u32) -> String {
    format!("runs/{run}/scrubbed/{table}/{slice:05}-{part:05}.digests")
}

/// The keys of the rows that one part's examples came from, by which consent is read again. Expires in days, as the rows
/// do, or in 35 where the recipe's next run goes on by them.
pub fn row_keys(run: &str, table: &str, slice: u32, part: u32) -> String {
    format!("runs/{run}/keys/{table}/{slice:05}-{part:05}.jsonl")
}

/// The keys of the rows of one part that became no example, by which a later run knows that they were read. Kept as
/// long as those of the others.
pub fn unusable_keys(run: &str, table: &str, slice: u32, part: u32) -> String {
    format!("runs/{run}/keys/{table}/{slice:05}-{part:05}.unusable.jsonl")
}

/// What was found and counted in one part.
pub fn scrubbed_report(run: &str, table: &str, slice: u32, part: u32) -> String {
    format!("runs/{run}/scrubbed/{table}/{slice:05}-{part:05}.report.json")
}

/// Pointers to the lines of one part that could not be used, with the reason.
pub fn quarantine_part(run: &str, table: &str, slice: u32, part: u32) -> String {
    format!("runs/{run}/quarantine/{table}/{slice:05}-{part:05}.jsonl")
}

/// How the names of a slice's quarantines begin.
pub fn quarantine_slice(run: &str, table: &str, slice: u32) -> String {
    format!("runs/{run}/quarantine/{table}/{slice:05}-")
}

/// A sample of what was found in one part but too doubtful to be replaced. Expires in days, as the rows do.
pub fn review_part(run: &str, table: &str, slice: u32, part: u32) -> String {
    format!("runs/{run}/review/{table}/{slice:05}-{part:05}.jsonl")
}

/// One side of the dataset: `train`, `validation` or `holdout`.
pub fn dataset(run: &str, side: &str) -> String {
    format!("runs/{run}/dataset/{side}.jsonl")
}

/// Which examples of the clean parts may not be used any more, a bit an example in their order.
pub fn withdrawn(run: &str) -> String {
    format!("runs/{run}/dataset/withdrawn.bits")
}

/// Which examples of the clean parts the dataset holds: a bit each, the lowest first, each part from a byte of its own.
pub fn members(run: &str) -> String {
    format!("runs/{run}/dataset/members.bits")
}

/// Records of the dataset's examples, from which the lineage is sorted.
pub fn lineage_spool(run: &str) -> String {
    format!("runs/{run}/dataset/lineage.bin")
}

/// Under which every run's lineage lies. Not under `runs/`, which expires: a model is asked about for as long as it lives.
pub const LINEAGE: &str = "lineage/";

/// Says that a run has a lineage, and how to find a person in it.
pub fn lineage_index(run: &str) -> String {
    format!("{LINEAGE}{run}/index.json")
}

/// The examples of everybody whose hash begins so.
pub fn lineage(run: &str, prefix: &str) -> String {
    format!("{LINEAGE}{run}/{prefix}.jsonl")
}

/// Hashes and counts of everything that went into the dataset.
pub fn manifest(run: &str) -> String {
    format!("runs/{run}/manifest.json")
}

/// The manifest for people, with a few examples: a page that loads nothing.
pub fn report(run: &str) -> String {
    format!("runs/{run}/report.html")
}

/// How far the upload of one side in parts has come, which no provider tells.
pub fn upload_parts(run: &str, side: &str) -> String {
    format!("runs/{run}/upload/{side}.json")
}

/// How the job ended, and what it said on the way. Written by `status`.
pub fn training(run: &str) -> String {
    format!("runs/{run}/training.json")
}

/// Says that a run has ended without a model, so that a function of it that is still at work spends nothing.
pub fn ended(run: &str) -> String {
    format!("runs/{run}/ended.json")
}

/// The intent and the ids of the paid call.
pub fn upload(run: &str) -> String {
    format!("runs/{run}/upload.json")
}

/// What an operator was last asked about the run.
pub fn question(run: &str) -> String {
    format!("runs/{run}/approval.json")
}

/// Which examples were out of the dataset that the operator was asked about.
pub fn question_withdrawn(run: &str) -> String {
    format!("runs/{run}/approval/withdrawn.bits")
}

/// Until when the run's first question can be answered, and so any later one. Without the token, so that more may read it.
pub fn question_until(run: &str) -> String {
    format!("runs/{run}/approval/until.json")
}

/// The answer about one dataset of the run: one, whoever gives it first.
pub fn decision(run: &str, manifest_sha256: &str) -> String {
    format!("runs/{run}/approval/{manifest_sha256}.json")
}

/// Where Bedrock reads a run's dataset in the form of its base model, and leaves what it measured.
pub fn bedrock(run: &str) -> String {
    format!("runs/{run}/bedrock/")
}
