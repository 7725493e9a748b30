//! A sandbox of its own for each test, over a `PostgreSQL` of its own.

use crate::postgres::Postgres;
use clap::Parser as _;
use reqwest::{Client, Method, Response};
use sandbox::cli::Cli;
use sandbox::server::Server;
use serde_json::Value;
use std::io::Write as _;
use std::time::Duration;

pub(crate) struct Sandbox {
    pub(crate) client: Client,
    pub(crate) base: String,
    pub(crate) postgres: Postgres,
}

impl Sandbox {
    pub(crate) async fn start() -> Option<Self> {
        let postgres = match Postgres::start().await {
            Ok(postgres) => postgres,
            Err(why) => {
                // Past the harness, which would swallow the output of a passing test.
                writeln!(std::io::stderr(), "SKIPPED, nothing tested: {why}").unwrap();
                return None;
            }
        };
        postgres.run(include_str!("fixture.sql")).await;
        let url = postgres.url();
        let cli = Cli::parse_from([
            "sandbox",
            "--database-url",
            &url,
            "--secret-key",
            "sb_secret_test",
            "--publishable-key",
            "sb_publishable_test",
            "--provider-key",
            "sk-sandbox-test",
            "--jwt-secret",
            "a secret of the tests",
        ]);
        let server = Server::start(cli).await.unwrap();
        let base = format!("http://{}", server.address());
        tokio::spawn(server.until(std::future::pending()));
        let client = Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        Some(Self { client, base, postgres })
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Response {
        let mut request = self.client.request(method, format!("{}/rest/v1/{path}", self.base));
        if !headers.iter().any(|(name, _)| *name == "apikey") {
            request = request.header("apikey", "sb_secret_test");
        }
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        parts(self.ask(Method::GET, path, &[], None).await).await
    }

    pub(crate) async fn post(&self, path: &str, prefer: &str, body: Value) -> (u16, Value) {
        parts(self.ask(Method::POST, path, &[("prefer", prefer)], Some(body)).await).await
    }
}

pub(crate) async fn parts(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

pub(crate) fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()
}
