//! Filters: `column=op.value` and the trees `and=(…)`, `or=(…)`.

use super::error::ApiError;

/// A condition over one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Filter {
    /// `column op value`.
    Column {
        /// Column name as written.
        column: String,
        /// Whether `not.` stood before the operator.
        negated: bool,
        /// Operator and value.
        test: Test,
    },
    /// Several at once.
    Tree {
        /// `and` if true, else `or`.
        all: bool,
        /// Whether `not.` stood before it.
        negated: bool,
        /// The members.
        of: Vec<Self>,
    },
}

/// An operator with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Test {
    /// A binary operator; the value is bound and takes the column's type.
    Compare(&'static str, String),
    /// `in.(a,b)`.
    In(Vec<String>),
    /// `is.null` and its kind; the SQL word.
    Is(&'static str),
}

/// Parses `op.value` of a query parameter.
pub(crate) fn column(column: &str, condition: &str) -> Result<Filter, ApiError> {
    let mut cursor = Cursor { text: condition, at: 0 };
    let negated = cursor.eat("not.");
    let test = cursor.test(false)?;
    Ok(Filter::Column { column: column.to_owned(), negated, test })
}

/// Parses the value of an `and` or `or` parameter, `(…)`.
pub(crate) fn tree(all: bool, negated: bool, text: &str) -> Result<Filter, ApiError> {
    let mut cursor = Cursor { text, at: 0 };
    let of = cursor.members()?;
    if cursor.at != text.len() {
        return Err(fault("logic tree", text, "unexpected text after the closing \")\""));
    }
    Ok(Filter::Tree { all, negated, of })
}

fn fault(what: &str, text: &str, details: &str) -> ApiError {
    ApiError::parse(what, text, details)
}

/// SQL of a plain operator word.
fn operator(word: &str) -> Option<&'static str> {
    Some(match word {
        "eq" => "=",
        "neq" => "<>",
        "gt" => ">",
        "gte" => ">=",
        "lt" => "<",
        "lte" => "<=",
        "like" => "LIKE",
        "ilike" => "ILIKE",
        "match" => "~",
        "imatch" => "~*",
        "cs" => "@>",
        "cd" => "<@",
        "ov" => "&&",
        "isdistinct" => "IS DISTINCT FROM",
        _ => return None,
    })
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn fail<T>(&self, details: &str) -> Result<T, ApiError> {
        Err(fault("filter", self.text, details))
    }

    /// `(member,member,…)`
    fn members(&mut self) -> Result<Vec<Filter>, ApiError> {
        if !self.eat("(") {
            return Err(fault("logic tree", self.text, "expecting \"(\""));
        }
        let mut of = vec![self.member()?];
        while self.eat(",") {
            of.push(self.member()?);
        }
        if self.eat(")") { Ok(of) } else { Err(fault("logic tree", self.text, "expecting \",\" or \")\"")) }
    }

    fn member(&mut self) -> Result<Filter, ApiError> {
        let start = self.at;
        let negated = self.eat("not.");
        for (word, all) in [("and", true), ("or", false)] {
            if self.rest().starts_with(&format!("{word}(")) {
                self.at += word.len();
                return Ok(Filter::Tree { all, negated, of: self.members()? });
            }
        }
        self.at = start;
        let column = self.name()?;
        if !self.eat(".") {
            return self.fail("expecting \".\" and an operator after the column");
        }
        let negated = self.eat("not.");
        Ok(Filter::Column { column, negated, test: self.test(true)? })
    }

    fn name(&mut self) -> Result<String, ApiError> {
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let end = self.rest().find(['.', ',', '(', ')']).unwrap_or(self.rest().len());
        if end == 0 {
            return self.fail("expecting a column name");
        }
        let name = self.rest()[..end].to_owned();
        self.at += end;
        Ok(name)
    }

    /// `"…"` with `\"` and `\\` inside.
    fn quoted(&mut self) -> Result<String, ApiError> {
        let mut out = String::new();
        let mut escaped = false;
        for (i, c) in self.rest().char_indices().skip(1) {
            match c {
                _ if escaped => {
                    out.push(c);
                    escaped = false;
                }
                '\\' => escaped = true,
                '"' => {
                    self.at += i + 1;
                    return Ok(out);
                }
                _ => out.push(c),
            }
        }
        self.fail("a quoted value does not end")
    }

    /// `op.value`; inside a tree a value ends at `,` or `)`.
    fn test(&mut self, in_tree: bool) -> Result<Test, ApiError> {
        let Some(dot) = self.rest().find('.') else {
            return self.fail("expecting an operator and a value, as in eq.1");
        };
        let word = &self.rest()[..dot];
        let known = operator(word);
        if known.is_none() && word != "in" && word != "is" {
            return self.fail(&format!("unexpected \"{word}\", expecting an operator (eq, gt, in, is, …)"));
        }
        self.at += dot + 1;
        match (known, word) {
            (None, "in") => self.list(in_tree).map(Test::In),
            (None, _) => self.is_word(in_tree).map(Test::Is),
            (Some(op), _) => {
                let value = if in_tree { self.tree_value()? } else { self.all_left() };
                // `*` is the wildcard that needs no escaping in an address.
                let value = if matches!(op, "LIKE" | "ILIKE") { value.replace('*', "%") } else { value };
                Ok(Test::Compare(op, value))
            }
        }
    }

    fn all_left(&mut self) -> String {
        let value = self.rest().to_owned();
        self.at = self.text.len();
        value
    }

    fn is_word(&mut self, in_tree: bool) -> Result<&'static str, ApiError> {
        let end = if in_tree { self.rest().find([',', ')']) } else { None }.unwrap_or(self.rest().len());
        let word = match self.rest()[..end].to_ascii_lowercase().as_str() {
            "null" => "NULL",
            "not_null" => "NOT NULL",
            "true" => "TRUE",
            "false" => "FALSE",
            "unknown" => "UNKNOWN",
            _ => return self.fail("expecting null, not_null, true, false or unknown after \"is.\""),
        };
        self.at += end;
        Ok(word)
    }

    fn tree_value(&mut self) -> Result<String, ApiError> {
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        // A Postgres array literal keeps its commas.
        if self.rest().starts_with('{')
            && let Some(end) = self.rest().find('}')
        {
            let value = self.rest()[..=end].to_owned();
            self.at += end + 1;
            return Ok(value);
        }
        let end = self.rest().find([',', ')']).unwrap_or(self.rest().len());
        let value = self.rest()[..end].to_owned();
        self.at += end;
        Ok(value)
    }

    fn list(&mut self, in_tree: bool) -> Result<Vec<String>, ApiError> {
        if !self.eat("(") {
            return self.fail("expecting \"(\" after \"in.\"");
        }
        let mut values = Vec::new();
        if self.eat(")") {
            return Ok(values);
        }
        loop {
            values.push(if self.rest().starts_with('"') {
                self.quoted()?
            } else {
                let end = self.rest().find([',', ')']).unwrap_or(self.rest().len());
                let value = self.rest()[..end].to_owned();
                self.at += end;
                value
            });
            if self.eat(")") {
                break;
            }
            if !self.eat(",") {
                return self.fail("expecting \",\" or \")\" in the list");
            }
        }
        if !in_tree && self.at != self.text.len() {
            return self.fail("unexpected text after the list");
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(name: &str, op: &'static str, value: &str) -> Filter {
        Filter::Column { column: name.into(), negated: false, test: Test::Compare(op, value.into()) }
    }

    #[test]
    fn reads_a_keyset_tree() {
        let text = r#"(updated_at.gt."2025-01-01T00:00:00+00:00",and(updated_at.eq.2025-01-01,id.gt.5))"#;
        let expected = Filter::Tree {
            all: false,
            negated: false,
            of: vec![
                plain("updated_at", ">", "2025-01-01T00:00:00+00:00"),
                Filter::Tree {
                    all: true,
                    negated: false,
                    of: vec![plain("updated_at", "=", "2025-01-01"), plain("id", ">", "5")],
                },
            ],
        };
        assert_eq!(tree(false, false, text).unwrap(), expected);
    }

    #[test]
    fn reads_lists_quotes_and_negation() {
        let Filter::Column { negated, test, .. } = column("a", r#"not.in.(x,"a,\"b\")",z)"#).unwrap() else {
            panic!("a column")
        };
        assert!(negated);
        assert_eq!(test, Test::In(vec!["x".into(), "a,\"b\")".into(), "z".into()]));
        assert_eq!(column("a", "like.*x*").unwrap(), plain("a", "LIKE", "%x%"));
        assert_eq!(column("a", "eq.a.b,c)").unwrap(), plain("a", "=", "a.b,c)"));
        let nested = tree(true, false, "(not.or(a.is.null,b.in.(1,2)),c.cs.{x,y})").unwrap();
        let Filter::Tree { of, .. } = nested else { panic!("a tree") };
        assert!(matches!(&of[0], Filter::Tree { all: false, negated: true, of } if of.len() == 2));
        assert_eq!(of[1], plain("c", "@>", "{x,y}"));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for text in ["5", "like", "is.maybe", "in.(1", "foo.1", "in.5"] {
            assert!(column("a", text).is_err(), "{text}");
        }
        for text in ["a.eq.1", "(a.eq.1", "(a)", "()", "(a.eq.1)x"] {
            assert!(tree(true, false, text).is_err(), "{text}");
        }
    }
}
