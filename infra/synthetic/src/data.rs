//! The data files and the sorts of text that are made of them.

/// Rules of the grammar, file by file.
pub(crate) const FILES: [(&str, &str); 19] = [
    ("words.txt", include_str!("../data/words.txt")),
    ("tools.txt", include_str!("../data/tools.txt")),
    ("companies.txt", include_str!("../data/companies.txt")),
    ("places.txt", include_str!("../data/places.txt")),
    ("contact.txt", include_str!("../data/contact.txt")),
    ("titles.txt", include_str!("../data/titles.txt")),
    ("resume.txt", include_str!("../data/resume.txt")),
    ("sections.txt", include_str!("../data/sections.txt")),
    ("sentences.txt", include_str!("../data/sentences.txt")),
    ("vocabulary.txt", include_str!("../data/vocabulary.txt")),
    ("prose.txt", include_str!("../data/prose.txt")),
    ("foreign.txt", include_str!("../data/foreign.txt")),
    ("ordinary.txt", include_str!("../data/ordinary.txt")),
    ("jobs.txt", include_str!("../data/jobs.txt")),
    ("support.txt", include_str!("../data/support.txt")),
    ("mail.txt", include_str!("../data/mail.txt")),
    ("reviews.txt", include_str!("../data/reviews.txt")),
    ("posts.txt", include_str!("../data/posts.txt")),
    ("lines.txt", include_str!("../data/lines.txt")),
];

/// A sort of text.
#[derive(Debug)]
pub(crate) struct Genre {
    /// The rule that writes it.
    pub(crate) rule: &'static str,
    /// How much of the whole it is.
    pub(crate) weight: u32,
    /// It is written in other languages too.
    pub(crate) all_languages: bool,
}

const fn genre(rule: &'static str, weight: u32, all_languages: bool) -> Genre {
    Genre { rule, weight, all_languages }
}

/// The sorts of text and their shares.
pub(crate) const GENRES: [Genre; 19] = [
    genre("resume", 26, true),
    genre("resume.columns", 2, true),
    genre("letter", 3, true),
    genre("job", 6, true),
    genre("ticket", 5, false),
    genre("chat", 5, false),
    genre("log", 2, false),
    genre("mail", 14, false),
    genre("review", 9, false),
    genre("question", 4, false),
    genre("post", 6, false),
    genre("seo", 4, false),
    genre("line", 12, true),
    genre("names", 4, true),
    genre("prose", 24, false),
    genre("ordinary", 26, false),
    genre("people", 10, false),
    genre("comment", 8, false),
    genre("foreign", 8, true),
];

/// Languages that texts are written in besides English.
pub(crate) const WRITTEN: [&str; 11] = ["de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl"];
