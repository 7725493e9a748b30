//! Writes made-up, labelled text as JSON lines.

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use synthetic::{Error, Generator, Names};

/// Writes made-up, labelled text as JSON lines, `{"id","lang","text","spans":[{"start","end","label"}]}`, offsets in code points.
#[derive(Debug, Parser)]
#[command(name = "synthetic", version)]
struct Arguments {
    /// How many records to write.
    #[arg(long, default_value_t = 1000)]
    records: u64,
    /// The same seed gives the same records.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Directory with lists of names (census and by country); the built-in list alone otherwise.
    #[arg(long, value_name = "DIR")]
    names: Option<PathBuf>,
    /// Write to this file and not to the standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    match write(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader closed the pipe: `synthetic | head`.
        Err(Error::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let source =
                std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
            // Nothing is left to tell when the error stream is closed too.
            match writeln!(std::io::stderr(), "synthetic: {error}{source}") {
                Ok(()) | Err(_) => ExitCode::FAILURE,
            }
        }
    }
}

fn write(arguments: &Arguments) -> Result<(), Error> {
    let names = match &arguments.names {
        Some(directory) => Names::from_directory(directory)?,
        None => Names::built_in(),
    };
    let generator = Generator::new(names, arguments.seed)?;
    let stream: Box<dyn std::io::Write> = match &arguments.out {
        Some(file) => Box::new(std::fs::File::create(file)?),
        None => Box::new(std::io::stdout().lock()),
    };
    let mut out = BufWriter::new(stream);
    for number in 0..arguments.records {
        serde_json::to_writer(&mut out, &generator.record(number))?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}
