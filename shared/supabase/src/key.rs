use reqwest::RequestBuilder;
use secrecy::{ExposeSecret as _, SecretString};

/// Sends a project's key the way its kind asks for.
///
/// `sb_secret_…` keys are not JWTs and go into `apikey` alone; a legacy `service_role` JWT goes into both headers.
pub(crate) fn authorize(request: RequestBuilder, key: &SecretString) -> RequestBuilder {
    let key = key.expose_secret();
    let request = request.header("apikey", key);
    let is_jwt = key.starts_with("eyJ") && key.split('.').count() == 3;
    if is_jwt { request.bearer_auth(key) } else { request }
}

#[cfg(test)]
mod tests {
    use super::*;

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
