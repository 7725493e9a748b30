//! The stack, and what a scenario does with it.

use std::path::Path;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio_postgres::Client;
use zion::local::{Execution, Options, Outcome, Stack};
use zion::sample::{self, Planted, Sample};

/// Rows over the three tables of user data: several pages and one slice a table.
const ROWS: u64 = 1_800;
/// A page's rows: a table is six of them.
pub(crate) const PAGE: u64 = 100;
/// More than any run of the sample may cost.
pub(crate) const APPROVED_USD: f64 = 1_000.0;
/// Longer than the slowest run on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// One stack with the sample app's data in it.
pub(crate) struct World {
    pub(crate) stack: Stack,
    pub(crate) database: Client,
    pub(crate) planted: Planted,
    http: reqwest::Client,
}

/// An execution that has ended.
pub(crate) struct Ended {
    pub(crate) run: String,
    pub(crate) execution: Execution,
    pub(crate) outcome: Outcome,
}

impl Ended {
    /// What a state has left in the execution's output, by the name it has there.
    pub(crate) fn left<T: DeserializeOwned>(&self, name: &str) -> T {
        let value = self.outcome.output[name].clone();
        serde_json::from_value(value).unwrap_or_else(|error| panic!("{}: {name}: {error}", self.run))
    }
}

impl World {
    pub(crate) async fn up() -> Self {
        Self::up_by(false).await
    }

    /// A stack that reads rows from the database, or over the gateway.
    pub(crate) async fn up_by(database: bool) -> Self {
        // Waits of a minute become 0.3 s, and retries of 5 s come after 25 ms.
        let options = Options {
            pace_ms: 60,
            wait_scale: 0.005,
            max_rows: PAGE,
            bedrock: !database,
            database,
            ..Options::default()
        };
        let stack = Stack::up(&options, |_| {}).await.unwrap_or_else(|error| {
            panic!("{}; {}", error.chain(), error.next_step().unwrap_or("no stack, no tests"))
        });
        let database = stack.database().await.unwrap();
        let planted = sample::load(&database, Sample::of(ROWS), true).await.unwrap();
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).no_proxy().build().unwrap();
        Self { stack, database, planted, http }
    }

    /// Starts a run as somebody does who has seen its price, unless the input says otherwise.
    pub(crate) async fn start(&self, run: &str, mut input: Value) -> Execution {
        if let Some(input) = input.as_object_mut() {
            input.entry("approved_usd").or_insert(json!(APPROVED_USD));
        }
        self.start_unapproved(run, input).await
    }

    /// Starts a run as a schedule does.
    pub(crate) async fn start_unapproved(&self, run: &str, input: Value) -> Execution {
        self.stack.start_as(run, &input).await.unwrap()
    }

    pub(crate) async fn end(&self, execution: Execution) -> Ended {
        let outcome = self.stack.wait(&execution, PATIENCE).await.unwrap();
        Ended { run: execution.run.clone(), execution, outcome }
    }

    /// Runs `input` as `run` to its end, whatever that is.
    pub(crate) async fn execute(&self, run: &str, input: Value) -> Ended {
        self.end(self.start(run, input).await).await
    }

    /// Runs a recipe, which must succeed.
    pub(crate) async fn succeed(&self, run: &str, recipe: &str) -> Ended {
        let ended = self.execute(run, json!({"recipe": recipe})).await;
        assert!(ended.outcome.succeeded(), "{run}: {:?}", ended.outcome);
        ended
    }

    /// Asks the sandbox at `path`, from its root, without a key.
    pub(crate) fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.stack.sandbox().url()))
    }

    /// Asks the provider with its key.
    pub(crate) fn provider(&self, method: Method, path: &str) -> RequestBuilder {
        self.ask(method, &format!("/v1/{path}")).bearer_auth(&self.stack.sandbox().keys().provider)
    }

    /// Asks the emulator at `path`.
    pub(crate) fn emulator(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}/{path}", self.stack.emulator().endpoint()))
    }

    /// Sets rules of faults behind those in force.
    pub(crate) async fn set_faults(&self, rules: Value) {
        answered(self.ask(Method::POST, "/_sandbox/faults").json(&rules)).await;
    }

    /// Turns a knob of the provider.
    pub(crate) async fn turn(&self, change: Value) {
        answered(self.ask(Method::POST, "/_sandbox/provider").json(&change)).await;
    }

    /// Clears faults and the request log.
    pub(crate) async fn calm(&self) {
        for log in ["faults", "requests"] {
            answered(self.ask(Method::DELETE, &format!("/_sandbox/{log}"))).await;
        }
    }

    /// What the sandbox has been asked since [`World::calm`].
    pub(crate) async fn asked(&self) -> Vec<Value> {
        let text = answered(self.ask(Method::GET, "/_sandbox/requests")).await;
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) async fn sql(&self, statements: &str) {
        self.database.batch_execute(statements).await.unwrap();
    }

    /// The text a query answers, row by row.
    pub(crate) async fn texts(&self, query: &str) -> Vec<String> {
        let rows = self.database.query(query, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// The run's row of `model_versions`.
    pub(crate) async fn version(&self, run: &str) -> Option<Value> {
        let query = "select to_jsonb(v) from public.model_versions v where run_id = $1";
        self.database.query_opt(query, &[&run]).await.unwrap().map(|row| row.get(0))
    }

    /// The live model of a purpose, by name.
    pub(crate) async fn live(&self, purpose: &str) -> Option<String> {
        let query = "select name from public.model_versions where purpose = $1 and active";
        self.database.query_opt(query, &[&purpose]).await.unwrap().map(|row| row.get(0))
    }

    /// Copies all logs to `target/emulator-logs`, for whoever looks into a failure.
    pub(crate) async fn keep_logs(&self) {
        let folder = self.stack.root().join("target/emulator-logs");
        std::fs::create_dir_all(&folder).unwrap();
        for log in self.stack.logs().await.unwrap() {
            let name = log.name.trim_start_matches('/').replace('/', "-");
            std::fs::write(folder.join(Path::new(&name)), log.text).unwrap();
        }
    }
}

/// The body of an answer that must be a success.
pub(crate) async fn answered(request: RequestBuilder) -> String {
    let response = request.send().await.unwrap();
    let (status, url) = (response.status(), response.url().path().to_owned());
    let text = response.text().await.unwrap();
    assert!(status.is_success(), "{url}: {status}: {text}");
    text
}
