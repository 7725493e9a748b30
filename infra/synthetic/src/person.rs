//! A made-up person and the ways in which a text names them.

use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;

use crate::names::{Culture, Names, first_upper};

/// The forms in which a text may name a person, `{@p.form}`.
pub(crate) const FORMS: [&str; 26] = [
    "full", "plain", "first", "short", "last", "comma", "init", "inits", "cite", "firsti", "upper", "caps",
    "lower", "lowfirst", "spaced", "quoted", "tight", "swapped", "ii", "lowii", "lowlast", "ufirst", "ulast",
    "file", "i", "say",
];

/// A made-up person.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// Given names, the one they go by first.
    given: Vec<String>,
    /// Family name with its particles.
    family: String,
    /// How the second given name is written in a whole name.
    middle: Middle,
    nick: Option<String>,
    suffix: &'static str,
    surname_first: bool,
    local: Option<String>,
}

#[derive(Debug, Clone, Copy)]
enum Middle {
    None,
    Whole,
    Initial,
}

impl Person {
    /// Makes up a person for a text in `language`.
    pub(crate) fn made_up(names: &Names, language: &str, rng: &mut ChaCha8Rng) -> Self {
        let nobody = Culture::default();
        let culture = names.culture(language, rng).unwrap_or(&nobody);
        let census = language == "en" && rng.random_bool(0.55);
        let mut given = vec![given_name(names, culture, census, rng)];
        let middle = match rng.random_range(0..100) {
            0..12 => Middle::Initial,
            12..22 => Middle::Whole,
            _ => Middle::None,
        };
        given.push(given_name(names, culture, census, rng));
        if rng.random_bool(0.04) {
            let double = format!("{}-{}", given[0], given[1]);
            given[0] = double;
        }
        let census = if rng.random_bool(0.15) { !census } else { census };
        let mut family = family_name(names, culture, census, rng);
        if culture.two_surnames && rng.random_bool(0.45) {
            family = format!("{family} {}", family_name(names, culture, false, rng));
        } else if rng.random_bool(0.05) {
            family = format!("{family}-{}", family_name(names, culture, census, rng));
        }
        if !census
            && !culture.particles.is_empty()
            && rng.random_bool(0.25)
            && let Some(particle) = culture.particles.choose(rng)
        {
            family = if particle.ends_with(['-', '\'']) {
                format!("{particle}{family}")
            } else {
                format!("{particle} {family}")
            };
        }
        if rng.random_bool(0.02) {
            family = first_upper(&ascii(&family));
        }
        let suffix = if rng.random_bool(0.01) {
            *[" Jr.", " III", " Sr.", " Jr", " II"].choose(rng).unwrap_or(&"")
        } else {
            ""
        };
        let local = match (culture.local.0.choose(rng), culture.local.1.choose(rng)) {
            (Some(first), Some(last)) if rng.random_bool(0.05) => {
                Some(if culture.surname_first { format!("{last}{first}") } else { format!("{first} {last}") })
            }
            _ => None,
        };
        let nick = rng.random_bool(0.1).then(|| nick_of(&given[0]));
        let surname_first = culture.surname_first && rng.random_bool(0.6);
        Self { given, family, middle, nick, suffix, surname_first, local }
    }

    /// The name they go by, in letters of an e-mail address.
    pub(crate) fn handle_parts(&self) -> (String, String) {
        (plain(&self.given[0]), plain(&self.family))
    }

    /// Writes the name in a form; `None` when there is no such form.
    pub(crate) fn form(&self, form: &str, rng: &mut ChaCha8Rng) -> Option<String> {
        let (first, last) = (self.given[0].as_str(), self.family.as_str());
        let short = self.nick.as_deref().unwrap_or(first);
        Some(match form {
            "full" => self.whole(rng),
            "plain" => self.simple(),
            "first" => first.to_owned(),
            "short" => short.to_owned(),
            "last" => last.to_owned(),
            "comma" => match self.middle {
                Middle::Initial => format!("{last}, {first} {}.", initial(&self.given[1])),
                _ => format!("{last}, {first}"),
            },
            "init" => format!("{}. {last}", initial(first)),
            "inits" => format!("{}.{}{}. {last}", initial(first), gap(rng), initial(&self.given[1])),
            "cite" => match rng.random_range(0..6) {
                0 => format!("{last}, {}.", initial(first)),
                1 => format!("{last} {}{}", initial(first), initial(&self.given[1])),
                2 => format!("{last}, {}. {}.", initial(first), initial(&self.given[1])),
                3 => format!("{last} {}", initial(first)),
                _ => format!("{last} {}.", initial(first)),
            },
            "firsti" => format!("{first} {}.", initial(last)),
            "upper" => self.simple().to_uppercase(),
            "caps" => {
                if self.surname_first || rng.random_bool(0.4) {
                    format!("{} {first}", last.to_uppercase())
                } else {
                    format!("{first} {}", last.to_uppercase())
                }
            }
            "lower" => self.simple().to_lowercase(),
            "lowfirst" => short.to_lowercase(),
            "spaced" => {
                let spaced =
                    |word: &str| word.to_uppercase().chars().map(String::from).collect::<Vec<_>>().join(" ");
                format!("{}   {}", spaced(first), spaced(last))
            }
            "ii" => format!("{}{}", initial(first), initial(last)),
            "lowii" => format!("{}{}", initial(first), initial(last)).to_lowercase(),
            "i" => initial(first),
            "lowlast" => last.to_lowercase(),
            "ufirst" => first.to_uppercase(),
            "ulast" => last.to_uppercase(),
            "file" => format!("{}_{}", first.to_lowercase(), last.to_lowercase()).replace(' ', "_"),
            "quoted" => format!("{first} {} {last}", quoted(&nick_of(&self.given[1]), rng)),
            "tight" => format!("{first}{last}"),
            "swapped" => format!("{last} {first}"),
            // The ways in which running text names a person it has named before, or has not.
            "say" => match rng.random_range(0..10) {
                0..4 => short.to_owned(),
                4..7 => self.simple(),
                7 => self.whole(rng),
                8 => last.to_owned(),
                _ => first.to_owned(),
            },
            _ => return None,
        })
    }

    fn simple(&self) -> String {
        if self.surname_first {
            format!("{} {}", self.family, self.given[0])
        } else {
            format!("{} {}", self.given[0], self.family)
        }
    }

    fn whole(&self, rng: &mut ChaCha8Rng) -> String {
        if let Some(local) = &self.local {
            return local.clone();
        }
        let (first, last, second) = (&self.given[0], &self.family, &self.given[1]);
        if self.surname_first {
            return self.simple();
        }
        if let Some(nick) = self.nick.as_deref().filter(|_| rng.random_bool(0.3)) {
            return format!("{first} {} {last}", quoted(nick, rng));
        }
        match self.middle {
            Middle::None => format!("{first} {last}{}", self.suffix),
            Middle::Whole => format!("{first} {second} {last}{}", self.suffix),
            Middle::Initial => format!("{first} {}. {last}{}", initial(second), self.suffix),
        }
    }
}

fn quoted(nick: &str, rng: &mut ChaCha8Rng) -> String {
    let (open, close) =
        *[("\"", "\""), ("(", ")"), ("“", "”"), ("'", "'")].choose(rng).unwrap_or(&("(", ")"));
    format!("{open}{nick}{close}")
}

fn gap(rng: &mut ChaCha8Rng) -> &'static str {
    if rng.random_bool(0.7) { " " } else { "" }
}

fn initial(name: &str) -> String {
    name.chars()
        .find(|letter| letter.is_alphabetic())
        .map(|letter| letter.to_uppercase().collect())
        .unwrap_or_default()
}

/// A short form: `Daniela` → `Dani`, `Dan`, `Danny`.
fn nick_of(name: &str) -> String {
    let letters: Vec<char> = name.chars().take_while(|letter| letter.is_alphabetic()).collect();
    let vowel = |letter: &char| "aeiouyáéíóúäöüåøæ".contains(*letter);
    let cut = letters
        .iter()
        .enumerate()
        .skip(2)
        .find(|(_, letter)| vowel(letter))
        .map_or(letters.len(), |(at, _)| at);
    let stem: String = letters[..cut.max(2).min(letters.len())].iter().collect();
    match letters.len() % 3 {
        0 => format!("{stem}y"),
        1 => stem,
        _ => format!("{stem}i"),
    }
}

fn given_name(names: &Names, culture: &Culture, census: bool, rng: &mut ChaCha8Rng) -> String {
    if census && let Some(name) = names.census_given(rng) {
        return first_upper(&name.to_lowercase());
    }
    one_of(&culture.given, 0.12, rng)
}

fn family_name(names: &Names, culture: &Culture, census: bool, rng: &mut ChaCha8Rng) -> String {
    if census && let Some(name) = names.census_family(rng) {
        return name.to_owned();
    }
    one_of(&culture.family, 0.25, rng)
}

/// A name of the list, or one that no list has: the head of one joined to the tail of another.
fn one_of(list: &[String], blended: f64, rng: &mut ChaCha8Rng) -> String {
    let Some(name) = list.choose(rng) else { return "Ann".to_owned() };
    if list.len() > 4
        && rng.random_bool(blended)
        && let Some(other) = list.choose(rng)
        && let Some(blend) = blend(name, other)
    {
        return blend;
    }
    name.clone()
}

fn blend(head: &str, tail: &str) -> Option<String> {
    let vowel = |letter: char| "aeiouyáéíóúäöüåøæãõêôăâıě".contains(letter);
    if [head, tail].iter().any(|name| name.contains([' ', '-', '\'']) || name.chars().count() < 5) {
        return None;
    }
    let head_cut = head.char_indices().skip(2).find(|(_, letter)| vowel(*letter)).map(|(at, _)| at)?;
    let tail_cut = tail.char_indices().skip(2).find(|(_, letter)| vowel(*letter)).map(|(at, _)| at)?;
    Some(format!("{}{}", &head[..head_cut], &tail[tail_cut..]))
}

/// Letters without marks: `Jürgen` → `Jurgen`.
pub(crate) fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let plain = FOLDED.iter().find(|(marked, _)| marked.contains(letter)).map(|(_, plain)| *plain);
        match plain {
            Some(plain) => out.push_str(plain),
            None => out.push(letter),
        }
    }
    out
}

const FOLDED: [(&str, &str); 48] = [
    ("áàâãåāăąạảấầậắ", "a"),
    ("ä", "ae"),
    ("ÁÀÂÃÅĀĂĄ", "A"),
    ("Ä", "Ae"),
    ("çćčĉ", "c"),
    ("ÇĆČ", "C"),
    ("ďđ", "d"),
    ("ĎĐ", "D"),
    ("éèêëēėęěẹếềệ", "e"),
    ("ÉÈÊËĒĖĘĚ", "E"),
    ("ğģ", "g"),
    ("ĞĢ", "G"),
    ("íìîïīįıịỉ", "i"),
    ("ÍÌÎÏĪĮİ", "I"),
    ("ķ", "k"),
    ("Ķ", "K"),
    ("łļľĺ", "l"),
    ("ŁĻĽ", "L"),
    ("ñńňņ", "n"),
    ("ÑŃŇŅ", "N"),
    ("óòôõōőọốồộơớờợ", "o"),
    ("ö", "oe"),
    ("ø", "o"),
    ("ÓÒÔÕŌŐ", "O"),
    ("Ö", "Oe"),
    ("Ø", "O"),
    ("řŕ", "r"),
    ("ŘŔ", "R"),
    ("śšşșŝ", "s"),
    ("ŚŠŞȘ", "S"),
    ("ß", "ss"),
    ("ťţț", "t"),
    ("ŤŢȚ", "T"),
    ("úùûūůűųụủưứừự", "u"),
    ("ü", "ue"),
    ("ÚÙÛŪŮŰŲ", "U"),
    ("Ü", "Ue"),
    ("ýỳỹÿ", "y"),
    ("Ý", "Y"),
    ("žźż", "z"),
    ("ŽŹŻ", "Z"),
    ("æ", "ae"),
    ("Æ", "Ae"),
    ("œ", "oe"),
    ("ð", "d"),
    ("þ", "th"),
    ("Þ", "Th"),
    ("ə", "e"),
];

/// Lower-case ASCII letters only.
fn plain(name: &str) -> String {
    ascii(name).chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn every_form_of_every_person_has_letters_and_no_break() {
        let names = Names::built_in();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for language in ["en", "de", "hu", "hi"] {
            for _ in 0..200 {
                let person = Person::made_up(&names, language, &mut rng);
                for form in FORMS {
                    let written = person.form(form, &mut rng).unwrap();
                    assert!(
                        written.chars().any(char::is_alphabetic) && !written.contains('\n'),
                        "{form}: {written}"
                    );
                    assert_eq!(written.trim(), written, "{form}");
                }
            }
        }
    }

    #[test]
    fn folds_marks_away() {
        assert_eq!(ascii("Søren Čapek Øst Şahin"), "Soren Capek Ost Sahin");
        assert_eq!(plain("O'Brien-Müller"), "obrienmueller");
    }
}
