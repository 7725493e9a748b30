//! Made-up values that are computed: numbers, dates, addresses of people in mail and on the web.

use std::fmt::Write as _;

use rand::Rng as _;
use rand::seq::IndexedRandom as _;

use crate::expand::Writer;

/// The values that a grammar may ask for, `{#name}`.
pub(crate) const VALUES: [&str; 15] = [
    "num", "d", "hex", "caps", "year", "years", "date", "dob", "time", "ip", "uuid", "email", "mailto",
    "handle", "profile",
];

impl Writer<'_> {
    pub(crate) fn value(&mut self, name: &str, arguments: &[String]) {
        let number = |at: usize, otherwise: u32| {
            arguments.get(at).and_then(|word| word.parse().ok()).unwrap_or(otherwise)
        };
        let slot = arguments.first().map_or("p", String::as_str).to_owned();
        match name {
            "num" => {
                let (low, high) = (number(0, 1), number(1, 99));
                let value = self.rng.random_range(low..=high.max(low));
                self.put(&value.to_string());
            }
            "d" => self.digits(number(0, 4)),
            "hex" => self.letters("0123456789abcdef", number(0, 8)),
            "caps" => self.letters("ABCDEFGHJKLMNPRSTUVWXYZ", number(0, 2)),
            "year" => {
                let year = self.rng.random_range(number(0, 1988)..=number(1, 2025));
                self.put(&year.to_string());
            }
            "years" => self.years(),
            "date" => self.labelled("DATE", |writer| writer.date(1998, 2026)),
            "dob" => self.labelled("DATE", |writer| writer.date(1950, 2006)),
            "time" => {
                let (hour, minute) = (self.rng.random_range(0..24), self.rng.random_range(0..60));
                self.put(&format!("{hour:02}:{minute:02}"));
            }
            "ip" => self.labelled("IP", |writer| {
                let byte = |writer: &mut Self| writer.rng.random_range(1..255);
                let four = [10, byte(writer), byte(writer), byte(writer)];
                writer.put(&four.map(|byte| byte.to_string()).join("."));
            }),
            "uuid" => {
                for (at, count) in [8, 4, 4, 4, 12].into_iter().enumerate() {
                    if at > 0 {
                        self.put("-");
                    }
                    self.letters("0123456789abcdef", count);
                }
            }
            "email" => self.labelled("EMAIL", |writer| writer.email(&slot)),
            "mailto" => {
                let start = self.out.text.len();
                self.put("mailto:");
                self.labelled("EMAIL", |writer| writer.email(&slot));
                debug_assert!(self.out.text.len() > start, "an address has letters");
            }
            "handle" => self.labelled("USERNAME", |writer| {
                let local = writer.local_part(&slot, &["_", "", ""]);
                writer.put(&local);
            }),
            "profile" => self.labelled("URL", |writer| writer.profile(&slot)),
            _ => {}
        }
    }

    fn put(&mut self, text: &str) {
        self.out.text.push_str(text);
    }

    fn digits(&mut self, count: u32) {
        for at in 0..count {
            let low = u32::from(at == 0);
            let digit = self.rng.random_range(low..=9);
            self.put(&digit.to_string());
        }
    }

    fn letters(&mut self, alphabet: &str, count: u32) {
        for _ in 0..count {
            let letter = alphabet.as_bytes().choose(self.rng).map_or('a', |byte| char::from(*byte));
            self.out.text.push(letter);
        }
    }

    fn years(&mut self) {
        let from = self.rng.random_range(1985..2024);
        let to = from + self.rng.random_range(1..9);
        let line = *["-", "–", " - ", " – ", "—", " to ", "/"].choose(self.rng).unwrap_or(&"-");
        let month = |writer: &mut Self| writer.rng.random_range(1..=12);
        let text = match self.rng.random_range(0..10) {
            0 => format!("{:02}/{from}{line}{:02}/{to}", month(self), month(self)),
            1 => format!("{:02}.{from}{line}{:02}.{to}", month(self), month(self)),
            2 => format!("{from}-{:02}{line}{to}-{:02}", month(self), month(self)),
            3 => format!("{:02}/{from}{line}", month(self)),
            _ => format!("{from}{line}{to}"),
        };
        self.put(text.trim_end());
    }

    fn date(&mut self, low: u32, high: u32) {
        let year = self.rng.random_range(low..=high);
        let (month, day) = (self.rng.random_range(1..=12), self.rng.random_range(1..=28));
        match self.rng.random_range(0..8) {
            0 => self.put(&format!("{year}-{month:02}-{day:02}")),
            1 => self.put(&format!("{day:02}.{month:02}.{year}")),
            2 => self.put(&format!("{day:02}/{month:02}/{year}")),
            3 => self.put(&format!("{month}/{day}/{year}")),
            4 => self.put(&format!("{day}.{month}.{:02}", year % 100)),
            5 => {
                let _ = write!(self.out.text, "{day} ");
                self.rule("month");
                let _ = write!(self.out.text, " {year}");
            }
            6 => {
                self.rule("month");
                let _ = write!(self.out.text, " {day}, {year}");
            }
            _ => {
                self.rule("month");
                let _ = write!(self.out.text, " {year}");
            }
        }
    }

    /// The part of an address before the `@`, from the name or from nothing.
    fn local_part(&mut self, slot: &str, joints: &[&str]) -> String {
        let (first, last) = self.somebody(slot).handle_parts();
        let joint = *joints.choose(self.rng).unwrap_or(&"");
        let initial = |name: &str| name.chars().take(1).collect::<String>();
        let number = self.rng.random_range(1..999);
        match self.rng.random_range(0..12) {
            0..4 if !first.is_empty() && !last.is_empty() => format!("{first}{joint}{last}"),
            4 if !last.is_empty() => format!("{}{last}", initial(&first)),
            5 if !last.is_empty() => format!("{}{joint}{last}", initial(&first)),
            6 if !last.is_empty() => format!("{last}{joint}{}", initial(&first)),
            7 if !last.is_empty() => format!("{last}{number}"),
            8 if !first.is_empty() => format!("{first}{number}"),
            9 if !last.is_empty() => format!("{first}{joint}{last}{}", number % 100),
            _ => {
                let at = self.out.text.len();
                self.rule("nickword");
                let word = self.out.text.split_off(at);
                format!("{word}{joint}{number}")
            }
        }
    }

    fn email(&mut self, slot: &str) {
        let local = self.local_part(slot, &[".", "_", "", ".", "-"]);
        self.put(&local);
        let (at, dot) = match self.rng.random_range(0..40) {
            0 => (" [at] ", " [dot] "),
            1 => ("(at)", "(dot)"),
            2 => (" @ ", "."),
            _ => ("@", "."),
        };
        self.put(at);
        let start = self.out.text.len();
        self.rule("domain");
        let domain = self.out.text.split_off(start).to_lowercase().replace('.', dot);
        self.put(&domain);
    }

    fn profile(&mut self, slot: &str) {
        let site = [
            "linkedin.com/in/",
            "https://www.linkedin.com/in/",
            "github.com/",
            "https://github.com/",
            "www.xing.com/profile/",
            "gitlab.com/",
            "https://twitter.com/",
            "behance.net/",
            "stackoverflow.com/users/",
            "facebook.com/",
            "instagram.com/",
            "https://medium.com/@",
            "t.me/",
            "linkedin.com/in/",
            "https://orcid.org/",
        ];
        let site = *site.choose(self.rng).unwrap_or(&"");
        self.put(site);
        let local = self.local_part(slot, &["-", "-", "", "_"]);
        self.put(&local);
    }
}
