//! Finds personal data in text and rewrites it once.
//!
//! ```text
//! text → read → doc → find → findings → resolve → the ones that stand → rewrite → clean text + counts
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`kind`] | the kinds of personal data |
//! | [`doc`] | a text read once: folded, with its numbers, marks, labelled values and words |
//! | [`spans`](mod@spans) | findings in the form that public scorers read |
//! | `fold`, [`numbers`], [`fields`], [`tokens`], [`lexicon`], `anchors`, `phrases` | a reading each |
//! | `codes`, `labelled`, `topics`, `schemes`, `checks` | what has the shape of a known number or a label, what the words around say, what that is worth |
//! | [`finding`] | a kind, a byte range, a score and the rule that saw it |
//! | [`names`] | the tagger of names |
//! | [`recognisers`] | one file a recogniser, one line in the registry |
//! | [`resolve`](mod@resolve) | which of overlapping findings stands |
//! | [`plant`] | synthetic people, to measure what is found |
//! | [`policy`] | what stands in the place of a finding, kind by kind |
//! | `protect`, `known` | what is never rewritten; what is known of a record's person |
//! | `pool` | what reading needs, kept from one record to the next |
//! | `rewrite`, `surrogate` | one pass, left to right: nothing is replaced twice; invented values of the same shape |
//! | `scrubber`, `record` | all of it together, for a text and for the texts of one record |
//!
//! ```
//! use pii::{Policy, Scrubber};
//!
//! let scrubber = Scrubber::new(Policy::Tag);
//! let mut scrub = scrubber.record();
//! assert_eq!(scrub.text("Mail ann.lee@example.com, or call +1 212 555 0123."), "Mail [email], or call [phone].");
//! assert_eq!(scrub.counts().values().sum::<u64>(), 2);
//! ```

mod anchors;
mod checks;
mod codes;
pub mod doc;
pub mod fields;
pub mod finding;
mod fold;
pub mod kind;
mod known;
mod labelled;
mod latin;
pub mod lexicon;
pub mod names;
pub mod numbers;
mod phrases;
pub mod plant;
pub mod policy;
mod pool;
mod propagate;
mod protect;
pub mod recognisers;
mod record;
pub mod resolve;
mod rewrite;
mod schemes;
mod scrubber;
pub mod spans;
mod surrogate;
pub mod tokens;
mod topics;

pub use doc::{Doc, Scratch};
pub use finding::Finding;
pub use kind::{Kind, Kinds};
pub use policy::{Policies, Policy, Thresholds};
pub use record::{Record, Refusal};
pub use scrubber::{Scrubber, VERSION};
pub use surrogate::SurrogateKey;
