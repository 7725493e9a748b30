//! The template sets exactly the variables that are read.

use stage::Settings;

use super::text;

#[test]
fn the_template_sets_exactly_the_settings() {
    let template = text("template.yaml");
    let (_, variables) = template.split_once("      Variables:\n").unwrap();
    let set: Vec<_> = variables
        .lines()
        .map_while(|line| line.strip_prefix("        "))
        .map(|line| line.split_once(':').unwrap().0)
        .collect();
    assert_eq!(set, Settings::VARIABLES);
    assert_eq!(
        template.matches("Variables:\n").count(),
        1,
        "a function with variables of its own escapes this test"
    );
}
