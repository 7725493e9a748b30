//! What operators decide about versions. No function of the pipeline may: it promotes what its run has trained.

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::json;
use stage::StageError;

use crate::Gateway;

/// How a version stands, for whoever decides about it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// What the app passes to the provider as `model` while it is live.
    pub id: String,
    /// What it is for.
    pub purpose: Option<String>,
    /// The model it was tuned from.
    pub base_model: Option<String>,
    /// When its base model is shut down, as far as is known.
    pub base_shutdown_date: Option<Date>,
    /// The provider's id of it; none before it was live.
    pub provider_model: Option<String>,
    /// The run that made it; none of a version from before the bundle.
    pub run_id: Option<String>,
    /// `queued`, `running`, `succeeded` or `failed`.
    pub training_status: Option<String>,
    /// The first failure's name, where its run has failed.
    pub error_name: Option<String>,
    /// Whether it is live.
    pub active: Option<bool>,
}

/// What became of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Decided {
    /// The version's name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// The id that the app passes now; none where none is live.
    #[serde(default)]
    pub id: Option<String>,
    /// The version that was live before; none where there was none, or none is live now.
    #[serde(default)]
    pub previous: Option<String>,
    /// False where it was so already.
    pub changed: bool,
}

const STANDING: (&str, &str) = (
    "select",
    "name,id,purpose,base_model,base_shutdown_date,provider_model,run_id,training_status,error_name,active",
);

impl Gateway {
    /// Returns how a version stands; none when there is none of that name.
    ///
    /// # Errors
    /// As [`crate::Models::register`].
    pub async fn version_named(&self, name: &str) -> Result<Option<Standing>, StageError> {
        Ok(self.versions(&[STANDING, ("name", &format!("eq.{name}"))]).await?.pop())
    }

    /// Returns the version that is live for a purpose.
    ///
    /// # Errors
    /// As [`crate::Models::register`].
    pub async fn live_for(&self, purpose: &str) -> Result<Option<Standing>, StageError> {
        let purpose = format!("eq.{purpose}");
        Ok(self.versions(&[STANDING, ("purpose", &purpose), ("active", "is.true")]).await?.pop())
    }

    /// Puts a version live, in one transaction with the ledger. It may be repeated.
    ///
    /// # Errors
    /// `PromotionRefused` when the database says no, otherwise as [`crate::Models::register`].
    pub async fn put_live(
        &self,
        name: &str,
        by: &str,
        reason: &str,
        provider_model: Option<&str>,
    ) -> Result<Decided, StageError> {
        let arguments =
            json!({"p_name": name, "p_by": by, "p_reason": reason, "p_provider_model": provider_model});
        self.rpc("put_model_version_live", &arguments).await
    }

    /// Takes the live version out of service: none is live for its purpose then. It may be repeated.
    ///
    /// # Errors
    /// As [`Gateway::put_live`].
    pub async fn retire(&self, name: &str, by: &str, reason: &str) -> Result<Decided, StageError> {
        self.rpc("retire_model_version", &json!({"p_name": name, "p_by": by, "p_reason": reason})).await
    }
}
