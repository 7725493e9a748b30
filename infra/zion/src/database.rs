//! The app's database: connecting, and applying the migrations as Supabase does, in the order of their names.

use std::path::{Path, PathBuf};

use tokio_postgres::{Client, NoTls};

use crate::error::{Context as _, Result};

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
