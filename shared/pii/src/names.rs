//! Names of people by a trained table: a linear tagger over hashed features.
//!
//! ```text
//! tokens → words read once (form, bands, case statistics) → candidates, left to right → tags → spans
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`words`] | a text's words: what each is, how often it is written in which case, lines |
//! | [`features`] | what a decision looks at; the only place that says it, for training and for use |
//! | [`model`] | the table: features with three weights of eight bits each, and the bands of names |
//! | [`tag`] | decides, token by token |
//! | [`join`] | joins tokens to names |
//! | `promise` | what a score of a name is worth |
//!
//! `infra/tagger` trains the table; `names/README.md` names the texts it was trained on.

pub mod features;
pub mod join;
pub mod model;
pub(crate) mod promise;
pub mod tag;
pub mod words;
