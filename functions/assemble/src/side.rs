//! A side of the dataset on its way to the store.

use md5::{Digest as _, Md5};
use records::split::SideName;
use stage::arrows::Side;
use stage::plan_file::PlanFile;
use stage::{StageError, keys};
use store::{Class, Put, Writer};

/// Writes a side's lines.
pub(crate) struct SideWriter<'a, P> {
    writer: Writer<'a, P>,
    /// What the provider compares the file by. Counted here, where the bytes are first in one piece: a file is sent once
    /// or several times, by a function that has less of a processor.
    md5: Md5,
}

impl<'a, P: Put> SideWriter<'a, P> {
    /// Starts a side.
    pub(crate) fn new(store: &'a P, plan: &PlanFile, side: SideName) -> Self {
        let key = keys::dataset(&plan.run, side.as_str());
        Self { writer: Writer::new(store, key, Class::Derived), md5: Md5::new() }
    }

    /// Appends a line with its line break.
    pub(crate) async fn line(&mut self, line: &[u8]) -> Result<(), StageError> {
        self.md5.update(line);
        self.writer.line(line).await
    }

    /// Makes the side visible.
    pub(crate) async fn close(self) -> Result<Side, StageError> {
        let closed = self.writer.close().await?;
        let md5 = hex::encode(self.md5.finalize());
        Ok(Side { lines: closed.lines, bytes: closed.bytes, sha256: closed.sha256, md5: Some(md5) })
    }
}
