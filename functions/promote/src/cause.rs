//! The cause of a failure in words an operator can act on.

use serde::Deserialize;

/// What a failed Lambda function leaves as the cause.
#[derive(Deserialize)]
struct LambdaCause {
    #[serde(rename = "errorMessage")]
    message: String,
}

/// The database keeps this many characters.
const LONGEST: usize = 1_000;

/// Takes the message out of what the workflow caught. Our own errors say what to do; the platform's are translated.
pub(crate) fn in_words(error: &str, cause: &str) -> String {
    let message =
        serde_json::from_str(cause).map_or_else(|_| cause.to_owned(), |cause: LambdaCause| cause.message);
    let text = match error {
        "Runtime.ExitError" | "Lambda.Unknown" => {
            "a function's process died, most often for want of memory: look at its log, raise its MemorySize, then start a new run"
                .to_owned()
        }
        // What Step Functions calls a run that did not end by itself.
        "ABORTED" => "the run was stopped by hand: start a new run".to_owned(),
        "TIMED_OUT" => "the run took longer than the workflow allows: start a new run".to_owned(),
        "FAILED" => {
            "the run failed, and the database was away when that was to be recorded: the error of its execution says why"
                .to_owned()
        }
        "States.Timeout" | "Sandbox.Timedout" => {
            "a step took longer than its time limit: look at its log, then start a new run".to_owned()
        }
        "Lambda.TooManyRequestsException" => {
            "the account ran out of Lambda concurrency: start a new run, or ask for more".to_owned()
        }
        _ if message.trim().is_empty() => {
            format!("{error}, without a message: look at the log of the step that failed")
        }
        _ => message,
    };
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_message_is_taken_out_of_the_lambda_cause() {
        let cause = r#"{"errorType":"SourceRefused","errorMessage":"run `grant select on public.x to service_role;`"}"#;
        assert_eq!(in_words("SourceRefused", cause), "run `grant select on public.x to service_role;`");
    }

    #[test]
    fn a_platform_error_is_put_into_words() {
        assert!(in_words("States.Timeout", "").contains("time limit"));
        assert!(in_words("ABORTED", "").contains("by hand") && in_words("TIMED_OUT", "").contains("longer"));
        assert!(in_words("FAILED", "").contains("the error of its execution"));
        assert!(in_words("Runtime.ExitError", "exited").contains("MemorySize"));
        assert!(in_words("States.Runtime", "").contains("States.Runtime"));
        assert_eq!(in_words("X", &"y".repeat(5_000)).len(), LONGEST);
    }
}
