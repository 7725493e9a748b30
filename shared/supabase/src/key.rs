use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use stage::{ErrorName, StageError};

use crate::refusal::SECRET_KEY;

/// Sends a project's key the way its kind asks for.
///
/// `sb_secret_…` keys are not JWTs and go into `apikey` alone; a legacy `service_role` JWT goes into both headers.
pub(crate) fn authorize(request: RequestBuilder, key: &SecretString) -> RequestBuilder {
    let key = key.expose_secret();
    let request = request.header("apikey", key);
    let is_jwt = key.starts_with("eyJ") && key.split('.').count() == 3;
    if is_jwt { request.bearer_auth(key) } else { request }
}

/// Refuses a key that may not read the project's rows. The key itself is never named.
pub(crate) fn check(key: &SecretString) -> Result<(), StageError> {
    let key = key.expose_secret();
    let acts_as = match key.split('.').collect::<Vec<_>>()[..] {
        [_, claims, _] => role(claims),
        _ => None,
    };
    let what = match acts_as {
        Some(role) if role != "service_role" => format!("is of role {role:?}"),
        _ if key.starts_with("sb_publishable_") => "is a publishable one".to_owned(),
        _ => return Ok(()),
    };
    Err(StageError::new(ErrorName::SourceRefused, format!("the project's key {what}: {SECRET_KEY}")))
}

/// Reads the role that a JWT's claims name.
fn role(claims: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        role: String,
    }
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&claims).ok().map(|Claims { role }| role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_anybody_else_is_refused_without_its_text() {
        let jwt = |claims: &str| format!("eyJhbGciOi.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        let refusal = |key: &str| {
            let error = check(&SecretString::from(key)).unwrap_err();
            assert_eq!(error.name(), ErrorName::SourceRefused);
            let text = error.chain();
            assert!(text.contains("sb_secret_") && !text.contains(key), "{text}");
            text
        };
        assert!(refusal("sb_publishable_abc").contains("publishable"));
        assert!(refusal(&jwt(r#"{"role":"anon","ref":"abc"}"#)).contains("\"anon\""));
        for key in ["sb_secret_abc", "abc", "a.b.c", &jwt(r#"{"role":"service_role"}"#), &jwt("{}")] {
            check(&SecretString::from(key)).unwrap();
        }
    }

    fn headers(key: &str) -> (bool, bool) {
        let client = stage::http::client().unwrap();
        let request = authorize(client.get("https://example.com"), &SecretString::from(key)).build().unwrap();
        (request.headers().contains_key("apikey"), request.headers().contains_key("authorization"))
    }

    #[test]
    fn a_secret_key_goes_into_apikey_alone() {
        assert_eq!(headers("sb_secret_abc"), (true, false));
    }

    #[test]
    fn a_legacy_jwt_goes_into_both_headers() {
        assert_eq!(headers("eyJhbGciOi.eyJyb2xlIjoi.c2ln"), (true, true));
    }
}
