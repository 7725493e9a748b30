//! The provider that a recipe chooses. Here alone is known which there are.

use std::collections::BTreeMap;

use reqwest::Client;
use secrecy::SecretString;
use stage::plan_file::Limits;
use stage::{ErrorName, Settings, StageError};
use tokio::sync::OnceCell;
use url::Url;

use records::recipe::{self, ProviderKind};

use crate::bedrock::{self, Bedrock, Folder};
use crate::chunks::Chunks;
use crate::job::{Checkpoint, Event, Job, JobSpec, Told};
use crate::openai::{self, OpenAi};
use crate::provider::{
    BaseModel, Catalogue, Clean, FileSpec, Files, Inventory, Jobs, Ledger, Marked, Serve, Stored, Watch,
};

/// A recipe's provider, and where it was when the run was planned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host {
    /// How it is spoken to.
    pub provider: recipe::Provider,
    /// Its name, as [`Connections::name`] gives it; none in a plan that does not say.
    pub name: Option<String>,
}

impl Host {
    /// Names it to an operator.
    pub fn words(&self) -> &str {
        self.name.as_deref().unwrap_or("the provider")
    }
}

/// What outlives an invocation. Bedrock's client is made when it is first asked for.
pub struct Connections {
    http: Client,
    url: Option<Url>,
    role: Option<String>,
    bedrock: OnceCell<aws_sdk_bedrock::Client>,
}

impl Connections {
    /// Takes what the settings say; nothing is asked yet.
    pub fn new(http: Client, settings: &Settings) -> Self {
        let (url, role) = (settings.provider_url.clone(), settings.bedrock_role.clone());
        Self { http, url, role, bedrock: OnceCell::new() }
    }

    /// Returns the name that `model_versions` keeps of a recipe's provider.
    pub fn name(&self, host: &recipe::Provider) -> String {
        match host.kind {
            ProviderKind::Bedrock => "bedrock".to_owned(),
            ProviderKind::OpenAi => self.url.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned(),
        }
    }

    /// Names the provider of a recipe. The key is read where it is needed, the folder is Bedrock's alone.
    ///
    /// # Errors
    /// `RecipeInvalid` when the stack was not deployed for that provider or a header of the recipe is none; those of
    /// the key.
    pub async fn to<F: Folder>(
        &self,
        host: &recipe::Provider,
        key: impl AsyncFnOnce() -> Result<SecretString, StageError>,
        folder: F,
    ) -> Result<Provider<F>, StageError> {
        let not_deployed = |text: &str| StageError::new(ErrorName::RecipeInvalid, text);
        match host.kind {
            ProviderKind::OpenAi => {
                let url = self.url.as_ref().ok_or_else(|| {
                    not_deployed("the recipe asks for an OpenAI-compatible provider: deploy the stack with its ProviderUrl")
                })?;
                Ok(Provider::OpenAi(OpenAi::new(self.http.clone(), url, key().await?, host)?))
            }
            ProviderKind::Bedrock => {
                let role = self.role.clone().ok_or_else(|| {
                    not_deployed("the recipe asks for Bedrock: deploy the stack with UseBedrock=yes")
                })?;
                let client = self.bedrock.get_or_init(bedrock::client).await.clone();
                Ok(Provider::Bedrock(Bedrock::new(client, host, role, folder)))
            }
        }
    }
}

impl Connections {
    /// Names the provider that a run was planned for, and no other: nobody has agreed that what it sends goes elsewhere, and
    /// whom nobody has asked for a job says nothing of it.
    ///
    /// # Errors
    /// `ProviderRefused` when the stack leads to another host by now; otherwise as [`Connections::to`].
    pub async fn back_to<F: Folder>(
        &self,
        host: &Host,
        key: impl AsyncFnOnce() -> Result<SecretString, StageError>,
        folder: F,
    ) -> Result<Provider<F>, StageError> {
        let today = self.name(&host.provider);
        if let Some(planned) = host.name.as_ref().filter(|planned| **planned != today) {
            let today = if today.is_empty() { "nowhere".to_owned() } else { format!("to {today}") };
            let text = format!(
                "the run was planned for {planned}, and the stack's ProviderUrl leads {today} now: start a new run, or deploy with the former ProviderUrl again, also to take back what the run has left there"
            );
            return Err(StageError::new(ErrorName::ProviderRefused, text));
        }
        self.to(&host.provider, key, folder).await
    }
}

/// Returns what a recipe's provider accepts, without asking it.
pub fn limits(host: &recipe::Provider) -> Limits {
    match host.kind {
        ProviderKind::OpenAi => openai::limits(host),
        ProviderKind::Bedrock => bedrock::limits(host),
    }
}

/// One of the providers there are.
pub enum Provider<F> {
    /// Everything that speaks `OpenAI`'s wire format.
    OpenAi(OpenAi),
    /// Amazon Bedrock.
    Bedrock(Bedrock<F>),
}

impl<F> Catalogue for Provider<F> {
    fn limits(&self) -> Limits {
        match self {
            Self::OpenAi(it) => it.limits(),
            Self::Bedrock(it) => it.limits(),
        }
    }

    async fn base_model(&self, id: &str) -> Result<Option<BaseModel>, StageError> {
        match self {
            Self::OpenAi(it) => it.base_model(id).await,
            Self::Bedrock(it) => it.base_model(id).await,
        }
    }

    async fn lifetime(&self, id: &str) -> Result<Option<BaseModel>, StageError> {
        match self {
            Self::OpenAi(it) => it.lifetime(id).await,
            Self::Bedrock(it) => it.lifetime(id).await,
        }
    }

    async fn models(&self) -> Result<Vec<BaseModel>, StageError> {
        match self {
            Self::OpenAi(it) => it.models().await,
            Self::Bedrock(it) => it.models().await,
        }
    }
}

impl<F: Folder> Files for Provider<F> {
    async fn find_file(&self, spec: &FileSpec) -> Result<Option<String>, StageError> {
        match self {
            Self::OpenAi(it) => it.find_file(spec).await,
            Self::Bedrock(it) => it.find_file(spec).await,
        }
    }

    async fn copies(&self, of: &BTreeMap<String, u64>) -> Result<Told<String>, StageError> {
        match self {
            Self::OpenAi(it) => it.copies(of).await,
            Self::Bedrock(it) => it.copies(of).await,
        }
    }

    async fn upload(
        &self,
        spec: &FileSpec,
        chunks: Chunks,
        ledger: &impl Ledger,
    ) -> Result<String, StageError> {
        match self {
            Self::OpenAi(it) => it.upload(spec, chunks, ledger).await,
            Self::Bedrock(it) => it.upload(spec, chunks, ledger).await,
        }
    }

    async fn abandon(&self, ledger: &impl Ledger) -> Result<(), StageError> {
        match self {
            Self::OpenAi(it) => it.abandon(ledger).await,
            Self::Bedrock(it) => it.abandon(ledger).await,
        }
    }
}

impl<F: Folder> Jobs for Provider<F> {
    async fn find_jobs(&self, spec: &JobSpec) -> Result<Vec<Job>, StageError> {
        match self {
            Self::OpenAi(it) => it.find_jobs(spec).await,
            Self::Bedrock(it) => it.find_jobs(spec).await,
        }
    }

    async fn create_job(&self, spec: &JobSpec) -> Result<Job, StageError> {
        match self {
            Self::OpenAi(it) => it.create_job(spec).await,
            Self::Bedrock(it) => it.create_job(spec).await,
        }
    }
}

impl<F: Folder> Watch for Provider<F> {
    async fn poll(&self, job: &str) -> Result<Job, StageError> {
        match self {
            Self::OpenAi(it) => it.poll(job).await,
            Self::Bedrock(it) => it.poll(job).await,
        }
    }

    async fn events(
        &self,
        job: &str,
        behind: Option<&str>,
        into: &mut Told<Event>,
    ) -> Result<(), StageError> {
        match self {
            Self::OpenAi(it) => it.events(job, behind, into).await,
            Self::Bedrock(it) => it.events(job, behind, into).await,
        }
    }

    async fn checkpoints(&self, job: &str, into: &mut Told<Checkpoint>) -> Result<(), StageError> {
        match self {
            Self::OpenAi(it) => it.checkpoints(job, into).await,
            Self::Bedrock(it) => it.checkpoints(job, into).await,
        }
    }

    async fn cancel(&self, job: &str) -> Result<(), StageError> {
        match self {
            Self::OpenAi(it) => it.cancel(job).await,
            Self::Bedrock(it) => it.cancel(job).await,
        }
    }
}

impl<F> Serve for Provider<F> {
    async fn serve(&self, model: &str) -> Result<Option<String>, StageError> {
        match self {
            Self::OpenAi(it) => it.serve(model).await,
            Self::Bedrock(it) => it.serve(model).await,
        }
    }
}

impl<F: Folder> Clean for Provider<F> {
    async fn delete_file(&self, id: &str) -> Result<(), StageError> {
        match self {
            Self::OpenAi(it) => it.delete_file(id).await,
            Self::Bedrock(it) => it.delete_file(id).await,
        }
    }

    async fn delete_model(&self, id: &str) -> Result<(), StageError> {
        match self {
            Self::OpenAi(it) => it.delete_model(id).await,
            Self::Bedrock(it) => it.delete_model(id).await,
        }
    }
}

impl<F> Inventory for Provider<F> {
    async fn jobs(&self) -> Result<Told<Marked>, StageError> {
        match self {
            Self::OpenAi(it) => it.jobs().await,
            // A job's name is taken once, so there is no second; and a run's own job it knows.
            Self::Bedrock(_) => Ok(Told::default()),
        }
    }

    async fn files(&self) -> Result<Told<Stored>, StageError> {
        match self {
            Self::OpenAi(it) => it.files().await,
            // They are objects of the run, each there once.
            Self::Bedrock(_) => Ok(Told::default()),
        }
    }
}
