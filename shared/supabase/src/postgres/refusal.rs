//! What the database's errors mean, with the fix. Its own words are quoted for codes that speak of names alone.

use records::recipe::Consent;
use stage::{ErrorName, StageError};
use tokio_postgres::Error;

use crate::refusal::{Asked, Refusal, refused};

/// Names a failure. The driver's text holds neither values nor passwords; the server's message may, and is left out.
pub(super) fn failed(error: Error, asked: Asked<'_>) -> StageError {
    let what = asked.what;
    let Some(server) = error.as_db_error() else {
        return unanswered(error, what);
    };
    let code = server.code().code();
    let named = |name, text: String| StageError::new(name, text);
    match code {
        "28P01" | "28000" => named(ErrorName::SourceRefused, wrong_password()),
        // The pooler's own answer to a project or user that it does not know.
        "XX000" if server.message().contains("enant or user not found") => {
            named(ErrorName::SourceRefused, wrong_password())
        }
        "3D000" => named(
            ErrorName::SourceRefused,
            "the database in the database secret does not exist: it is called postgres in every project".to_owned(),
        ),
        "57014" => named(
            ErrorName::Unavailable,
            format!("{what} took longer than the statement timeout: index its key and its filter"),
        ),
        "55P03" => named(ErrorName::Unavailable, format!("{what} is locked by another statement")),
        "53300" | "53400" => named(
            ErrorName::Throttled,
            "the database takes no more connections: lower the number of slices at once or raise the pooler's size"
                .to_owned(),
        ),
        "42501" if server.message().contains("row-level security") => named(
            ErrorName::SourceRefused,
            format!(
                "policies would hide rows of {what} from {}: read with a role that has bypassrls",
                asked.role
            ),
        ),
        "42883" if matches!(asked.consent, Some(Consent::Logged(_))) => named(
            ErrorName::ConsentUnreadable,
            format!(
                "{what}: consent.person and the source's subject cannot be compared: their columns need one type"
            ),
        ),
        // Connection, resources, an operator's hand, a conflict with other transactions: they pass.
        _ if ["08", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => {
            named(ErrorName::Unavailable, format!("{what} got no whole answer (code {code})"))
        }
        _ => {
            let refusal = Refusal { code: Some(code.to_owned()), message: Some(server.message().to_owned()) };
            refused(None, &refusal, asked)
        }
    }
}

fn wrong_password() -> String {
    "the database refuses the user or the password: put your project's session pooler string into the database secret"
        .to_owned()
}

fn unanswered(error: Error, what: &str) -> StageError {
    let text = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    // In the order of what the words of one may hold of another's.
    for (sign, problem) in [
        (
            "does not support TLS",
            "the database speaks no TLS: take the host and port of your project's session pooler for the database secret",
        ),
        (
            "not valid for name",
            "the database's certificate is for another host than the connection string in the database secret names: write the host as your project's settings have it",
        ),
        (
            "certificate expired",
            "the database's certificate has expired: renew it at the server that the database secret names",
        ),
        (
            "certificate",
            "the database's certificate is not to be believed: put the authority's certificate (PEM, from the project's database settings) below the connection string in the database secret",
        ),
    ] {
        if text.contains(sign) {
            return StageError::new(ErrorName::SourceRefused, problem).caused_by(error);
        }
    }
    if text.contains("password") || text.contains("authentication") {
        return StageError::new(ErrorName::SourceRefused, wrong_password());
    }
    StageError::new(ErrorName::Unavailable, format!("{what} got no whole answer")).caused_by(error)
}
