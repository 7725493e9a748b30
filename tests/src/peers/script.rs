//! Runs a script of `tests/peers` with the official clients of Python or of Node.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use zion::local::paths;

/// The slowest script takes five seconds on an idle machine; importing the clients alone takes one.
const PATIENCE: Duration = Duration::from_mins(2);

/// Runs a script to its end and answers its standard output.
///
/// Keys travel in the environment. Python's holds nothing else; Node, which is found by it, is kept from the keys of the
/// machine's owner.
pub(crate) async fn run(
    script: &str,
    arguments: &[&str],
    variables: &[(&str, String)],
    input: &str,
) -> String {
    let root = paths::root().unwrap();
    let mut command = if Path::new(script).extension().is_some_and(|kind| kind == "py") {
        let python = root.join(".local/peers/bin/python");
        assert!(python.is_file(), "run `make test`: .local/peers is missing");
        let mut command = Command::new(&python);
        command.env_clear().arg("-B");
        command
    } else {
        let modules = root.join(".local/node/node_modules");
        assert!(modules.join("openai").is_dir(), "run `make test`: .local/node has no `openai`");
        let mut command = Command::new("node");
        for variable in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"] {
            command.env_remove(variable);
        }
        command.env("NODE_PATH", modules);
        command
    };
    command
        .arg(root.join("tests/peers").join(script))
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut process = command.spawn().unwrap();
    let mut stdin = process.stdin.take().unwrap();
    let input = input.as_bytes().to_vec();
    // Beside the reading of its output, or both sides could wait for each other. A script that ends before it has
    // read everything says why by itself.
    tokio::spawn(async move { stdin.write_all(&input).await.ok() });
    let ended = tokio::time::timeout(PATIENCE, process.wait_with_output()).await;
    let output =
        ended.unwrap_or_else(|_| panic!("{script} did not end within {} s", PATIENCE.as_secs())).unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (printed, complaints) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{script}: {}\n{printed}{complaints}", output.status);
    shown(&format!("{script}\n{printed}"));
    printed
}

#[expect(
    clippy::print_stdout,
    reason = "the harness keeps it; with --show-output the checks are listed by name"
)]
fn shown(text: &str) {
    println!("{text}");
}
