//! Every environment variable of every function.

use url::Url;

use crate::{ErrorName, StageError};

/// What the template sets. Values are addresses and names: secrets are read from Secrets Manager by their ARN.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `BUCKET`: the run's bucket.
    pub bucket: String,
    /// `SUPABASE_URL`: the project's address; the gateway is at `{url}/rest/v1`.
    pub supabase_url: Url,
    /// `SUPABASE_KEY_SECRET`: ARN of the secret that holds the project's secret key.
    pub supabase_key_secret: String,
    /// `DATABASE_URL_SECRET`: ARN of the secret that holds the database's connection string; empty where rows are read
    /// over the gateway.
    pub database_url_secret: Option<String>,
    /// `PROVIDER_URL`: base address of the fine-tuning provider, with its version (`…/v1`); empty where every recipe
    /// trains at Bedrock.
    pub provider_url: Option<Url>,
    /// `PROVIDER_KEY_SECRET`: ARN of the secret that holds the provider's key.
    pub provider_key_secret: String,
    /// `SUBJECT_KEY_SECRET`: ARN of the secret that keys the subjects' HMAC.
    pub subject_key_secret: String,
    /// `BEDROCK_ROLE`: ARN of the role that Bedrock reads datasets with; empty where no recipe trains there.
    pub bedrock_role: Option<String>,
    /// `ALERT_TOPIC`: ARN of the topic that tells operators what needs them.
    pub alert_topic: String,
    /// `APPROVAL_TOPIC`: ARN of the topic that tells operators of a run that waits for them.
    pub approval_topic: String,
    /// `DEFAULT_RECIPE`: the recipe of an execution started with `{}`.
    pub default_recipe: String,
}

impl Settings {
    /// The variables, in the order of the fields. The template sets exactly these.
    pub const VARIABLES: [&'static str; 11] = [
        "BUCKET",
        "SUPABASE_URL",
        "SUPABASE_KEY_SECRET",
        "DATABASE_URL_SECRET",
        "PROVIDER_URL",
        "PROVIDER_KEY_SECRET",
        "SUBJECT_KEY_SECRET",
        "BEDROCK_ROLE",
        "ALERT_TOPIC",
        "APPROVAL_TOPIC",
        "DEFAULT_RECIPE",
    ];

    /// Reads the process's environment.
    ///
    /// # Errors
    /// `Internal` when a variable is missing, empty or not an address: the deployment is broken.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub fn from_env() -> Result<Self, StageError> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads settings through `lookup`, so that a test needs no process environment.
    ///
    /// # Errors
    /// As [`Settings::from_env`].
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, StageError> {
        let text = |name: &str| match lookup(name) {
            Some(value) if !value.trim().is_empty() => Ok(value.trim().to_owned()),
            _ => Err(StageError::internal(format!(
                "environment variable {name} is not set: deploy the template again"
            ))),
        };
        let optional = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let address = |name: &str| {
            let value = text(name)?;
            let url = Url::parse(&value).map_err(|error| {
                StageError::new(ErrorName::Internal, format!("environment variable {name} is not an address"))
                    .caused_by(error)
            })?;
            // Keys travel with every request: in the clear only to this machine.
            let loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
            if url.scheme() == "https" || (url.scheme() == "http" && loopback) {
                Ok(url)
            } else {
                Err(StageError::internal(format!("environment variable {name} must start with https://")))
            }
        };
        Ok(Self {
            bucket: text("BUCKET")?,
            supabase_url: address("SUPABASE_URL")?,
            supabase_key_secret: text("SUPABASE_KEY_SECRET")?,
            database_url_secret: optional("DATABASE_URL_SECRET"),
            provider_url: optional("PROVIDER_URL").map(|_| address("PROVIDER_URL")).transpose()?,
            provider_key_secret: text("PROVIDER_KEY_SECRET")?,
            subject_key_secret: text("SUBJECT_KEY_SECRET")?,
            bedrock_role: optional("BEDROCK_ROLE"),
            alert_topic: text("ALERT_TOPIC")?,
            approval_topic: text("APPROVAL_TOPIC")?,
            default_recipe: text("DEFAULT_RECIPE")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str) -> String {
        if name.ends_with("_URL") { "https://example.com/v1".to_owned() } else { "x".to_owned() }
    }

    #[test]
    fn reads_exactly_its_variables() {
        let asked = std::cell::RefCell::new(Vec::new());
        let settings = Settings::from_lookup(|name| {
            asked.borrow_mut().push(name.to_owned());
            Some(value(name))
        });
        assert!(settings.is_ok());
        let mut asked = asked.into_inner();
        // An address that may be missing is looked at twice.
        asked.sort();
        asked.dedup();
        let mut expected: Vec<_> = Settings::VARIABLES.map(str::to_owned).into();
        expected.sort();
        assert_eq!(asked, expected);
    }

    #[test]
    fn refuses_to_send_keys_in_the_clear() {
        let error = Settings::from_lookup(|name| match name {
            "PROVIDER_URL" => Some("http://provider.example/v1".to_owned()),
            _ => Some(value(name)),
        });
        assert!(error.unwrap_err().to_string().contains("https://"));
    }

    #[test]
    fn a_deployment_for_bedrock_alone_has_no_provider_s_address() {
        let settings = Settings::from_lookup(|name| match name {
            "PROVIDER_URL" => Some(String::new()),
            "BEDROCK_ROLE" => Some("arn:aws:iam::1:role/zion".to_owned()),
            _ => Some(value(name)),
        });
        let settings = settings.unwrap();
        assert_eq!((settings.provider_url, settings.bedrock_role.is_some()), (None, true));
    }

    #[test]
    fn a_deployment_without_a_database_secret_reads_over_the_gateway() {
        for empty in [None, Some(String::new())] {
            let settings = Settings::from_lookup(|name| {
                if name == "DATABASE_URL_SECRET" { empty.clone() } else { Some(value(name)) }
            });
            assert_eq!(settings.unwrap().database_url_secret, None);
        }
    }

    #[test]
    fn names_the_variable_that_is_missing() {
        let error = Settings::from_lookup(|name| (name != "BUCKET").then(|| value(name))).unwrap_err();
        assert!(error.to_string().contains("BUCKET"));
    }
}
