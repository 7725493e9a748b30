//! Text under construction with the labels it carries; offsets here are bytes.

/// The labels that made-up text carries.
pub const LABELS: [&str; 20] = [
    "PERSON",
    "EMAIL",
    "PHONE",
    "ADDRESS",
    "LOCATION",
    "ORG",
    "SCHOOL",
    "TITLE",
    "TOOL",
    "URL",
    "USERNAME",
    "DATE",
    "ID",
    "IBAN",
    "CREDIT_CARD",
    "IP",
    "NATIONALITY",
    "MARITAL_STATUS",
    "GENDER",
    "MISC",
];

/// A labelled stretch of a [`Piece`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// One of [`LABELS`].
    pub label: &'static str,
}

/// A text and its marks, which are in order and do not overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// The text so far.
    pub text: String,
    /// What is labelled in it.
    pub marks: Vec<Mark>,
}

impl Piece {
    /// Marks everything from `start` to the end of the text, without the white space around it.
    pub fn mark_from(&mut self, start: usize, label: &'static str) {
        let written = self.text.get(start..).unwrap_or_default();
        let from = start + written.len() - written.trim_start().len();
        let end = start + written.trim_end().len();
        if from < end {
            self.marks.push(Mark { start: from, end, label });
        }
    }

    /// Appends another piece with its marks.
    pub fn append(&mut self, other: &Self) {
        let shift = self.text.len();
        self.text.push_str(&other.text);
        self.marks.extend(other.marks.iter().map(|mark| Mark {
            start: mark.start + shift,
            end: mark.end + shift,
            label: mark.label,
        }));
    }

    /// Rewrites character by character: `edit` gets each character with its byte offset and appends what takes its place.
    /// Marks move along; one that becomes blank is dropped.
    #[must_use]
    pub fn edited(&self, mut edit: impl FnMut(usize, char, &mut String)) -> Self {
        let mut text = String::with_capacity(self.text.len() + self.text.len() / 8);
        let mut moved: Vec<Mark> = Vec::with_capacity(self.marks.len());
        let mut marks = self.marks.iter().peekable();
        let mut open: Option<(Mark, usize)> = None;
        for (at, character) in self.text.char_indices() {
            if open.is_none()
                && let Some(mark) = marks.next_if(|mark| mark.start == at)
            {
                open = Some((*mark, text.len()));
            }
            edit(at, character, &mut text);
            if let Some((mark, start)) = open
                && mark.end == at + character.len_utf8()
            {
                let written = &text[start..];
                let from = start + written.len() - written.trim_start().len();
                let end = start + written.trim_end().len();
                if from < end {
                    moved.push(Mark { start: from, end, label: mark.label });
                }
                open = None;
            }
        }
        Self { text, marks: moved }
    }

    /// Upper-cases everything.
    #[must_use]
    pub fn upper(&self) -> Self {
        self.edited(|_, character, out| out.extend(character.to_uppercase()))
    }

    /// Lower-cases everything.
    #[must_use]
    pub fn lower(&self) -> Self {
        self.edited(|_, character, out| out.extend(character.to_lowercase()))
    }

    /// Upper-cases the first letter of each word.
    #[must_use]
    pub fn title(&self) -> Self {
        let mut inside = false;
        self.edited(|_, character, out| {
            if inside {
                out.push(character);
            } else {
                out.extend(character.to_uppercase());
            }
            inside = character.is_alphanumeric() || character == '\'';
        })
    }

    /// Upper-cases the first letter.
    #[must_use]
    pub fn capitalised(&self) -> Self {
        self.edited(|at, character, out| match at {
            0 => out.extend(character.to_uppercase()),
            _ => out.push(character),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_move_with_letters_that_grow() {
        let mut piece = Piece { text: "an ß ".into(), marks: Vec::new() };
        let start = piece.text.len();
        piece.text.push_str("Weiß");
        piece.mark_from(start, "PERSON");
        let upper = piece.upper();
        assert_eq!(upper.text, "AN SS WEISS");
        assert_eq!(&upper.text[upper.marks[0].start..upper.marks[0].end], "WEISS");
    }

    #[test]
    fn a_mark_that_is_blanked_is_dropped() {
        let mut piece = Piece { text: "Bo".into(), marks: Vec::new() };
        piece.mark_from(0, "PERSON");
        assert!(piece.edited(|_, _, out| out.push(' ')).marks.is_empty());
    }
}
