//! Writes made-up, labelled text: what public sets of labelled text lack, so that a name tagger can learn it.
//!
//! Résumés, job posts, tickets, chats, mail threads, reviews, questions, posts, logs and lists, with names of every country in
//! many places of a sentence, and with words that look like names and are none. Nothing in it is real: the rules in
//! `data/` are this project's own words, the names come from public lists, and the same seed gives the same bytes.
//!
//! - [`Generator`]: makes [`Record`]s
//! - [`Grammar`]: the rules, and how they are written
//! - [`Names`]: the lists of names
//! - [`Piece`]: text and labels while they are made

mod data;
mod error;
mod expand;
mod grammar;
mod names;
mod noise;
mod person;
mod piece;
mod record;
mod values;

pub use error::Error;
pub use grammar::Grammar;
pub use names::Names;
pub use piece::{LABELS, Mark, Piece};
pub use record::{Generator, Record, Span};
