//! Examples that say almost the same.
//!
//! Texts are compared by their sets of shingles, three words in a row: two texts are near when the sets overlap. `MinHash`
//! draws eighty of a text's shingles by hash; ten drawn alike, in any of eight bands, make two texts near duplicates. So
//! each text needs eight numbers and is looked at once, whatever the size of the dataset. One hash a shingle chooses
//! the draw it stands for and its rank there, so that eighty draws cost as much as one.
//!
//! | overlap (Jaccard) | taken for near duplicates |
//! |---|---|
//! | 0.95 | 99.9% |
//! | 0.90 | 97% |
//! | 0.85 | 83% |
//! | 0.80 | 58% |
//! | 0.70 | 20% |
//! | 0.60 | 5% |
//! | 0.50 | 0.8% |
//!
//! By `1 − (1 − J^10)^8`; a test draws it again for texts of 200 words. Texts of a few words share draws, so of theirs
//! more pairs go either way. Methods: Broder, "On the resemblance and containment of documents", 1997; Shrivastava,
//! "Optimal densification for fast and accurate minwise hashing", 2017; bands after Leskovec, Rajaraman and Ullman,
//! "Mining of Massive Datasets", chapter 3.

/// Numbers by which texts are compared.
pub const BANDS: usize = 8;
/// Shingles drawn for one band.
const ROWS: usize = 10;
/// Shingles drawn of one text.
const DRAWS: usize = BANDS * ROWS;
/// Words of one shingle.
const WORDS: usize = 3;

/// Returns one number a band: texts that share one are near duplicates.
pub fn bands(prompt: &str, completion: &str) -> [u64; BANDS] {
    let mut least = [u64::MAX; DRAWS];
    let mut draw = |shingle: u64| {
        // The shingle's hash says for which draw it stands, and how well.
        let at = usize::try_from(shingle % DRAWS as u64).unwrap_or_default();
        least[at] = least[at].min(shingle);
    };
    // The two texts are told apart: a question that is answered by itself is another example.
    for (salt, text) in [(1, prompt), (2, completion)] {
        let mut words = [salt; WORDS];
        let mut seen = 0_usize;
        each_word(text, |word| {
            words.rotate_left(1);
            words[WORDS - 1] = word;
            seen += 1;
            if seen >= WORDS {
                draw(together(words, salt));
            }
        });
        if seen < WORDS {
            draw(together(words, salt));
        }
    }
    fill(&mut least);
    let (bands, _) = least.as_chunks::<ROWS>();
    std::array::from_fn(|at| bands[at].iter().fold(at as u64, |sum, hash| mixed(sum ^ hash)))
}

/// Returns a hash of a text's words in their order, and how many they are.
pub(crate) fn words(text: &str) -> (u64, usize) {
    let (mut hash, mut words) = (0, 0);
    each_word(text, |word| {
        hash = mixed(hash ^ word);
        words += 1;
    });
    (hash, words)
}

/// Gives a draw for which no shingle stood that of another, chosen by chance, the same for every text: short texts have
/// fewer shingles than there are draws.
fn fill(least: &mut [u64; DRAWS]) {
    let drawn = *least;
    for (empty, others) in least.iter_mut().zip(&OTHERS).filter(|(least, _)| **least == u64::MAX) {
        let other = others.iter().map(|&other| drawn[usize::from(other)]).find(|least| *least < u64::MAX);
        *empty = other.unwrap_or(u64::MAX);
    }
}

/// For each draw all draws, shuffled.
#[expect(clippy::cast_possible_truncation, reason = "there are eighty draws")]
static OTHERS: [[u8; DRAWS]; DRAWS] = {
    let (mut others, mut random, mut of) = ([[0; DRAWS]; DRAWS], 0, 0);
    while of < DRAWS {
        // Fisher and Yates, from the front.
        let mut at = 0;
        while at < DRAWS {
            random = mixed(random);
            let to = (random % (at as u64 + 1)) as usize;
            others[of][at] = others[of][to];
            others[of][to] = at as u8;
            at += 1;
        }
        of += 1;
    }
    others
};

/// Calls with the hash of each word: letters and digits in small letters. Scripts that write no spaces have a word a
/// letter.
fn each_word(text: &str, mut each: impl FnMut(u64)) {
    let mut word = 0;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        // Most letters are ASCII, and most of a text is letters.
        let ascii = rest.bytes().map(|byte| SMALL[usize::from(byte)]).take_while(|small| *small > 0);
        let count = ascii.map(|small| word = longer(word, u64::from(small))).count();
        if count > 0 {
            rest = &rest[count..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        if c.is_alphanumeric() && !is_spaceless(c) {
            word = c.to_lowercase().fold(word, |word, c| longer(word, u64::from(c)));
            continue;
        }
        if word != 0 {
            each(mixed(std::mem::take(&mut word)));
        }
        if is_spaceless(c) {
            each(mixed(u64::from(c)));
        }
    }
    if word != 0 {
        each(mixed(word));
    }
}

/// An ASCII letter or digit in small, 0 for every other byte.
const SMALL: [u8; 256] = {
    let mut small = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            small[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    small
};

/// Adds a letter to a word's hash; quick, since [`mixed`] has the last word. A prime spreads more, but a shift costs less.
fn longer(word: u64, letter: u64) -> u64 {
    word.wrapping_mul(31).wrapping_add(letter)
}

/// Han, Kana, Thai, Lao, Khmer and Burmese letters.
fn is_spaceless(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

/// Each word's hash is mixed already; their order is told by how far each is turned.
fn together([first, second, third]: [u64; WORDS], salt: u64) -> u64 {
    mixed(first.rotate_left(42) ^ second.rotate_left(21) ^ third ^ salt)
}

/// The finaliser of `SplitMix64` (Steele, Lea and Flood, 2014): the same numbers on every machine, in every version.
const fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: (&str, &str), b: (&str, &str)) -> bool {
        let (a, b) = (bands(a.0, a.1), bands(b.0, b.1));
        a.iter().zip(b).any(|(a, b)| *a == b)
    }

    /// A text of numbered words: `shared` of them are everyone's, the others its own.
    fn text(own: u64, shared: usize, all: usize) -> String {
        let word = |at: usize| {
            let owner = if at < shared { 0 } else { own };
            format!("w{:x}", mixed(owner << 32 | at as u64))
        };
        (0..all).map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn case_and_punctuation_make_no_difference() {
        assert!(near(("Job?", "We hire a cook, now. Call!"), ("job", "we hire — A COOK now: call")));
        assert!(near(("", "Yes"), ("", "yes!")));
        assert!(!near(("", "Yes"), ("", "No")));
        assert!(!near(("Where do I pay?", "a"), ("a", "Where do I pay?")), "who says it matters");
    }

    #[test]
    fn a_changed_word_in_a_long_text_is_near() {
        let long = text(1, 0, 120);
        let changed = long.replacen(&text(1, 0, 60)[text(1, 0, 59).len()..], " other", 1);
        assert_ne!(long, changed);
        assert!(near(("", &long), ("", &changed)));
    }

    #[test]
    fn scripts_without_spaces_have_words_too() {
        let text = "我们正在寻找一位有经验的护士负责病房的日常工作并指导新同事欢迎加入我们的团队";
        let changed = text.replace("欢迎", "期待");
        assert!(near(("", text), ("", text)));
        assert_ne!(bands("", text), bands("", &changed));
        assert!(!near(("", text), ("", "今天天气很好我们去公园散步吧然后一起吃晚饭怎么样")));
    }

    /// The formula of this module's head, drawn from 400 pairs a line.
    #[test]
    fn pairs_are_taken_as_often_as_the_table_says() {
        const PAIRS: u32 = 400;
        for (shared, overlap) in [(195, 0.95), (190, 0.90), (180, 0.82), (172, 0.75), (134, 0.50)] {
            let taken = (0..u64::from(PAIRS)).filter(|pair| {
                // Each word becomes two, of which one is the pair's own: else one draw would be repeated 400 times.
                let text = |own| text(own, shared, 200).replace('w', &format!("w{pair} "));
                near(("", &text(2 * pair + 1)), ("", &text(2 * pair + 2)))
            });
            let share = f64::from(u32::try_from(taken.count()).unwrap()) / f64::from(PAIRS);
            let expected = 1.0 - (1.0 - f64::powi(overlap, 10)).powi(8);
            // Three standard deviations of 400 draws are 0.075 at most.
            assert!((share - expected).abs() < 0.08, "{overlap}: {share}, expected {expected:.3}");
        }
    }

    /// Digests of two deployments are compared in one dataset. The numbers are those of another implementation.
    #[test]
    fn the_numbers_stay_from_version_to_version() {
        assert_eq!(bands("a", "b")[..2], [0x1a07_628c_81f8_083b, 0x9f42_eed0_9ac0_ec5f]);
        assert_eq!(bands("Describe THE job", "Care, for people.")[7], 0x1747_2e51_a963_59e7);
    }
}
