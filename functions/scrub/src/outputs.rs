//! The three objects that one part becomes.

use records::example::Example;
use serde::Serialize;
use stage::arrows::PartRef;
use stage::scrub_file::Quarantined;
use stage::{StageError, keys};
use store::{Class, Closed, Put, Writer};

/// Clean examples, the digests of their content, and pointers to what could not be used.
pub(crate) struct Outputs<'a, P> {
    examples: Writer<'a, P>,
    digests: Writer<'a, P>,
    quarantine: Writer<'a, P>,
}

/// What one chunk of rows became. Filled while lines are cut, which cannot wait for the store.
#[derive(Default)]
pub(crate) struct Pending {
    examples: Vec<Vec<u8>>,
    digests: Vec<[u8; 16]>,
    quarantine: Vec<Vec<u8>>,
}

impl Pending {
    pub(crate) fn example(&mut self, example: &Example) -> Result<(), StageError> {
        self.examples.push(json_line(example)?);
        self.digests.push(example.content().to_be_bytes());
        Ok(())
    }

    pub(crate) fn quarantined(&mut self, line: &Quarantined) -> Result<(), StageError> {
        self.quarantine.push(json_line(line)?);
        Ok(())
    }
}

impl<'a, P: Put> Outputs<'a, P> {
    pub(crate) fn new(run: &str, part: &PartRef, store: &'a P) -> Self {
        let writer = |key: fn(&str, &str, u32, u32) -> String| {
            Writer::new(store, key(run, &part.table, part.slice, part.part), Class::Derived)
        };
        Self {
            examples: writer(keys::scrubbed_part),
            digests: writer(keys::scrubbed_digests),
            quarantine: writer(keys::quarantine_part),
        }
    }

    pub(crate) async fn write(&mut self, pending: &mut Pending) -> Result<(), StageError> {
        for line in pending.examples.drain(..) {
            self.examples.line(&line).await?;
        }
        for digest in pending.digests.drain(..) {
            self.digests.line(&digest).await?;
        }
        for line in pending.quarantine.drain(..) {
            self.quarantine.line(&line).await?;
        }
        Ok(())
    }

    /// Makes the objects visible; a quarantine without a line is left out. Returns the examples' object.
    pub(crate) async fn close(self) -> Result<Closed, StageError> {
        self.digests.close().await?;
        if self.quarantine.lines() > 0 {
            self.quarantine.close().await?;
        }
        self.examples.close().await
    }
}

fn json_line(value: &impl Serialize) -> Result<Vec<u8>, StageError> {
    let mut line = serde_json::to_vec(value)
        .map_err(|error| StageError::internal("a line cannot be written as JSON").caused_by(error))?;
    line.push(b'\n');
    Ok(line)
}
