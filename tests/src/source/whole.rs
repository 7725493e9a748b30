//! A whole run over each way to the rows, up to the dataset.

use records::subject::SubjectKey;
use secrecy::SecretString;
use serde_json::json;
use stage::arrows::{AssembleEvent, ExportAnswer, ExportEvent, PartRef, PlanEvent, ScrubEvent};
use stage::keys;
use stage::manifest::Manifest;
use store::{Get as _, Memory, get_json, get_lines};
use supabase::{Origin, Rows};
use zion::database;
use zion::sample::{self, Sample};

use super::gateway;
use crate::handlers::fakes::{Project, Tuner};
use crate::handlers::run::{now, time};
use crate::peers::services::Services;

const RUN: &str = "whole";
const RECIPE: &str = "zion-gpt";

/// Plans, exports, scrubs and assembles.
async fn dataset(rows: &impl Rows) -> (Memory, Manifest) {
    let (store, models) = (Memory::default(), Project::default());
    let event = PlanEvent { run: RUN.to_owned(), started_at: now(), input: json!({}) };
    let planned = plan::handle(event, RECIPE, "h", &store, rows, &models, &Tuner::default()).await.unwrap();
    for slice in planned.slices {
        let event = ExportEvent::Slice { run: RUN.to_owned(), slice };
        let answer = export::handle(event, time(), &store, rows).await.unwrap();
        assert!(matches!(answer, ExportAnswer::Slice(slice) if !slice.more));
    }
    export::handle(ExportEvent::Gather { run: RUN.to_owned() }, time(), &store, rows).await.unwrap();
    let key = SubjectKey::new(b"0123456789abcdef0123456789abcdef").unwrap();
    for part in get_lines::<PartRef>(&store, &keys::export_parts(RUN)).await.unwrap() {
        scrub::handle(ScrubEvent { run: RUN.to_owned(), part }, &store, &key).await.unwrap();
    }
    let event = AssembleEvent { run: RUN.to_owned() };
    assemble::handle(event, now(), &store, rows).await.unwrap();
    let manifest = get_json(&store, &keys::manifest(RUN)).await.unwrap();
    (store, manifest)
}

#[tokio::test]
async fn a_run_over_the_database_makes_the_dataset_of_one_over_the_gateway_byte_for_byte() {
    let services = Services::start().await;
    let database = database::connect(&services.database_url()).await.unwrap();
    sample::load(&database, Sample::of(600), true).await.unwrap();
    let gateway = gateway(&services);
    // As the functions choose by their settings.
    let secret = SecretString::from(services.database_url());
    let (over_rest, rest) = dataset(&Origin::new(&gateway, None).unwrap()).await;
    let asked = services.requests().await.as_array().unwrap().len();
    let (over_postgres, postgres) = dataset(&Origin::new(&gateway, Some(&secret)).unwrap()).await;
    assert_eq!(
        services.requests().await.as_array().unwrap().len(),
        asked,
        "the gateway is not asked for rows"
    );
    assert_eq!(rest.outputs, postgres.outputs);
    assert_eq!(rest.counts, postgres.counts);
    assert_eq!(rest.consent.unwrap().sha256, postgres.consent.unwrap().sha256);
    assert_eq!(rest.lineage.unwrap().sha256, postgres.lineage.unwrap().sha256);
    for side in ["train", "validation", "holdout"] {
        let key = keys::dataset(RUN, side);
        let (one, other) = (over_rest.get(&key).await.unwrap(), over_postgres.get(&key).await.unwrap());
        assert!(!one.is_empty() && one == other, "{side}");
    }
}
