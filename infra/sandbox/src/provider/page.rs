//! Lists: `after`, `limit` and `has_more`.

use super::error::ProviderError;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// The query of a list.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pairs: Vec<(String, String)>,
    /// Id of the last item already seen.
    pub(crate) after: Option<String>,
    /// Items asked for.
    pub(crate) limit: usize,
}

impl Page {
    /// Reads a query string; `limit` counts from 1 to `most`.
    pub(crate) fn new(text: Option<&str>, default: usize, most: usize) -> Result<Self, ProviderError> {
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(text.unwrap_or_default().as_bytes()).into_owned().collect();
        let mut page = Self { pairs, after: None, limit: default };
        page.after = page.value("after").map(ToOwned::to_owned);
        if let Some(limit) = page.value("limit") {
            page.limit = limit.parse().ok().filter(|n| (1..=most).contains(n)).ok_or_else(|| {
                ProviderError::invalid(
                    "limit",
                    format!("Invalid 'limit': expected a whole number from 1 to {most}."),
                )
            })?;
        }
        Ok(page)
    }

    /// A parameter by name.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Pairs `name[key]=value`.
    pub(crate) fn map(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().filter_map(move |(key, value)| {
            let inside = key.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            Some((inside, value.as_str()))
        })
    }

    /// The page of `items`, which are in the order of the list.
    pub(crate) fn of(&self, items: Vec<Value>) -> Result<Value, ProviderError> {
        let start = match &self.after {
            None => 0,
            Some(after) => {
                let found = items.iter().position(|item| item["id"] == after.as_str());
                let message = format!("Invalid 'after': no such object: {after}");
                1 + found
                    .ok_or_else(|| ProviderError::new(StatusCode::BAD_REQUEST, message).param("after"))?
            }
        };
        let has_more = items.len() > start + self.limit;
        let data: Vec<Value> = items.into_iter().skip(start).take(self.limit).collect();
        let id = |item: Option<&Value>| item.map_or(Value::Null, |item| item["id"].clone());
        let (first, last) = (id(data.first()), id(data.last()));
        Ok(json!({"object": "list", "data": data, "first_id": first, "last_id": last, "has_more": has_more}))
    }
}

/// Puts items before the others that have neither an id nor a shape a client knows.
pub(crate) fn add_odd_items(answer: &mut Value) {
    if let Some(data) = answer["data"].as_array_mut() {
        let odd = [Value::Null, json!({"object": "of.the.future", "shape": {"sides": 5}})];
        data.splice(..0, odd);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_says_whether_more_follows() {
        let items = || (1..=5).map(|n| json!({"id": format!("i{n}")})).collect::<Vec<_>>();
        let first = Page::new(Some("limit=2"), 20, 100).unwrap().of(items()).unwrap();
        assert_eq!((first["last_id"].as_str(), first["has_more"].as_bool()), (Some("i2"), Some(true)));
        let rest = Page::new(Some("after=i2&limit=3"), 20, 100).unwrap().of(items()).unwrap();
        assert_eq!((rest["first_id"].as_str(), rest["has_more"].as_bool()), (Some("i3"), Some(false)));
        assert!(Page::new(Some("limit=0"), 20, 100).is_err());
        assert!(Page::new(Some("after=zz"), 20, 100).unwrap().of(items()).is_err());
    }

    #[test]
    fn reads_a_bracketed_map() {
        let page = Page::new(Some("metadata%5Brun%5D=a+b&metadata[k]=v"), 20, 100).unwrap();
        assert_eq!(page.map("metadata").collect::<Vec<_>>(), [("run", "a b"), ("k", "v")]);
    }
}
