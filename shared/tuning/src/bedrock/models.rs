//! Base models, and trained ones made to answer.

use aws_sdk_bedrock::types::{
    CustomModelDeploymentStatus, FoundationModelLifecycle, FoundationModelLifecycleStatus, ModelCustomization,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use records::digest::sha256;
use records::recipe::{self, Format};
use stage::plan_file::Limits;
use stage::{ErrorName, StageError};

use super::refusal::{Failed, Kind, failed};
use super::{Bedrock, time};
use crate::provider::{BaseModel, Catalogue, Serve};
use crate::refusal::in_brief;

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

impl<F> Catalogue for Bedrock<F> {
    fn limits(&self) -> Limits {
        limits(&self.host)
    }

    async fn base_model(&self, id: &str) -> Result<Option<BaseModel>, StageError> {
        let what = "looking up the base model";
        let found = self.client.get_foundation_model().model_identifier(id).send().await;
        let found = match found.map_err(|error| failed(what, error)) {
            Ok(found) => found,
            Err(Failed { kind: Kind::Missing | Kind::NotTunable, .. }) => return Ok(None),
            Err(failed) => return Err(failed.error),
        };
        let Some(model) = found.model_details() else { return Ok(None) };
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
        let lifecycle = model.model_lifecycle();
        let shutdown_date = end(lifecycle)?;
        let legacy = lifecycle.is_some_and(|it| *it.status() == FoundationModelLifecycleStatus::Legacy);
        if legacy && shutdown_date.is_none() {
            tracing::warn!(model.base = id, "Bedrock calls the base model legacy and announces no end yet");
        }
        Ok(Some(BaseModel { id: id.to_owned(), shutdown_date }))
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

    /// Deletes a model, by its name or by the ARN of its deployment, with its deployment.
    pub(super) async fn remove_model(&self, id: &str) -> Result<(), StageError> {
        let what = "deleting a model";
        let gone = |failed: Failed| match failed.kind {
            Kind::Missing => Ok(()),
            // Its deployment is still being taken down.
            Kind::Taken => Err(StageError::new(ErrorName::Throttled, failed.error.to_string())),
            _ => Err(failed.error),
        };
        let deployment =
            self.client.get_custom_model_deployment().custom_model_deployment_identifier(id).send();
        let model = match deployment.await.map_err(|error| failed(what, error)) {
            Ok(deployment) => {
                let arn = deployment.custom_model_deployment_arn();
                let delete = self.client.delete_custom_model_deployment();
                let deleted = delete.custom_model_deployment_identifier(arn).send().await;
                deleted.map(drop).map_err(|error| failed(what, error)).or_else(gone)?;
                deployment.model_arn().to_owned()
            }
            Err(Failed { kind: Kind::Missing, .. }) => id.to_owned(),
            Err(failed) => return Err(failed.error),
        };
        let deleted = self.client.delete_custom_model().model_identifier(model).send().await;
        deleted.map(drop).map_err(|error| failed(what, error)).or_else(gone)
    }
}
