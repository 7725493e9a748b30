//! Bands of words: from lists of names, and from how often the training texts write a word in lower case.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use pii::lexicon::key;
use pii::names::model::{Bands, plain};
use pii::tokens::{Case, TokenKind};

use crate::Fault;
use crate::data::Labelled;
use crate::random::Random;

/// What is known of words: bands as forename, surname and place, and how common they are, by the word's key.
pub(crate) type Names = BTreeMap<u64, (u8, u8, u8, u8)>;

/// Names as they are written, to be put in place of others.
#[derive(Default)]
pub(crate) struct Written {
    /// Census, most frequent first; then by country.
    forenames: [Vec<String>; 2],
    surnames: [Vec<String>; 2],
}

impl Written {
    /// Reads the same lists as [`read`].
    pub(crate) fn read(folder: &Path) -> Result<Self, Fault> {
        let census = |file: &str| -> Result<Vec<String>, Fault> {
            let file = lines(folder, file)?;
            Ok(file.lines().filter_map(|line| line.split('\t').next()).map(capitalised).collect())
        };
        let country = |file: &str, column: usize| -> Result<Vec<String>, Fault> {
            let file = lines(folder, file)?;
            let names = file.lines().skip(1).filter_map(|line| line.split(',').nth(column));
            Ok(names
                .filter(|name| name.chars().all(char::is_alphabetic) && name.len() > 1)
                .map(str::to_owned)
                .collect())
        };
        Ok(Self {
            forenames: [census("us-census-forenames.tsv")?, country("common-forenames-by-country.csv", 11)?],
            surnames: [census("us-census-surnames.tsv")?, country("common-surnames-by-country.csv", 5)?],
        })
    }

    /// Draws a name: frequent ones more often; one in five is made of two and may be unheard of.
    pub(crate) fn draw(&self, forename: bool, random: &mut Random) -> String {
        let lists = if forename { &self.forenames } else { &self.surnames };
        match random.below(10) {
            0..=3 => lists[1][random.place(lists[1].len())].clone(),
            4..=7 => {
                let most = random.place(lists[0].len()) + 1;
                lists[0][random.place(most)].clone()
            }
            _ => {
                let list = &lists[random.place(2)];
                let (one, two) = (&list[random.place(list.len())], &list[random.place(list.len())]);
                let head: Vec<char> = one.chars().collect();
                let tail: Vec<char> = two.chars().collect();
                head[..head.len().div_ceil(2)].iter().chain(&tail[tail.len() / 2..]).collect()
            }
        }
    }
}

fn capitalised(name: &str) -> String {
    let lower = name.to_lowercase();
    lower.chars().take(1).flat_map(char::to_uppercase).chain(lower.chars().skip(1)).collect()
}

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

/// Adds common words, `word<tab>band` a line. Lists from spoken text hold names too: those stay what they are.
pub(crate) fn add_common(names: &mut Names, path: &Path) -> Result<(), Fault> {
    let file = std::fs::read_to_string(path).map_err(|error| Fault::File(path.to_owned(), error))?;
    for line in file.lines() {
        let Some((word, band)) = line.split_once('\t') else { continue };
        let bands = names.entry(key(word)).or_default();
        if bands.0 < 2 && bands.1 < 4 && bands.2 < 2 {
            bands.3 = band.parse().unwrap_or(0);
        }
    }
    Ok(())
}

/// Adds words that are tools' or companies' names: a word a line; lines of several words say nothing of each, and
/// lines that begin with a mark are no words.
pub(crate) fn add_words(names: &mut Names, path: &Path, class: u8) -> Result<(), Fault> {
    let file = std::fs::read_to_string(path).map_err(|error| Fault::File(path.to_owned(), error))?;
    for line in file
        .lines()
        .filter(|line| line.chars().all(char::is_alphanumeric) && line.chars().any(char::is_uppercase))
    {
        names.entry(key(&line.to_lowercase())).or_default().2 = class;
    }
    Ok(())
}

/// Adds a list of places, `name<tab>population` a line: the most populous first in band 3, words of longer names in 1.
pub(crate) fn add_places(names: &mut Names, path: &Path) -> Result<(), Fault> {
    let file = std::fs::read_to_string(path).map_err(|error| Fault::File(path.to_owned(), error))?;
    for line in file.lines() {
        let Some((name, population)) = line.split_once('\t') else { continue };
        let name = name.to_lowercase();
        let population: u64 = population.parse().unwrap_or(0);
        let words: Vec<&str> =
            name.split([' ', '-', '/', '(', ')', ',', '.']).filter(|word| !word.is_empty()).collect();
        let band = match population {
            _ if words.len() > 1 => 1,
            800_000.. => 4,
            100_000.. => 3,
            _ => 2,
        };
        for word in words.iter().filter(|word| word.chars().count() >= 4) {
            for word in [(*word).to_owned(), plain(word)] {
                let bands = names.entry(key(&word)).or_default();
                bands.2 = band.max(bands.2);
            }
        }
    }
    Ok(())
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
pub(crate) fn bands(names: &Names, texts: &[Labelled]) -> Vec<(u64, Bands)> {
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
    let mut all: BTreeMap<u64, Bands> = names
        .iter()
        .map(|(&key, &(forename, surname, place, common))| {
            (key, Bands::new(forename, surname, common, place))
        })
        .collect();
    for (key, count) in counts {
        if common(count) > 0 {
            let bands = all.entry(key).or_default();
            let common = common(count).max(bands.common());
            *bands = Bands::new(bands.forename(), bands.surname(), common, bands.place());
        }
    }
    all.into_iter().collect()
}
