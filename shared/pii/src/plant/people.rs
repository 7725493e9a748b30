//! People who do not exist. Names are held out from training; everything else is of a form that is really used, with
//! its check digits right. It never leaves the copy it was planted into, which is thrown away.

use std::sync::LazyLock;

use crate::Kind;
use crate::surrogate::Draw;

static FORENAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| names(include_str!("forenames.txt")));
static SURNAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| names(include_str!("surnames.txt")));

fn names(file: &'static str) -> Vec<&'static str> {
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|name| !name.is_empty()).collect()
}

const HOSTS: [&str; 8] = [
    "gmail.com",
    "outlook.com",
    "yahoo.co.uk",
    "web.de",
    "orange.fr",
    "icloud.com",
    "northfield-mail.com",
    "uni-halden.edu",
];

/// Numbers as people write them: `#` is any digit, `N` one from 2 to 9.
const PHONES: [&str; 18] = [
    "(212) NN#-####",
    "415-N##-####",
    "+1 312 N## ####",
    "+1 (604) N##-####",
    "202.N##.####",
    "07700 9#####",
    "+44 20 79## ####",
    "0161 496 0###",
    "+49 151 2#######",
    "030 23######",
    "06 12 ## ## ##",
    "+33 6 12 ## ## ##",
    "+91 98### #####",
    "+55 11 9####-####",
    "0412 ### ###",
    "+34 612 ### ###",
    "+48 512 ### ###",
    "+234 803 ### ####",
];

const STREETS: [&str; 12] = [
    "Maple Avenue",
    "Oakwood Drive",
    "Station Road",
    "Kingfisher Lane",
    "Mill Street",
    "Harbour View Road",
    "Chestnut Court",
    "Elm Park Terrace",
    "Riverside Boulevard",
    "Victoria Street",
    "Orchard Close",
    "Lincoln Way",
];

/// Whole addresses around a house number `#` and a street `{}`.
const ADDRESSES: [&str; 14] = [
    "## {}, Columbus, OH 43215",
    "1## {}, Apt 4B, Portland, OR 97205",
    "2#4 {}, Tucson, AZ 85701",
    "## {}, Leeds LS1 4AP",
    "# {}, Bristol BS8 1TH",
    "Flat 3, ## {}, Edinburgh EH3 9AA",
    "## {}, Newtown NSW 2042",
    "## {}, Toronto, ON M5V 2T6",
    "Lindenstraße ##, 10969 Berlin",
    "Schillerweg 1#, 70174 Stuttgart",
    "12# rue des Lilas, 69003 Lyon",
    "Calle Mayor ##, 28013 Madrid",
    "Via Garibaldi ##, 10122 Torino",
    "Keizersgracht 1##, 1015 CJ Amsterdam",
];

/// One person's name; made anew for each piece of data.
pub(super) struct Person {
    first: &'static str,
    last: &'static str,
}

impl Person {
    pub(super) fn draw(draw: &mut Draw) -> Self {
        Self { first: draw.of(&FORENAMES), last: draw.of(&SURNAMES) }
    }

    /// Writes what a person has of a kind that is planted.
    pub(super) fn value(&self, kind: Kind, draw: &mut Draw) -> String {
        match kind {
            Kind::Email => self.email(draw),
            Kind::Phone => filled(draw.of(&PHONES), draw),
            Kind::Address => {
                let street = draw.of(&STREETS);
                filled(draw.of(&ADDRESSES), draw).replace("{}", street)
            }
            Kind::Ssn => ssn(draw),
            Kind::Card => card(draw),
            Kind::Iban => iban(draw),
            _ => self.name(draw),
        }
    }

    fn name(&self, draw: &mut Draw) -> String {
        let Self { first, last } = self;
        match draw.below(8) {
            0 => format!("{first} {}. {last}", char::from(b'A' + u8::try_from(draw.below(26)).unwrap_or(0))),
            1 => format!("{first} {last}").to_uppercase(),
            _ => format!("{first} {last}"),
        }
    }

    fn email(&self, draw: &mut Draw) -> String {
        let (first, last) = (self.first.to_lowercase(), self.last.to_lowercase());
        let host = draw.of(&HOSTS);
        match draw.below(4) {
            0 => format!("{}{last}{}@{host}", &first[..1], draw.below(100)),
            1 => format!("{first}_{last}@{host}"),
            2 => format!("{last}.{first}+work@{host}"),
            _ => format!("{first}.{last}@{host}"),
        }
    }
}

fn filled(form: &str, draw: &mut Draw) -> String {
    form.chars()
        .map(|c| match c {
            '#' => draw.digit(),
            'N' if form.contains("N#") || form.contains("NN") => {
                char::from(b'2' + u8::try_from(draw.below(8)).unwrap_or(0))
            }
            c => c,
        })
        .collect()
}

fn digits(count: usize, draw: &mut Draw) -> String {
    (0..count).map(|_| draw.digit()).collect()
}

/// Area 000, 666 and 9xx, group 00 and serial 0000 are never given out (SSA, RM 10201.035).
fn ssn(draw: &mut Draw) -> String {
    let area = [1 + draw.below(665), 667 + draw.below(233)][draw.below(2)];
    let separator = draw.of(&["-", "-", " "]);
    format!("{area:03}{separator}{:02}{separator}{:04}", 1 + draw.below(99), 1 + draw.below(9999))
}

/// An id with the words that announce it: bare, none of them could be told from an order's number.
pub(super) fn national_id(draw: &mut Draw) -> (&'static str, String) {
    match draw.below(4) {
        0 => {
            // Letters that the prefix may have (HMRC, NIM39110).
            let letter = |draw: &mut Draw, of: &[u8]| char::from(draw.of(of));
            let prefix = [letter(draw, b"ABCEHJKLMPRSTWXY"), letter(draw, b"ACEHJLMPRSTWXYZ")];
            let groups = [digits(2, draw), digits(2, draw), digits(2, draw)].join(" ");
            let suffix = letter(draw, b"ABCD");
            ("National Insurance number: {}", format!("{}{} {groups} {suffix}", prefix[0], prefix[1]))
        }
        1 => {
            let number = 10_000_000 + draw.below(89_999_999);
            ("DNI: {}", format!("{number}{}", char::from(b"TRWAGMYFPDXBNJZSQVHLCKE"[number % 23])))
        }
        2 => {
            let mut number = digits(9, draw);
            for _ in 0..2 {
                let sum = (2..)
                    .zip(number.bytes().rev())
                    .map(|(weight, digit)| weight * u32::from(digit - b'0'))
                    .sum::<u32>();
                number.push(char::from_digit((sum * 10) % 11 % 10, 10).unwrap_or('0'));
            }
            ("CPF: {}", format!("{}.{}.{}-{}", &number[..3], &number[3..6], &number[6..9], &number[9..]))
        }
        _ => loop {
            let number = digits(9, draw);
            let sum = (2..=10)
                .rev()
                .zip(number.bytes())
                .map(|(weight, digit)| weight * u32::from(digit - b'0'))
                .sum::<u32>();
            let check = (11 - sum % 11) % 11;
            if check < 10 {
                break (
                    "NHS number {}",
                    format!("{} {} {}{check}", &number[..3], &number[3..6], &number[6..]),
                );
            }
        },
    }
}

fn card(draw: &mut Draw) -> String {
    let (prefix, length) =
        draw.of(&[("4539", 16), ("4716", 16), ("5425", 16), ("5105", 16), ("3714", 15), ("6011", 16)]);
    let mut number = format!("{prefix}{}", digits(length - 5, draw));
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            if place % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        })
        .sum();
    number.push(char::from_digit((10 - sum % 10) % 10, 10).unwrap_or('0'));
    if draw.below(3) == 0 { number } else { grouped(&number, draw.of(&[" ", "-"])) }
}

fn iban(draw: &mut Draw) -> String {
    let (country, bank, length) =
        draw.of(&[("DE", "", 18), ("ES", "", 20), ("FR", "", 23), ("GB", "NWBK", 14), ("NL", "ABNA", 10)]);
    let account = format!("{bank}{}", digits(length, draw));
    let rest = format!("{account}{country}00")
        .chars()
        .filter_map(|c| c.to_digit(36))
        .fold(0, |rest, value| if value < 10 { (rest * 10 + value) % 97 } else { (rest * 100 + value) % 97 });
    let number = format!("{country}{:02}{account}", 98 - rest);
    if draw.below(3) == 0 { number } else { grouped(&number, " ") }
}

/// Fours, with something between.
fn grouped(number: &str, between: &str) -> String {
    let mut made = String::with_capacity(number.len() * 5 / 4);
    for (place, c) in number.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            made.push_str(between);
        }
        made.push(c);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_many_distinct_and_in_order() {
        for names in [&*FORENAMES, &*SURNAMES] {
            assert!(names.len() >= 300, "{}", names.len());
            assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }

    #[test]
    fn check_digits_are_right() {
        let mut draw = Draw::new(7);
        for _ in 0..200 {
            let card: Vec<u32> = card(&mut draw).chars().filter_map(|c| c.to_digit(10)).collect();
            let sum: u32 = card
                .iter()
                .rev()
                .enumerate()
                .map(|(at, d)| if at % 2 == 1 { d * 2 / 10 + d * 2 % 10 } else { *d })
                .sum();
            assert_eq!(sum % 10, 0);
            let iban: String = iban(&mut draw).replace(' ', "");
            let turned = format!("{}{}", &iban[4..], &iban[..4]);
            let rest = turned.chars().fold(0, |rest, c| {
                let value = c.to_digit(36).unwrap();
                (if value < 10 { rest * 10 + value } else { rest * 100 + value }) % 97
            });
            assert_eq!(rest, 1, "{iban}");
        }
    }

    #[test]
    fn no_place_of_a_form_is_left_open() {
        let mut draw = Draw::new(1);
        for kind in super::super::PLANTED.iter() {
            for _ in 0..100 {
                let value = Person::draw(&mut draw).value(kind, &mut draw);
                assert!(!value.contains(['#', '{']) && value.len() > 5, "{value}");
            }
        }
    }
}
