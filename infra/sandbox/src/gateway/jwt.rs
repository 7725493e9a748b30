//! HS256 tokens, the only kind legacy keys use.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

/// Why a token does not count.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Not three parts, or parts that are no base64 or JSON.
    NotAToken(usize),
    /// Another algorithm or signature, or this server knows no secret.
    WrongKey,
    /// `exp` is in the past.
    Expired,
}

/// The claims of a token whose signature and expiry hold at `now` seconds since 1970.
pub(crate) fn verify(token: &str, secret: Option<&str>, now: i64) -> Result<Value, Refusal> {
    let parts: Vec<&str> = token.split('.').collect();
    let [head, payload, signature] = parts[..] else {
        return Err(Refusal::NotAToken(parts.len()));
    };
    let json = |part: &str| -> Result<Value, Refusal> {
        let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::NotAToken(3))?;
        serde_json::from_slice(&bytes).map_err(|_| Refusal::NotAToken(3))
    };
    if json(head)?.get("alg").and_then(Value::as_str) != Some("HS256") {
        return Err(Refusal::WrongKey);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refusal::NotAToken(3))?;
    let mut mac = keyed(secret.ok_or(Refusal::WrongKey)?)?;
    mac.update(format!("{head}.{payload}").as_bytes());
    mac.verify_slice(&signature).map_err(|_| Refusal::WrongKey)?;
    let claims = json(payload)?;
    // PostgREST allows the clocks to differ by 30 seconds.
    if claims.get("exp").and_then(Value::as_i64).is_some_and(|exp| exp + 30 < now) {
        return Err(Refusal::Expired);
    }
    Ok(claims)
}

fn keyed(secret: &str) -> Result<Hmac<Sha256>, Refusal> {
    Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| Refusal::WrongKey)
}

#[cfg(test)]
pub(crate) fn sign(claims: &Value, secret: &str) -> String {
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    let mut mac = keyed(secret).unwrap();
    mac.update(format!("{head}.{payload}").as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{head}.{payload}.{signature}")
}
