//! From a plain `async fn` to a Lambda function.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant, SystemTime};

use futures_util::FutureExt as _;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{StageError, usage};

/// When the invocation will be killed.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(SystemTime);

impl Deadline {
    /// A deadline that far from now.
    pub fn after(duration: Duration) -> Self {
        Self(SystemTime::now() + duration)
    }

    /// Returns the time left; zero when it has passed.
    pub fn remaining(&self) -> Duration {
        self.0.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO)
    }
}

/// Runs `handler` for each invocation until the environment is shut down.
///
/// The event is parsed here, so that a broken contract is a named failure and not a Rust type path; a panic is caught
/// and becomes `Internal`. A failure is logged once, here, by name and message.
///
/// # Errors
/// Only when the Lambda Runtime API itself cannot be reached.
pub async fn serve<E, A, F>(name: &'static str, handler: F) -> Result<(), lambda_runtime::Error>
where
    E: DeserializeOwned,
    A: Serialize,
    F: AsyncFn(E, Deadline) -> Result<A, StageError>,
{
    lambda_runtime::tracing::init_default_subscriber();
    // The default hook prints the payload, and a payload may quote the text that was being worked on.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(panic.location = place, "handler panicked");
    }));
    let handler = &handler;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let (started, before) = (Instant::now(), usage::so_far());
        let deadline = Deadline(event.context.deadline());
        let answer = AssertUnwindSafe(answer(handler, event.payload, deadline)).catch_unwind().await;
        let answer = answer.unwrap_or_else(|_| {
            Err(StageError::internal(format!("{name} panicked: its log names the place in the code")))
        });
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &answer {
            Ok(_) => {
                let used = usage::so_far() - before;
                tracing::info!(
                    stage.name = name,
                    duration_ms,
                    s3.put_requests = used.put_requests,
                    s3.get_requests = used.get_requests,
                    s3.bytes_in = used.bytes_in,
                    s3.bytes_out = used.bytes_out,
                    "stage done"
                );
            }
            Err(error) => tracing::error!(
                stage.name = name,
                duration_ms,
                error.name = error.name().as_str(),
                error.message = error.chain(),
                "stage failed"
            ),
        }
        answer
    }))
    .await
}

async fn answer<E, A, F>(handler: &F, payload: Value, deadline: Deadline) -> Result<Value, StageError>
where
    E: DeserializeOwned,
    A: Serialize,
    F: AsyncFn(E, Deadline) -> Result<A, StageError>,
{
    // serde's own message may quote the value, which may be what an operator pasted by mistake.
    let event = serde_json::from_value(payload).map_err(|error| {
        StageError::internal(format!("the event breaks the contract: {}", contract_problem(&error)))
    })?;
    // On the heap: a whole handler nested into the runtime's own futures is more than the compiler lays out.
    let answer = Box::pin(handler(event, deadline)).await?;
    serde_json::to_value(answer)
        .map_err(|error| StageError::internal("the answer is not JSON").caused_by(error))
}

/// Keeps field names, which are ours, and drops values, which are not.
pub(crate) fn contract_problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("missing field")
        || text.starts_with("unknown field")
        || text.starts_with("unknown variant")
    {
        text
    } else {
        "a field has another type than expected".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::arrows::ScrubEvent;

    #[tokio::test]
    async fn a_broken_contract_is_named_without_its_values() {
        let handler = async |_: ScrubEvent, _| Ok(());
        let payload = json!({"run": {"name": "ann.lee@example.com"}});
        let error = answer(&handler, payload, Deadline::after(Duration::ZERO)).await.unwrap_err();
        assert_eq!(error.name().as_str(), "Internal");
        assert!(!error.chain().contains("ann.lee"), "{}", error.chain());
    }
}
