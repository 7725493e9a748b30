use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How the provider at the stack's `ProviderUrl` is spoken to. All of it may be left out.
///
/// Nothing in here is a secret: it stands in `plan.json` and in the execution's history. The key has a secret of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Provider {
    /// Sent as `OpenAI-Organization`, for keys that belong to several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Sent as `OpenAI-Project`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// More headers of every request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Whether the host takes files in parts (`/uploads`): up to 8 GB then, where one request carries 512 MB.
    pub uploads: bool,
    /// Lets the host delete a file by itself so many days after its upload. Hosts that do not know it refuse the upload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files_expire_days: Option<u32>,
    /// Leaves the files at the provider when the job has succeeded. Otherwise they are deleted.
    pub keep_files: bool,
}

/// Headers that are set by themselves, or would carry what belongs into the secret.
const RESERVED: [&str; 10] = [
    "authorization",
    "api-key",
    "x-api-key",
    "cookie",
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "openai-organization",
    "openai-project",
];

impl Provider {
    pub(super) fn check(&self) -> Result<(), String> {
        let visible =
            |value: &str| !value.is_empty() && value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        for (key, value) in [("organization", &self.organization), ("project", &self.project)] {
            if value.as_ref().is_some_and(|value| !visible(value)) {
                return Err(format!("provider.{key}: use visible ASCII characters"));
            }
        }
        for (name, value) in &self.headers {
            let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            if name.is_empty() || !name.bytes().all(token) || !visible(value) {
                return Err(format!("provider.headers: {name:?} or its value is no HTTP header"));
            }
            if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
                return Err(format!(
                    "provider.headers: leave {name} out: the key belongs into the provider key secret, organization and project have keys of their own"
                ));
            }
        }
        if self.files_expire_days.is_some_and(|days| !(1..=30).contains(&days)) {
            return Err("provider.files_expire_days: use 1 to 30".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), String> {
        toml::from_str::<Provider>(text).unwrap().check()
    }

    #[test]
    fn takes_what_hosts_ask_for_and_no_secret() {
        let text = "organization = 'org-1'\nproject = 'proj_1'\nuploads = true\nfiles_expire_days = 30\n[headers]\nX-Team = 'zion'";
        assert_eq!(check(text), Ok(()));
        for (text, part) in [
            ("organization = ''", "provider.organization"),
            ("project = \"a\\nb\"", "provider.project"),
            ("files_expire_days = 31", "files_expire_days"),
            ("headers = { Authorization = 'Bearer x' }", "leave Authorization out"),
            ("headers = { 'a b' = 'x' }", "no HTTP header"),
            ("headers = { a = \"x\\r\\ny: z\" }", "no HTTP header"),
        ] {
            assert!(check(text).unwrap_err().contains(part), "{text}");
        }
    }
}
