//! People who do not exist: names from lists, mail addresses in reserved domains, telephone numbers from the ranges
//! that regulators set aside for fiction.

use rand::Rng;

use super::grammar::{Facts, Grammar};

/// One person of the sample.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// The profile's id, a version 4 uuid.
    pub(super) id: String,
    /// Given name.
    pub(super) first: String,
    /// Given and family name.
    pub(super) name: String,
    /// Mail address.
    pub(super) email: String,
    /// Telephone number as this person writes it.
    pub(super) phone: String,
    /// Street and town in one line.
    pub(super) address: String,
    /// Words that occur in this person's texts alone.
    pub(super) marker: String,
    /// True when nothing of this person may train a model.
    pub(super) opted_out: bool,
}

impl Person {
    /// Makes the person of a random source; `number` keeps markers and mail addresses apart.
    pub(super) fn make(grammar: &Grammar, number: u64, random: &mut impl Rng) -> Self {
        let mut none = Facts::default();
        let mut word = |section: &str, random: &mut _| grammar.text(section, &mut none, random);
        let first = word("first", random);
        let last = word("last", random);
        let middle = if random.random_ratio(1, 12) {
            format!(" {}.", char::from(b'A' + random.random_range(0..26)))
        } else {
            String::new()
        };
        let host = word("mail", random);
        let marker =
            format!("{} {} {number:05}", word("marker.first", random), word("marker.second", random));
        let address =
            format!("{} {}, {}", random.random_range(1..240), word("street", random), word("town", random));
        Self {
            id: uuid(random),
            email: mailbox(&first, &last, &host, number, random),
            phone: phone(random),
            name: format!("{first}{middle} {last}"),
            first,
            address,
            marker: format!("project {marker}"),
            opted_out: random.random_ratio(8, 100),
        }
    }
}

/// A version 4 uuid from the random source, so that the same seed gives the same keys.
pub(super) fn uuid(random: &mut impl Rng) -> String {
    let bits: u128 = random.random();
    let versioned = (bits & !(0xF << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{versioned:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn mailbox(first: &str, last: &str, host: &str, number: u64, random: &mut impl Rng) -> String {
    let (first, last) = (plain(first), plain(last));
    let initial = first.chars().next().unwrap_or('x');
    match random.random_range(0..5) {
        0 => format!("{first}.{last}@{host}"),
        1 => format!("{initial}{last}{}@{host}", number % 1000),
        2 => format!("{first}_{last}{}@{host}", 60 + number % 40),
        3 => format!("{last}.{first}+jobs@{host}"),
        _ => format!("{}{}@{host}", capital(&first), capital(&last)),
    }
}

/// Only the letters a mailbox is usually made of.
fn plain(name: &str) -> String {
    let folded = name
        .to_lowercase()
        .replace('ł', "l")
        .replace('é', "e")
        .replace('ü', "ue")
        .replace('ø', "o")
        .replace('ë', "e");
    folded.chars().filter(char::is_ascii_alphabetic).collect()
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// Numbers kept for fiction: 555-0100 to 0199 (North America), Ofcom's and ACMA's drama ranges, and the ones of
/// the German and French regulators.
fn phone(random: &mut impl Rng) -> String {
    const AREAS: [u16; 12] = [212, 305, 312, 404, 415, 503, 512, 602, 617, 702, 720, 919];
    let area = AREAS[random.random_range(0..AREAS.len())];
    let line = random.random_range(100..200);
    let tail = random.random_range(0..1000);
    match random.random_range(0..12) {
        0 | 1 => format!("({area}) 555-0{line}"),
        2 => format!("+1 {area} 555 0{line}"),
        3 => format!("{area}-555-0{line}"),
        4 => format!("{area}.555.0{line}"),
        5 => format!("+1 ({area}) 555-0{line}"),
        6 => format!("020 7946 0{tail:03}"),
        7 => format!("+44 7700 900{tail:03}"),
        8 => format!("07700 900 {tail:03}"),
        9 => format!("+49 30 23125 {tail:03}"),
        10 => format!("+33 1 99 00 {:02} {:02}", tail / 10 % 100, line % 100),
        _ => format!("+61 491 570 {:03}", 156 + tail % 4),
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn makes_version_4_uuids_from_the_seed_alone() {
        let make = || uuid(&mut ChaCha8Rng::seed_from_u64(9));
        let id = make();
        assert_eq!(id, make());
        assert_eq!((id.len(), &id[14..15]), (36, "4"));
        assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"));
    }

    #[test]
    fn spells_mailboxes_in_ascii() {
        assert_eq!(plain("Łukasz"), "lukasz");
        assert_eq!(plain("O'Connor"), "oconnor");
    }
}
