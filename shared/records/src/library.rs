//! The recipes shipped in `infra/recipes`.

use include_dir::{Dir, include_dir};

use crate::recipe::{Recipe, RecipeError};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../infra/recipes");

/// Returns the names of all recipes, in order.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> =
        FILES.files().filter_map(|file| file.path().to_str()?.strip_suffix(".toml")).collect();
    names.sort_unstable();
    names
}

/// Returns the text of a recipe's file.
pub fn text(name: &str) -> Option<&'static str> {
    FILES.get_file(format!("{name}.toml"))?.contents_utf8()
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
        for name in names() {
            recipe(name).unwrap();
        }
    }

    #[test]
    fn an_unknown_recipe_is_answered_with_those_there_are() {
        let error = recipe("zion-nope").unwrap_err().to_string();
        assert!(error.contains("zion-job-generator"), "{error}");
    }
}
