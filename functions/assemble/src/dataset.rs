//! The sides of the dataset as they are written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use consent::Bits;
use pii::{Kind, Kinds, Scrubber};
use records::check::Chat;
use records::digest::Digest;
use records::example::Example;
use records::jsonl::Line;
use records::quality::{Keep, TooLong};
use records::split::SideName;
use records::tokens::{TokenCounter, Tokens};
use stage::arrows::Side;
use stage::manifest::{Counts, Object, PinnedHoldout};
use stage::plan_file::PlanFile;
use stage::scrub_file::ScrubReport;
use stage::{ErrorName, StageError, keys};
use store::{Class, Get, Put, Writer};

use crate::duplicates::{Duplicate, Duplicates};
use crate::lineage::Records;
use crate::measure::Measures;
use crate::pinned::{Pinned, UsableLine};
use crate::recall::Measured;
use crate::side::SideWriter;
use crate::sides::Sides;
use crate::usable::Usable;

/// What is told by its form, so that a single one is a defect; words are measured, by what was planted.
const RESIDUAL: Kinds =
    Kinds::of(&[Kind::Email, Kind::Phone, Kind::Card, Kind::Iban, Kind::Ssn, Kind::NationalId, Kind::Secret]);

/// Three objects being written, and what has been counted.
pub(crate) struct Dataset<'a, P> {
    plan: &'a PlanFile,
    scrubber: &'a Scrubber,
    counter: TokenCounter,
    writers: BTreeMap<SideName, SideWriter<'a, P>>,
    /// Which examples are in it, of the part that is being added and of those before it.
    part: Bits,
    members: Writer<'a, P>,
    records: Records<'a, P>,
    usable: &'a Usable,
    /// Over the examples that may be used.
    snapshot: Digest,
    duplicates: &'a Duplicates,
    pinned: Option<Pinned>,
    sides: &'a Sides<'a>,
    examples: u64,
    counts: Counts,
    quarantined: BTreeMap<String, u64>,
    found: BTreeMap<String, u64>,
    doubtful: BTreeMap<String, u64>,
    planted: BTreeMap<String, Measured>,
    measures: Measures,
}

/// Where an example stands in the clean parts.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) key: &'a str,
    pub(crate) line: u64,
}

/// The dataset, written.
pub(crate) struct Closed<'a, P> {
    pub(crate) sides: BTreeMap<SideName, Side>,
    pub(crate) members: Object,
    pub(crate) records: Records<'a, P>,
    pub(crate) snapshot: String,
    pub(crate) counts: Counts,
    pub(crate) quarantined: BTreeMap<String, u64>,
    pub(crate) found: BTreeMap<String, u64>,
    pub(crate) doubtful: BTreeMap<String, u64>,
    pub(crate) planted: BTreeMap<String, Measured>,
    pub(crate) measures: Measures,
    pub(crate) pinned: Option<PinnedHoldout>,
}

/// Parses a line that our own scrubber wrote.
pub(crate) fn parse(key: &str, number: u64, line: &Line<'_>) -> Result<Example, StageError> {
    let broken = |problem: String| StageError::internal(format!("{key}, line {number}: {problem}"));
    let Line::Whole(line) = line else {
        return Err(broken("longer than 32 MiB".to_owned()));
    };
    serde_json::from_slice(line).map_err(|error| broken(records::jsonl::problem(&error)))
}

/// Looks once more at what is about to be uploaded, as `scrub` looked last, and returns what it finds.
pub(crate) fn residual(scrubber: &Scrubber, example: &Example) -> Option<Kind> {
    let mut record = scrubber.record();
    record.texts(&[&example.prompt, &example.completion]);
    record.counts().keys().copied().find(|kind| RESIDUAL.has(*kind))
}

/// Refuses a line that a provider would refuse: the same check as an operator's `zion check`.
fn valid(line: &[u8], place: Place<'_>) -> Result<(), StageError> {
    let mut problems = Vec::new();
    Chat::read(line, &mut problems);
    let Some(problem) = problems.into_iter().find(|problem| !problem.is_warning()) else { return Ok(()) };
    let text = format!(
        "{}, line {}, makes an example that no provider takes: it {problem}; look at the source's templates and its system message",
        place.key, place.line
    );
    Err(StageError::new(ErrorName::DatasetRejected, text))
}

impl<'a, P: Put> Dataset<'a, P> {
    pub(crate) fn new(
        plan: &'a PlanFile,
        store: &'a P,
        scrubber: &'a Scrubber,
        usable: &'a Usable,
        duplicates: &'a Duplicates,
        (pinned, sides): (Option<Pinned>, &'a Sides<'a>),
    ) -> Result<Self, StageError> {
        let counter = TokenCounter::new()
            .ok_or_else(|| StageError::internal("the token vocabulary is not built in"))?;
        Ok(Self {
            plan,
            scrubber,
            counter,
            writers: SideName::ALL
                .into_iter()
                .map(|side| (side, SideWriter::new(store, plan, side)))
                .collect(),
            part: Bits::default(),
            members: Writer::new(store, keys::members(&plan.run), Class::Derived),
            records: Records::new(plan, store),
            usable,
            snapshot: Digest::default(),
            duplicates,
            pinned,
            sides,
            examples: 0,
            counts: Counts::default(),
            quarantined: BTreeMap::new(),
            found: BTreeMap::new(),
            doubtful: BTreeMap::new(),
            planted: BTreeMap::new(),
            measures: Measures::default(),
        })
    }

    /// Adds one example to its side, unless it may not be used any more, its texts were there before or the provider
    /// would cut it.
    pub(crate) async fn add(&mut self, example: &Example, place: Place<'_>) -> Result<(), StageError> {
        let side = self.side(example, place).await?;
        self.part.push(side.is_some());
        match side {
            Some((side, content)) => self.records.add(example, side, content).await,
            None => Ok(()),
        }
    }

    /// Ends a part: the bits of the next one begin in a byte of their own.
    pub(crate) async fn end_part(&mut self) -> Result<(), StageError> {
        let part = std::mem::take(&mut self.part);
        self.members.lines_at_once(part.bytes(), part.ones()).await
    }

    /// Writes one example to the side it is on, and says which and what identifies it there; none when it is left out.
    async fn side(
        &mut self,
        example: &Example,
        place: Place<'_>,
    ) -> Result<Option<(SideName, u64)>, StageError> {
        let at = self.examples;
        self.examples += 1;
        if self.usable.withdrawn(at) {
            self.counts.withdrawn += 1;
            return Ok(None);
        }
        for text in [&example.source, &example.key] {
            self.snapshot.update(text.as_bytes());
            self.snapshot.update(b"\n");
        }
        if let Some(pinned) = &mut self.pinned {
            let source = self.plan.recipe.sources.iter().position(|it| it.name == example.source);
            if let Some(content) = source.and_then(|source| pinned.take(example, source)) {
                return Ok(Some((SideName::Holdout, content)));
            }
            if pinned.has_person(example) {
                self.counts.held_back += 1;
                return Ok(None);
            }
        }
        match self.duplicates.of(at) {
            Some(Duplicate::Exact) => {
                self.counts.duplicates += 1;
                return Ok(None);
            }
            Some(Duplicate::Near) if !self.plan.recipe.quality.keeps(Keep::NearDuplicates) => {
                self.counts.near_duplicates += 1;
                return Ok(None);
            }
            _ => {}
        }
        let source = self
            .plan
            .recipe
            .source(&example.source)
            .ok_or_else(|| StageError::internal(format!("the plan has no source {}", example.source)))?;
        let Some((example, tokens)) = self.fitting(example, &source.system, place)? else {
            self.counts.too_long += 1;
            return Ok(None);
        };
        let is_cut = matches!(example, Cow::Owned(_));
        let side = self.sides.of(example.group());
        // Who is held out stays so, whether or not the pinned hold-out has them.
        if side == SideName::Holdout && self.pinned.is_some() {
            self.counts.held_back += 1;
            return Ok(None);
        }
        match residual(self.scrubber, &example) {
            // What is left of a long number may look like another one.
            Some(_) if is_cut => {
                self.counts.too_long += 1;
                return Ok(None);
            }
            Some(kind) => {
                let text = format!(
                    "{}, line {}, holds a {kind}: report this as a defect of the scrubber",
                    place.key, place.line
                );
                return Err(StageError::new(ErrorName::ResidualPersonalData, text));
            }
            None => self.counts.cut += u64::from(is_cut),
        }
        let line = example
            .chat_line(&source.system)
            .map_err(|error| StageError::internal("an example cannot be written as JSON").caused_by(error))?;
        valid(&line, place)?;
        self.measures.add(&example, side, tokens);
        if let Some(writer) = self.writers.get_mut(&side) {
            writer.line(&line).await?;
        }
        Ok(Some((side, example.content())))
    }

    /// Returns the example as the provider takes it whole, and its length; none when it is to be left out.
    fn fitting<'e>(
        &mut self,
        example: &'e Example,
        system: &str,
        place: Place<'_>,
    ) -> Result<Option<(Cow<'e, Example>, Tokens)>, StageError> {
        let quality = &self.plan.recipe.quality;
        let provider = self.plan.limits.max_example_tokens;
        let most = quality.max_tokens.map_or(provider, |most| most.min(provider));
        let tokens = self.counter.example(example.messages(system));
        if tokens.counted <= most {
            return Ok(Some((Cow::Borrowed(example), tokens)));
        }
        match quality.too_long {
            TooLong::LeaveOut => Ok(None),
            TooLong::Refuse => {
                let text = format!(
                    "{}, line {}, has {} tokens, {most} are taken: shorten it, or set quality.too_long to \"cut\" or \"leave_out\"",
                    place.key, place.line, tokens.counted
                );
                Err(StageError::new(ErrorName::DatasetRejected, text))
            }
            TooLong::Cut => {
                let room = (most + self.counter.text(&example.completion)).saturating_sub(tokens.counted);
                let completion = self.counter.start(&example.completion, room).to_owned();
                if quality.check(&example.prompt, &completion).is_err() {
                    return Ok(None);
                }
                let example = Example { completion, ..example.clone() };
                let tokens = self.counter.example(example.messages(system));
                Ok(Some((Cow::Owned(example), tokens)))
            }
        }
    }

    /// Adds what a part's report counted.
    pub(crate) fn report(&mut self, report: ScrubReport) {
        self.counts.rows += report.rows;
        self.counts.examples += report.examples;
        for (reason, count) in report.quarantined {
            self.counts.quarantined += count;
            *self.quarantined.entry(reason).or_default() += count;
        }
        for (kind, count) in report.found {
            *self.found.entry(kind).or_default() += count;
        }
        for (kind, count) in report.doubtful {
            *self.doubtful.entry(kind).or_default() += count;
        }
        for (kind, tally) in report.planted {
            self.planted.entry(kind).or_default().now += tally;
        }
        for (kind, tally) in report.inherited {
            self.planted.entry(kind).or_default().earlier += tally;
        }
    }

    /// Writes the lines of the pinned hold-out whose rows may still be used, as they were.
    async fn write_pinned(&mut self, pinned: Pinned, store: &impl Get) -> Result<PinnedHoldout, StageError> {
        let mut kept = 0;
        let mut lines = pinned.usable(store).await?;
        while let Some(usable) = lines.next().await? {
            for UsableLine { line, example, source } in usable {
                let Some(source) = self.plan.recipe.sources.get(source) else { continue };
                let example = Example { source: source.name.clone(), ..example };
                let tokens = self.counter.example(example.messages(&source.system));
                self.measures.add(&example, SideName::Holdout, tokens);
                kept += 1;
                if let Some(writer) = self.writers.get_mut(&SideName::Holdout) {
                    writer.line(&line).await?;
                }
            }
        }
        drop(lines);
        Ok(PinnedHoldout { run: pinned.run, object: pinned.object, kept })
    }

    /// Makes the sides visible, if they are what a provider takes.
    pub(crate) async fn close(mut self, store: &impl Get) -> Result<Closed<'a, P>, StageError> {
        let pinned = match self.pinned.take() {
            Some(pinned) => Some(self.write_pinned(pinned, store).await?),
            None => None,
        };
        let mut sides = BTreeMap::new();
        for (side, writer) in self.writers {
            sides.insert(side, writer.close().await?);
        }
        let members = self.members.close().await?;
        let limits = self.plan.limits;
        let train = sides.get(&SideName::Train).map_or(0, |side| side.lines);
        let least = self.plan.recipe.gates.min_examples.max(limits.min_examples);
        if train < least {
            let counts = &self.counts;
            let text = format!(
                "{train} training examples, {least} are needed ({} rows, {} unusable, {} withdrawn, {} duplicates, {} near duplicates, {} too long): wait for more rows or lower gates.min_examples",
                counts.rows,
                counts.quarantined,
                counts.withdrawn,
                counts.duplicates,
                counts.near_duplicates,
                counts.too_long
            );
            return Err(StageError::new(ErrorName::TooFewExamples, text));
        }
        self.measures.check()?;
        for (side, object) in &sides {
            if object.bytes > limits.max_file_bytes {
                let text = format!(
                    "{} has {} bytes, the provider takes {}: split the recipe",
                    side.as_str(),
                    object.bytes,
                    limits.max_file_bytes
                );
                return Err(StageError::new(ErrorName::DatasetRejected, text));
            }
        }
        let members = members.into_object(keys::members(&self.plan.run));
        Ok(Closed {
            sides,
            members,
            records: self.records,
            snapshot: self.snapshot.finish(),
            counts: self.counts,
            quarantined: self.quarantined,
            found: self.found,
            doubtful: self.doubtful,
            planted: self.planted,
            measures: self.measures,
            pinned,
        })
    }
}
