//! What happens to a text on its way: case, lost line breaks, stray spaces, slips of the keyboard, columns.

use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;

use crate::person::ascii;
use crate::piece::Piece;

/// Spoils a text now and then; most stay as they are.
pub(crate) fn spoilt(piece: Piece, rng: &mut ChaCha8Rng) -> Piece {
    let piece = layout(piece, rng);
    match rng.random_range(0..100) {
        0..5 => piece.lower(),
        5..8 => piece.upper(),
        8..11 => without_marks(&piece),
        11..13 => slips(&piece, rng),
        13..19 => apart(&piece),
        19..21 => curly(&piece),
        21..23 => piece.title(),
        _ => piece,
    }
}

fn layout(piece: Piece, rng: &mut ChaCha8Rng) -> Piece {
    match rng.random_range(0..100) {
        0..4 => {
            let joint = *[" ", " ", "  ", " | ", "", "\t", " · "].choose(rng).unwrap_or(&" ");
            breaks_as(&piece, joint)
        }
        4..6 => breaks_as(&piece, "\r\n"),
        6..8 => breaks_as(&piece, "\n\n"),
        8..11 => wide(&piece, rng),
        11..14 => wrapped(&piece, rng.random_range(40..90)),
        14..16 => quoted(&piece),
        16..20 => bullets(&piece, rng),
        20..22 => breaks_as(&piece, "\n    "),
        _ => piece,
    }
}

fn breaks_as(piece: &Piece, joint: &str) -> Piece {
    piece.edited(|_, character, out| match character {
        '\n' => out.push_str(joint),
        other => out.push(other),
    })
}

fn wide(piece: &Piece, rng: &mut ChaCha8Rng) -> Piece {
    piece.edited(|_, character, out| {
        out.push(character);
        if character == ' ' && rng.random_bool(0.06) {
            out.push_str(["  ", " ", "\u{a0}", "\t"].choose(rng).unwrap_or(&" "));
        }
    })
}

fn wrapped(piece: &Piece, width: usize) -> Piece {
    let mut column = 0;
    piece.edited(|_, character, out| {
        column += 1;
        match character {
            ' ' if column >= width => {
                column = 0;
                out.push('\n');
            }
            '\n' => {
                column = 0;
                out.push('\n');
            }
            other => out.push(other),
        }
    })
}

fn quoted(piece: &Piece) -> Piece {
    breaks_as(piece, "\n> ")
}

fn bullets(piece: &Piece, rng: &mut ChaCha8Rng) -> Piece {
    let bullet = *['-', '*', '–', '·', '▪', '●', '+', '\u{f0b7}'].choose(rng).unwrap_or(&'-');
    piece.edited(|_, character, out| out.push(if character == '•' { bullet } else { character }))
}

fn without_marks(piece: &Piece) -> Piece {
    let mut buffer = [0; 4];
    piece.edited(|_, character, out| {
        if character.is_ascii() {
            out.push(character);
        } else {
            out.push_str(&ascii(character.encode_utf8(&mut buffer)));
        }
    })
}

fn slips(piece: &Piece, rng: &mut ChaCha8Rng) -> Piece {
    piece.edited(|_, character, out| match character {
        letter if letter.is_alphabetic() && rng.random_bool(0.015) => {
            if rng.random_bool(0.5) {
                out.push(letter);
                out.push(letter);
            }
        }
        ',' if rng.random_bool(0.2) => {}
        other => out.push(other),
    })
}

/// As sets of tokens are put back to text: `I 'm here , Ann 's desk .`
fn apart(piece: &Piece) -> Piece {
    let text = &piece.text;
    piece.edited(|at, character, out| {
        let next = text[at + character.len_utf8()..].chars().next();
        let before = text[..at].chars().next_back();
        let within = next.is_some_and(|next| next.is_alphanumeric() || next == '/');
        match character {
            ',' | '.' | '!' | '?' | ';' | ':' | ')'
                if !within && before.is_some_and(char::is_alphanumeric) =>
            {
                out.push(' ');
                out.push(character);
            }
            '\'' if text[at..].starts_with("'s")
                || text[at..].starts_with("'m")
                || text[at..].starts_with("'ll") =>
            {
                out.push_str(" '");
            }
            other => out.push(other),
        }
    })
}

fn curly(piece: &Piece) -> Piece {
    piece.edited(|_, character, out| {
        let curled = match character {
            '\'' => '’',
            '-' => '–',
            other => other,
        };
        out.push(curled);
    })
}

/// Sets two texts side by side, as a page in two columns comes out of a file.
pub(crate) fn side_by_side(left: &Piece, right: &Piece, width: usize) -> Piece {
    let (left, right) = (lines(left), lines(right));
    let mut page = Piece::default();
    for at in 0..left.len().max(right.len()) {
        if at > 0 {
            page.text.push('\n');
        }
        let mut used = 0;
        if let Some(line) = left.get(at) {
            page.append(line);
            used = line.text.chars().count();
        }
        if let Some(line) = right.get(at).filter(|line| !line.text.is_empty()) {
            page.text.extend(std::iter::repeat_n(' ', width.saturating_sub(used).max(2)));
            page.append(line);
        }
    }
    page
}

/// The lines of a text with their marks; a mark over a line's end is cut into two.
fn lines(piece: &Piece) -> Vec<Piece> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in piece.text.split('\n') {
        let end = start + line.len();
        let mut cut = Piece { text: line.to_owned(), marks: Vec::new() };
        for mark in piece.marks.iter().filter(|mark| mark.start < end && mark.end > start) {
            let mut own = *mark;
            own.start = mark.start.max(start) - start;
            own.end = mark.end.min(end) - start;
            cut.marks.push(own);
        }
        lines.push(cut);
        start = end + 1;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece() -> Piece {
        let mut piece = Piece { text: "Reports to ".into(), marks: Vec::new() };
        piece.text.push_str("Ann Lee");
        piece.mark_from(11, "PERSON");
        piece.text.push_str("'s team,\nLondon.");
        piece
    }

    fn name_of(piece: &Piece) -> &str {
        &piece.text[piece.marks[0].start..piece.marks[0].end]
    }

    #[test]
    fn a_name_stays_marked_through_every_change() {
        let changed = [
            apart(&piece()),
            quoted(&piece()),
            wrapped(&piece(), 30),
            breaks_as(&piece(), ""),
            curly(&piece()),
        ];
        for changed in changed {
            assert_eq!(name_of(&changed), "Ann Lee", "{changed:?}");
        }
        assert_eq!(apart(&piece()).text, "Reports to Ann Lee 's team ,\nLondon .");
    }

    #[test]
    fn two_columns_keep_their_marks() {
        let page = side_by_side(&piece(), &piece(), 40);
        assert_eq!(page.marks.len(), 2);
        for mark in &page.marks {
            assert_eq!(&page.text[mark.start..mark.end], "Ann Lee");
        }
    }
}
