//! Who asks: the gateway's api-key rules, then `PostgREST`'s rules for tokens.

use super::error::ApiError;
use super::jwt;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The keys this sandbox accepts. No `Debug`: it holds them.
pub(crate) struct Keys {
    secret: String,
    publishable: Option<String>,
    jwt_secret: Option<String>,
}

/// Whose rights a request has.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    /// Database role.
    pub(crate) role: String,
    /// What `request.jwt.claims` holds.
    pub(crate) claims: Value,
}

impl Keys {
    /// Holds the accepted keys.
    pub(crate) fn new(secret: &str, publishable: Option<&str>, jwt_secret: Option<&str>) -> Self {
        let own = |key: Option<&str>| key.map(ToOwned::to_owned);
        Self { secret: secret.to_owned(), publishable: own(publishable), jwt_secret: own(jwt_secret) }
    }

    /// Decides the role of a request now, at `now` seconds since 1970.
    ///
    /// New keys count in the `apikey` header only. A legacy key is a JWT: as `apikey` it opens the
    /// gateway, but the role comes from `Authorization`, so it has to be sent in both.
    pub(crate) fn principal(
        &self,
        headers: &HeaderMap,
        query_key: Option<&str>,
        now: i64,
    ) -> Result<Principal, ApiError> {
        let header = |name: header::HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
        let key = headers.get("apikey").and_then(|v| v.to_str().ok()).or(query_key).filter(|k| !k.is_empty());
        let Some(key) = key else {
            return Err(ApiError::gateway(
                "No API key found in request",
                "No `apikey` request header or url param was found.",
            ));
        };
        let agent = header(header::USER_AGENT).unwrap_or_default();
        let role = self.opens(key, agent, now)?;
        let bearer = header(header::AUTHORIZATION).and_then(|v| {
            let (scheme, token) = v.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        match bearer {
            // A new key here is forwarded and refused: it is no JWT, even when it equals `apikey`.
            Some(token) => self.token(token, now),
            None => Ok(Principal { role: role.to_owned(), claims: json!({"role": role}) }),
        }
    }

    /// Checks the key at the gateway; the role it means when no token follows.
    fn opens(&self, key: &str, agent: &str, now: i64) -> Result<&'static str, ApiError> {
        if same(key, &self.secret) {
            if agent.starts_with("Mozilla/") {
                return Err(ApiError::gateway(
                    "Forbidden use of secret API key in browser",
                    "Secret API keys can only be used in a protected environment and should never be used in a browser.",
                ));
            }
            return Ok("service_role");
        }
        if self.publishable.as_deref().is_some_and(|p| same(key, p)) {
            return Ok("anon");
        }
        if key.split('.').count() == 3 {
            self.token(key, now)?;
            return Ok("anon");
        }
        Err(ApiError::gateway(
            "Invalid API key",
            "Double check your Supabase `anon` or `service_role` API key.",
        ))
    }

    fn token(&self, token: &str, now: i64) -> Result<Principal, ApiError> {
        let claims = jwt::verify(token, self.jwt_secret.as_deref(), now).map_err(|refusal| {
            let (code, message) = match refusal {
                jwt::Refusal::NotAToken(parts) => {
                    ("PGRST301", format!("Expected 3 parts in JWT; got {parts}"))
                }
                jwt::Refusal::WrongKey => ("PGRST301", "No suitable key or wrong key type".to_owned()),
                jwt::Refusal::Expired => ("PGRST303", "JWT expired".to_owned()),
            };
            ApiError::new(StatusCode::UNAUTHORIZED, code, message)
                .header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
        })?;
        let role = claims.get("role").and_then(Value::as_str).unwrap_or("anon").to_owned();
        Ok(Principal { role, claims })
    }
}

/// Compares by digest, so the time taken tells nothing about where two keys differ.
fn same(a: &str, b: &str) -> bool {
    Sha256::digest(a) == Sha256::digest(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::jwt::sign;

    fn keys() -> Keys {
        Keys::new("sb_secret_a", Some("sb_publishable_b"), Some("a secret of at least 32 characters"))
    }

    fn ask(pairs: &[(&'static str, &str)]) -> Result<String, StatusCode> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        keys().principal(&headers, None, 1_000).map(|p| p.role).map_err(|e| e.status)
    }

    #[test]
    fn takes_new_keys_in_the_apikey_header_only() {
        assert_eq!(ask(&[("apikey", "sb_secret_a")]).unwrap(), "service_role");
        assert_eq!(ask(&[("apikey", "sb_publishable_b")]).unwrap(), "anon");
        for refused in [
            &[("authorization", "Bearer sb_secret_a")][..],
            &[("apikey", "sb_secret_a"), ("authorization", "Bearer sb_secret_a")],
            &[("apikey", "sb_secret_z")],
            &[("apikey", "sb_secret_a"), ("user-agent", "Mozilla/5.0")],
            &[],
        ] {
            assert_eq!(ask(refused).unwrap_err(), StatusCode::UNAUTHORIZED, "{refused:?}");
        }
    }

    #[test]
    fn takes_the_role_of_a_legacy_key_from_authorization() {
        let secret = "a secret of at least 32 characters";
        let legacy = sign(&json!({"role": "service_role", "exp": 2_000}), secret);
        let bearer = format!("Bearer {legacy}");
        assert_eq!(ask(&[("apikey", &legacy), ("authorization", &bearer)]).unwrap(), "service_role");
        assert_eq!(ask(&[("apikey", &legacy)]).unwrap(), "anon");
        let expired = sign(&json!({"role": "service_role", "exp": 10}), secret);
        assert!(ask(&[("apikey", &expired)]).is_err());
        let forged = sign(&json!({"role": "service_role"}), "another secret");
        assert!(
            ask(&[("apikey", "sb_publishable_b"), ("authorization", &format!("Bearer {forged}"))]).is_err()
        );
    }
}
