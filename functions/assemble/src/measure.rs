//! What is counted of the examples that go into the dataset.

use std::collections::BTreeMap;

use records::check::Answers;
use records::example::Example;
use records::split::SideName;
use records::tokens::Tokens;
use stage::manifest::{Bin, Lengths};
use stage::{ErrorName, StageError};

use crate::boilerplate::Passages;
use crate::report::Samples;

/// Lengths, sides and answers.
#[derive(Default)]
pub(crate) struct Measures {
    pub(crate) training: Tokens,
    pub(crate) lengths: BTreeMap<String, Lengths>,
    pub(crate) sides: BTreeMap<String, BTreeMap<String, u64>>,
    pub(crate) samples: Samples,
    pub(crate) passages: Passages,
    answers: Answers,
}

impl Measures {
    /// Adds an example as it is written.
    pub(crate) fn add(&mut self, example: &Example, side: SideName, tokens: Tokens) {
        if side == SideName::Train {
            self.training += tokens;
            self.answers.add(&example.completion);
            self.samples.add(example);
        }
        self.passages.add(&example.completion);
        let lengths = self.lengths.entry(side.as_str().to_owned()).or_default();
        lengths.least =
            if lengths.examples == 0 { tokens.counted } else { lengths.least.min(tokens.counted) };
        lengths.most = lengths.most.max(tokens.counted);
        lengths.examples += 1;
        lengths.tokens += tokens.counted;
        let up_to = Bin::end_of(tokens.counted);
        match lengths.histogram.binary_search_by_key(&up_to, |bin| bin.up_to) {
            Ok(at) => lengths.histogram[at].examples += 1,
            Err(at) => lengths.histogram.insert(at, Bin { up_to, examples: 1 }),
        }
        let sides = self.sides.entry(example.source.clone()).or_default();
        *sides.entry(side.as_str().to_owned()).or_default() += 1;
    }

    /// Refuses a training side from which one answer is learnt.
    pub(crate) fn check(&self) -> Result<(), StageError> {
        if !self.answers.are_one() {
            return Ok(());
        }
        let text =
            "all completions of the training side are the same: look at the recipe's completion templates";
        Err(StageError::new(ErrorName::DatasetRejected, text))
    }
}
