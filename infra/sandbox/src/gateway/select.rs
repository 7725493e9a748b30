//! The select list: columns, aliases and embeds of one level.

use super::error::ApiError;

/// One item of a select list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// `*`
    All,
    /// `alias:column`
    Column {
        /// Name in the answer, if another.
        alias: Option<String>,
        /// Column name.
        column: String,
    },
    /// `alias:target!hint!inner(…)`
    Embed(Embed),
}

/// An embedded table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Embed {
    /// Name in the answer, if another.
    pub(crate) alias: Option<String>,
    /// Table, or the column or constraint of the foreign key.
    pub(crate) target: String,
    /// Column or constraint that chooses among several keys.
    pub(crate) hint: Option<String>,
    /// Whether rows without a match are left out.
    pub(crate) inner: bool,
    /// Its own columns.
    pub(crate) items: Vec<Item>,
}

impl Embed {
    /// The name filters use and the answer shows.
    pub(crate) fn name(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.target)
    }
}

/// Parses a select list; an empty one means all columns.
pub(crate) fn parse(text: &str) -> Result<Vec<Item>, ApiError> {
    let text: String = strip_blanks(text);
    if text.is_empty() {
        return Ok(vec![Item::All]);
    }
    pieces(&text)?.into_iter().map(item).collect()
}

/// Blanks and line breaks count only inside quotes.
fn strip_blanks(text: &str) -> String {
    let mut quoted = false;
    text.chars()
        .filter(|c| {
            quoted ^= *c == '"';
            quoted || !c.is_whitespace()
        })
        .collect()
}

/// Splits at the commas outside quotes and parentheses.
pub(crate) fn pieces(text: &str) -> Result<Vec<&str>, ApiError> {
    let (mut depth, mut quoted, mut start) = (0_usize, false, 0);
    let mut out = Vec::new();
    for (i, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or_else(|| bad(text))?,
            ',' if depth == 0 => {
                out.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    if depth > 0 || quoted {
        return Err(bad(text));
    }
    out.push(&text[start..]);
    Ok(out)
}

fn bad(text: &str) -> ApiError {
    ApiError::parse("select parameter", text, "expecting column, alias:column or table(columns)")
}

fn item(text: &str) -> Result<Item, ApiError> {
    let (head, inside) = match text.find('(') {
        Some(open) if text.ends_with(')') => (&text[..open], Some(&text[open + 1..text.len() - 1])),
        Some(_) => return Err(bad(text)),
        None => (text, None),
    };
    let (alias, name) = match head.split_once(':') {
        Some((alias, name)) if !name.starts_with(':') => (Some(unquote(alias)), name),
        _ => (None, head),
    };
    if name.is_empty() || alias.as_deref() == Some("") {
        return Err(bad(text));
    }
    let Some(inside) = inside else {
        return Ok(if name == "*" { Item::All } else { Item::Column { alias, column: unquote(name) } });
    };
    let mut words = name.split('!');
    let target = unquote(words.next().unwrap_or_default());
    let (mut inner, mut hint) = (false, None);
    for word in words {
        match word {
            "inner" => inner = true,
            "left" => inner = false,
            other => hint = Some(unquote(other)),
        }
    }
    let items = if inside.is_empty() { vec![] } else { parse(inside)? };
    Ok(Item::Embed(Embed { alias, target, hint, inner, items }))
}

/// A name without its optional quotes.
pub(crate) fn unquote(name: &str) -> String {
    name.strip_prefix('"').and_then(|n| n.strip_suffix('"')).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_columns_aliases_and_an_inner_embed() {
        let items = parse("id, name:title,consent:profiles!inner(training_opt_out)").unwrap();
        assert_eq!(items[1], Item::Column { alias: Some("name".into()), column: "title".into() });
        let Item::Embed(embed) = &items[2] else { panic!("an embed") };
        assert_eq!((embed.name(), embed.target.as_str(), embed.inner), ("consent", "profiles", true));
        assert_eq!(embed.items, [Item::Column { alias: None, column: "training_opt_out".into() }]);
    }

    #[test]
    fn reads_a_hint_beside_inner() {
        let items = parse("*,profiles!job_posts_owner_id_fkey!inner(*)").unwrap();
        assert_eq!(items[0], Item::All);
        let Item::Embed(embed) = &items[1] else { panic!("an embed") };
        assert_eq!(embed.hint.as_deref(), Some("job_posts_owner_id_fkey"));
        assert!(embed.inner);
    }

    #[test]
    fn refuses_broken_lists() {
        for text in ["a,,b", "p(a", "p)a(", ":x", "a:"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
