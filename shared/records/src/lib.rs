//! Rows, recipes and examples, without any I/O.
//!
//! | module | holds |
//! |---|---|
//! | [`recipe`] | a model family as a file: where its rows come from and what becomes of them |
//! | [`scrub`] | how personal data is found and replaced, as a recipe says it |
//! | [`library`] | the recipes shipped in `infra/recipes` |
//! | [`row`] | one raw row, its values as the database wrote them |
//! | [`template`] | from a row to a prompt and a completion |
//! | [`example`] | the clean pair, and the line a provider learns from |
//! | [`subject`] | a person as a keyed hash |
//! | [`quality`] | which examples a model should not learn from, as a recipe says it |
//! | [`check`] | whether a provider will take a training file |
//! | [`near`] | examples that say almost the same |
//! | [`passages`] | sentences and lines, by which shared text is found |
//! | [`split`] | which side of the dataset an example is on |
//! | [`jsonl`] | lines out of a stream of bytes |
//! | [`tokens`] | how many tokens an example is billed as |
//! | [`digest`] | SHA-256 in hex |

pub mod check;
pub mod digest;
pub mod example;
pub mod jsonl;
pub mod library;
pub mod near;
pub mod passages;
pub mod quality;
pub mod recipe;
pub mod row;
pub mod scrub;
pub mod split;
pub mod subject;
pub mod template;
pub mod tokens;
