//! Whose examples the dataset holds: small objects by the first digits of a person's hash.

use records::digest::Digest;
use records::example::Example;
use records::split::SideName;
use stage::lineage_file::{Lineage, LineageLine};
use stage::plan_file::PlanFile;
use stage::{ErrorName, StageError, keys};
use store::{Body as _, Class, Get, Put, Writer};

/// An object should have no more lines than this: about a megabyte. Who has more rows than that has a longer one.
const MOST_LINES: u64 = 4_000;
/// Records sorted at once: about 5 MB, however many examples there are.
const MOST_HELD: u64 = 65_536;
/// More digits than these would be more objects than a step can write: 65,536. A billion examples have 15,000 lines in
/// each.
const MOST_DIGITS: usize = 4;
/// A record's length: whether somebody is named, side, source, content, person and key.
const RECORD: usize = 1 + 1 + 2 + 8 + HASH + HASH;
const HASH: usize = 32;

type Record = [u8; RECORD];

/// Records of the examples in the dataset's order, on their way into an object from which they are sorted.
pub(crate) struct Records<'a, P> {
    plan: &'a PlanFile,
    store: &'a P,
    spool: Writer<'a, P>,
    /// Records by the first digits of their person, as many as there may be.
    counts: Vec<u64>,
}

impl<'a, P: Put> Records<'a, P> {
    pub(crate) fn new(plan: &'a PlanFile, store: &'a P) -> Self {
        let spool = Writer::new(store, keys::lineage_spool(&plan.run), Class::Derived);
        Self { plan, store, spool, counts: vec![0; 1 << (4 * MOST_DIGITS)] }
    }

    /// Notes an example of the dataset, by the content that it was written with.
    pub(crate) async fn add(
        &mut self,
        example: &Example,
        side: SideName,
        content: u64,
    ) -> Result<(), StageError> {
        let record = record(self.plan, example, side, content).ok_or_else(|| {
            let text = format!("an example of {} has no keyed hash: start a new run", example.source);
            StageError::new(ErrorName::CountsDiffer, text)
        })?;
        if let Some(count) = self.counts.get_mut(prefix(&record, MOST_DIGITS)) {
            *count += 1;
        }
        self.spool.line(&record).await
    }
}

impl<P: Get + Put> Records<'_, P> {
    /// Writes an object a prefix, sorted by person and then in the dataset's order.
    ///
    /// The records are read once for every 65,536 of them, so that memory does not grow with the dataset.
    pub(crate) async fn write(self, subject_key: String) -> Result<Lineage, StageError> {
        let Self { plan, store, spool, counts } = self;
        let lines = spool.close().await?.lines;
        let digits = digits(lines);
        let counts: Vec<u64> =
            counts.chunks(1 << (4 * (MOST_DIGITS - digits))).map(|it| it.iter().sum()).collect();
        let mut objects = Objects { plan, store, digits, digest: Digest::default() };
        let mut from = 0;
        while from < counts.len() {
            let to = from + together(&counts[from..]);
            if counts[from] > MOST_HELD {
                objects.unsorted(from).await?;
            } else {
                objects.sorted(from, to).await?;
            }
            from = to;
        }
        Ok(Lineage { subject_key, digits, lines, sha256: objects.digest.finish() })
    }
}

/// How many digits keep objects small.
fn digits(lines: u64) -> usize {
    (1..MOST_DIGITS).find(|digits| lines >> (4 * digits) <= MOST_LINES).unwrap_or(MOST_DIGITS)
}

/// How many of the next prefixes are held at once; one at least.
fn together(counts: &[u64]) -> usize {
    let mut held = 0;
    let fits = counts.iter().take_while(|count| {
        held += **count;
        held <= MOST_HELD
    });
    fits.count().max(1)
}

/// The objects, written prefix after prefix.
struct Objects<'a, P> {
    plan: &'a PlanFile,
    store: &'a P,
    digits: usize,
    digest: Digest,
}

impl<'a, P: Get + Put> Objects<'a, P> {
    /// Writes the objects of several prefixes.
    async fn sorted(&mut self, from: usize, to: usize) -> Result<(), StageError> {
        let mut held: Vec<Record> = Vec::new();
        let spool = keys::lineage_spool(&self.plan.run);
        let (mut body, mut rest) = (self.store.open(&spool).await?, Vec::new());
        while let Some(chunk) = body.chunk().await? {
            let records = records(&mut rest, &chunk);
            held.extend(records.into_iter().filter(|it| (from..to).contains(&prefix(it, self.digits))));
        }
        // Stable: a person's examples stay in the dataset's order.
        held.sort_by(|a, b| person(a).cmp(person(b)));
        let mut left = held.as_slice();
        for number in from..to {
            let (ours, others) = left.split_at(left.partition_point(|it| prefix(it, self.digits) <= number));
            let mut object = self.object(number);
            for record in ours {
                self.line(&mut object, record).await?;
            }
            object.close().await?;
            left = others;
        }
        Ok(())
    }

    /// Writes the object of one prefix in the dataset's order: somebody has more examples than are held at once.
    async fn unsorted(&mut self, number: usize) -> Result<(), StageError> {
        let mut object = self.object(number);
        let spool = keys::lineage_spool(&self.plan.run);
        let (mut body, mut rest) = (self.store.open(&spool).await?, Vec::new());
        while let Some(chunk) = body.chunk().await? {
            for record in records(&mut rest, &chunk) {
                if prefix(&record, self.digits) == number {
                    self.line(&mut object, &record).await?;
                }
            }
        }
        object.close().await.map(|_| ())
    }

    fn object(&self, number: usize) -> Writer<'a, P> {
        let name = format!("{number:0digits$x}", digits = self.digits);
        Writer::new(self.store, keys::lineage(&self.plan.run, &name), Class::Derived)
    }

    async fn line(&mut self, object: &mut Writer<'a, P>, record: &Record) -> Result<(), StageError> {
        let line = line(self.plan, record)
            .ok_or_else(|| StageError::internal("a record of the lineage cannot be written"))?;
        self.digest.update(&line);
        object.line(&line).await
    }
}

/// Cuts records out of a stream of bytes; what is left of it waits for the next chunk.
fn records(rest: &mut Vec<u8>, chunk: &[u8]) -> Vec<Record> {
    rest.extend_from_slice(chunk);
    let (records, left) = rest.as_chunks::<RECORD>();
    let (records, left) = (records.to_vec(), left.len());
    rest.drain(..rest.len() - left);
    records
}

fn record(plan: &PlanFile, example: &Example, side: SideName, content: u64) -> Option<Record> {
    let source = plan.recipe.sources.iter().position(|source| source.name == example.source)?;
    let mut record = Vec::with_capacity(RECORD);
    record.push(u8::from(example.subject.is_some()));
    record.push(u8::try_from(SideName::ALL.iter().position(|it| *it == side)?).ok()?);
    record.extend(u16::try_from(source).ok()?.to_be_bytes());
    record.extend(content.to_be_bytes());
    record.extend(unhex(example.person())?);
    record.extend(unhex(&example.key)?);
    record.try_into().ok()
}

fn line(plan: &PlanFile, record: &Record) -> Option<Vec<u8>> {
    let source = plan.recipe.sources.get(usize::from(u16::from_be_bytes([record[2], record[3]])))?;
    let line = LineageLine {
        subject: (record[0] == 1).then(|| hex::encode(person(record))),
        source: source.name.clone(),
        table: source.table.clone(),
        key: hex::encode(&record[RECORD - HASH..]),
        content: hex::encode(&record[4..12]),
        side: SideName::ALL.get(usize::from(record[1]))?.as_str().to_owned(),
    };
    let mut line = serde_json::to_vec(&line).ok()?;
    line.push(b'\n');
    Some(line)
}

/// The hash of the person, or of the row where nobody is named.
fn person(record: &Record) -> &[u8] {
    &record[12..12 + HASH]
}

/// The first digits of the person, as a number.
fn prefix(record: &Record, digits: usize) -> usize {
    let first = usize::from(u16::from_be_bytes([record[12], record[13]]));
    first >> (4 * (MOST_DIGITS - digits))
}

fn unhex(text: &str) -> Option<[u8; HASH]> {
    let mut bytes = [0; HASH];
    hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_stay_small_at_any_size() {
        for (lines, wanted) in
            [(0, 1), (64_000, 1), (65_000, 2), (1_000_000, 2), (2_000_000, 3), (1_000_000_000, 4)]
        {
            assert_eq!(digits(lines), wanted, "{lines}");
        }
    }

    #[test]
    fn as_many_prefixes_are_held_as_fit_and_one_at_least() {
        assert_eq!(together(&[1, 2, 3]), 3);
        assert_eq!(together(&[MOST_HELD, 1]), 1);
        assert_eq!(together(&[MOST_HELD + 1, 1]), 1);
        assert_eq!(together(&[0, MOST_HELD - 1, 1, 1]), 3);
    }

    #[test]
    fn records_are_cut_out_of_chunks_of_any_length() {
        let bytes: Vec<u8> = (0..RECORD * 3).map(|n| u8::try_from(n / RECORD).unwrap()).collect();
        for length in [1, RECORD - 1, RECORD, RECORD + 1, bytes.len()] {
            let mut rest = Vec::new();
            let cut: Vec<Record> = bytes.chunks(length).flat_map(|chunk| records(&mut rest, chunk)).collect();
            assert_eq!(cut, [[0; RECORD], [1; RECORD], [2; RECORD]], "{length}");
            assert!(rest.is_empty());
        }
    }
}
