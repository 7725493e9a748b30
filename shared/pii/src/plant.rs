//! Synthetic people, planted into copies of real records to measure what the scrubber finds.

use crate::{Kind, Kinds};

/// The kinds that are planted.
pub const PLANTED: Kinds = Kinds::of(&[
    Kind::Name,
    Kind::Email,
    Kind::Phone,
    Kind::Address,
    Kind::Ssn,
    Kind::NationalId,
    Kind::Card,
    Kind::Iban,
]);
