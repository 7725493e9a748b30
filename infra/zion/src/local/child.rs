//! A process the stack started: its own group, its output in files, stopped when dropped.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::error::{Context as _, Result};

/// How long a process may take to end by itself before it is killed.
const PATIENCE: Duration = Duration::from_secs(8);

/// A started process and everything it starts itself.
#[derive(Debug)]
pub struct Child {
    name: &'static str,
    process: std::process::Child,
    out: PathBuf,
    err: PathBuf,
    ask: Signal,
}

impl Child {
    /// Starts `command` in a process group of its own; its output goes to `{folder}/{name}.out` and `.err`.
    ///
    /// A signal from the terminal does not reach that group: whoever holds the handle decides when it ends.
    ///
    /// # Errors
    /// When the program is missing or its log files can't be made.
    pub fn start(name: &'static str, mut command: Command, folder: &Path, ask: Signal) -> Result<Self> {
        let out = folder.join(format!("{name}.out"));
        let err = folder.join(format!("{name}.err"));
        let program = command.get_program().to_string_lossy().into_owned();
        command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(File::create(&out).context(format!("create {}", out.display()))?)
            .stderr(File::create(&err).context(format!("create {}", err.display()))?);
        let process = command.spawn().context(format!("start {program}"))?;
        Ok(Self { name, process, out, err, ask })
    }

    /// What the process has written to its standard output so far.
    pub fn output(&self) -> String {
        read(&self.out)
    }

    /// What the process has written to its standard error so far.
    pub fn errors(&self) -> String {
        read(&self.err)
    }

    /// The process's id, which is its group's id too.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// True until the process has ended.
    pub fn running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// The last lines of the log, for an error message about a process that ended early.
    pub fn last_words(&self) -> String {
        let all = format!("{}{}", self.output(), self.errors());
        let lines: Vec<&str> = all.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(3)..].join(" | ")
    }

    /// The process's name in the stack, as its log files are called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Asks the process to end, waits, and kills whatever is left of its group.
    pub fn stop(&mut self) {
        let Ok(raw) = i32::try_from(self.process.id()) else {
            return;
        };
        let Some(group) = Pid::from_raw(raw) else { return };
        if self.running() {
            // A process that ended in between is what we want.
            kill_process_group(group, self.ask).ok();
            let asked = Instant::now();
            while self.running() && asked.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        // What the process had started itself, the emulator's function processes for one.
        kill_process_group(group, Signal::KILL).ok();
        self.process.wait().ok();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.stop();
    }
}

fn read(path: &Path) -> String {
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_a_process_together_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo $!; wait"]);
        let mut child = Child::start("shell", command, folder.path(), Signal::TERM).unwrap();
        let started = Instant::now();
        while child.output().trim().is_empty() && started.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
        let grandchild = child.output().trim().to_owned();
        assert!(Path::new(&format!("/proc/{grandchild}")).exists());
        child.stop();
        let gone = || {
            std::fs::read_to_string(format!("/proc/{grandchild}/stat"))
                .map_or(true, |stat| stat.contains(") Z "))
        };
        let asked = Instant::now();
        while !gone() && asked.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(gone());
    }
}
