//! What stands in for Amazon Bedrock: `infra/local/bedrock.py` says what it is and what it does not check.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use super::child::Child;
use super::{free_port, paths};
use crate::error::{Context as _, Error, Result};

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running stand-in.
#[derive(Debug)]
pub struct Bedrock {
    child: Child,
    port: u16,
    http: reqwest::Client,
}

impl Bedrock {
    /// A port for it, which others have to know before it starts.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn port() -> Result<u16> {
        free_port()
    }

    /// Starts it over an S3 that holds the files to train from; over its own if none.
    ///
    /// # Errors
    /// When it is not installed, or ends before it answers.
    pub async fn start(root: &Path, s3: Option<&str>, folder: &Path) -> Result<Self> {
        Self::start_at(Self::port()?, root, s3, folder).await
    }

    pub(super) async fn start_at(port: u16, root: &Path, s3: Option<&str>, folder: &Path) -> Result<Self> {
        let python = root.join(".local/bedrock/bin/python");
        if !python.is_file() {
            return Err(Error::new("the stand-in for Bedrock is not installed").hint("run `make test`"));
        }
        let mut command = Command::new(python);
        command
            .env_clear()
            .env("PATH", paths::search_path_text())
            .env("HOME", folder)
            .env("TZ", "UTC")
            .arg("-B")
            .arg(root.join("infra/local/bedrock.py"))
            .arg(port.to_string())
            .args(s3);
        let child = Child::start("bedrock", command, folder, Signal::KILL)?;
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).no_proxy().build();
        let mut bedrock = Self { child, port, http: http.context("set up HTTP")? };
        bedrock.ready().await?;
        Ok(bedrock)
    }

    /// Its endpoint, also for S3 where it was started over its own.
    pub fn endpoint(&self) -> String {
        endpoint(self.port)
    }

    /// Sets rules by which it fails, and forgets what it was asked.
    ///
    /// # Errors
    /// When it has gone.
    pub async fn fail(&self, rules: &Value) -> Result<()> {
        let request = self.http.post(format!("{}/_knobs", self.endpoint())).json(rules);
        let answer = request.send().await.and_then(reqwest::Response::error_for_status);
        answer.map(drop).context("turn a knob of the stand-in for Bedrock")
    }

    /// What it was asked, as `METHOD /path`, since [`Bedrock::fail`].
    ///
    /// # Errors
    /// When it has gone.
    pub async fn asked(&self) -> Result<Vec<String>> {
        let answer = self.http.get(format!("{}/_knobs", self.endpoint())).send().await;
        let answer = answer.context("ask the stand-in for Bedrock")?;
        answer.json().await.context("ask the stand-in for Bedrock")
    }

    async fn ready(&mut self) -> Result<()> {
        let begun = Instant::now();
        let mut turn = tokio::time::interval(Duration::from_millis(50));
        loop {
            turn.tick().await;
            if self.asked().await.is_ok() {
                return Ok(());
            }
            if !self.child.running() || begun.elapsed() > PATIENCE {
                let words = self.child.last_words();
                return Err(Error::new(format!("the stand-in for Bedrock did not start: {words}")));
            }
        }
    }
}

/// The endpoint at a port.
pub(super) fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
