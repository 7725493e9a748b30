//! Where names come from: the built-in list of `data/names.txt`, and lists of a directory when one is given.

use std::collections::BTreeMap;
use std::path::Path;

use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;

use crate::error::Error;

/// The built-in list, one country or people a block.
const BUILT_IN: &str = include_str!("../data/names.txt");
/// What is known of each country: its languages, the order of its names, its particles.
const COUNTRIES: &str = include_str!("../data/countries.txt");

/// The names of one country or people.
#[derive(Debug, Default, Clone)]
pub(crate) struct Culture {
    pub(crate) languages: Vec<String>,
    /// The family name is said first.
    pub(crate) surname_first: bool,
    /// Two family names are usual.
    pub(crate) two_surnames: bool,
    pub(crate) particles: Vec<String>,
    pub(crate) given: Vec<String>,
    pub(crate) family: Vec<String>,
    /// In a script other than Latin: given and family names.
    pub(crate) local: (Vec<String>, Vec<String>),
}

/// All names.
#[derive(Debug)]
pub struct Names {
    cultures: BTreeMap<String, Culture>,
    /// Names of the United States' census with running sums of how often they are borne.
    census_given: Vec<(String, f64)>,
    census_family: Vec<(String, f64)>,
}

impl Names {
    /// Takes the built-in names only.
    pub fn built_in() -> Self {
        let mut cultures: BTreeMap<String, Culture> = BTreeMap::new();
        for line in COUNTRIES.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.split('|').map(str::trim);
            let Some(code) = fields.next().filter(|code| !code.is_empty()) else { continue };
            let culture = cultures.entry(code.to_owned()).or_default();
            culture.languages = listed(fields.next());
            let flags = fields.next().unwrap_or_default();
            culture.surname_first = flags.contains('f');
            culture.two_surnames = flags.contains('2');
            culture.particles = listed(fields.next());
        }
        let mut code = String::new();
        for line in BUILT_IN.lines() {
            if let Some(next) = line.strip_prefix("== ") {
                next.trim().clone_into(&mut code);
            } else if let Some((kind, rest)) = line.split_once(' ') {
                let culture = cultures.entry(code.clone()).or_default();
                let names = rest.split_whitespace().map(|word| word.replace('_', " "));
                match kind {
                    "g" => culture.given.extend(names),
                    "s" => culture.family.extend(names),
                    _ => {}
                }
            }
        }
        Self { cultures, census_given: Vec::new(), census_family: Vec::new() }.complete()
    }

    /// Adds the lists of a directory: `common-forenames-by-country.csv`, `common-surnames-by-country.csv`,
    /// `us-census-forenames.tsv`, `us-census-surnames.tsv`.
    ///
    /// # Errors
    /// [`Error::Names`] when a list cannot be read, [`Error::Column`] when one lacks a column.
    pub fn from_directory(directory: &Path) -> Result<Self, Error> {
        let mut names = Self::built_in();
        for (file, given) in
            [("common-forenames-by-country.csv", true), ("common-surnames-by-country.csv", false)]
        {
            let path = directory.join(file);
            let text = read(&path)?;
            let mut lines = text.trim_start_matches('\u{feff}').lines();
            let head: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
            let column = |name: &'static str| {
                let found = head.iter().position(|cell| *cell == name);
                found.ok_or_else(|| Error::Column { path: path.clone(), column: name })
            };
            let (country, local, roman) =
                (column("Country")?, column("Localized Name")?, column("Romanized Name")?);
            for line in lines {
                let cells: Vec<&str> = line.split(',').collect();
                let cell = |at: usize| cells.get(at).copied().unwrap_or_default().trim();
                names.add(cell(country), cell(local), cell(roman), given);
            }
        }
        names.census_given = census(&directory.join("us-census-forenames.tsv"))?;
        names.census_family = census(&directory.join("us-census-surnames.tsv"))?;
        Ok(names.complete())
    }

    fn add(&mut self, country: &str, local: &str, roman: &str, given: bool) {
        let Some(culture) = self.cultures.get_mut(country) else { return };
        let list = if given { &mut culture.given } else { &mut culture.family };
        for name in roman.split('/').map(str::trim).filter(|name| !name.is_empty()) {
            list.push(name.to_owned());
        }
        if !local.is_empty() && local != roman {
            let latin =
                local.chars().all(|c| c < '\u{250}' || ('\u{1e00}'..'\u{1f00}').contains(&c) || c == '’');
            let list = match (latin, given) {
                (true, true) => &mut culture.given,
                (true, false) => &mut culture.family,
                (false, true) => &mut culture.local.0,
                (false, false) => &mut culture.local.1,
            };
            list.push(local.to_owned());
        }
    }

    /// Lends names to countries that have only given or only family names; who has neither gets both from kin.
    fn complete(mut self) -> Self {
        let lenders: Vec<Culture> = self.cultures.values().cloned().collect();
        for culture in self.cultures.values_mut() {
            let language = culture.languages.first().cloned().unwrap_or_default();
            let kin = || lenders.iter().filter(|lender| lender.languages.contains(&language));
            if culture.given.is_empty() {
                culture.given =
                    kin().find(|lender| lender.given.len() > 4).map(|l| l.given.clone()).unwrap_or_default();
            }
            if culture.family.is_empty() {
                culture.family = kin()
                    .find(|lender| lender.family.len() > 4)
                    .map(|l| l.family.clone())
                    .unwrap_or_default();
            }
        }
        self
    }

    /// Draws a country for a text in `language`: one where it is spoken, or any.
    pub(crate) fn culture(&self, language: &str, rng: &mut ChaCha8Rng) -> Option<&Culture> {
        let usable = |culture: &&Culture| !culture.given.is_empty() && !culture.family.is_empty();
        if rng.random_bool(if language == "en" { 0.35 } else { 0.75 }) {
            let own = self
                .cultures
                .values()
                .filter(usable)
                .filter(|it| it.languages.iter().any(|code| code == language));
            let own: Vec<&Culture> = own.collect();
            if let Some(culture) = own.choose(rng) {
                return Some(culture);
            }
        }
        let all: Vec<&Culture> = self.cultures.values().filter(usable).collect();
        all.choose(rng).copied()
    }

    /// Draws a given name of the census, if it is there.
    pub(crate) fn census_given(&self, rng: &mut ChaCha8Rng) -> Option<&str> {
        drawn(&self.census_given, rng)
    }

    /// Draws a family name of the census, if it is there.
    pub(crate) fn census_family(&self, rng: &mut ChaCha8Rng) -> Option<&str> {
        drawn(&self.census_family, rng)
    }
}

/// By how often it is borne, or any of the list: the rare ones must be seen too.
fn drawn<'a>(list: &'a [(String, f64)], rng: &mut ChaCha8Rng) -> Option<&'a str> {
    let (_, total) = list.last()?;
    let at = if rng.random_bool(0.5) {
        let point = rng.random_range(0.0..*total);
        list.partition_point(|(_, sum)| *sum < point)
    } else {
        rng.random_range(0..list.len())
    };
    list.get(at).map(|(name, _)| name.as_str())
}

fn listed(field: Option<&str>) -> Vec<String> {
    let words = field.unwrap_or_default().split(',').map(str::trim);
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Names { path: path.to_owned(), source })
}

fn census(path: &Path) -> Result<Vec<(String, f64)>, Error> {
    let mut sum = 0.0;
    let mut list = Vec::new();
    for line in read(path)?.lines() {
        let mut cells = line.split('\t');
        let (Some(name), Some(share)) = (cells.next(), cells.next()) else { continue };
        sum += share.parse().unwrap_or(0.0_f64).max(0.0005);
        list.push((as_written(name), sum));
    }
    Ok(list)
}

/// Writes a name of the census, which is in capitals without marks, as people do.
fn as_written(name: &str) -> String {
    let lower = name.to_lowercase();
    let split = [
        ("mc", "Mc"),
        ("obrie", "O'Brie"),
        ("oc", "O'C"),
        ("one", "O'Ne"),
        ("ohar", "O'Har"),
        ("omal", "O'Mal"),
    ];
    for (prefix, written) in split {
        if let Some(rest) = lower.strip_prefix(prefix).filter(|rest| !rest.is_empty()) {
            return if prefix == "mc" {
                format!("Mc{}", first_upper(rest))
            } else {
                format!("{written}{rest}")
            };
        }
    }
    first_upper(&lower)
}

/// Upper-cases the first letter.
pub(crate) fn first_upper(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_people_of_the_built_in_list_is_among_the_countries() {
        let known: Vec<&str> =
            COUNTRIES.lines().filter_map(|line| line.split_once('|')).map(|(code, _)| code.trim()).collect();
        for line in BUILT_IN.lines().filter_map(|line| line.strip_prefix("== ")) {
            assert!(known.contains(&line.trim()), "{line}");
        }
    }

    #[test]
    fn every_people_of_the_built_in_list_has_names_of_both_sorts() {
        let names = Names::built_in();
        for code in BUILT_IN.lines().filter_map(|line| line.strip_prefix("== ")) {
            let culture = &names.cultures[code.trim()];
            assert!(culture.given.len() > 4 && culture.family.len() > 4, "{code}");
        }
    }

    #[test]
    fn census_names_get_their_marks_back() {
        assert_eq!((as_written("MCDONALD"), as_written("OBRIEN")), ("McDonald".into(), "O'Brien".into()));
    }
}
