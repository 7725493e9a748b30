//! Clients that we did not write drive our stand-ins, and a description that we did not write judges our requests.
//!
//! | file | holds |
//! |---|---|
//! | `app` | the app, in short: official clients find the live model and ask it |
//! | `bedrock` | the adapter for Bedrock, and what stands in for it |
//! | `contract` | requests of our provider adapter against the provider's API description |
//! | `report` | the dataset's report, as HTML |
//! | `script` | runs a script of `tests/peers` |
//! | `refusals` | what the adapter makes of refusals, lost answers and odd lists |
//! | `services` | a database and the sandbox for one test |
//! | `uploads` | files in parts, broken off and taken up |
//!
//! What is checked, and under which name, is in the scripts.

pub(crate) mod app;
mod bedrock;
mod contract;
mod refusals;
mod report;
mod script;
pub(crate) mod services;
mod uploads;

use services::{MAX_ROWS, Services};

#[tokio::test(flavor = "multi_thread")]
async fn the_official_provider_sdks_drive_the_sandbox() {
    // One after the other: each begins with an empty account.
    for client in ["openai_sdk.py", "openai_sdk.js"] {
        let services = Services::start().await;
        let variables = [
            ("PROVIDER_URL", services.provider_url()),
            ("PROVIDER_KEY", services::PROVIDER_KEY.to_owned()),
            ("SANDBOX_URL", services.url()),
        ];
        script::run(client, &[], &variables, "").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_database_client_drives_the_sandbox() {
    let services = Services::start().await;
    let variables = [
        ("SANDBOX_URL", services.url()),
        ("SECRET_KEY", services::SECRET_KEY.to_owned()),
        ("PUBLISHABLE_KEY", services::PUBLISHABLE_KEY.to_owned()),
        ("JWT_SECRET", services::JWT_SECRET.to_owned()),
        ("MAX_ROWS", MAX_ROWS.to_string()),
    ];
    script::run("postgrest_client.py", &[], &variables, "").await;
}
