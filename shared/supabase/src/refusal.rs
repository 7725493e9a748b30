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
        // Who has no rights at all is told so by another status than who lacks one.
        "42501" if status == Some(StatusCode::UNAUTHORIZED) => StageError::new(
            ErrorName::SourceRefused,
            format!("the project takes the key for nobody's when {what} is asked for: {SECRET_KEY}"),
        ),
        "42501" => {
            let table = what.strip_prefix("rpc/").map_or(("table", what), |function| ("function", function));
            let (kind, object) = denied(message).unwrap_or(table);
            let (may, right) = match kind {
                "function" => ("call", format!("execute on function public.{object}")),
                "schema" => ("use schema", format!("usage on schema {object}")),
                _ => ("read", format!("select on public.{object}")),
            };
            // Consent stands in a table of its own only where the recipe relates one.
            let name = if about_consent(object) && object != what {
                ErrorName::ConsentUnreadable
            } else {
                ErrorName::SourceRefused
            };
            StageError::new(name, format!("{role} may not {may} {object}: run `grant {right} to {role};`"))
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
                "{what} has no foreign key to the consent table by what consent.by says, or by the subject where it says nothing: {message}; add the key, or name the column or the key as consent.by"
            ),
        ),
        "PGRST201" => StageError::new(
            ErrorName::ConsentUnreadable,
            format!(
                "{what} has several foreign keys to the consent table: {message}; write the own name of the one that leads to the row's person as consent.by (the gateway also takes a column for the one that other keys refer to), or deploy with ReadFromDatabase=yes"
            ),
        ),
        "42804" if asked.consent.is_some() => StageError::new(
            ErrorName::ConsentUnreadable,
            format!(
                "{what}: the opt-out column, or one that `where` compares with true or false, is not a boolean: mend the column or the recipe"
            ),
        ),
        // Raised by the functions of our migrations: their words are ours.
        "55000" | "P0002" => {
            StageError::new(ErrorName::PromotionRefused, format!("the database refused: {message}"))
        }
        "22023" if what.starts_with("rpc/") => {
            StageError::new(ErrorName::SourceRefused, format!("the database refused: {message}"))
        }
        "PGRST202" => StageError::new(
            ErrorName::SourceRefused,
            format!("{what} does not exist: apply the migrations in infra/supabase/migrations"),
        ),
        _ => match status {
            Some(status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)) => StageError::new(
                ErrorName::SourceRefused,
                format!("the project refuses the key (HTTP {status}): {SECRET_KEY}"),
            ),
            Some(status) => StageError::new(
                ErrorName::SourceRefused,
                format!("{what} was refused (HTTP {status}, code {code:?})"),
            ),
            None => StageError::new(ErrorName::SourceRefused, format!("{what} was refused (code {code:?})")),
        },
    }
}

/// What to do about a wrong key.
pub(crate) const SECRET_KEY: &str =
    "put the project's secret key (sb_secret_…, or the legacy service_role JWT) into the Supabase key secret";

/// Reads kind and name of the object out of `permission denied for table profiles`.
fn denied(message: &str) -> Option<(&str, &str)> {
    let (_, object) = message.split_once("permission denied for ")?;
    // A view may be a materialized one.
    let (kind, object) = object.strip_prefix("materialized ").unwrap_or(object).split_once(' ')?;
    let object = object.trim_matches('"');
    (!object.is_empty() && !object.contains(' ')).then_some((kind, object))
}

#[cfg(test)]
mod tests {
    use records::recipe::RelatedConsent;

    use super::*;

    fn answer(code: &str, message: &str) -> (ErrorName, String) {
        let refusal = Refusal { code: Some(code.to_owned()), message: Some(message.to_owned()) };
        let consent = Consent::Related(RelatedConsent {
            table: "profiles".to_owned(),
            by: None,
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
    fn the_grant_is_the_objects() {
        for (message, grant) in [
            ("permission denied for function register", "`grant execute on function public.register to"),
            ("permission denied for schema app", "`grant usage on schema app to service_role;`"),
            ("permission denied for materialized view posts", "`grant select on public.posts to"),
            ("permission denied for view \"posts\"", "`grant select on public.posts to"),
            ("another text", "`grant select on public.job_posts to"),
        ] {
            let (_, text) = answer("42501", message);
            assert!(text.contains(grant), "{text}");
        }
        let refusal = Refusal { code: Some("42501".to_owned()), message: None };
        let asked = Asked { what: "rpc/register", consent: None, role: "service_role" };
        let text = refused(Some(StatusCode::FORBIDDEN), &refusal, asked).to_string();
        assert!(text.contains("`grant execute on function public.register to service_role;`"), "{text}");
        // The gateway's status for somebody without a name.
        let text = refused(Some(StatusCode::UNAUTHORIZED), &refusal, asked).to_string();
        assert!(text.contains("sb_secret_") && !text.contains("grant"), "{text}");
    }

    #[test]
    fn consent_that_is_ambiguous_or_no_boolean_is_named_with_the_fix() {
        for (code, says) in
            [("PGRST201", "consent.by"), ("PGRST200", "consent.by"), ("42804", "not a boolean")]
        {
            let (name, text) = answer(code, "more than one");
            assert!(name == ErrorName::ConsentUnreadable && text.contains(says), "{code} {name}: {text}");
        }
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
    fn what_our_own_functions_say_is_quoted() {
        let refusal =
            Refusal { code: Some("22023".to_owned()), message: Some("p_family must be".to_owned()) };
        let of = |what| {
            let asked = Asked { what, consent: None, role: "service_role" };
            refused(Some(StatusCode::BAD_REQUEST), &refusal, asked).to_string()
        };
        assert!(of("rpc/register_model_version").contains("p_family must be"));
        assert!(!of("job_posts").contains("p_family"));
    }

    #[test]
    fn a_value_in_a_message_is_not_quoted() {
        let (_, text) = answer("22P02", "invalid input syntax for type uuid: \"ann.lee@example.com\"");
        assert!(!text.contains("ann.lee"), "{text}");
    }
}
