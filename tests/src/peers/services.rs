//! A database with the sample app's tables and the migrations, and the sandbox over it.

use std::net::SocketAddr;

use sandbox::cli::Cli;
use sandbox::server::Server;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::AbortHandle;
use zion::database;
use zion::local::{Postgres, paths};

pub(crate) const SECRET_KEY: &str = "sb_secret_of_the_peers";
pub(crate) const PUBLISHABLE_KEY: &str = "sb_publishable_of_the_peers";
pub(crate) const JWT_SECRET: &str = "signs the tokens of the peers only";
pub(crate) const PROVIDER_KEY: &str = "sk-of-the-peers";
/// Small, so that a test meets the cap with few rows.
pub(crate) const MAX_ROWS: u64 = 40;

/// Services of one test, on free loopback ports; gone when dropped.
pub(crate) struct Services {
    address: SocketAddr,
    server: AbortHandle,
    postgres: Postgres,
    _folder: TempDir,
}

impl Services {
    /// Starts both. The sandbox runs in this process: a binary could be older than the code.
    pub(crate) async fn start() -> Self {
        let root = paths::root().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let postgres = Postgres::any(&root, None, folder.path()).await.unwrap();
        database::apply(&database::connect(&postgres.url()).await.unwrap(), &root).await.unwrap();
        let cli = Cli {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            database_url: postgres.url(),
            max_rows: MAX_ROWS,
            secret_key: SECRET_KEY.to_owned(),
            publishable_key: Some(PUBLISHABLE_KEY.to_owned()),
            jwt_secret: Some(JWT_SECRET.to_owned()),
            provider_key: PROVIDER_KEY.to_owned(),
            pace_ms: 50,
        };
        let server = Server::start(cli).await.unwrap();
        let address = server.address();
        let server = tokio::spawn(server.until(std::future::pending())).abort_handle();
        Self { address, server, postgres, _folder: folder }
    }

    /// The project's URL; the knobs are below `/_sandbox`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The database's address, with its owner's password.
    pub(crate) fn database_url(&self) -> String {
        self.postgres.url()
    }

    /// The loopback port the database listens on.
    pub(crate) fn database_port(&self) -> u16 {
        self.postgres.port()
    }

    /// The database's address for another role.
    pub(crate) fn database_url_of(&self, role: &str, password: &str) -> String {
        let password = password.replace(' ', "%20");
        format!("postgresql://{role}:{password}@127.0.0.1:{}/postgres", self.postgres.port())
    }

    /// Runs SQL as the database's owner.
    pub(crate) async fn run(&self, sql: &str) {
        self.try_run(sql).await.unwrap();
    }

    /// Runs SQL that the database may refuse.
    pub(crate) async fn try_run(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        database::connect(&self.postgres.url()).await.unwrap().batch_execute(sql).await
    }

    /// Reads one column of texts.
    pub(crate) async fn column(&self, sql: &str) -> Vec<String> {
        let client = database::connect(&self.postgres.url()).await.unwrap();
        client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// What the sandbox was asked.
    pub(crate) async fn requests(&self) -> Value {
        self.ask(http().get(format!("{}/_sandbox/requests", self.url()))).await.json().await.unwrap()
    }

    /// What a file at the provider holds.
    pub(crate) async fn content(&self, file: &str) -> Vec<u8> {
        let request = http().get(format!("{}/_sandbox/files/{file}", self.url()));
        self.ask(request).await.bytes().await.unwrap().to_vec()
    }

    /// Sets faults.
    pub(crate) async fn set_faults(&self, rules: Value) {
        self.ask(http().post(format!("{}/_sandbox/faults", self.url())).json(&rules)).await;
    }

    /// Turns the provider's knobs.
    pub(crate) async fn turn(&self, change: Value) {
        self.ask(http().post(format!("{}/_sandbox/provider", self.url())).json(&change)).await;
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> reqwest::Response {
        request.send().await.unwrap().error_for_status().unwrap()
    }

    /// The provider's base URL.
    pub(crate) fn provider_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }
}

fn http() -> reqwest::Client {
    stage::http::client().unwrap()
}

impl Drop for Services {
    fn drop(&mut self) {
        // Before the database goes: the sandbox would log its lost connections.
        self.server.abort();
    }
}
