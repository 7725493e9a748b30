//! From a row to a prompt and a completion.

use std::collections::BTreeMap;

use minijinja::{Environment, UndefinedBehavior, Value};

use crate::row::Row;

/// The compiled templates of one source.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    columns: Vec<String>,
}

/// A prompt and its completion, not yet scrubbed.
pub struct Rendered {
    /// What the model is asked.
    pub prompt: String,
    /// What the model should answer.
    pub completion: String,
}

/// A template that cannot be used, or a row that it cannot be used on. Holds names of columns, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The template does not parse or asks for a column that is not selected.
    #[error("{template}: {problem}")]
    Template {
        /// `prompt` or `completion`.
        template: &'static str,
        /// What is wrong and how to mend it.
        problem: String,
    },
    /// A column that the template needs is null.
    #[error("{template} needs a column that is null or empty")]
    MissingField {
        /// `prompt` or `completion`.
        template: &'static str,
    },
}

const NAMES: [&str; 2] = ["prompt", "completion"];

impl Templates {
    /// Compiles both templates and tries them on a row of which every column is filled.
    ///
    /// # Errors
    /// [`TemplateError::Template`].
    pub fn new(prompt: &str, completion: &str, columns: &[String]) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        for (name, text) in NAMES.into_iter().zip([prompt, completion]) {
            environment.add_template_owned(name, text.to_owned()).map_err(|error| problem(name, &error))?;
        }
        let templates = Self { environment, columns: columns.to_vec() };
        for name in NAMES {
            let template = templates.environment.get_template(name).map_err(|error| problem(name, &error))?;
            let mut unknown: Vec<_> = template
                .undeclared_variables(false)
                .into_iter()
                .filter(|variable| !templates.columns.contains(variable))
                .collect();
            unknown.sort();
            if !unknown.is_empty() {
                let problem =
                    format!("{} is not in `columns`: add it there or mend its name", unknown.join(", "));
                return Err(TemplateError::Template { template: name, problem });
            }
        }
        // Both a text and a list, because a filter may want one of them.
        let tries = [Value::from("x"), Value::from(vec!["x"])].map(|value| {
            let filled = templates.columns.iter().map(|column| (column.clone(), value.clone())).collect();
            NAMES.iter().try_for_each(|name| templates.one(name, &filled).map(|_| ()))
        });
        if let [Err(error), Err(_)] = tries {
            return Err(error);
        }
        Ok(templates)
    }

    /// Renders one row.
    ///
    /// Numbers reach the template as the database wrote them, digit by digit; a null or blank column is undefined.
    ///
    /// # Errors
    /// [`TemplateError::MissingField`] when a column that is printed is null or blank.
    pub fn render(&self, row: &Row) -> Result<Rendered, TemplateError> {
        let fields: BTreeMap<_, _> = self
            .columns
            .iter()
            .filter_map(|column| value(row.raw(column)?).map(|value| (column.clone(), value)))
            .collect();
        let one = |name| self.one(name, &fields).map_err(|_| TemplateError::MissingField { template: name });
        Ok(Rendered { prompt: one(NAMES[0])?, completion: one(NAMES[1])? })
    }

    fn one(&self, name: &'static str, fields: &BTreeMap<String, Value>) -> Result<String, TemplateError> {
        let template = self.environment.get_template(name).map_err(|error| problem(name, &error))?;
        let text = template.render(fields).map_err(|error| problem(name, &error))?;
        let text = text.trim();
        if text.is_empty() {
            Err(TemplateError::MissingField { template: name })
        } else {
            Ok(text.to_owned())
        }
    }
}

/// The library's own message names the expression, which is the recipe's; a row's value is not in it.
fn problem(template: &'static str, error: &minijinja::Error) -> TemplateError {
    let place = error.line().map(|line| format!(" in line {line}")).unwrap_or_default();
    TemplateError::Template { template, problem: format!("{error}{place}") }
}

fn value(raw: &str) -> Option<Value> {
    match raw {
        "null" => None,
        "true" => Some(Value::from(true)),
        "false" => Some(Value::from(false)),
        text if text.starts_with('"') => {
            let text: String = serde_json::from_str(text).ok()?;
            (!text.trim().is_empty()).then(|| Value::from(text))
        }
        text if text.starts_with('[') || text.starts_with('{') => {
            let value: Value = serde_json::from_str(text).ok()?;
            (value.len() != Some(0)).then_some(value)
        }
        number => Some(Value::from(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library;

    fn templates(recipe: &str) -> Templates {
        library::recipe(recipe).unwrap().sources[0].templates().unwrap()
    }

    #[test]
    fn renders_the_row_of_a_job_post() {
        let row = Row::parse(br#"{"title":"Nurse","description":"Care for people.","salary_min":1200.00}"#)
            .unwrap();
        let rendered = templates("zion-job-generator").render(&row).unwrap();
        assert!(rendered.prompt.contains("Create a job description titled \"Nurse\""), "{}", rendered.prompt);
        assert!(rendered.completion.contains("Care for people."));
    }

    #[test]
    fn a_blank_column_is_a_missing_field() {
        let row = Row::parse(br#"{"title":"Nurse","description":"  "}"#).unwrap();
        let error = templates("zion-job-generator").render(&row).err().unwrap();
        assert_eq!(error, TemplateError::MissingField { template: "completion" });
    }

    #[test]
    fn lists_are_joined() {
        let row = Row::parse(br#"{"summary":"Builds things.","skills":["rust","sql"]}"#).unwrap();
        let rendered = templates("zion-resume-enhancer").render(&row).unwrap();
        assert!(rendered.prompt.contains("rust, sql"), "{}", rendered.prompt);
    }

    #[test]
    fn markup_is_left_as_it_is() {
        let row = Row::parse(br#"{"title":"R&D <lead>","description":"a & b"}"#).unwrap();
        let rendered = templates("zion-job-generator").render(&row).unwrap();
        assert!(rendered.prompt.contains("R&D <lead>"));
    }
}
