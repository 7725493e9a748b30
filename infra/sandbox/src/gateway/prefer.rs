//! The `Prefer` header.

use axum::http::HeaderMap;

/// What a request prefers.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Prefer {
    /// `count=exact` (the cheaper kinds are answered exactly, too).
    pub(crate) count: Option<&'static str>,
    /// `return=representation`, else nothing is returned.
    pub(crate) rows: Option<bool>,
    /// `resolution=merge-duplicates` (true) or `ignore-duplicates` (false).
    pub(crate) merge: Option<bool>,
    /// `missing=default`
    pub(crate) defaults: bool,
}

impl Prefer {
    /// Reads every `Prefer` header; unknown preferences are ignored.
    pub(crate) fn new(headers: &HeaderMap) -> Self {
        let mut prefer = Self::default();
        let values = headers.get_all("prefer").iter().filter_map(|v| v.to_str().ok());
        for word in values.flat_map(|v| v.split(',')).map(str::trim) {
            match word {
                "count=exact" => prefer.count = Some("exact"),
                "count=planned" => prefer.count = Some("planned"),
                "count=estimated" => prefer.count = Some("estimated"),
                "return=representation" => prefer.rows = Some(true),
                "return=minimal" => prefer.rows = Some(false),
                "missing=default" => prefer.defaults = true,
                "resolution=merge-duplicates" => prefer.merge = Some(true),
                "resolution=ignore-duplicates" => prefer.merge = Some(false),
                _ => {}
            }
        }
        prefer
    }

    /// Value of `Preference-Applied`.
    pub(crate) fn applied(self) -> String {
        let mut words = Vec::new();
        if let Some(merge) = self.merge {
            words.push(format!("resolution={}-duplicates", if merge { "merge" } else { "ignore" }));
        }
        if self.defaults {
            words.push("missing=default".to_owned());
        }
        if let Some(rows) = self.rows {
            words.push(format!("return={}", if rows { "representation" } else { "minimal" }));
        }
        if let Some(count) = self.count {
            words.push(format!("count={count}"));
        }
        words.join(", ")
    }
}
