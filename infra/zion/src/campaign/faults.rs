//! What goes wrong in one run, drawn from its seed.

use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;
use records::recipe;
use serde_json::{Value, json};

use super::crew::Fate;

const JOBS: &str = "/v1/fine_tuning/jobs";
/// A job whose answer was lost is looked for so long.
const LOOKED_FOR_MS: u64 = 30_000;
const LONG_MS: u64 = 2_000_000;

/// Everything that will go wrong in a run.
#[derive(Debug)]
pub(crate) struct Faults {
    /// Rules of the sandbox.
    pub(crate) rules: Vec<Value>,
    /// Knobs of the sandbox.
    pub(crate) knobs: Value,
    /// How the provider is spoken to.
    pub(crate) host: recipe::Provider,
    /// When the execution is stopped, in milliseconds.
    pub(crate) stopped_after: Option<u64>,
    /// When people take consent back, in milliseconds.
    pub(crate) withdrawn_after: Vec<u64>,
    /// Of a thousand calls to the store, or writes to the database, so many fail.
    pub(crate) away: u32,
    /// Of a hundred attempts, so many die, and so many stand still.
    harms: (u32, u32),
    /// Of a hundred attempts, so many are not heard of any more while they go on.
    unheard: u32,
}

impl Faults {
    pub(crate) fn draw(random: &mut ChaCha8Rng) -> Self {
        let rules = (0..random.random_range(0..5)).map(|_| rule(random)).collect();
        let one = |random: &mut ChaCha8Rng, of: &[u64]| of.choose(random).copied().unwrap_or_default();
        let listed_after_ms = one(random, &[0, 0, 0, 4_000, 20_000, 50_000, 200_000, 500_000]);
        // A job takes three times as long. Where a list lags behind the look for a job, a second one is bought, and whoever
        // has to cancel it may be dead or stand still for an hour. One that is trained by then is what nobody can help.
        let drawn_ms = one(random, &[40_000, 400_000, LONG_MS]);
        let pace_ms = if listed_after_ms > LOOKED_FOR_MS { LONG_MS } else { drawn_ms };
        let knobs = json!({
            "pace_ms": pace_ms,
            "listed_after_ms": listed_after_ms,
            "files_ready_after_ms": one(random, &[0, 0, 0, 2_000, 20_000]),
            "ignore_filters": random.random_bool(0.3),
            "odd_items": random.random_bool(0.04),
            "uploads_live_ms": one(random, &[3_600_000, 3_600_000, 400_000, 20_000]),
            "cancel_next_job": random.random_bool(0.02),
        });
        let host = recipe::Provider {
            uploads: random.random_bool(0.5),
            keep_files: random.random_bool(0.05),
            ..recipe::Provider::default()
        };
        let until = one(random, &[500, 5_000, 60_000, 900_000, 6_000_000]);
        let stopped_after = random.random_bool(0.25).then(|| random.random_range(0..=until));
        let withdrawn = if random.random_bool(0.15) { random.random_range(1..=5) } else { 0 };
        let withdrawn_after = (0..withdrawn).map(|_| random.random_range(0..60_000)).collect();
        Self {
            rules,
            knobs,
            host,
            stopped_after,
            withdrawn_after,
            away: *[0, 0, 5, 30].choose(random).unwrap_or(&0),
            harms: *[(0, 0), (10, 5), (25, 10), (10, 40)].choose(random).unwrap_or(&(0, 0)),
            unheard: *[0, 0, 5, 30].choose(random).unwrap_or(&0),
        }
    }

    /// What becomes of the next attempt.
    pub(crate) fn fate(&self, random: &mut ChaCha8Rng) -> Fate {
        let ((dies, freezes), drawn) = (self.harms, random.random_range(0..100));
        let most = if random.random_bool(0.5) { 40 } else { 200 };
        let at = random.random_range(1..most);
        if drawn < dies {
            Fate::Dies(at)
        } else if drawn < dies + freezes {
            let most = if random.random_bool(0.5) { 60_000 } else { 1_500_000 };
            Fate::Freezes(at, random.random_range(100..most))
        } else {
            Fate::Lives
        }
    }

    /// After how many milliseconds the next attempt is not heard of any more.
    pub(crate) fn unheard_after(&self, random: &mut ChaCha8Rng) -> Option<u64> {
        (random.random_range(0..100) < self.unheard).then(|| random.random_range(0..20_000))
    }
}

/// One rule: a request that may change something, or one that may not.
fn rule(random: &mut ChaCha8Rng) -> Value {
    let jobs_list = format!("{JOBS}?*");
    let (job_cancel, job) = (format!("{JOBS}/*/cancel"), format!("{JOBS}/*"));
    let paths = [
        ("POST", JOBS),
        ("POST", JOBS),
        ("POST", JOBS),
        ("GET", jobs_list.as_str()),
        ("POST", job_cancel.as_str()),
        ("GET", job.as_str()),
        ("POST", "/v1/files"),
        ("GET", "/v1/files"),
        ("DELETE", "/v1/files/*"),
        ("POST", "/v1/uploads"),
        ("POST", "/v1/uploads/*/parts"),
        ("POST", "/v1/uploads/*/complete"),
        ("POST", "/v1/uploads/*/cancel"),
    ];
    let (method, path) = *paths.choose(random).unwrap_or(&paths[0]);
    // A rule's path is a prefix: what is below is met by the others.
    let path = match path {
        JOBS | "/v1/uploads" => format!("*{path}"),
        other => other.to_owned(),
    };
    let status = *[500, 502, 503, 529].choose(random).unwrap_or(&500);
    let fault = match random.random_range(0..10) {
        0..=2 => json!({"kind": "drop_after"}),
        3 => json!({"kind": "drop_before"}),
        4..=5 => json!({"kind": "status", "status": status, "after": true}),
        6 => json!({"kind": "status", "status": status, "after": false}),
        7 => json!({"kind": "status", "status": 429, "retry_after": random.random_range(0..30)}),
        8 => json!({"kind": "truncate", "bytes": random.random_range(0..40)}),
        _ => refusal(method, random),
    };
    json!({"method": method, "path": path, "skip": random.random_range(0..3),
        "times": random.random_range(1..4), "fault": fault})
}

fn refusal(method: &str, random: &mut ChaCha8Rng) -> Value {
    let all = ["rate_limit", "rate_limit", "not_ready", "daily_limit", "quota", "not_tunable", "no_access"];
    let of = if method == "POST" { &all[..] } else { &all[..1] };
    json!({"kind": "refuse", "why": of.choose(random)})
}
