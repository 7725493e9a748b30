//! What outlives the demo: a run's documents and clean data, and every log, for a look after the stack has gone.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::error::{Context as _, Result};
use crate::local::{Execution, Stack};

/// How many runs are kept.
const KEPT: usize = 5;

/// Copies the run's objects, its raw rows left out, and all logs to a folder of the project, and answers it.
///
/// # Errors
/// When the bucket or a log can't be read, or the folder can't be written.
pub(super) async fn save(stack: &Stack, execution: &Execution) -> Result<PathBuf> {
    let shelf = stack.root().join(".local/demo");
    let folder = shelf.join(&execution.run);
    let prefix = format!("runs/{}/", execution.run);
    for object in stack.objects(&prefix).await? {
        let name = object.key.strip_prefix(&prefix).unwrap_or(&object.key);
        if name.starts_with("export/") {
            continue;
        }
        let bytes = stack.object(&object.key).await?.unwrap_or_default();
        write(&folder.join(name), &bytes)?;
    }
    for log in stack.logs().await? {
        let name = log.name.trim_start_matches('/').replace('/', "-");
        write(&folder.join("logs").join(name), log.text.as_bytes())?;
    }
    forget(&shelf);
    Ok(folder)
}

/// Writes the stack's keys as shell variables, readable by their owner alone.
///
/// # Errors
/// When the file can't be written.
pub(super) fn write_keys(stack: &Stack, file: &Path) -> Result<()> {
    let keys = stack.sandbox().keys();
    let text = format!(
        "export SUPABASE_KEY={}\nexport SUPABASE_ANON_KEY={}\nexport OPENAI_API_KEY={}\nexport DATABASE_URL={}\n",
        keys.secret,
        keys.publishable,
        keys.provider,
        stack.postgres().url(),
    );
    let opened = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file);
    opened.and_then(|mut out| out.write_all(text.as_bytes())).context(format!("write {}", file.display()))
}

fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    let folder = file.parent().unwrap_or(file);
    std::fs::create_dir_all(folder).context(format!("create {}", folder.display()))?;
    std::fs::write(file, bytes).context(format!("write {}", file.display()))
}

/// Removes all but the newest runs: their names begin with the time.
fn forget(shelf: &Path) {
    let mut runs: Vec<PathBuf> = std::fs::read_dir(shelf)
        .map(|entries| entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect())
        .unwrap_or_default();
    runs.sort();
    for old in runs.iter().rev().skip(KEPT) {
        // What can't be removed is in nobody's way.
        std::fs::remove_dir_all(old).ok();
    }
}
