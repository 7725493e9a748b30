//! Rows over a connection to the database, as the template's `ReadFromDatabase` has it.

use std::time::Instant;

use serde_json::Value;
use stage::arrows::{Gathered, Submitted};
use stage::keys;
use stage::manifest::Manifest;

use super::full::first;
use super::say;
use super::search::secrets;
use super::world::World;

const RECIPE: &str = "zion-gpt";

/// A stack of its own: where rows come from is a parameter of the deployment.
pub(crate) async fn instead_of_the_gateway(w: &World) {
    let begun = Instant::now();
    let other = World::up_by(true).await;
    say(&format!("         another stack took {:.1} s", begun.elapsed().as_secs_f64()));
    let run = other.succeed("by-database", RECIPE).await;
    let (gathered, submitted): (Gathered, Submitted) = (run.left("gathered"), run.left("submitted"));
    let here: Manifest = serde_json::from_slice(&other.bytes(&keys::manifest(&run.run)).await).unwrap();
    let there: Manifest = serde_json::from_slice(&w.bytes(&keys::manifest(&first(RECIPE))).await).unwrap();
    assert!(gathered.rows > 100 && submitted.job.starts_with("ftjob-"), "{} rows", gathered.rows);
    assert_eq!(here.counts, there.counts, "the same sample over the other way");

    let asked: Vec<Value> = other.asked().await;
    let paths: Vec<&str> = asked.iter().filter_map(|entry| entry["path"].as_str()).collect();
    assert!(paths.iter().any(|path| path.starts_with("/rest/v1/rpc/")), "versions go over the gateway");
    for table in ["job_posts", "resumes", "support_logs", "profiles"] {
        let table = format!("/rest/v1/{table}");
        assert!(!paths.iter().any(|path| path.starts_with(&table)), "{table} was read over the gateway");
    }

    // The database's address is a secret that only this stack's functions have.
    let secrets = secrets(&other).await;
    let mut texts: Vec<(String, String)> = Vec::new();
    texts.extend(other.stack.logs().await.unwrap().into_iter().map(|log| (log.name, log.text)));
    for key in other.keys("").await {
        let body = String::from_utf8_lossy(&other.bytes(&key).await).into_owned();
        texts.push((key, body));
    }
    assert!(texts.len() > 30, "{} texts", texts.len());
    for (place, text) in &texts {
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "a secret in {place}");
    }
}
