//! `zion check` as a person runs it.

#![expect(clippy::unwrap_used, reason = "helpers of tests: what is not there fails the test that asked")]

use std::path::Path;
use std::process::Command;

use serde_json::json;

/// Exit code and what was printed.
fn check(arguments: &[&str]) -> (i32, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_zion")).arg("check").args(arguments).output().unwrap();
    let printed = [ran.stdout, ran.stderr].concat();
    (ran.status.code().unwrap(), String::from_utf8(printed).unwrap())
}

fn example(answer: &str) -> String {
    json!({"messages": [{"role": "system", "content": "be kind"}, {"role": "user", "content": "who?"},
        {"role": "assistant", "content": answer}]})
    .to_string()
}

fn file(folder: &Path, name: &str, lines: &[String]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_good_file_passes_with_its_price() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<_> = (0..40).map(|at| example(&format!("answer {at}"))).collect();
    let file = file(folder.path(), "good.jsonl", &lines);
    let (code, printed) = check(&[&file, "--strict", "--recipe", "zion-support"]);
    assert_eq!(code, 0, "{printed}");
    assert!(
        printed.contains("40 lines, 40 examples") && printed.contains("price: 0.00 to 0.00 USD"),
        "{printed}"
    );
    assert!(printed.contains("in 3 epochs"), "{printed}");
}

#[test]
fn each_problem_is_named_by_its_line_and_no_text_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "hush-7f3a";
    let robot =
        json!({"messages": [{"role": secret, "content": secret}, {"role": "assistant", "content": ""}]});
    let lines = [example(secret), format!("{secret} is no JSON"), robot.to_string(), String::new()];
    let path = file(folder.path(), "bad.jsonl", &lines);
    let (code, printed) = check(&[&path]);
    assert_eq!(code, 1);
    for expected in [
        "bad.jsonl:2: not JSON at column 1",
        "bad.jsonl:3: message 1 has a role besides",
        "bad.jsonl:3: message 2 is empty",
        "bad.jsonl:4: is blank",
        "bad.jsonl: 2 examples, 10 are needed",
    ] {
        assert!(printed.contains(expected), "{expected}: {printed}");
    }
    assert!(!printed.contains(secret), "{printed}");
}

#[test]
fn warnings_fail_where_strictness_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<_> = (0..10).map(|at| example(&format!("answer {}", at % 9))).collect();
    let training = file(folder.path(), "training.jsonl", &lines);
    let validation = file(folder.path(), "validation.jsonl", &lines[..1]);
    let (code, printed) = check(&[&training, "--validation", &validation]);
    assert_eq!(code, 0, "{printed}");
    assert!(printed.contains("training.jsonl:10: says the same as line 1"), "{printed}");
    assert!(printed.contains("validation.jsonl:1: stands in the training file, too"), "{printed}");
    assert_eq!(check(&[&training, "--strict"]).0, 1);
}

#[test]
fn a_price_above_the_budget_is_a_warning_and_one_above_the_limit_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<_> = (0..10).map(|at| example(&format!("answer {at} {}", "word ".repeat(500)))).collect();
    let training = file(folder.path(), "training.jsonl", &lines);
    let recipe = include_str!("../../recipes/zion-support.toml")
        .replace(
            "usd_per_million_tokens = 0.40",
            "usd_per_million_tokens = { \"openai/gpt-oss-20b\" = 4000.0 }",
        )
        .replace("epochs = 3\n", "");
    let limited = recipe.replace("max_usd = ", "refuse_above_usd = 25.0\nmax_usd = ");
    let recipe = file(folder.path(), "dear.toml", &[recipe]);
    let (code, printed) = check(&[&training, "--recipe", &recipe]);
    assert_eq!(code, 0, "{printed}");
    assert!(printed.contains("in 10 epochs") && printed.contains("waits for an operator"), "{printed}");
    assert_eq!(check(&[&training, "--recipe", &recipe, "--strict"]).0, 1);
    let limited = file(folder.path(), "limited.toml", &[limited]);
    let (code, printed) = check(&[&training, "--recipe", &limited]);
    assert_eq!(code, 1, "{printed}");
    assert!(printed.contains("price.refuse_above_usd"), "{printed}");
}

#[test]
fn a_recipe_s_provider_says_what_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<_> = (0..9).map(|at| example(&format!("answer {at}"))).collect();
    let training = file(folder.path(), "training.jsonl", &lines);
    let nova = include_str!("../../recipes/examples/zion-support-bedrock.toml");
    let claude = nova.replace("\"conversation\"", "\"messages\"");
    let claude = file(folder.path(), "claude.toml", &[claude]);
    let few = |recipe: &str, more: &[&str]| {
        let (code, printed) = check(&[&[training.as_str(), "--recipe", recipe], more].concat());
        (code, printed.lines().find(|line| line.contains("are needed")).map(ToOwned::to_owned))
    };
    let needed = |count| Some(format!("error    {training}: 9 examples, {count} are needed"));
    assert_eq!(few("zion-support", &[]), (1, needed(10)));
    assert_eq!(few("zion-support-bedrock", &[]), (0, None), "Nova takes eight");
    assert_eq!(few(&claude, &[]), (1, needed(32)));
    assert_eq!(few(&claude, &["--min-examples", "9"]), (0, None), "who asks knows better");
}

#[test]
fn limits_of_one_s_own_are_not_ignored_for_a_run() {
    for limit in ["--min-examples", "--max-tokens", "--max-bytes"] {
        let command = Command::new(env!("CARGO_BIN_EXE_zion"))
            .args(["check", "--run", "run-1", "--bucket", "b", limit, "9"])
            .output()
            .unwrap();
        let complaint = String::from_utf8(command.stderr).unwrap();
        assert_eq!(command.status.code(), Some(2), "{complaint}");
        assert!(complaint.contains("cannot be used with"), "{complaint}");
    }
}
