//! Puts the real template on the emulator, with the same AWS commands as on AWS.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use tokio::process::Command;

use super::{Emulator, paths};
use crate::error::{Context as _, Error, Result};

/// Name of the deployed stack; functions are called `{STACK}-{function}`.
pub(super) const STACK: &str = "zion";

/// Which build of the functions is deployed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Build {
    /// Stripped copies of `target/debug`.
    #[default]
    Debug,
    /// Stripped copies of `target/release`.
    Release,
    /// Whatever lies in `target/lambda`.
    Packaged,
}

impl Build {
    /// The folder this build's programs are in.
    pub fn folder(self, root: &Path) -> PathBuf {
        let profile = if self == Self::Release { "release" } else { "debug" };
        root.join("target").join(profile)
    }
}

/// Copies each function's binary, stripped, to `target/lambda/{function}/bootstrap` unless that is newer already.
/// Answers the functions' names.
///
/// # Errors
/// When a function is not built.
pub(super) async fn package(root: &Path, build: Build) -> Result<Vec<String>> {
    let folder = root.join("functions");
    let entries = std::fs::read_dir(&folder).context(format!("read {}", folder.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(std::result::Result::ok)
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    for name in &names {
        let to = root.join("target/lambda").join(name);
        let bootstrap = to.join("bootstrap");
        let from = build.folder(root).join(name);
        if build == Build::Packaged || newer(&bootstrap, &from) {
            if !bootstrap.is_file() {
                return Err(not_built(name));
            }
            continue;
        }
        if !from.is_file() {
            return Err(not_built(name));
        }
        std::fs::create_dir_all(&to).context(format!("create {}", to.display()))?;
        // Renamed when it is whole: another stack may be packaging the folder at this moment.
        let whole = to.join(format!(".bootstrap-{}", std::process::id()));
        let strip =
            Command::new("strip").arg("-o").arg(&whole).arg(&from).stderr(Stdio::null()).status().await;
        if !strip.is_ok_and(|status| status.success()) {
            // Without the tool the copy is larger and just as good.
            std::fs::copy(&from, &whole).context(format!("copy {}", from.display()))?;
        }
        std::fs::rename(&whole, &bootstrap).context(format!("write {}", bootstrap.display()))?;
    }
    Ok(names)
}

/// Packages and deploys `template.yaml` with `parameters`, and answers the stack's outputs.
///
/// # Errors
/// When the AWS command line is not installed or refuses: its words are in the message.
pub(super) async fn deploy(
    root: &Path,
    environment: Option<&Path>,
    emulator: &Emulator,
    parameters: &[(&str, String)],
    folder: &Path,
) -> Result<BTreeMap<String, String>> {
    let program = paths::program(root, environment, "aws")
        .ok_or_else(|| Error::new("the AWS command line is not installed").hint("run `make test`"))?;
    let aws = Aws { program, root: root.to_path_buf(), environment: emulator.environment() };
    let packaged = folder.join("packaged.yaml").to_string_lossy().into_owned();
    emulator.create_bucket("artifacts").await?;
    aws.run(&[
        "cloudformation",
        "package",
        "--template-file",
        "template.yaml",
        "--s3-bucket",
        "artifacts",
        "--output-template-file",
        &packaged,
    ])
    .await?;
    let overrides: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut command = vec![
        "cloudformation",
        "deploy",
        "--stack-name",
        STACK,
        "--template-file",
        &packaged,
        // Above 51,200 bytes a template goes through S3.
        "--s3-bucket",
        "artifacts",
        "--no-fail-on-empty-changeset",
    ];
    command.extend(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--parameter-overrides"]);
    command.extend(overrides.iter().map(String::as_str));
    aws.run(&command).await?;
    let described = aws
        .run(&[
            "cloudformation",
            "describe-stacks",
            "--stack-name",
            STACK,
            "--query",
            "Stacks[0].Outputs",
            "--output",
            "json",
        ])
        .await?;
    let outputs: Vec<Output> = serde_json::from_str(&described).context("read the stack's outputs")?;
    Ok(outputs.into_iter().map(|output| (output.key, output.value)).collect())
}

#[derive(Deserialize)]
struct Output {
    #[serde(rename = "OutputKey")]
    key: String,
    #[serde(rename = "OutputValue")]
    value: String,
}

struct Aws {
    program: PathBuf,
    root: PathBuf,
    environment: Vec<(&'static str, String)>,
}

impl Aws {
    async fn run(&self, arguments: &[&str]) -> Result<String> {
        let what = format!("aws {} {}", arguments[0], arguments[1]);
        let mut command = Command::new(&self.program);
        command.args(arguments).env_clear().env("PATH", paths::search_path_text()).current_dir(&self.root);
        command.envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())));
        // Gone with the future that waits for it, as on Ctrl-C.
        command.stdin(Stdio::null()).kill_on_drop(true);
        let output = command.output().await.context(&*what)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let words = String::from_utf8_lossy(&output.stderr).trim().replace('\n', " | ");
        Err(Error::new(format!("{what} failed: {words}")))
    }
}

fn newer(made: &Path, source: &Path) -> bool {
    let time = |path: &Path| path.metadata().and_then(|meta| meta.modified()).ok();
    matches!((time(made), time(source)), (Some(made), Some(source)) if made >= source)
}

fn not_built(name: &str) -> Error {
    Error::new(format!("function {name} is not built")).hint("build it: cargo build --workspace")
}
