//! A throw-away `PostgreSQL` for the tests: `initdb` into a temporary folder, a free loopback port.

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_postgres::NoTls;

/// `nobody`: `PostgreSQL` refuses to run as root.
const UNPRIVILEGED: u32 = 65534;

pub(crate) struct Postgres {
    server: Child,
    port: u16,
    _folder: TempDir,
}

impl Postgres {
    /// Starts one, or says why it can't.
    pub(crate) async fn start() -> Result<Self, String> {
        let bin = binaries().ok_or("no initdb on PATH nor below /usr/lib/postgresql")?;
        let folder = TempDir::new().map_err(|e| e.to_string())?;
        let root =
            std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
        if root {
            std::os::unix::fs::chown(folder.path(), Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
        }
        let run = |name: &str| {
            let mut command = Command::new(bin.join(name));
            command
                .current_dir(folder.path())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            if root {
                command.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
            }
            command
        };
        let data = folder.path().join("data");
        let made = run("initdb")
            .args(["--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-D"])
            .arg(&data)
            .status()
            .map_err(|e| e.to_string())?;
        assert!(made.success(), "initdb failed");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = run("postgres")
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c"])
            .arg(format!("unix_socket_directories={}", folder.path().display()))
            .arg("-D")
            .arg(&data)
            .spawn()
            .map_err(|e| e.to_string())?;
        let postgres = Self { server, port, _folder: folder };
        postgres.wait().await;
        Ok(postgres)
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    pub(crate) async fn run(&self, sql: &str) {
        let (client, connection) = tokio_postgres::connect(&self.url(), NoTls).await.unwrap();
        let driver = tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
        drop(client);
        driver.await.unwrap().unwrap();
    }

    async fn wait(&self) {
        let start = Instant::now();
        while tokio_postgres::connect(&self.url(), NoTls).await.is_err() {
            assert!(start.elapsed() < Duration::from_mins(1), "PostgreSQL does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A fast shutdown: killed hard, it would leave its shared memory behind.
        let id = self.server.id().to_string();
        Command::new("kill").args(["-INT", &id]).status().unwrap();
        self.server.wait().unwrap();
    }
}

fn binaries() -> Option<PathBuf> {
    let newest = std::fs::read_dir("/usr/lib/postgresql").ok().and_then(|majors| {
        let mut found: Vec<PathBuf> = majors.flatten().map(|major| major.path().join("bin")).collect();
        found.sort();
        found.pop()
    });
    let on_path = Command::new("sh").args(["-c", "command -v initdb"]).output().ok()?;
    let on_path = Path::new(std::str::from_utf8(&on_path.stdout).ok()?.trim()).parent().map(Path::to_owned);
    [newest, on_path].into_iter().flatten().find(|folder| folder.join("initdb").exists())
}
