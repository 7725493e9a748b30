//! Bands of words: from lists of names, and from how often the training texts write a word in lower case.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use pii::lexicon::key;
use pii::names::model::{Bands, name_hash, plain};
use pii::tokens::{Case, TokenKind};

use crate::Fault;
use crate::data::Labelled;

/// What is known of names: forename and surname bands by the word's key.
pub(crate) type Names = BTreeMap<u64, (u8, u8)>;

/// Reads the lists of a folder: `us-census-{forenames,surnames}.tsv` and `common-{forenames,surnames}-by-country.csv`.
pub(crate) fn read(folder: &Path) -> Result<Names, Fault> {
    let mut names = Names::new();
    for (file, steps, is_forename) in [
        ("us-census-forenames.tsv", [100, 400, 1000, 4000], true),
        ("us-census-surnames.tsv", [200, 1000, 4000, 20_000], false),
    ] {
        let mut ranks = [0_usize; 2];
        for line in lines(folder, file)?.lines() {
            let mut fields = line.split('\t');
            let name = fields.next().unwrap_or_default().to_lowercase();
            let list = usize::from(fields.nth(1) == Some("M"));
            let rank = ranks[list];
            ranks[list] += 1;
            let band = 7 - u8::try_from(steps.iter().filter(|&&step| rank >= step).count()).unwrap_or(4);
            note(&mut names, &name, band, is_forename);
        }
    }
    for (file, columns, is_forename) in [
        ("common-forenames-by-country.csv", [10, 11], true),
        ("common-surnames-by-country.csv", [4, 5], false),
    ] {
        for line in lines(folder, file)?.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            for name in columns.iter().filter_map(|&column| fields.get(column)) {
                for word in name.to_lowercase().split([' ', '-', '/', '(', ')', '"']) {
                    if word.chars().count() >= 3 || !word.is_ascii() && !word.is_empty() {
                        note(&mut names, word, 2, is_forename);
                        note(&mut names, &plain(word), 2, is_forename);
                    }
                }
            }
        }
    }
    Ok(names)
}

fn note(names: &mut Names, name: &str, band: u8, is_forename: bool) {
    let bands = names.entry(key(name)).or_default();
    let place = if is_forename { &mut bands.0 } else { &mut bands.1 };
    *place = band.max(*place);
}

fn lines(folder: &Path, file: &str) -> Result<String, Fault> {
    let path = folder.join(file);
    std::fs::read_to_string(&path).map_err(|error| Fault::File(path, error))
}

/// Joins the names' bands with how many texts write a word in lower case.
pub(crate) fn bands(names: &Names, texts: &[Labelled]) -> Vec<(u32, Bands)> {
    let mut counts: HashMap<u64, u32> = HashMap::new();
    for text in texts {
        let words: HashSet<u64> = text
            .tokens
            .iter()
            .zip(&text.may)
            .filter(|(token, may)| {
                token.kind == TokenKind::Word && token.case == Case::Lower && **may & 1 != 0
            })
            .map(|(token, _)| token.key)
            .collect();
        for word in words {
            *counts.entry(word).or_default() += 1;
        }
    }
    let common = |count: u32| match count {
        0..=1 => 0,
        2..=3 => 1,
        4..=9 => 2,
        10..=29 => 3,
        30..=99 => 4,
        _ => 5,
    };
    let mut all: BTreeMap<u64, (u8, u8, u8)> =
        names.iter().map(|(&key, &(forename, surname))| (key, (forename, surname, 0))).collect();
    for (key, count) in counts {
        if common(count) > 0 {
            all.entry(key).or_default().2 = common(count);
        }
    }
    all.into_iter()
        .map(|(key, (forename, surname, common))| (name_hash(key), Bands::new(forename, surname, common)))
        .collect()
}
