//! The fields of `OpenAI`'s wire format that we read. Everything else may come, go or be null, and what has another
//! shape than expected counts as missing where we can do without it.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// `{"error": {…}}`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ErrorEnvelope {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) error: ErrorBody,
}

/// An error of the provider.
#[derive(Debug, Default, Deserialize)]
pub struct ErrorBody {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) code: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub(crate) kind: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) message: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) param: Option<String>,
}

/// A page of a list. Items that are not what was asked for are left out, and counted.
#[derive(Debug)]
pub(crate) struct List<T> {
    pub(crate) data: Vec<T>,
    pub(crate) has_more: bool,
    pub(crate) left_out: usize,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Page {
            data: Vec<Box<RawValue>>,
            #[serde(default, deserialize_with = "lenient")]
            has_more: bool,
        }
        let Page { data, has_more } = Page::deserialize(deserializer)?;
        let all = data.len();
        let data: Vec<T> = data.iter().filter_map(|item| serde_json::from_str(item.get()).ok()).collect();
        Ok(Self { left_out: all - data.len(), data, has_more })
    }
}

/// Any value; one of another shape is the default.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(deserializer: D) -> Result<T, D::Error> {
    Value::deserialize(deserializer).map(|value| serde_json::from_value(value).unwrap_or_default())
}

/// A day as `2027-01-14`, at the head of a longer time too, or as seconds since 1970.
fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text.get(..10).and_then(|day| day.parse().ok()),
        Value::Number(seconds) => seconds
            .as_i64()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .map(|time| time.to_zoned(TimeZone::UTC).date()),
        _ => None,
    })
}

#[derive(Debug, Deserialize)]
pub(crate) struct Model {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "day")]
    pub(crate) shutdown_date: Option<Date>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct File {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) filename: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) bytes: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Upload {
    pub(crate) id: String,
    pub(crate) expires_at: i64,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) file: Option<File>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Part {
    pub(crate) id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct FineTuningJob {
    pub(crate) id: String,
    pub(crate) created_at: i64,
    pub(crate) status: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) fine_tuned_model: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) trained_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) training_file: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) validation_file: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) estimated_finish: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) error: Option<ErrorBody>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) metadata: Option<HashMap<String, Value>>,
    /// At hosts that count them, beside the original's fields.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) trained_steps: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) total_steps: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct JobEvent {
    pub(crate) id: String,
    pub(crate) created_at: i64,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) level: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) message: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) data: Metrics,
}

#[derive(Debug, Deserialize)]
pub(crate) struct JobCheckpoint {
    pub(crate) id: String,
    pub(crate) fine_tuned_model_checkpoint: String,
    pub(crate) step_number: u64,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) metrics: Metrics,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Metrics {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) step: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) train_loss: Option<f64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) valid_loss: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct CreateUpload<'a> {
    pub(crate) filename: &'a str,
    pub(crate) purpose: &'static str,
    pub(crate) bytes: u64,
    pub(crate) mime_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_after: Option<Expiry>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Expiry {
    pub(crate) anchor: &'static str,
    pub(crate) seconds: u32,
}

#[derive(Debug, Serialize)]
pub(crate) struct CompleteUpload<'a> {
    pub(crate) part_ids: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) md5: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(crate) struct CreateJob<'a> {
    pub(crate) model: &'a str,
    pub(crate) training_file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) validation_file: Option<&'a str>,
    pub(crate) suffix: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<u32>,
    pub(crate) method: Method,
    pub(crate) metadata: HashMap<&'static str, &'a str>,
}

/// One of the two is there.
#[derive(Debug, Serialize)]
pub(crate) struct Method {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) supervised: Option<Inside>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dpo: Option<Inside>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Inside {
    pub(crate) hyperparameters: Hyperparameters,
}

#[derive(Debug, Serialize)]
pub(crate) struct Hyperparameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) n_epochs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) batch_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) learning_rate_multiplier: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) beta: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_over_odd_items_of_a_list() {
        let text = r#"{"data":[null,{"shape":5},{"id":"a","new":{"x":1},"bytes":"many"},{"id":"b","bytes":7}],"has_more":null,"extra":[]}"#;
        let list: List<File> = serde_json::from_str(text).unwrap();
        let seen: Vec<_> = list.data.iter().map(|file| (file.id.as_str(), file.bytes)).collect();
        assert_eq!(seen, [("a", None), ("b", Some(7))]);
        assert!(!list.has_more);
        assert!(serde_json::from_str::<List<File>>(r#"{"object":"list"}"#).is_err());
    }

    #[test]
    fn reads_a_shutdown_day_in_the_forms_that_hosts_write() {
        let day = |value: &str| {
            let text = format!(r#"{{"id":"m","shutdown_date":{value}}}"#);
            serde_json::from_str::<Model>(&text).unwrap().shutdown_date.map(|day| day.to_string())
        };
        for written in [r#""2027-01-14""#, r#""2027-01-14T00:00:00Z""#, "1799884800"] {
            assert_eq!(day(written).as_deref(), Some("2027-01-14"), "{written}");
        }
        for none in ["null", r#""soon""#, "[]"] {
            assert_eq!(day(none), None, "{none}");
        }
    }

    #[test]
    fn an_error_in_another_shape_is_an_empty_one() {
        for text in [r#"{"error":"no"}"#, r#"{"error":{"code":429,"message":null}}"#, "{}"] {
            let error = serde_json::from_str::<ErrorEnvelope>(text).unwrap().error;
            assert_eq!((error.code, error.message), (None, None), "{text}");
        }
    }
}
