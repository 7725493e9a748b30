//! Jobs: created once under a name of their own, found by it, watched.

use std::collections::BTreeMap;

use aws_sdk_bedrock::config::Config;
use aws_sdk_bedrock::config::retry::RetryConfig;
use aws_sdk_bedrock::operation::get_model_customization_job::GetModelCustomizationJobOutput;
use aws_sdk_bedrock::types::{
    CustomizationType, JobStatusDetails, ModelCustomizationJobStatus, OutputDataConfig, Tag,
    TrainingDataConfig, TrainingMetrics, ValidationDataConfig, Validator, ValidatorMetric,
};
use records::digest::sha256;
use stage::{ErrorName, StageError};

use super::files::Folder;
use super::refusal::{Failed, Kind, failed};
use super::{Bedrock, time};
use crate::job::{Checkpoint, Event, Job, JobSpec, JobStatus, Method, Told};
use crate::provider::{Jobs, Watch};
use crate::refusal::{in_brief, is_moderation, retry_helps};

/// A name has at most 63 characters; the last ones are of the run key.
const LONGEST_NAME: usize = 63;
const KEY_IN_NAME: usize = 16;

impl<F: Folder> Bedrock<F> {
    /// Everything a job is made of, as one hash: the request's token, and the end of its name.
    fn run_key(&self, spec: &JobSpec) -> String {
        let validation = spec.validation_file.as_deref().unwrap_or_default();
        let mut parts = vec![spec.base_model.clone(), spec.training_file.clone(), validation.to_owned()];
        // No part holds a line break, so no two specs are one text.
        parts.extend(spec.marks.iter().map(|(key, value)| format!("{key}={value}")));
        parts.extend(self.hyperparameters(spec).iter().map(|(name, value)| format!("{name}={value}")));
        sha256(parts.join("\n").as_bytes())
    }

    /// The job's name, and its model's: letters, digits and single dashes.
    fn name(&self, spec: &JobSpec) -> String {
        let prefix = self.host.model_prefix.as_deref().unwrap_or_default();
        let words = format!("{prefix}-{}", spec.suffix);
        let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let mut name = words.collect::<Vec<_>>().join("-");
        name.truncate(LONGEST_NAME - KEY_IN_NAME - 1);
        format!("{}-{}", name.trim_end_matches('-'), &self.run_key(spec)[..KEY_IN_NAME])
    }

    /// In order, by the names that most base models have for them.
    fn hyperparameters(&self, spec: &JobSpec) -> BTreeMap<String, String> {
        let common = [
            ("epochCount", spec.hyperparameters.epochs.map(|epochs| epochs.to_string())),
            ("batchSize", spec.hyperparameters.batch_size.map(|size| size.to_string())),
            (
                "learningRateMultiplier",
                spec.hyperparameters.learning_rate_multiplier.map(|rate| rate.to_string()),
            ),
        ];
        let common = common.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        common.chain(self.host.hyperparameters.clone()).collect()
    }

    async fn look(&self, job: &str) -> Result<GetModelCustomizationJobOutput, Failed> {
        let look = self.client.get_model_customization_job().job_identifier(job).send().await;
        look.map_err(|error| failed("looking at the job", error))
    }

    /// Reads the job under a spec's name, unless it is somebody else's.
    fn ours(&self, found: &GetModelCustomizationJobOutput, spec: &JobSpec) -> Result<Job, StageError> {
        let job = job(found)?;
        let token = found.client_request_token();
        if job.training_file == spec.training_file && token.is_none_or(|token| token == self.run_key(spec)) {
            return Ok(job);
        }
        let text = format!("job {} at Bedrock is not this run's: set another provider.model_prefix", job.id);
        Err(StageError::new(ErrorName::ProviderRefused, text))
    }
}

fn tags(spec: &JobSpec) -> Result<Vec<Tag>, StageError> {
    // Other characters are refused; nobody looks a job up by its tags.
    let taken = |c: char| if c.is_ascii_alphanumeric() || " ._:/=+@-".contains(c) { c } else { '-' };
    let text = |value: &str| value.chars().map(taken).collect::<String>();
    let tag = |(key, value): &(&str, String)| Tag::builder().key(*key).value(text(value)).build();
    spec.marks.iter().map(tag).collect::<Result<_, _>>().map_err(unbuilt)
}

fn unbuilt(error: aws_sdk_bedrock::error::BuildError) -> StageError {
    StageError::internal("the request for the job can't be built").caused_by(error)
}

impl<F: Folder> Jobs for Bedrock<F> {
    async fn find_jobs(&self, spec: &JobSpec) -> Result<Vec<Job>, StageError> {
        let name = self.name(spec);
        // Listed and not asked for by its name: what Bedrock answers about a name that it does not know, it documents
        // in two ways.
        let mut pages =
            self.client.list_model_customization_jobs().name_contains(&name).into_paginator().items().send();
        let mut found = false;
        while let Some(summary) = pages.next().await {
            found |= summary.map_err(|error| failed("listing jobs", error))?.job_name() == name;
        }
        if found { Ok(vec![self.ours(&self.look(&name).await?, spec)?]) } else { Ok(Vec::new()) }
    }

    async fn create_job(&self, spec: &JobSpec) -> Result<Job, StageError> {
        let what = "creating the job";
        if !matches!(spec.method, Method::Supervised) {
            let text = format!("{what}: Bedrock is asked for supervised fine-tuning alone");
            return Err(StageError::new(ErrorName::ProviderRefused, text));
        }
        let name = self.name(spec);
        let validation = match &spec.validation_file {
            Some(file) => {
                let validator = Validator::builder().s3_uri(file).build().map_err(unbuilt)?;
                Some(ValidationDataConfig::builder().validators(validator).build().map_err(unbuilt)?)
            }
            None => None,
        };
        let output = OutputDataConfig::builder().s3_uri(format!("{}output/", self.folder.address())).build();
        let create = self
            .client
            .create_model_customization_job()
            .customization_type(CustomizationType::FineTuning)
            .job_name(&name)
            .custom_model_name(&name)
            .client_request_token(self.run_key(spec))
            .role_arn(&self.role)
            .base_model_identifier(&spec.base_model)
            .set_hyper_parameters(Some(self.hyperparameters(spec).into_iter().collect()))
            .training_data_config(TrainingDataConfig::builder().s3_uri(&spec.training_file).build())
            .set_validation_data_config(validation)
            .output_data_config(output.map_err(unbuilt)?)
            .set_job_tags(Some(tags(spec)?))
            .set_custom_model_tags(Some(tags(spec)?));
        // Once: a later try that was throttled would hide that an earlier one, whose answer was lost, has made the job.
        let once = Config::builder().retry_config(RetryConfig::disabled());
        match create.customize().config_override(once).send().await.map_err(|error| failed(what, error)) {
            Ok(_) => {}
            // An answer that was lost: the name is taken by the job that it was about.
            Err(Failed { kind: Kind::Taken, .. }) => {
                tracing::warn!(job.id = name, "the job is there already");
            }
            Err(failed) => return Err(failed.error),
        }
        // From here on there is a job: whatever keeps us from looking at it says nothing else.
        let found = self
            .look(&name)
            .await
            .map_err(|failed| StageError::new(ErrorName::Unavailable, failed.error.to_string()))?;
        self.ours(&found, spec)
    }
}

impl<F: Folder> Watch for Bedrock<F> {
    async fn poll(&self, id: &str) -> Result<Job, StageError> {
        job(&self.look(id).await?)
    }

    /// Bedrock has no list of events: what a job says at its end becomes one.
    async fn events(&self, id: &str, behind: Option<&str>, into: &mut Told<Event>) -> Result<(), StageError> {
        let job = self.look(id).await?;
        let train_loss = job.training_metrics().and_then(TrainingMetrics::training_loss);
        let valid_loss = job.validation_metrics().first().and_then(ValidatorMetric::validation_loss);
        let (true, None, Some(end)) = (train_loss.is_some() || valid_loss.is_some(), behind, job.end_time())
        else {
            return Ok(());
        };
        into.items.push(Event {
            id: "metrics".to_owned(),
            created_at: time(end)?,
            level: "info".to_owned(),
            message: "losses at the end of training".to_owned(),
            step: None,
            train_loss: train_loss.map(f64::from),
            valid_loss: valid_loss.map(f64::from),
        });
        Ok(())
    }

    /// Supervised jobs leave none.
    async fn checkpoints(&self, _id: &str, _into: &mut Told<Checkpoint>) -> Result<(), StageError> {
        Ok(())
    }

    async fn cancel(&self, id: &str) -> Result<(), StageError> {
        let stop = self.client.stop_model_customization_job().job_identifier(id).send().await;
        match stop.map_err(|error| failed("stopping the job", error)) {
            Ok(_) => Ok(()),
            // A job that has ended, or is being stopped, can't be stopped and need not be.
            Err(Failed { kind: Kind::Taken | Kind::Other, error }) => {
                let stands = self.look(id).await?;
                let ends = stands.status() == Some(&ModelCustomizationJobStatus::Stopping);
                if ends || job(&stands)?.status.is_final() { Ok(()) } else { Err(error) }
            }
            Err(failed) => Err(failed.error),
        }
    }
}

fn job(found: &GetModelCustomizationJobOutput) -> Result<Job, StageError> {
    let word = found.status().map_or("no status", ModelCustomizationJobStatus::as_str);
    let running = JobStatus::Running { progress: None };
    let status = match found.status() {
        Some(ModelCustomizationJobStatus::InProgress) => {
            let validates = found.status_details().and_then(|details| details.validation_details());
            let validates = validates.and_then(|validation| validation.status());
            if validates == Some(&JobStatusDetails::InProgress) { JobStatus::Validating } else { running }
        }
        Some(ModelCustomizationJobStatus::Completed) => {
            JobStatus::Succeeded { model: found.output_model_name().to_owned() }
        }
        Some(ModelCustomizationJobStatus::Failed) => {
            let message = in_brief(found.failure_message().unwrap_or_default());
            let retry_helps = retry_helps(&message) && !is_moderation("", &message);
            JobStatus::Failed { code: "Failed".to_owned(), message, retry_helps }
        }
        // What it has learnt so far is no model that was asked for.
        Some(ModelCustomizationJobStatus::Stopped) => JobStatus::Cancelled,
        Some(ModelCustomizationJobStatus::Stopping) => running,
        _ => JobStatus::Unknown { word: in_brief(word) },
    };
    let training = found.training_data_config().and_then(|config| config.s3_uri());
    let validation = found.validation_data_config().and_then(|config| config.validators().first());
    Ok(Job {
        id: found.job_name().to_owned(),
        created_at: time(found.creation_time())?,
        status,
        word: in_brief(word),
        estimated_finish: None,
        trained_tokens: None,
        training_file: training.unwrap_or_default().to_owned(),
        validation_file: validation.map(|validator| validator.s3_uri().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Hyperparameters;

    #[test]
    fn a_tag_holds_what_bedrock_takes() {
        let spec = JobSpec {
            base_model: String::new(),
            suffix: String::new(),
            training_file: String::new(),
            validation_file: None,
            method: Method::Supervised,
            hyperparameters: Hyperparameters::default(),
            seed: None,
            marks: vec![("zion_run", "run_1 (Ämter, 2)/a:b".to_owned())],
        };
        let tags = tags(&spec).unwrap();
        assert_eq!((tags[0].key(), tags[0].value()), ("zion_run", "run_1 --mter- 2-/a:b"));
    }
}
