//! A real Postgres server of its own: a fresh data folder, a free loopback port, gone when dropped.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Signal, geteuid};

use super::child::Child;
use super::{free_port, random_key};
use crate::database;
use crate::error::{Context as _, Error, Result};

/// The user `nobody`: Postgres refuses to run as root.
const UNPRIVILEGED: u32 = 65534;
/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server.
pub struct Postgres {
    child: Child,
    port: u16,
    password: String,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Postgres").field("port", &self.port).finish_non_exhaustive()
    }
}

impl Postgres {
    /// Starts the first installation that works: one that was built for another system library does not.
    ///
    /// # Errors
    /// When none is found, or the last one's reason.
    pub async fn any(root: &Path, environment: Option<&Path>, folder: &Path) -> Result<Self> {
        let mut last = Error::new("no PostgreSQL found").hint(
            "run `make test`, which installs one for this project alone, or install PostgreSQL 15 or newer",
        );
        for (number, bin) in super::paths::postgres_installations(root, environment).iter().enumerate() {
            let folder = folder.join(format!("postgres-{number}"));
            std::fs::create_dir_all(&folder).context(format!("create {}", folder.display()))?;
            match Self::start(bin, &folder).await {
                Ok(server) => return Ok(server),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Initialises and starts the server of the installation whose programs are in `bin`, with its data and logs
    /// in `folder`.
    ///
    /// Nothing is flushed to disk: the data lives as long as the handle.
    ///
    /// # Errors
    /// When the installation does not work on this machine: the server's own last words are in the message.
    pub async fn start(bin: &Path, folder: &Path) -> Result<Self> {
        let bin = reachable(bin, folder)?;
        let password = random_key();
        let data = initialise(&bin, folder, &password)?;
        let mut last = Error::new("start postgres");
        // A port that was free a moment ago may be taken: another one, then.
        for _ in 0..3 {
            let port = free_port()?;
            let mut command = Command::new(bin.join("postgres"));
            command.arg("-D").arg(&data);
            for setting in [
                "listen_addresses=127.0.0.1",
                "unix_socket_directories=",
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "max_wal_size=4GB",
                "shared_buffers=256MB",
                "max_connections=60",
            ] {
                command.arg("-c").arg(setting);
            }
            command.arg("-c").arg(format!("port={port}"));
            unprivileged(&mut command, folder);
            // SIGQUIT: an immediate end, nothing of it is kept.
            let child = Child::start("postgres", command, folder, Signal::QUIT)?;
            let mut server = Self { child, port, password: password.clone() };
            match server.ready().await {
                Ok(()) => return Ok(server),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The address of the database `postgres`, with the superuser's password in it.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The address of another database of the server.
    pub fn url_of(&self, database: &str) -> String {
        format!("postgresql://postgres:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// The loopback port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process, for tests that look at its log.
    pub fn child(&self) -> &Child {
        &self.child
    }

    async fn ready(&mut self) -> Result<()> {
        let begun = Instant::now();
        let mut turn = tokio::time::interval(Duration::from_millis(50));
        loop {
            turn.tick().await;
            match database::connect(&self.url()).await {
                Ok(_) => return Ok(()),
                Err(_) if self.child.running() && begun.elapsed() < PATIENCE => {}
                Err(_) if self.child.running() => return Err(Error::new("postgres does not answer")),
                Err(_) => return Err(Error::new(format!("postgres ended: {}", self.child.last_words()))),
            }
        }
    }
}

fn initialise(bin: &Path, folder: &Path, password: &str) -> Result<PathBuf> {
    let data = folder.join("data");
    let key = folder.join("postgres.key");
    std::fs::create_dir_all(&data).context(format!("create {}", data.display()))?;
    std::fs::write(&key, password).context("write the database password")?;
    std::fs::set_permissions(&key, Permissions::from_mode(0o600)).context("protect the database password")?;
    if geteuid().is_root() {
        // Each folder above must let the server's user through, without letting it list anything.
        std::fs::set_permissions(folder, Permissions::from_mode(0o711)).context("open the stack's folder")?;
        for path in [&data, &key] {
            chown(path, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).context("hand the data folder over")?;
        }
    }
    let mut command = Command::new(bin.join("initdb"));
    command.args([
        "--no-sync",
        "--username=postgres",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--no-locale",
    ]);
    command.arg("--pwfile").arg(&key).arg("-D").arg(&data).stdin(Stdio::null());
    unprivileged(&mut command, folder);
    let output = command.output().context(format!("run {}", bin.join("initdb").display()))?;
    std::fs::remove_file(&key).context("remove the password file")?;
    if output.status.success() {
        return Ok(data);
    }
    let words = String::from_utf8_lossy(&output.stderr).trim().replace('\n', " | ");
    Err(Error::new(format!("initdb failed: {words}")))
}

/// Gives the command a bare environment and, when we are root, an unprivileged user.
fn unprivileged(command: &mut Command, folder: &Path) {
    command.env_clear().env("LC_ALL", "C").env("TZ", "UTC").current_dir(folder);
    if geteuid().is_root() {
        command.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
    }
}

/// Answers `bin`, or a copy of its installation when the unprivileged user could not get at the original, as in
/// a checkout below root's home.
fn reachable(bin: &Path, folder: &Path) -> Result<PathBuf> {
    let bin = bin.canonicalize().context(format!("find {}", bin.display()))?;
    let open = |path: &Path| path.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o001 != 0);
    if !geteuid().is_root() || bin.ancestors().all(open) {
        return Ok(bin);
    }
    // A wheel's programs look for their libraries in a folder beside the package, so both keep their places:
    // `{package}/pginstall/bin` and `{package}.libs`.
    let install = bin.parent().unwrap_or(&bin);
    let package = install.parent().unwrap_or(install);
    let to = folder.join("postgres").join("package");
    std::fs::create_dir_all(&to).context(format!("create {}", to.display()))?;
    copy(install, &to.join("pginstall"))?;
    let libraries = package.with_extension("libs");
    if let (Some(name), true) = (libraries.file_name(), libraries.is_dir()) {
        copy(&libraries, &folder.join("postgres").join(name))?;
    }
    Ok(to.join("pginstall").join("bin"))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let copied = Command::new("cp").arg("-R").arg(from).arg(to).status().context("copy PostgreSQL")?;
    if !copied.success() {
        return Err(Error::new(format!("copy {} to {}", from.display(), to.display())));
    }
    Ok(())
}
