//! Base models that are shut down: who is told, when, and what the rows say.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::civil::Date;
use records::recipe;
use stage::arrows::SunsetChecked;
use stage::plan_file::Limits;
use stage::{ErrorName, StageError};
use store::Memory;
use supabase::{Models as _, NewVersion};
use tuning::{BaseModel, Catalogue};

use super::fakes::{Operators, Project};

const BASE: &str = "openai/gpt-oss-20b";
const OLD: &str = "gpt-4.1-2025-04-14";

/// A provider that lists models, and may be away.
#[derive(Clone, Default)]
pub(crate) struct Offer {
    models: BTreeMap<&'static str, Option<Date>>,
    away: bool,
    /// How often it was asked while it was away.
    in_vain: Rc<Cell<u32>>,
}

impl Catalogue for Offer {
    fn limits(&self) -> Limits {
        Limits { min_examples: 10, max_file_bytes: 1, max_example_tokens: 1 }
    }

    async fn base_model(&self, id: &str) -> Result<Option<BaseModel>, StageError> {
        Ok(self.models().await?.into_iter().find(|model| model.id == id))
    }

    async fn models(&self) -> Result<Vec<BaseModel>, StageError> {
        if self.away {
            self.in_vain.set(self.in_vain.get() + 1);
            return Err(StageError::new(ErrorName::Unavailable, "the provider is away"));
        }
        let model =
            |(id, day): (&&str, &Option<Date>)| BaseModel { id: (*id).to_owned(), shutdown_date: *day };
        Ok(self.models.iter().map(model).collect())
    }
}

struct World {
    store: Memory,
    project: Project,
    offer: Offer,
    operators: Operators,
}

impl World {
    /// Job generator's first version is live, tuned from a base model that its recipe does not name any more.
    async fn new() -> Self {
        let project = Project::new(1);
        let version = NewVersion {
            run: "before",
            family: "zion-job-generator",
            purpose: "job",
            base_model: OLD,
            provider: "provider.example",
            base_shutdown_date: None,
        };
        project.register(&version).await.unwrap();
        project.promote("before", "m", &serde_json::Value::Null, "").await.unwrap();
        let models = BTreeMap::from([(BASE, None), (OLD, None), ("a-later-one", None)]);
        let offer = Offer { models, ..Offer::default() };
        Self { store: Memory::default(), project, offer, operators: Operators::default() }
    }

    async fn look(&self, today: &str) -> Result<SunsetChecked, StageError> {
        let now = format!("{today}T10:00:00Z").parse().unwrap();
        let name = |_: &recipe::Provider| "provider.example".to_owned();
        let connect = async |_: &recipe::Provider| Ok(self.offer.clone());
        sunset::handle(now, &self.store, &self.project, name, connect, &self.operators).await
    }

    fn told(&self) -> Vec<(String, String)> {
        self.operators.heard()
    }
}

#[tokio::test]
async fn an_end_is_told_at_ninety_thirty_and_seven_days_and_once_each() {
    let mut world = World::new().await;
    let quiet = world.look("2026-09-01").await.unwrap();
    assert_eq!((quiet.bases, quiet.noted, quiet.told.len()), (2, 0, 0));

    world.offer.models.insert(OLD, Some("2027-01-14".parse().unwrap()));
    let noted = world.look("2026-09-02").await.unwrap();
    assert_eq!((noted.noted, noted.told.len()), (1, 0), "the row has its day before anybody is told");
    assert_eq!(world.project.version("before")["base_shutdown_date"], "2027-01-14");

    let mut days = Vec::new();
    let mut today: Date = "2026-10-01".parse().unwrap();
    while today < "2027-02-01".parse().unwrap() {
        if !world.look(&today.to_string()).await.unwrap().told.is_empty() {
            days.push(tuning::days_left("2027-01-14".parse().unwrap(), today));
        }
        today = today.tomorrow().unwrap();
    }
    assert_eq!(days, [90, 30, 7, -1]);
    let told = world.told();
    let (subject, text) = &told[0];
    assert_eq!(subject, "Base model gpt-4.1-2025-04-14 is shut down on 2027-01-14, 90 days from now");
    for words in ["zion-job-generator-v1 for job", "a-later-one", "openai/gpt-oss-20b"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(told[3].0.ends_with("was shut down on 2027-01-14"), "{}", told[3].0);
}

#[tokio::test]
async fn a_day_that_was_missed_or_moved_is_told_late_or_again() {
    let mut world = World::new().await;
    world.offer.models.insert(BASE, Some("2027-01-14".parse().unwrap()));
    // Nobody looked for months.
    world.look("2026-12-20").await.unwrap();
    let told = world.told();
    assert_eq!(told.len(), 1);
    assert!(told[0].0.contains("25 days from now"), "{}", told[0].0);
    assert!(
        told[0].1.contains("- zion-job-generator: refused from now on (min_life_days = 90)"),
        "{}",
        told[0].1
    );
    assert!(told[0].1.contains("- zion-gpt"), "all recipes of a base are in one notice");
    world.look("2026-12-21").await.unwrap();
    assert!(world.told().is_empty());
    // Postponed for good, then a new day.
    world.offer.models.insert(BASE, None);
    world.look("2026-12-22").await.unwrap();
    world.offer.models.insert(BASE, Some("2027-03-01".parse().unwrap()));
    world.look("2026-12-23").await.unwrap();
    assert!(world.told()[0].0.contains("68 days"), "another day is news");
}

#[tokio::test]
async fn a_model_that_an_example_trained_is_looked_after() {
    let world = World::new().await;
    let version = NewVersion {
        run: "of-an-example",
        family: "zion-support-bedrock",
        purpose: "support",
        base_model: "amazon.nova-lite-v1:0",
        provider: "bedrock",
        base_shutdown_date: None,
    };
    world.project.register(&version).await.unwrap();
    world.project.promote("of-an-example", "arn", &serde_json::Value::Null, "").await.unwrap();
    let now = "2026-11-23T10:00:00Z".parse().unwrap();
    let name = |host: &recipe::Provider| match host.kind {
        recipe::ProviderKind::Bedrock => "bedrock".to_owned(),
        recipe::ProviderKind::OpenAi => "provider.example".to_owned(),
    };
    let connect = async |_: &recipe::Provider| Ok(world.offer.clone());
    sunset::handle(now, &world.store, &world.project, name, connect, &world.operators).await.unwrap();
    let told = world.told();
    assert!(told.iter().any(|(subject, _)| subject.contains("amazon.nova-lite")), "{told:?}");
}

#[tokio::test]
async fn a_model_that_is_gone_is_told_once_and_a_provider_that_is_away_is_no_end() {
    let mut world = World::new().await;
    world.offer.away = true;
    assert_eq!(world.look("2026-11-23").await.unwrap_err().name(), ErrorName::Unavailable);
    assert!(world.told().is_empty());
    assert_eq!(world.offer.in_vain.get(), 1, "who hangs is waited for once, whatever it has");
    world.offer.away = false;
    world.offer.models.remove(OLD);
    for _ in 0..2 {
        world.look("2026-11-23").await.unwrap();
    }
    let told = world.told();
    assert_eq!(told.len(), 1);
    assert!(told[0].0.contains("is not known to the provider any more"), "{}", told[0].0);
}

#[tokio::test]
async fn a_live_model_whose_provider_has_left_the_stack_is_told_once_with_its_last_known_end() {
    let mut world = World::new().await;
    world.offer.models.insert(OLD, Some("2027-03-01".parse().unwrap()));
    assert_eq!(world.look("2026-11-22").await.unwrap().noted, 1);
    let now = "2026-11-23T10:00:00Z".parse().unwrap();
    let connect = async |_: &recipe::Provider| Ok(world.offer.clone());
    let not_deployed = async |_: &recipe::Provider| {
        Err::<Offer, _>(StageError::new(ErrorName::RecipeInvalid, "deploy the stack with its ProviderUrl"))
    };
    let (there, elsewhere) = ("provider.example".to_owned(), "another.example".to_owned());
    for _ in 0..2 {
        // Another host, or none, in the template's parameter.
        let name = |_: &recipe::Provider| elsewhere.clone();
        sunset::handle(now, &world.store, &world.project, name, connect, &world.operators).await.unwrap();
        let name = |_: &recipe::Provider| there.clone();
        sunset::handle(now, &world.store, &world.project, name, not_deployed, &world.operators)
            .await
            .unwrap();
    }
    let told = world.told();
    assert_eq!(told.len(), 1, "{told:?}");
    let (subject, text) = &told[0];
    assert_eq!(subject, "Base model gpt-4.1-2025-04-14 cannot be looked up any more");
    for words in [
        "at provider.example",
        "last known end is 2027-03-01",
        "zion-job-generator-v1 for job",
        "zion retire",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // Looked up in between, it is news again.
    world.look("2026-11-24").await.unwrap();
    let name = |_: &recipe::Provider| elsewhere.clone();
    sunset::handle(now, &world.store, &world.project, name, connect, &world.operators).await.unwrap();
    assert_eq!(world.told().len(), 1);
}

#[tokio::test]
async fn an_app_s_own_row_from_before_keeps_no_other_from_being_looked_after() {
    let mut world = World::new().await;
    let row = serde_json::json!({"name": "by-hand", "purpose": "seo", "base_model": null, "provider": null,
        "base_shutdown_date": null, "status": "succeeded"});
    world.project.versions.lock().unwrap().insert("by-hand".to_owned(), row);
    world.offer.models.insert(OLD, Some("2027-01-14".parse().unwrap()));
    assert_eq!(world.look("2026-12-20").await.unwrap().told, [OLD]);
}
