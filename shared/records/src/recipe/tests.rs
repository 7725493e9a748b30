use super::*;
use crate::library;

fn broken(find: &str, replace: &str) -> String {
    let text = library::text("zion-job-generator").unwrap();
    assert!(text.contains(find), "{find} is not in the recipe");
    Recipe::parse("x.toml", &text.replacen(find, replace, 1)).unwrap_err().to_string()
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let error = broken("epochs", "epoch");
    assert!(error.contains("x.toml: line ") && error.contains("epoch"), "{error}");
}

#[test]
fn a_missing_consent_mapping_is_refused() {
    let error = broken("[sources.consent]", "[sources.agreement]");
    assert!(error.contains("agreement") || error.contains("consent"), "{error}");
}

#[test]
fn a_null_is_a_yes_for_a_reason_in_words_alone() {
    let opt_out = "opt_out = \"training_opt_out\"";
    let error = broken(opt_out, &format!("{opt_out}\nnull_means_yes = \"yes\""));
    assert!(error.contains("consent.null_means_yes: say why"), "{error}");
    let text = library::text("zion-job-generator").unwrap();
    let reason = "asked by letter before the column was there";
    let text = text.replacen(opt_out, &format!("{opt_out}\nnull_means_yes = \"{reason}\""), 1);
    let recipe = Recipe::parse("x.toml", &text).unwrap();
    assert_eq!(recipe.sources[0].consent.null_means_yes(), Some(reason));
}

#[test]
fn a_table_of_consents_is_reached_by_the_subject_or_by_what_the_recipe_says() {
    let text = library::text("zion-job-generator").unwrap();
    let by = |text: &str| Recipe::parse("x.toml", text).map(|mut it| it.sources.remove(0).consent);
    let is_by = |text: &str, wanted: &str| {
        let consent = by(text).unwrap();
        assert!(matches!(&consent, Consent::Related(it) if it.by.as_deref() == Some(wanted)), "{consent:?}");
    };
    is_by(text, "owner_id");
    let table = "table = \"profiles\"";
    is_by(&text.replacen(table, &format!("{table}\nby = \"author_id\""), 1), "author_id");
    let nobody = text.replacen("subject = \"owner_id\"\n", "", 1);
    let error = by(&nobody).unwrap_err().to_string();
    assert!(error.contains("consent.by: name the column"), "{error}");
    is_by(&nobody.replacen(table, &format!("{table}\nby = \"author_id\""), 1), "author_id");
    assert!(by(&text.replacen(table, &format!("{table}\nby = \"a(b)\""), 1)).is_err());
}

#[test]
fn a_log_of_consents_needs_a_person_and_one_column_to_go_by() {
    let log = |lines: &str| {
        let text = library::text("zion-job-generator").unwrap();
        let (before, _) = text.split_once("[sources.consent]").unwrap();
        let (_, behind) = text.split_once("training_opt_out\"").unwrap();
        let log = "table = \"consents\"\nperson = \"user_id\"\nlatest_by = \"said_at\"";
        Recipe::parse("x.toml", &format!("{before}[sources.consent]\n{log}\n{lines}{behind}"))
    };
    let recipe = log("granted = \"granted\"\nwhere = { kind = \"training\" }").unwrap();
    let columns = recipe.used_columns();
    assert_eq!(
        columns["consents"].iter().copied().collect::<Vec<_>>(),
        ["granted", "kind", "said_at", "user_id"]
    );
    for lines in ["", "granted = \"a\"\nopt_out = \"b\""] {
        let error = log(lines).unwrap_err().to_string();
        assert!(error.contains("either opt_out or granted"), "{error}");
    }
    assert!(log("opt_out = \"no\"\nnull_means_yes = \"yes\"").is_err());
    let nobody = library::text("zion-job-generator").unwrap().replacen("subject = \"owner_id\"\n", "", 1);
    let nobody = nobody.replacen(
        "table = \"profiles\"",
        "table = \"consents\"\nperson = \"user_id\"\nlatest_by = \"said_at\"",
        1,
    );
    let error = Recipe::parse("x.toml", &nobody).unwrap_err().to_string();
    assert!(error.contains("subject: name the column"), "{error}");
}

#[test]
fn what_no_version_could_be_registered_by_is_refused() {
    for name in ["Zion-Job", "-zion", "_zion", "zion.job", "zion job", ""] {
        let error = broken("\"zion-job-generator\"", &format!("{name:?}"));
        assert!(error.contains("x.toml: name = "), "{error}");
    }
    for base in ["", "gpt oss", "gpt\\toss", "gpt\\u0000", &"x".repeat(201)] {
        let error = broken("openai/gpt-oss-20b", base);
        assert!(error.contains("model.base: "), "{error}");
    }
    let text = library::text("zion-job-generator").unwrap();
    for name in ["zion-2_b", "7b"] {
        let text = text.replacen("zion-job-generator", name, 1);
        Recipe::parse("x.toml", &text.replacen("openai/gpt-oss-20b", "ft:gpt-4.1:o::Ab-1", 1)).unwrap();
    }
}

#[test]
fn a_template_may_use_selected_columns_only() {
    let error = broken("{{ title }}", "{{ titel }}");
    assert!(error.contains("source job_posts: prompt") && error.contains("titel"), "{error}");
}

#[test]
fn a_template_that_does_not_parse_is_refused() {
    assert!(
        broken("{{ title }}", "{{ title }").contains("prompt"),
        "{}",
        broken("{{ title }}", "{{ title }")
    );
}
