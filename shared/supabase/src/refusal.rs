//! What the gateway's refusals mean, with the fix.

use records::recipe::Consent;
use reqwest::StatusCode;
use serde::Deserialize;
use stage::{ErrorName, StageError};

/// The gateway's error body.
#[derive(Debug, Default, Deserialize)]
pub struct Refusal {
    /// A `PostgREST` or SQLSTATE code.
    #[serde(default)]
    pub code: Option<String>,
    /// The message. Quoted for codes that speak of names only: others may quote a value.
    #[serde(default)]
    pub message: Option<String>,
}

impl Refusal {
    /// Says whether the statement was ended by its time limit.
    pub(crate) fn is_timeout(&self) -> bool {
        self.code.as_deref() == Some("57014")
    }

    /// Says whether another try would be answered alike. The gateway answers a state that forbids the call with HTTP
    /// 500, like a server that is down.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self.code.as_deref(), Some("55000" | "P0002"))
    }
}

/// What was being read or called.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The table or `rpc/function`.
    pub what: &'a str,
    /// Who has agreed, where a query needs it.
    pub consent: Option<&'a Consent>,
    /// Who asks, for the grant in the message.
    pub role: &'a str,
}

/// Turns a refusal into a named failure that says what to do. The database itself answers without a status.
pub fn refused(status: Option<StatusCode>, refusal: &Refusal, asked: Asked<'_>) -> StageError {
    let (what, role) = (asked.what, asked.role);
    let code = refusal.code.as_deref().unwrap_or("");
    let message = refusal.message.as_deref().unwrap_or("");
    let about_consent = |names: &str| {
        let consent = asked.consent.into_iter();
        let mut known = consent.flat_map(|it| it.columns().into_iter().chain(it.table()));
        known.any(|name| names.contains(name))
    };
    let name = |names: &str| {
        if about_consent(names) { ErrorName::ConsentUnreadable } else { ErrorName::SourceRefused }
    };
    match code {
        "42501" => {
            let table = denied(message).unwrap_or(what);
            let right = if table.starts_with("rpc/") { "execute on function" } else { "select on" };
            let object = table.trim_start_matches("rpc/");
            // Consent stands in a table of its own only where the recipe relates one.
            let name = if about_consent(table) && table != what {
                ErrorName::ConsentUnreadable
            } else {
                ErrorName::SourceRefused
            };
            StageError::new(
                name,
                format!("{role} may not read {object}: run `grant {right} public.{object} to {role};`"),
            )
        }
        "42703" | "PGRST204" => StageError::new(
            name(message),
            format!("{what} has no such column: {message}; mend the recipe or add the column"),
        ),
        "42P01" | "PGRST205" => {
            StageError::new(name(message), format!("{what} does not exist or is not exposed: {message}"))
        }
        "PGRST200" => StageError::new(
            ErrorName::ConsentUnreadable,
            format!(
                "{what} has no foreign key to the consent table: {message}; add the key or mend the recipe's consent"
            ),
        ),
        // Raised by the functions of our migrations: their words are ours.
        "55000" | "P0002" => {
            StageError::new(ErrorName::PromotionRefused, format!("the database refused: {message}"))
        }
        "PGRST202" => StageError::new(
            ErrorName::SourceRefused,
            format!("{what} does not exist: apply the migrations in infra/supabase/migrations"),
        ),
        _ => match status {
            Some(status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)) => StageError::new(
                ErrorName::SourceRefused,
                format!(
                    "the project refuses the key (HTTP {status}): put its secret key into the Supabase key secret"
                ),
            ),
            Some(status) => StageError::new(
                ErrorName::SourceRefused,
                format!("{what} was refused (HTTP {status}, code {code:?})"),
            ),
            None => StageError::new(ErrorName::SourceRefused, format!("{what} was refused (code {code:?})")),
        },
    }
}

/// Reads the table out of `permission denied for table profiles`.
fn denied(message: &str) -> Option<&str> {
    let (_, table) = message.split_once("permission denied for ")?;
    let (_, table) = table.split_once(' ')?;
    let table = table.trim_matches('"');
    (!table.is_empty() && !table.contains(' ')).then_some(table)
}

#[cfg(test)]
mod tests {
    use records::recipe::RelatedConsent;

    use super::*;

    fn answer(code: &str, message: &str) -> (ErrorName, String) {
        let refusal = Refusal { code: Some(code.to_owned()), message: Some(message.to_owned()) };
        let consent = Consent::Related(RelatedConsent {
            table: "profiles".to_owned(),
            opt_out: "training_opt_out".to_owned(),
            null_means_yes: None,
        });
        let asked = Asked { what: "job_posts", consent: Some(&consent), role: "service_role" };
        let error = refused(Some(StatusCode::FORBIDDEN), &refusal, asked);
        (error.name(), error.to_string())
    }

    #[test]
    fn a_missing_grant_is_answered_with_the_grant() {
        let (name, text) = answer("42501", "permission denied for table job_posts");
        assert_eq!(name, ErrorName::SourceRefused);
        assert!(text.contains("grant select on public.job_posts to service_role;"), "{text}");
    }

    #[test]
    fn consent_that_cannot_be_read_has_a_name_of_its_own() {
        let (name, text) = answer("42501", "permission denied for table profiles");
        assert_eq!(name, ErrorName::ConsentUnreadable);
        assert!(text.contains("public.profiles"), "{text}");
        assert_eq!(answer("PGRST200", "no relationship").0, ErrorName::ConsentUnreadable);
        assert_eq!(
            answer("42703", "column profiles_1.training_opt_out does not exist").0,
            ErrorName::ConsentUnreadable
        );
        assert_eq!(answer("42703", "column job_posts.titel does not exist").0, ErrorName::SourceRefused);
    }

    #[test]
    fn a_run_that_has_failed_is_not_promoted_and_not_tried_again() {
        let refusal =
            Refusal { code: Some("55000".to_owned()), message: Some("run r has failed".to_owned()) };
        assert!(refusal.is_final());
        let asked = Asked { what: "rpc/promote_model_version", consent: None, role: "service_role" };
        let error = refused(Some(StatusCode::INTERNAL_SERVER_ERROR), &refusal, asked);
        assert_eq!(error.name(), ErrorName::PromotionRefused);
        assert!(!Refusal::default().is_final());
    }

    #[test]
    fn a_value_in_a_message_is_not_quoted() {
        let (_, text) = answer("22P02", "invalid input syntax for type uuid: \"ann.lee@example.com\"");
        assert!(!text.contains("ann.lee"), "{text}");
    }
}
