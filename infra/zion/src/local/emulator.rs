//! The AWS emulator process, and the few calls to it that need no SDK.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use super::child::Child;
use super::{free_port, paths};
use crate::error::{Context as _, Error, Result};

/// The region everything is deployed to.
pub(super) const REGION: &str = "us-east-1";
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running `MiniStack`. It accepts any credentials and enforces no IAM.
#[derive(Debug)]
pub struct Emulator {
    child: Child,
    port: u16,
    http: reqwest::Client,
}

/// What a function answered to a direct call.
#[derive(Debug, Clone, PartialEq)]
pub struct Invoked {
    /// Whether the function failed, as the service says it: `Unhandled`.
    pub function_error: Option<String>,
    /// Its answer, or the error it posted.
    pub payload: Value,
}

impl Emulator {
    /// Starts the emulator; waits and retry intervals of the state machine are multiplied by `wait_scale`. `more` is set
    /// in the environment of every function beside what reaches the emulator itself.
    ///
    /// # Errors
    /// When it is not installed, or ends before it answers.
    pub async fn start(
        root: &Path,
        environment: Option<&Path>,
        wait_scale: f64,
        more: Option<(&'static str, String)>,
        folder: &Path,
    ) -> Result<Self> {
        let program = paths::program(root, environment, "ministack")
            .ok_or_else(|| Error::new("the AWS emulator is not installed").hint("run `make test`"))?;
        let scratch = folder.join("emulator");
        std::fs::create_dir_all(&scratch).context(format!("create {}", scratch.display()))?;
        let http = reqwest::Client::builder()
            .timeout(Duration::from_mins(16))
            .connect_timeout(Duration::from_secs(2))
            .no_proxy()
            .build()
            .context("set up HTTP")?;
        let port = free_port()?;
        let mut command = Command::new(program);
        // Its environment reaches every function: nothing of the operator's shell may be in it.
        command
            .env_clear()
            .env("PATH", paths::search_path_text())
            .env("HOME", &scratch)
            .env("TMPDIR", &scratch)
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("LAMBDA_EXECUTOR", "local")
            .env("SFN_WAIT_SCALE", wait_scale.to_string())
            .env("PYTHONUNBUFFERED", "1")
            .current_dir(&scratch);
        for (name, value) in aws_environment(port).into_iter().chain(more) {
            command.env(name, value);
        }
        // Asked to end it leaves its function processes behind, and nothing in it is worth saving.
        let child = Child::start("emulator", command, folder, Signal::KILL)?;
        let mut emulator = Self { child, port, http };
        emulator.ready().await?;
        Ok(emulator)
    }

    /// Its endpoint for every service.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What an AWS client needs in its environment to talk to this emulator and to nothing else.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        aws_environment(self.port)
    }

    /// A client for anything on loopback.
    pub(super) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The process: its id is that of its group, in which the function processes are too.
    pub fn child(&self) -> &Child {
        &self.child
    }

    /// Calls an action of a JSON service and answers the whole body, as `target` names it:
    /// `AWSStepFunctions.GetExecutionHistory`.
    ///
    /// # Errors
    /// When the emulator refuses the call.
    pub async fn call(&self, service: &str, target: &str, body: &Value) -> Result<Value> {
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        let request = self
            .http
            .post(self.endpoint())
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.1")
            .header("authorization", credential)
            .body(body.to_string());
        let response = request.send().await.context(target)?;
        let status = response.status();
        let answer = response.text().await.context(target)?;
        if !status.is_success() {
            return Err(Error::new(format!("{target}: {status}: {answer}")));
        }
        serde_json::from_str(&answer).context(target)
    }

    /// Calls a function directly, past the workflow.
    ///
    /// # Errors
    /// When the emulator does not answer; a failure of the function is a value.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Invoked> {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.endpoint());
        let response =
            self.http.post(url).body(event.to_string()).send().await.context(format!("invoke {function}"))?;
        let error = response
            .headers()
            .get("x-amz-function-error")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let payload = response.json().await.context(format!("invoke {function}"))?;
        Ok(Invoked { function_error: error, payload })
    }

    /// How a function is deployed: `MemorySize`, `Timeout` and the rest.
    ///
    /// # Errors
    /// When there is no such function.
    pub async fn configuration(&self, function: &str) -> Result<Value> {
        let url = format!("{}/2015-03-31/functions/{function}/configuration", self.endpoint());
        let answer = self.http.get(url).send().await.and_then(reqwest::Response::error_for_status);
        let response = answer.context(format!("ask how {function} is deployed"))?;
        response.json().await.context(format!("ask how {function} is deployed"))
    }

    /// Makes a bucket, which the command line would take a second for.
    pub(super) async fn create_bucket(&self, name: &str) -> Result<()> {
        let answer = self.http.put(format!("{}/{name}", self.endpoint())).send().await;
        answer.and_then(reqwest::Response::error_for_status).context(format!("create bucket {name}"))?;
        Ok(())
    }

    async fn ready(&mut self) -> Result<()> {
        let health = format!("{}/_ministack/health", self.endpoint());
        let begun = Instant::now();
        let mut turn = tokio::time::interval(Duration::from_millis(50));
        loop {
            turn.tick().await;
            if self.http.get(&health).send().await.is_ok_and(|response| response.status().is_success()) {
                return Ok(());
            }
            if !self.child.running() || begun.elapsed() > PATIENCE {
                return Err(Error::new(format!(
                    "the AWS emulator did not start: {}",
                    self.child.last_words()
                )));
            }
        }
    }
}

fn aws_environment(port: u16) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")),
        // Any value is accepted; these can't be anybody's.
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("AWS_PAGER", String::new()),
    ]
}
