//! Sort terms: `column.desc.nullslast,…`.

use super::error::ApiError;
use super::select;

/// One sort term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// Column name.
    pub(crate) column: String,
    /// The SQL words behind it.
    pub(crate) words: String,
}

/// Parses the value of `order`.
pub(crate) fn parse(text: &str) -> Result<Vec<Order>, ApiError> {
    select::pieces(text)?.into_iter().map(term).collect()
}

fn term(text: &str) -> Result<Order, ApiError> {
    let bad = || ApiError::parse("order", text, "expecting column.asc, column.desc, nullsfirst or nullslast");
    let mut parts = text.split('.');
    let column = select::unquote(parts.next().unwrap_or_default());
    if column.is_empty() || column.contains('(') {
        return Err(bad());
    }
    let (mut direction, mut nulls) = (None, None);
    for part in parts {
        match part {
            "asc" | "desc" if direction.is_none() && nulls.is_none() => {
                direction = Some(if part == "asc" { " ASC" } else { " DESC" });
            }
            "nullsfirst" if nulls.is_none() => nulls = Some(" NULLS FIRST"),
            "nullslast" if nulls.is_none() => nulls = Some(" NULLS LAST"),
            _ => return Err(bad()),
        }
    }
    Ok(Order { column, words: format!("{}{}", direction.unwrap_or_default(), nulls.unwrap_or_default()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_direction_and_nulls() {
        let order = parse("updated_at.desc.nullslast,id").unwrap();
        assert_eq!(order[0].words, " DESC NULLS LAST");
        assert_eq!(order[1].words, "");
        assert!(parse("id.up").is_err());
        assert!(parse("id.asc.desc").is_err());
    }
}
