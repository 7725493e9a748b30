//! The recipes shipped in `infra/recipes`, and examples of other providers below them.

use include_dir::{Dir, include_dir};

use crate::recipe::{Recipe, RecipeError};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../infra/recipes");

const EXAMPLES: &str = "examples";

/// Returns the names of all recipes, in order; the examples are none of them, but can be run by their names.
pub fn names() -> Vec<&'static str> {
    of(&FILES)
}

/// Returns the names of the examples, in order.
pub fn examples() -> Vec<&'static str> {
    FILES.get_dir(EXAMPLES).map(of).unwrap_or_default()
}

fn of(folder: &Dir<'static>) -> Vec<&'static str> {
    let mut names: Vec<_> =
        folder.files().filter_map(|file| file.path().file_name()?.to_str()?.strip_suffix(".toml")).collect();
    names.sort_unstable();
    names
}

/// Returns the text of a recipe's file, or of an example's.
pub fn text(name: &str) -> Option<&'static str> {
    let file = FILES.get_file(format!("{name}.toml"));
    file.or_else(|| FILES.get_file(format!("{EXAMPLES}/{name}.toml")))?.contents_utf8()
}

/// Returns a recipe by name.
///
/// # Errors
/// [`RecipeError`] when there is none of that name, with those there are, or when it breaks its schema.
pub fn recipe(name: &str) -> Result<Recipe, RecipeError> {
    let file = format!("infra/recipes/{name}.toml");
    let Some(text) = text(name) else {
        let problem = format!("there is no such recipe; there are {}", names().join(", "));
        return Err(RecipeError { file, problem });
    };
    let recipe = Recipe::parse(&file, text)?;
    if recipe.name == name {
        Ok(recipe)
    } else {
        let problem = format!("name = {:?}: call it {name:?}, as its file", recipe.name);
        Err(RecipeError { file, problem })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_recipe_keeps_the_schema() {
        assert!(names().len() >= 5, "{:?}", names());
        assert_eq!(examples(), ["zion-support-bedrock", "zion-support-own-hardware"]);
        for name in names().into_iter().chain(examples()) {
            assert_eq!(recipe(name).unwrap().name, name);
        }
    }

    #[test]
    fn an_example_is_no_recipe_that_is_run_by_itself() {
        assert!(examples().iter().all(|example| !names().contains(example)));
        assert!(
            recipe("../recipes/zion-support").is_err() && recipe("examples/zion-support-bedrock").is_err()
        );
    }

    #[test]
    fn an_unknown_recipe_is_answered_with_those_there_are() {
        let error = recipe("zion-nope").unwrap_err().to_string();
        assert!(error.contains("zion-job-generator"), "{error}");
    }
}
