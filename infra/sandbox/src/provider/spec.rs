//! The body of a job creation, checked as the API's description asks.

use super::error::ProviderError;
use serde_json::{Map, Value, json};

/// How a model is tuned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// From one good answer an example.
    Supervised,
    /// From a preferred and a refused answer an example.
    Dpo,
}

/// What a job was asked to be.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    /// Base model.
    pub(crate) model: String,
    /// File id.
    pub(crate) training_file: String,
    /// File id.
    pub(crate) validation_file: Option<String>,
    /// Part of the tuned model's name.
    pub(crate) suffix: Option<String>,
    /// Given or 0.
    pub(crate) seed: i64,
    /// Up to 16 pairs.
    pub(crate) metadata: Map<String, Value>,
    /// Number or "auto".
    pub(crate) epochs: Value,
    /// Number or "auto".
    pub(crate) batch: Value,
    /// Number or "auto".
    pub(crate) rate: Value,
    /// Number or "auto"; of DPO alone.
    pub(crate) beta: Value,
    /// How it is tuned.
    pub(crate) method: Method,
}

const KNOWN: [&str; 9] = [
    "model",
    "training_file",
    "validation_file",
    "suffix",
    "seed",
    "metadata",
    "method",
    "hyperparameters",
    "integrations",
];

impl Spec {
    /// Checks the fields; whether model and files exist is not known here.
    pub(crate) fn parse(body: &Map<String, Value>) -> Result<Self, ProviderError> {
        if let Some(key) = body.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            return Err(
                ProviderError::invalid(key, format!("Unknown parameter: '{key}'.")).code("unknown_parameter")
            );
        }
        let suffix = optional(body, "suffix")?;
        if suffix.as_ref().is_some_and(|s| !(1..=64).contains(&s.chars().count())) {
            return Err(ProviderError::invalid(
                "suffix",
                "Invalid 'suffix': expected a string of 1 to 64 characters.",
            ));
        }
        let seed = match body.get("seed") {
            None | Some(Value::Null) => 0,
            Some(seed) => seed.as_i64().filter(|s| (0..=2_147_483_647).contains(s)).ok_or_else(|| {
                ProviderError::invalid("seed", "Invalid 'seed': expected an integer from 0 to 2147483647.")
            })?,
        };
        let (method, tuning) = hyperparameters(body)?;
        if method == Method::Supervised && tuning.contains_key("beta") {
            return Err(
                ProviderError::invalid("beta", "Unknown parameter: 'beta'.").code("unknown_parameter")
            );
        }
        Ok(Self {
            model: required(body, "model")?,
            training_file: required(body, "training_file")?,
            validation_file: optional(body, "validation_file")?,
            suffix,
            seed,
            metadata: metadata(body)?,
            epochs: number(&tuning, "n_epochs", 50.0)?,
            batch: number(&tuning, "batch_size", 256.0)?,
            rate: number(&tuning, "learning_rate_multiplier", f64::MAX)?,
            beta: number(&tuning, "beta", 2.0)?,
            method,
        })
    }

    /// Passes over the file: as asked, or the provider's rule for `n` examples.
    pub(crate) fn passes(&self, n: u64) -> u64 {
        self.epochs.as_u64().unwrap_or(match n {
            0 => 1,
            _ if 3 * n < 100 => (100 / n).min(25),
            _ if 3 * n > 25_000 => (25_000 / n).max(1),
            _ => 3,
        })
    }

    /// The hyperparameters of the job object.
    pub(crate) fn hyperparameters(&self) -> Value {
        let mut all =
            json!({"n_epochs": self.epochs, "batch_size": self.batch, "learning_rate_multiplier": self.rate});
        if self.method == Method::Dpo {
            all["beta"] = self.beta.clone();
        }
        all
    }

    /// The method of the job object.
    pub(crate) fn method(&self) -> Value {
        let inside = json!({"hyperparameters": self.hyperparameters()});
        match self.method {
            Method::Supervised => json!({"type": "supervised", "supervised": inside}),
            Method::Dpo => json!({"type": "dpo", "dpo": inside}),
        }
    }
}

fn required(body: &Map<String, Value>, name: &str) -> Result<String, ProviderError> {
    optional(body, name)?.ok_or_else(|| {
        ProviderError::invalid(name, format!("Missing required parameter: '{name}'."))
            .code("missing_required_parameter")
    })
}

fn optional(body: &Map<String, Value>, name: &str) -> Result<Option<String>, ProviderError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => {
            Err(ProviderError::invalid(name, format!("Invalid type for '{name}': expected a string."))
                .code("invalid_type"))
        }
    }
}

fn metadata(body: &Map<String, Value>) -> Result<Map<String, Value>, ProviderError> {
    let bad = |why: &str| ProviderError::invalid("metadata", format!("Invalid 'metadata': {why}"));
    let pairs = match body.get("metadata") {
        None | Some(Value::Null) => return Ok(Map::new()),
        Some(Value::Object(pairs)) => pairs,
        Some(_) => return Err(bad("expected a map of strings.")),
    };
    if pairs.len() > 16 {
        return Err(bad("too many properties, expected at most 16."));
    }
    for (key, value) in pairs {
        let value = value.as_str().ok_or_else(|| bad("every value must be a string."))?;
        if key.chars().count() > 64 || value.chars().count() > 512 {
            return Err(bad("keys have at most 64 characters, values 512."));
        }
    }
    Ok(pairs.clone())
}

/// From `method.supervised`, `method.dpo` or the older top-level field.
fn hyperparameters(body: &Map<String, Value>) -> Result<(Method, Map<String, Value>), ProviderError> {
    let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let Some(method) = body.get("method").filter(|m| !m.is_null()) else {
        return Ok((Method::Supervised, body.get("hyperparameters").map(object).unwrap_or_default()));
    };
    match method["type"].as_str() {
        Some("supervised") => Ok((Method::Supervised, object(&method["supervised"]["hyperparameters"]))),
        Some("dpo") => Ok((Method::Dpo, object(&method["dpo"]["hyperparameters"]))),
        Some("reinforcement") => {
            Err(ProviderError::invalid("method", "This sandbox has no 'reinforcement' training."))
        }
        _ => Err(ProviderError::invalid(
            "method.type",
            "Invalid value for 'method.type': expected 'supervised', 'dpo' or 'reinforcement'.",
        )),
    }
}

fn number(tuning: &Map<String, Value>, name: &str, most: f64) -> Result<Value, ProviderError> {
    match tuning.get(name) {
        None | Some(Value::Null) => Ok(Value::from("auto")),
        Some(Value::String(word)) if word == "auto" => Ok(Value::from("auto")),
        Some(value) if value.as_f64().is_some_and(|n| n > 0.0 && n <= most) => Ok(value.clone()),
        Some(_) => Err(ProviderError::invalid(
            name,
            format!("Invalid '{name}': expected 'auto' or a positive number in range."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(extra: &Value) -> Result<Spec, ProviderError> {
        let mut body = json!({"model": "m", "training_file": "file-1"}).as_object().unwrap().clone();
        body.extend(extra.as_object().unwrap().clone());
        Spec::parse(&body)
    }

    #[test]
    fn keeps_what_the_api_allows() {
        let spec = parse(&json!({
            "suffix": "zion", "metadata": {"run": "r1"},
            "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}}}
        }))
        .unwrap();
        assert_eq!(spec.passes(1_000), 2);
        let dpo = json!({"method": {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.1}}}});
        assert_eq!(parse(&dpo).unwrap().method()["dpo"]["hyperparameters"]["beta"], 0.1);
        assert_eq!(parse(&json!({})).unwrap().passes(10), 10);
        assert_eq!(parse(&json!({})).unwrap().passes(1_000), 3);
    }

    #[test]
    fn refuses_what_the_api_refuses() {
        for bad in [
            json!({"suffix": ""}),
            json!({"suffix": "x".repeat(65)}),
            json!({"metadata": {"k": 1}}),
            json!({"metadata": {"k": "v".repeat(513)}}),
            json!({"method": {"type": "magic"}}),
            json!({"hyperparameters": {"n_epochs": 51}}),
            json!({"method": {"type": "dpo", "dpo": {"hyperparameters": {"beta": 2.5}}}}),
            json!({"method": {"type": "supervised", "supervised": {"hyperparameters": {"beta": 1}}}}),
            json!({"seed": -1}),
            json!({"model": null}),
            json!({"modle": "x"}),
        ] {
            assert!(parse(&bad).is_err(), "{bad}");
        }
    }
}
