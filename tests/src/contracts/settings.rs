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
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once(':').unwrap().0)
        .collect();
    // The last one is not ours: the C library reads it.
    assert_eq!(set[..set.len() - 1], Settings::VARIABLES);
    assert_eq!(set.last(), Some(&"MALLOC_MMAP_THRESHOLD_"));
    assert_eq!(
        template.matches("Variables:\n").count(),
        1,
        "a function with variables of its own escapes this test"
    );
}
