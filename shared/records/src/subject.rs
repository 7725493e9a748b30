//! A person as a keyed hash.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The key that turns ids into hashes. Without it nobody can tell who a hash is.
#[derive(Clone)]
pub struct SubjectKey(Hmac<Sha256>);

impl SubjectKey {
    /// Takes the secret; any length will do, 32 random bytes are right.
    ///
    /// # Errors
    /// When the secret is shorter than 16 bytes: guessing it would reveal everybody.
    pub fn new(secret: &[u8]) -> Result<Self, KeyTooShort> {
        if secret.len() < 16 {
            return Err(KeyTooShort);
        }
        Hmac::new_from_slice(secret).map(Self).map_err(|_| KeyTooShort)
    }

    /// Names the key without telling it: the first digits of a hash under it.
    pub fn id(&self) -> String {
        self.hash("key", "id").chars().take(12).collect()
    }

    /// Returns `HMAC-SHA256(label, id)` in hex. The label keeps ids of different columns apart.
    pub fn hash(&self, label: &str, id: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(label.as_bytes());
        mac.update(&[0]);
        mac.update(id.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}

/// The keys that a secret holds, one a line: the newest first, behind it those that older runs were hashed under.
#[derive(Debug, Clone)]
pub struct SubjectKeys {
    newest: SubjectKey,
    older: Vec<SubjectKey>,
}

impl SubjectKeys {
    /// Takes the secret's text. A secret of one line is one key.
    ///
    /// # Errors
    /// When a key is shorter than 16 bytes, or there is none.
    pub fn parse(secret: &str) -> Result<Self, KeyTooShort> {
        let lines = secret.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut keys = lines.map(|line| SubjectKey::new(line.as_bytes()));
        let newest = keys.next().ok_or(KeyTooShort)??;
        Ok(Self { newest, older: keys.collect::<Result<_, _>>()? })
    }

    /// The key of new runs.
    pub fn newest(&self) -> &SubjectKey {
        &self.newest
    }

    /// Finds the key of an older run by its name.
    pub fn find(&self, id: &str) -> Option<&SubjectKey> {
        std::iter::once(&self.newest).chain(&self.older).find(|key| key.id() == id)
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectKey(…)")
    }
}

/// The subject key has fewer than 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the subject key is shorter than 16 bytes: store 32 random bytes in its secret")]
pub struct KeyTooShort;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_person_is_the_same_hash_under_one_key_only() {
        let key = SubjectKey::new(b"0123456789abcdef").unwrap();
        let other = SubjectKey::new(b"0123456789abcdeX").unwrap();
        assert_eq!(key.hash("subject", "42"), key.hash("subject", "42"));
        assert_ne!(key.hash("subject", "42"), other.hash("subject", "42"));
        assert_ne!(key.hash("subject", "42"), key.hash("job_posts", "42"));
        assert_eq!(key.hash("subject", "42").len(), 64);
    }

    #[test]
    fn a_secret_holds_the_newest_key_and_those_before_it() {
        let (old, new) = ("0123456789abcdef", "fedcba9876543210");
        let alone = SubjectKeys::parse(old).unwrap();
        let known = SubjectKey::new(old.as_bytes()).unwrap();
        assert_eq!(alone.newest().hash("subject", "42"), known.hash("subject", "42"));
        let rotated = SubjectKeys::parse(&format!("{new}\n{old}\n")).unwrap();
        assert_ne!(rotated.newest().id(), known.id());
        assert_eq!(rotated.find(&known.id()).unwrap().hash("subject", "42"), known.hash("subject", "42"));
        assert!(rotated.find("another").is_none());
        assert!(SubjectKeys::parse("").is_err() && SubjectKeys::parse(&format!("{new}\nshort")).is_err());
    }

    #[test]
    fn a_short_key_is_refused() {
        assert_eq!(SubjectKey::new(b"short").unwrap_err(), KeyTooShort);
    }
}
