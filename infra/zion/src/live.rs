//! `zion live` and `zion retire`: which model an app's feature gets, when its run does not decide it.

use std::io::IsTerminal as _;

use clap::Args;
use serde_json::Value;
use stage::keys;
use stage::training_file::TrainingFile;
use store::{Find, S3, find_json};
use supabase::Gateway;
use supabase::operator::{Decided, Standing};
use url::Url;

use crate::ask::{asked, asks, is_yes, one_line, signed};
use crate::error::{Context as _, Error, Result};
use crate::{project, term};

const YES: &str = "add --yes where a script decides";

/// Puts an earlier version of a model live again, or one whose run failed behind its training
#[derive(Args)]
pub(crate) struct Live {
    #[command(flatten)]
    decision: Decision,
    /// The provider's id of the model, where the database has none: its run failed before it was live
    #[arg(long, value_name = "ID")]
    model: Option<String>,
    /// The stack's output `Bucket`: such a run's `training.json` has that id
    #[arg(long, env = "BUCKET")]
    bucket: Option<String>,
}

/// Takes the live model of a purpose out of service; none is live then
#[derive(Args)]
pub(crate) struct Retire {
    #[command(flatten)]
    decision: Decision,
}

#[derive(Args)]
struct Decision {
    /// The version's name, such as zion-support-v2
    name: String,
    /// Your name: it is kept in the ledger
    #[arg(long)]
    by: String,
    /// Why: it is kept in the ledger, too
    #[arg(long)]
    reason: String,
    /// Does it without asking you once more; needed where there is no terminal to ask on
    #[arg(long)]
    yes: bool,
    /// The project's address
    #[arg(long, env = "SUPABASE_URL")]
    supabase_url: Url,
    /// The stack's output `SupabaseKeySecret`
    #[arg(long, env = "SUPABASE_KEY_SECRET")]
    supabase_key_secret: String,
}

impl Decision {
    /// Says whether to ask, before anything is read.
    fn begin(&self) -> Result<bool> {
        signed(&self.by, &self.reason)?;
        asks(self.yes, std::io::stdin().is_terminal() && std::io::stdout().is_terminal(), YES)
    }

    async fn standing(&self) -> Result<(Gateway, Standing)> {
        let gateway = project::gateway(&self.supabase_url, &self.supabase_key_secret).await?;
        let found = gateway.version_named(&self.name).await.context("ask for the version")?;
        let found = found.ok_or_else(|| {
            Error::new(format!("there is no version {}", one_line(&self.name)))
                .hint("select name, purpose, active, training_status from model_versions order by created_at")
        })?;
        Ok((gateway, found))
    }
}

impl Live {
    /// Shows what would change, asks, and does it.
    ///
    /// # Errors
    /// When the database or the bucket refuses, the model's id is not known, or nobody can be asked.
    pub(crate) async fn run(&self) -> Result<()> {
        let asks = self.decision.begin()?;
        let (gateway, version) = self.decision.standing().await?;
        let model = match (&self.model, &self.bucket) {
            (None, Some(bucket)) if needs_model(&version) => {
                trained(&version, &S3::new(bucket.clone()).await).await?
            }
            (model, _) => model.clone(),
        };
        if model.is_none() && needs_model(&version) {
            let run = version.run_id.as_deref().unwrap_or("RUN");
            let unknown = Error::new(format!("the database has no model of {}", one_line(&version.name)));
            return Err(unknown.hint(format!(
                "add --model ID, as the provider lists it, or --bucket BUCKET where {} has it",
                keys::training(run)
            )));
        }
        let live = match &version.purpose {
            Some(purpose) => gateway.live_for(purpose).await.context("ask which version is live")?,
            None => None,
        };
        term::line(&facts(&version, model.as_deref(), live.as_ref()));
        if asks && !is_yes(&asked("put it live? [y/N] ").await?) {
            term::line("nothing was changed");
            return Ok(());
        }
        let Decision { name, by, reason, .. } = &self.decision;
        let Decided { id, previous, changed, purpose, .. } =
            gateway.put_live(name, by, reason, model.as_deref()).await.context("put it live")?;
        let id = id.unwrap_or_default();
        term::line(&match (changed, previous) {
            (true, Some(previous)) => format!("{name} ({id}) is live for {purpose}, in place of {previous}"),
            (true, None) => format!("{name} ({id}) is live for {purpose}; none was"),
            (false, _) => format!("{name} ({id}) was live for {purpose} already"),
        });
        Ok(())
    }
}

impl Retire {
    /// Shows what would change, asks, and does it.
    ///
    /// # Errors
    /// When the database refuses, the version is not live, or nobody can be asked.
    pub(crate) async fn run(&self) -> Result<()> {
        let asks = self.decision.begin()?;
        let (gateway, version) = self.decision.standing().await?;
        term::line(&facts(&version, None, None));
        if asks && !is_yes(&asked("take it out of service? [y/N] ").await?) {
            term::line("nothing was changed");
            return Ok(());
        }
        let Decision { name, by, reason, .. } = &self.decision;
        let decided = gateway.retire(name, by, reason).await.context("retire it")?;
        let was = if decided.changed { "is retired" } else { "was retired already" };
        term::line(&format!(
            "{name} {was}: none is live for {} until a run or `zion live` puts one there",
            decided.purpose
        ));
        Ok(())
    }
}

/// Says whether the database has no id under which the provider knows the model.
fn needs_model(version: &Standing) -> bool {
    version.training_status.as_deref() != Some("succeeded")
        || (version.provider_model.is_none() && version.run_id.is_some())
}

/// Returns the model that a version's run has trained, if its job's end was kept.
///
/// # Errors
/// When the bucket refuses, or the job ended without a model.
pub async fn trained(version: &Standing, store: &impl Find) -> Result<Option<String>> {
    let Some(run) = &version.run_id else { return Ok(None) };
    let key = keys::training(run);
    let file = find_json::<TrainingFile<Value, Value>>(store, &key).await;
    let Some(file) = file.context("look for what the run has trained")? else { return Ok(None) };
    let none = || {
        Error::new(format!(
            "the job of {} ended as {}, without a model",
            one_line(run),
            one_line(&file.provider_status)
        ))
    };
    file.model.clone().map(Some).ok_or_else(none)
}

/// What a decision is about, for whoever takes it.
fn facts(version: &Standing, model: Option<&str>, live: Option<&Standing>) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    let id = model.or(version.provider_model.as_deref()).unwrap_or(&version.id);
    let until = version.base_shutdown_date.map(|day| format!(", shut down on {day}")).unwrap_or_default();
    let run = version.run_id.as_deref().map(|run| format!("run {run}: ")).unwrap_or_default();
    let failed = version.error_name.as_deref().map(|name| format!(" as {name}")).unwrap_or_default();
    let mut lines = vec![
        ("version", format!("{} for {}", version.name, text(&version.purpose))),
        ("model", format!("{id}, tuned from {}{until}", text(&version.base_model))),
        ("made by", format!("{run}{}{failed}", text(&version.training_status))),
    ];
    match live {
        Some(live) if live.name != version.name => lines.push(("takes over", format!("from {}", live.name))),
        _ if version.active == Some(true) => lines.push(("now", "live".to_owned())),
        _ => lines.push(("now", "not live".to_owned())),
    }
    let lines = lines.iter().map(|(name, value)| format!("{name:<14} {}", one_line(value)));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use serde_json::json;
    use stage::words::{zion_live, zion_retire};
    use store::{Memory, put_json};

    use super::*;
    use crate::cli::Cli;

    fn version(more: Value) -> Standing {
        let mut version = json!({
            "name": "zion-support-v2", "id": "zion-support-v2", "purpose": "support", "base_model": "base",
            "base_shutdown_date": "2027-01-14", "provider_model": null, "run_id": "run-2",
            "training_status": "failed", "error_name": "Unavailable", "active": false,
        });
        let Value::Object(more) = more else { panic!("no fields") };
        version.as_object_mut().unwrap().extend(more);
        serde_json::from_value(version).unwrap()
    }

    #[tokio::test]
    async fn a_failed_run_s_model_is_found_where_its_job_s_end_is_kept() {
        let (store, failed) = (Memory::default(), version(json!({})));
        assert!(needs_model(&failed));
        assert_eq!(trained(&failed, &store).await.unwrap(), None);
        let end = |model: Option<&str>| TrainingFile::<Value, Value> {
            schema: 1,
            run: "run-2".to_owned(),
            job: "job-2".to_owned(),
            provider_status: "ended\u{7}".to_owned(),
            model: model.map(ToOwned::to_owned),
            submitted_at: jiff::Timestamp::UNIX_EPOCH,
            trained_tokens: None,
            unread: Vec::new(),
            events: Vec::new(),
            checkpoints: Vec::new(),
        };
        put_json(&store, &keys::training("run-2"), &end(Some("ft:2"))).await.unwrap();
        assert_eq!(trained(&failed, &store).await.unwrap().as_deref(), Some("ft:2"));
        put_json(&store, &keys::training("run-2"), &end(None)).await.unwrap();
        assert!(trained(&failed, &store).await.unwrap_err().chain().contains("without a model"));
    }

    #[test]
    fn what_failures_and_notices_tell_to_type_is_understood() {
        for told in [zion_live("zion-support-v3", "ft:3"), zion_retire("zion-support-v3")] {
            let typed = told.replace(" URL ", " https://project.example ");
            assert!(Cli::try_parse_from(typed.split(' ')).is_ok(), "{told}");
        }
        let without = zion_retire("zion-support-v3").replace(" --supabase-url URL", "");
        assert!(Cli::try_parse_from(without.split(' ')).is_err());
    }

    #[test]
    fn an_earlier_version_and_one_from_before_the_bundle_have_their_model() {
        let earlier = json!({"training_status": "succeeded", "provider_model": "ft:2"});
        assert!(!needs_model(&version(earlier)));
        assert!(!needs_model(&version(json!({"training_status": "succeeded", "run_id": null}))));
        assert!(needs_model(&version(json!({"training_status": "running"}))));
    }

    #[test]
    fn shows_what_is_decided_before_it_asks() {
        let live = version(json!({"name": "zion-support-v3", "active": true}));
        let shown = facts(&version(json!({"name": "zion-support-v2\u{1b}[2J"})), Some("ft:2"), Some(&live));
        for part in [
            "for support",
            "ft:2, tuned from base, shut down on 2027-01-14",
            "run run-2: failed as Unavailable",
            "takes over     from zion-support-v3",
        ] {
            assert!(shown.contains(part), "«{part}» is not in: {shown}");
        }
        assert!(!shown.contains('\u{1b}'));
        assert!(facts(&live, None, None).contains("now            live"));
    }
}
