//! The app's database: connecting, and applying the migrations as Supabase does, in the order of their names.

use std::path::{Path, PathBuf};

use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};

use crate::error::{Context as _, Error, Result};

/// Connects without TLS, which a database on loopback does not need, and drives the connection in the background.
///
/// # Errors
/// When the server can't be reached or refuses the user.
pub async fn connect(url: &str) -> Result<Client> {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.context("connect to the database")?;
    // The connection ends with its client; what it fails with, the client's own call reports.
    tokio::spawn(connection);
    Ok(client)
}

/// Checks that a database is on this machine: sample data and an app's own have no business together.
///
/// # Errors
/// When one of its hosts is not loopback or a socket, or the address can't be read.
pub fn check_local(url: &str) -> Result<()> {
    // What is wrong with an address may quote it, with its password.
    let config: Config = url.parse().map_err(|_| Error::new("the database's address can't be read"))?;
    let numbers = config.get_hostaddrs().iter();
    let local = config.get_hosts().iter().all(is_local) && numbers.clone().all(std::net::IpAddr::is_loopback);
    let named = !config.get_hosts().is_empty() || numbers.count() > 0;
    if local && named {
        return Ok(());
    }
    Err(Error::new("this database is on another machine, and sample data goes into a database of its own")
        .hint(MEANT))
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    }
}

/// Checks that a database has no people in it.
///
/// # Errors
/// When its table `profiles` has a row, or the database does not say.
pub async fn check_nobody(client: &Client) -> Result<()> {
    let there = "select to_regclass('public.profiles') is not null";
    let there = client.query_one(there, &[]).await.context("look for the table of people")?;
    if there.get(0) {
        let filled = "select exists (select from public.profiles)";
        let filled = client.query_one(filled, &[]).await.context("look for people")?;
        if filled.get(0) {
            return Err(Error::new("public.profiles has rows already").hint(MEANT));
        }
    }
    Ok(())
}

const MEANT: &str = "name an empty database of this machine, or add --into-this-database if you mean it";

/// The sample app's schema, then the migrations: every SQL file in the order it must be applied.
///
/// # Errors
/// When the folder `infra/supabase` of `root` can't be read.
pub fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let folder = root.join("infra/supabase");
    let migrations = folder.join("migrations");
    let entries = std::fs::read_dir(&migrations).context(format!("read {}", migrations.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    files.sort();
    files.insert(0, folder.join("sample/schema.sql"));
    Ok(files)
}

/// Applies the sample app's schema and all migrations, each file in one transaction. It may be repeated.
///
/// # Errors
/// When a file can't be read, or the database refuses it: the file is named.
pub async fn apply(client: &Client, root: &Path) -> Result<()> {
    for path in files(root)? {
        let sql = std::fs::read_to_string(&path).context(format!("read {}", path.display()))?;
        // One simple-protocol message is one implicit transaction: a file is applied whole or not at all.
        client.batch_execute(&sql).await.context(format!("apply {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_data_stays_on_this_machine() {
        for url in [
            "postgres://u:p@localhost/d",
            "postgres://u:p@127.0.0.1:5433/d",
            "postgres://u:p@[::1]/d",
            "host=/run/postgresql",
        ] {
            check_local(url).unwrap();
        }
        for url in [
            "postgres://u:hush@db.example.com/d",
            "postgres://u:hush@localhost.example.com/d",
            "postgres://u:hush@127.0.0.1,10.0.0.7/d",
            "host=localhost hostaddr=10.0.0.7 password=hush",
            "postgres://u:hush@db.example.com:port/d",
        ] {
            let error = check_local(url).unwrap_err();
            assert!(!error.chain().contains("hush"), "{}", error.chain());
        }
    }
}
