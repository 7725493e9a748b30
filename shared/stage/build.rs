//! Says which code makes examples, as a hash of its sources: what another version made must not be taken over.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// What a row passes through on its way to an example, from this crate.
const SOURCES: [&str; 3] = ["../pii", "../records", "../../functions/scrub"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    for folder in SOURCES {
        for part in ["src", "Cargo.toml"] {
            let path = Path::new(folder).join(part);
            println!("cargo::rerun-if-changed={}", path.display());
            collect(&path, &mut files)?;
        }
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        // Names with the bytes: two files that change places are another code.
        hash.update(file.to_string_lossy().as_bytes());
        hash.update(fs::read(&file)?);
    }
    let hash: String = hex::encode(hash.finalize()).chars().take(16).collect();
    println!("cargo::rustc-env=ZION_EXAMPLES_CODE={hash}");
    Ok(())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}
