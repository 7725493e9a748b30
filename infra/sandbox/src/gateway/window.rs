//! Which rows of a result are sent: limit, offset, `Range`, the server's cap, and what the answer
//! says about it.

use super::error::ApiError;
use super::query::Query;
use axum::http::{HeaderMap, StatusCode, header};

/// A slice of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// Rows skipped.
    pub(crate) offset: u64,
    /// Rows sent at most.
    pub(crate) limit: u64,
}

impl Window {
    /// The intersection of limit and offset, the `Range` header and the cap of `max_rows`.
    pub(crate) fn new(query: &Query, headers: &HeaderMap, max_rows: u64) -> Result<Self, ApiError> {
        let offset = query.offset.unwrap_or(0);
        let mut window = Self { offset, limit: query.limit.unwrap_or(u64::MAX) };
        if let Some((low, high)) = headers.get(header::RANGE).and_then(|v| v.to_str().ok()).and_then(range) {
            if high.is_some_and(|high| high < low) {
                return Err(unsatisfiable().details(
                    "The lower boundary must be lower than or equal to the upper boundary in the Range header.",
                ));
            }
            let end = window.offset.saturating_add(window.limit);
            let end = end.min(high.map_or(u64::MAX, |high| high.saturating_add(1)));
            window.offset = offset.max(low);
            window.limit = end.saturating_sub(window.offset);
        }
        window.limit = window.limit.min(max_rows);
        Ok(window)
    }

    /// Status and `Content-Range` for `rows` rows sent out of `total`.
    pub(crate) fn answer(self, rows: u64, total: Option<u64>) -> Result<(StatusCode, String), ApiError> {
        match total {
            Some(total) if self.offset > total => {
                let details =
                    format!("An offset of {} was requested, but there are only {total} rows.", self.offset);
                Err(unsatisfiable().details(details).header(header::CONTENT_RANGE, &format!("*/{total}")))
            }
            Some(total) if rows < total => {
                Ok((StatusCode::PARTIAL_CONTENT, content_range(self.offset, rows, Some(total))))
            }
            _ => Ok((StatusCode::OK, content_range(self.offset, rows, total))),
        }
    }
}

/// `first-last/total`, with `*` for what is unknown or empty.
pub(crate) fn content_range(offset: u64, rows: u64, total: Option<u64>) -> String {
    let total = total.map_or_else(|| "*".to_owned(), |t| t.to_string());
    if rows == 0 { format!("*/{total}") } else { format!("{offset}-{}/{total}", offset + rows - 1) }
}

fn unsatisfiable() -> ApiError {
    ApiError::new(StatusCode::RANGE_NOT_SATISFIABLE, "PGRST103", "Requested range not satisfiable")
}

/// `0-4`, `5-` or `items=0-4`; anything else is ignored, as `PostgREST` does.
fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let text = text.strip_prefix("items=").unwrap_or(text);
    let (low, high) = text.split_once('-')?;
    let high = if high.is_empty() { None } else { Some(high.trim().parse().ok()?) };
    Some((low.trim().parse().ok()?, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(query: &str, range: Option<&str>) -> Result<Window, ApiError> {
        let mut headers = HeaderMap::new();
        if let Some(range) = range {
            headers.insert(header::RANGE, range.parse().unwrap());
        }
        Window::new(&Query::parse(query).unwrap(), &headers, 1000)
    }

    #[test]
    fn caps_the_page_and_honours_the_range() {
        assert_eq!(window("limit=5000", None).unwrap(), Window { offset: 0, limit: 1000 });
        assert_eq!(window("", Some("10-14")).unwrap(), Window { offset: 10, limit: 5 });
        assert_eq!(window("limit=3&offset=2", Some("4-9")).unwrap(), Window { offset: 4, limit: 1 });
        assert!(window("", Some("5-2")).is_err());
    }

    #[test]
    fn answers_206_when_part_of_a_counted_total_is_sent() {
        let at = |offset| Window { offset, limit: 5 };
        assert_eq!(at(0).answer(5, Some(1000)).unwrap(), (StatusCode::PARTIAL_CONTENT, "0-4/1000".into()));
        assert_eq!(at(0).answer(5, None).unwrap(), (StatusCode::OK, "0-4/*".into()));
        assert_eq!(at(0).answer(0, Some(0)).unwrap(), (StatusCode::OK, "*/0".into()));
        assert_eq!(at(9).answer(0, Some(3)).unwrap_err().status, StatusCode::RANGE_NOT_SATISFIABLE);
    }
}
