//! Sentences and lines of a text, by which what many texts share is found.

use crate::near;

/// Fewer words are a phrase that anybody may use.
const FEWEST_WORDS: usize = 8;

/// Calls with each sentence or line of eight words or more, and the hash of its words: case and punctuation make no
/// difference.
pub fn each_passage<'a>(text: &'a str, mut each: impl FnMut(u64, &'a str)) {
    for line in text.lines() {
        let mut rest = line;
        while !rest.is_empty() {
            let (passage, behind) = rest.split_at(end(rest));
            rest = behind;
            let (hash, words) = near::words(passage);
            if words >= FEWEST_WORDS {
                each(hash, passage.trim());
            }
        }
    }
}

/// Where the first sentence ends: behind a full stop that white space follows, or that needs none.
fn end(line: &str) -> usize {
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let ends = match c {
            '.' | '!' | '?' | '…' => chars.peek().is_none_or(|(_, next)| next.is_whitespace()),
            '。' | '！' | '？' => true,
            _ => false,
        };
        if ends {
            return at + c.len_utf8();
        }
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passages(text: &str) -> Vec<(u64, &str)> {
        let mut passages = Vec::new();
        each_passage(text, |hash, passage| passages.push((hash, passage)));
        passages
    }

    #[test]
    fn sentences_and_lines_of_eight_words_are_told_apart() {
        let text = "We pay well. You plan the shifts of a ward at www.example.org/a.b today! Why?\n\
            we are an equal opportunity employer, as the law says\n• Free lunch";
        let found: Vec<_> = passages(text).into_iter().map(|(_, passage)| passage).collect();
        let expected = [
            "You plan the shifts of a ward at www.example.org/a.b today!",
            "we are an equal opportunity employer, as the law says",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_said_alike_has_one_hash() {
        let (one, other) = (
            "We are an EQUAL opportunity employer - as the law says.",
            "  we are an equal opportunity employer: as the law says!",
        );
        assert_eq!(passages(one)[0].0, passages(other)[0].0);
        assert_ne!(passages(one)[0].0, passages(&other.replace("law", "rule"))[0].0);
        assert_eq!(passages("我们正在寻找一位有经验的护士。欢迎加入。").len(), 1);
    }

    #[test]
    fn hostile_texts_cost_no_more_than_their_length() {
        for piece in [".", ". ", "\n", "a. ", "。"] {
            assert!(passages(&piece.repeat(1 << 20)).is_empty());
        }
    }
}
