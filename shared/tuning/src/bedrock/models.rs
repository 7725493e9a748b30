//! Base models, and trained ones made to answer.

use std::time::Duration;

use aws_sdk_bedrock::types::{
    CustomModelDeploymentStatus, FoundationModelDetails, FoundationModelLifecycle,
    FoundationModelLifecycleStatus, ModelCustomization,
};
use backon::{ExponentialBuilder, Retryable as _};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use records::digest::sha256;
use records::recipe::{self, Format};
use stage::plan_file::Limits;
use stage::{ErrorName, StageError, clock};

use super::refusal::{Failed, Kind, failed};
use super::{Bedrock, time};
use crate::provider::{BaseModel, Catalogue, Serve};
use crate::refusal::in_brief;

/// Stands in the ARN of every deployment of a custom model.
const DEPLOYMENT: &str = ":custom-model-deployment/";
/// So many alternatives are named in a refusal.
const NAMED: usize = 8;

/// When a base model is shut down, if that is announced.
fn end(lifecycle: Option<&FoundationModelLifecycle>) -> Result<Option<Date>, StageError> {
    let end = lifecycle.and_then(|lifecycle| lifecycle.end_of_life_time()).map(time).transpose()?;
    Ok(end.map(|end| end.to_zoned(TimeZone::UTC).date()))
}

/// What is accepted. Fewest examples and largest files: AWS's guides and its published checks of datasets. Lengths: the
/// least that the current base models of a form take; Bedrock itself refuses, unpaid, what is too long for one of them, as
/// for Titan above 4,096 tokens. Numbers of examples are quotas of the account, which it names.
pub(crate) fn limits(host: &recipe::Provider) -> Limits {
    match host.format {
        Some(Format::Messages) => {
            Limits { min_examples: 32, max_file_bytes: 10_000_000_000, max_example_tokens: 32_000 }
        }
        Some(Format::Pairs) => {
            Limits { min_examples: 10, max_file_bytes: 1_000_000_000, max_example_tokens: 16_000 }
        }
        Some(Format::Conversation) | None => {
            Limits { min_examples: 8, max_file_bytes: 1_000_000_000, max_example_tokens: 32_000 }
        }
    }
}

fn base(id: &str, model: &FoundationModelDetails) -> Result<BaseModel, StageError> {
    Ok(BaseModel { id: id.to_owned(), shutdown_date: end(model.model_lifecycle())? })
}

impl<F> Bedrock<F> {
    /// Looks a base model up; none that Bedrock does not know.
    async fn details(&self, id: &str) -> Result<Option<FoundationModelDetails>, StageError> {
        let found = self.client.get_foundation_model().model_identifier(id).send().await;
        match found.map_err(|error| failed("looking up the base model", error)) {
            Ok(found) => Ok(found.model_details),
            Err(Failed { kind: Kind::Missing | Kind::NotTunable, .. }) => Ok(None),
            Err(failed) => Err(failed.error),
        }
    }
}

impl<F> Catalogue for Bedrock<F> {
    fn limits(&self) -> Limits {
        limits(&self.host)
    }

    async fn base_model(&self, id: &str) -> Result<Option<BaseModel>, StageError> {
        let Some(model) = self.details(id).await? else { return Ok(None) };
        if !model.customizations_supported().contains(&ModelCustomization::FineTuning) {
            let others = self.models().await?;
            let others: Vec<_> = others.iter().map(|model| model.id.as_str()).take(NAMED).collect();
            let others = if others.is_empty() {
                "another region has models that can be".to_owned()
            } else {
                format!("choose another model.base, as {}", others.join(", "))
            };
            let text = format!("base model {id} can't be fine-tuned at Bedrock here: {others}");
            return Err(StageError::new(ErrorName::BaseModelUnusable, text));
        }
        let base = base(id, &model)?;
        let lifecycle = model.model_lifecycle();
        let legacy = lifecycle.is_some_and(|it| *it.status() == FoundationModelLifecycleStatus::Legacy);
        if legacy && base.shutdown_date.is_none() {
            tracing::warn!(model.base = id, "Bedrock calls the base model legacy and announces no end yet");
        }
        Ok(Some(base))
    }

    async fn lifetime(&self, id: &str) -> Result<Option<BaseModel>, StageError> {
        self.details(id).await?.map(|model| base(id, &model)).transpose()
    }

    async fn models(&self) -> Result<Vec<BaseModel>, StageError> {
        let list = self.client.list_foundation_models().by_customization_type(ModelCustomization::FineTuning);
        let list = list.send().await.map_err(|error| failed("listing base models", error))?;
        let model = |id: &str, lifecycle| Ok(BaseModel { id: id.to_owned(), shutdown_date: end(lifecycle)? });
        list.model_summaries().iter().map(|it| model(it.model_id(), it.model_lifecycle())).collect()
    }
}

impl<F> Serve for Bedrock<F> {
    async fn serve(&self, model: &str) -> Result<Option<String>, StageError> {
        if !self.host.deploy {
            return Ok(Some(model.to_owned()));
        }
        // Deployed under the model's own name.
        let found =
            self.client.get_custom_model_deployment().custom_model_deployment_identifier(model).send();
        match found.await.map_err(|error| failed("looking at the model's deployment", error)) {
            Ok(found) => match found.status() {
                CustomModelDeploymentStatus::Active => {
                    Ok(Some(found.custom_model_deployment_arn().to_owned()))
                }
                CustomModelDeploymentStatus::Failed => {
                    let words = in_brief(found.failure_message().unwrap_or("no reason given"));
                    let text = format!(
                        "model {model} is trained, but can't be deployed: {words}; delete its deployment and deploy it by hand"
                    );
                    Err(StageError::new(ErrorName::ProviderRefused, text))
                }
                // Creating, or a word that we do not know.
                _ => Ok(None),
            },
            Err(Failed { kind: Kind::Missing, .. }) => self.deploy(model).await.map(|()| None),
            Err(failed) => Err(failed.error),
        }
    }
}

impl<F> Bedrock<F> {
    async fn deploy(&self, model: &str) -> Result<(), StageError> {
        let what = "deploying the trained model";
        let custom = self.client.get_custom_model().model_identifier(model).send().await;
        let custom = custom.map_err(|error| failed(what, error))?;
        let deploy = self
            .client
            .create_custom_model_deployment()
            .model_deployment_name(model)
            .model_arn(custom.model_arn())
            .client_request_token(sha256(model.as_bytes()));
        match deploy.send().await.map_err(|error| failed(what, error)) {
            // Another look at the same model was there first.
            Ok(_) | Err(Failed { kind: Kind::Taken, .. }) => Ok(()),
            Err(failed) => Err(failed.error),
        }
    }

    /// Deletes a model, by its name or ARN or by the ARN of its deployment: first the deployment, then the model.
    pub(super) async fn remove_model(&self, id: &str) -> Result<(), StageError> {
        let what = "deleting a model";
        let look = self.client.get_custom_model_deployment().custom_model_deployment_identifier(id).send();
        let model = match look.await.map_err(|error| failed(what, error)) {
            Ok(deployment) => {
                let arn = deployment.custom_model_deployment_arn();
                let delete = self.client.delete_custom_model_deployment();
                match delete.custom_model_deployment_identifier(arn).send().await {
                    Ok(_) => {}
                    Err(error) => match failed(what, error) {
                        // Gone, or going, by somebody else's word: the model's own deletion tells.
                        Failed { kind: Kind::Missing | Kind::Taken, .. } => {}
                        failed => return Err(failed.error),
                    },
                }
                deployment.model_arn().to_owned()
            }
            // Whose it was nobody knows any more: to call its model deleted would leave it there for ever.
            Err(Failed { kind: Kind::Missing, .. }) if id.contains(DEPLOYMENT) => {
                let text = format!(
                    "deployment {id} is gone, and with it the name of its model: delete that by its own name, which is its job's"
                );
                return Err(StageError::new(ErrorName::ProviderRefused, text));
            }
            Err(Failed { kind: Kind::Missing, .. }) => id.to_owned(),
            Err(failed) => return Err(failed.error),
        };
        // While its deployment is taken down, a model is in use.
        let once = async || {
            let deleted = self.client.delete_custom_model().model_identifier(&model).send().await;
            deleted.map(drop).map_err(|error| failed(what, error))
        };
        let patience = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(500))
            .with_max_delay(Duration::from_secs(4))
            .with_max_times(6);
        let in_use = |failed: &Failed| failed.kind == Kind::Taken;
        match once.retry(patience).sleep(clock::sleep).when(in_use).await {
            Ok(()) | Err(Failed { kind: Kind::Missing, .. }) => Ok(()),
            Err(Failed { kind: Kind::Taken, .. }) => {
                let text =
                    format!("the deployment of model {model} is still being taken down: delete {model} then");
                Err(StageError::new(ErrorName::Throttled, text))
            }
            Err(failed) => Err(failed.error),
        }
    }
}
