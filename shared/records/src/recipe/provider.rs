use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Model;

/// Who trains, and how it is spoken to. All of it may be left out: then it is the host at the stack's `ProviderUrl`.
///
/// Nothing in here is a secret: it stands in `plan.json` and in the execution's history. The key has a secret of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Provider {
    /// Whose words are spoken.
    #[serde(skip_serializing_if = "ProviderKind::is_open_ai")]
    pub kind: ProviderKind,
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
    /// Bedrock: the form that its base model takes examples in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Bedrock: what the names of jobs and models begin with; the stack's account may hold other ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_prefix: Option<String>,
    /// Bedrock: whether a trained model is deployed on demand, so that it answers at once and is paid for by the token.
    /// Otherwise it answers when somebody buys throughput for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deploy: bool,
    /// Bedrock: hyperparameters of this base model alone, by the names it has for them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hyperparameters: BTreeMap<String, String>,
}

/// Whose words a provider speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// `OpenAI`'s, at whatever address: its own, other hosts', a machine of one's own.
    #[default]
    OpenAi,
    /// Amazon Bedrock's, in the stack's own account and region.
    Bedrock,
}

impl ProviderKind {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over by reference")]
    fn is_open_ai(&self) -> bool {
        *self == Self::OpenAi
    }
}

/// A form of examples that Bedrock's base models take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Amazon Nova: the Converse API's messages, `schemaVersion` `bedrock-conversation-2024`.
    Conversation,
    /// Anthropic Claude: messages, the system's apart.
    Messages,
    /// Meta Llama, Amazon Titan: `prompt` and `completion`; the system's text stands above the prompt.
    Pairs,
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
    /// Says whether what was uploaded is deleted once it is not needed: at a host of others. Bedrock reads copies in our
    /// own bucket, which expire there beside the dataset.
    pub fn clears_files(&self) -> bool {
        self.kind == ProviderKind::OpenAi && !self.keep_files
    }

    pub(super) fn check(&self, model: &Model) -> Result<(), String> {
        match self.kind {
            ProviderKind::OpenAi => self.check_open_ai(),
            ProviderKind::Bedrock => self.check_bedrock(model),
        }
    }

    fn check_open_ai(&self) -> Result<(), String> {
        let others = [
            ("format", self.format.is_some()),
            ("model_prefix", self.model_prefix.is_some()),
            ("deploy", self.deploy),
            ("hyperparameters", !self.hyperparameters.is_empty()),
        ];
        if let Some((key, _)) = others.into_iter().find(|(_, set)| *set) {
            return Err(format!("provider.{key}: leave it out, or set provider.kind = \"bedrock\""));
        }
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

    fn check_bedrock(&self, model: &Model) -> Result<(), String> {
        let others = [
            ("organization", self.organization.is_some()),
            ("project", self.project.is_some()),
            ("headers", !self.headers.is_empty()),
            ("uploads", self.uploads),
            ("files_expire_days", self.files_expire_days.is_some()),
            ("keep_files", self.keep_files),
        ];
        if let Some((key, _)) = others.into_iter().find(|(_, set)| *set) {
            return Err(format!("provider.{key}: leave it out, Bedrock knows no such thing"));
        }
        if self.format.is_none() {
            return Err(
                "provider.format: say \"conversation\" for Nova, \"messages\" for Claude, \"pairs\" for Llama and Titan"
                    .to_owned(),
            );
        }
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let plain = |prefix: &String| {
            (1..=20).contains(&prefix.len()) && prefix.bytes().all(letter) && !prefix.starts_with('-')
        };
        if self.model_prefix.as_ref().is_some_and(|prefix| !plain(prefix)) {
            return Err(
                "provider.model_prefix: use 1 to 20 letters, digits or '-', a letter first".to_owned()
            );
        }
        let most = if self.format == Some(Format::Conversation) { 5 } else { 10 };
        if model.epochs.is_none_or(|epochs| epochs > most) {
            return Err("model.epochs: say how many with Bedrock: 1 to 5 for Nova, up to 10 for the others"
                .to_owned());
        }
        if model.learning_rate_multiplier.is_some() && self.format != Some(Format::Messages) {
            return Err(
                "model.learning_rate_multiplier: Claude's alone at Bedrock; set provider.hyperparameters.learningRate"
                    .to_owned(),
            );
        }
        if model.seed.is_some() {
            return Err("model.seed: leave it out, Bedrock takes none".to_owned());
        }
        for (name, value) in &self.hyperparameters {
            if ["epochCount", "batchSize", "learningRateMultiplier"].contains(&name.as_str()) {
                return Err(format!(
                    "provider.hyperparameters: leave {name} out, the recipe's [model] has it"
                ));
            }
            if name.is_empty() || value.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(format!("provider.hyperparameters: {name:?} or its value is no hyperparameter"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "base = 'b'\nmin_life_days = 1\ndeadline_hours = 1\n";

    fn check_with(model: &str, text: &str) -> Result<(), String> {
        let model: Model = toml::from_str(&format!("{MODEL}{model}")).unwrap();
        toml::from_str::<Provider>(text).unwrap().check(&model)
    }

    fn check(text: &str) -> Result<(), String> {
        check_with("", text)
    }

    #[test]
    fn bedrock_is_asked_for_by_name_and_with_its_own_keys_alone() {
        let good = "kind = 'bedrock'\nformat = 'conversation'\nmodel_prefix = 'acme'\ndeploy = true\nhyperparameters = { learningRate = '0.00001' }";
        assert_eq!(check_with("epochs = 2", good), Ok(()));
        let bedrock =
            |rest: &str| check_with("epochs = 2", &format!("kind = 'bedrock'\n{rest}")).unwrap_err();
        assert!(bedrock("").contains("provider.format: say"));
        for (rest, part) in [
            ("uploads = true", "provider.uploads: leave it out"),
            ("keep_files = true", "provider.keep_files: leave it out"),
            ("organization = 'o'", "provider.organization"),
            ("format = 'pairs'\nmodel_prefix = 'a_b'", "provider.model_prefix"),
            ("format = 'pairs'\nhyperparameters = { epochCount = '9' }", "leave epochCount out"),
            ("format = 'pairs'\nhyperparameters = { 'a b' = '9' }", "no hyperparameter"),
        ] {
            assert!(bedrock(rest).contains(part), "{rest}: {}", bedrock(rest));
        }
        for model in ["", "epochs = 6"] {
            assert!(check_with(model, good).unwrap_err().contains("model.epochs"), "{model}");
        }
        let other =
            |format: &str, model: &str| check_with(model, &format!("kind = 'bedrock'\nformat = '{format}'"));
        assert_eq!(other("pairs", "epochs = 10"), Ok(()));
        assert!(other("pairs", "epochs = 11").unwrap_err().contains("model.epochs"));
        let rate = "epochs = 2\nlearning_rate_multiplier = 0.5";
        assert_eq!(other("messages", rate), Ok(()));
        for format in ["conversation", "pairs"] {
            let error = other(format, rate).unwrap_err();
            assert!(error.contains("provider.hyperparameters.learningRate"), "{format}: {error}");
        }
        assert!(check_with("epochs = 2\nseed = 7", good).unwrap_err().contains("model.seed"));
        for key in
            ["format = 'pairs'", "deploy = true", "model_prefix = 'a'", "hyperparameters = { a = 'b' }"]
        {
            assert!(check(key).unwrap_err().contains("set provider.kind"), "{key}");
        }
    }

    #[test]
    fn a_recipe_of_before_reads_and_writes_as_it_did() {
        let text = r#"{"uploads":false,"keep_files":false}"#;
        let provider: Provider = serde_json::from_str(text).unwrap();
        assert_eq!(provider, Provider::default());
        assert_eq!(serde_json::to_string(&provider).unwrap(), text);
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
