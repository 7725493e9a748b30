//! The query string of a table or function call.

use super::error::ApiError;
use super::filter::{self, Filter};
use super::order::{self, Order};
use super::select::{self, Item};
use axum::http::StatusCode;

/// A parsed query string.
#[derive(Debug, Default, Clone)]
pub(crate) struct Query {
    /// The select list; never empty after parsing.
    pub(crate) select: Vec<Item>,
    /// Conditions; the first part names the embed they apply to.
    pub(crate) filters: Vec<(Option<String>, Filter)>,
    /// Sort terms.
    pub(crate) order: Vec<Order>,
    /// `limit`
    pub(crate) limit: Option<u64>,
    /// `offset`
    pub(crate) offset: Option<u64>,
    /// Columns of the unique key an upsert meets.
    pub(crate) on_conflict: Option<Vec<String>>,
    /// Columns of a bulk insert; keys beyond them are ignored.
    pub(crate) columns: Option<Vec<String>>,
    /// `apikey`, the gateway's alternative to the header.
    pub(crate) apikey: Option<String>,
}

impl Query {
    /// Parses the text behind `?`.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let mut query = Self { select: vec![Item::All], ..Self::default() };
        for (key, value) in url::form_urlencoded::parse(text.as_bytes()) {
            if key.contains('\0') || value.contains('\0') {
                return Err(ApiError::parse("query", "a zero byte", "text can't hold a zero byte"));
            }
            query.take(&key, &value)?;
        }
        Ok(query)
    }

    fn take(&mut self, key: &str, value: &str) -> Result<(), ApiError> {
        match key {
            "select" => self.select = select::parse(value)?,
            "order" => self.order = order::parse(value)?,
            "limit" => self.limit = Some(bound(value)?),
            "offset" => self.offset = Some(bound(value)?),
            "on_conflict" => self.on_conflict = Some(names(value)?),
            "columns" => self.columns = Some(names(value)?),
            "apikey" => self.apikey = Some(value.to_owned()),
            _ => self.filters.push(condition(key, value)?),
        }
        Ok(())
    }

    /// The embeds of the select list.
    pub(crate) fn embeds(&self) -> impl Iterator<Item = &select::Embed> {
        self.select.iter().filter_map(|item| match item {
            Item::Embed(embed) => Some(embed),
            Item::All | Item::Column { .. } => None,
        })
    }
}

/// `[embed.][not.]and|or=(…)` or `[embed.]column=op.value`.
fn condition(key: &str, value: &str) -> Result<(Option<String>, Filter), ApiError> {
    for (word, all) in [("and", true), ("or", false)] {
        let Some(before) = key.strip_suffix(word) else {
            continue;
        };
        let (before, negated) = match before.strip_suffix("not.") {
            Some(before) => (before, true),
            None => (before, false),
        };
        let embed = match before {
            "" => None,
            _ => match before.strip_suffix('.') {
                Some(embed) => Some(embed.to_owned()),
                // A column that happens to end in the word.
                None => continue,
            },
        };
        return Ok((embed, filter::tree(all, negated, value)?));
    }
    let (embed, column) = match key.split_once('.') {
        Some((embed, column)) if !key.starts_with('"') => (Some(embed.to_owned()), column),
        _ => (None, key),
    };
    Ok((embed, filter::column(&select::unquote(column), value)?))
}

fn names(value: &str) -> Result<Vec<String>, ApiError> {
    Ok(select::pieces(value)?.into_iter().map(|n| select::unquote(n.trim())).collect())
}

fn bound(value: &str) -> Result<u64, ApiError> {
    value.parse().map_err(|_| {
        ApiError::new(StatusCode::RANGE_NOT_SATISFIABLE, "PGRST103", "Requested range not satisfiable")
            .details("limit and offset should be whole numbers, zero or more.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::filter::Test;

    #[test]
    fn sends_dotted_filters_to_their_embed() {
        let query = Query::parse(
            "select=id,consent:profiles!inner(training_opt_out)&consent.training_opt_out=is.false&id=gt.5&limit=2",
        )
        .unwrap();
        assert_eq!(query.embeds().count(), 1);
        assert_eq!(query.filters[0].0.as_deref(), Some("consent"));
        assert!(matches!(&query.filters[0].1, Filter::Column { test: Test::Is("FALSE"), .. }));
        assert_eq!(query.filters[1].0, None);
        assert_eq!(query.limit, Some(2));
    }

    #[test]
    fn tells_logic_from_columns_ending_in_its_words() {
        let query = Query::parse("brand=eq.x&not.or=(a.eq.1,b.eq.2)&p.and=(c.is.null)&color=eq.y").unwrap();
        assert!(matches!(&query.filters[0].1, Filter::Column { column, .. } if column == "brand"));
        assert!(matches!(&query.filters[1].1, Filter::Tree { all: false, negated: true, .. }));
        assert_eq!(query.filters[2].0.as_deref(), Some("p"));
        assert!(matches!(&query.filters[3].1, Filter::Column { column, .. } if column == "color"));
    }

    #[test]
    fn refuses_a_limit_that_is_no_number() {
        assert!(Query::parse("limit=-1").is_err());
        assert!(Query::parse("id=5").is_err());
    }
}
