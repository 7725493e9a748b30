//! Check digits: the sums that numbers carry against slips of the pen.
//!
//! A digit is a byte from 0 to 9 here, not its character. Sources: ISO/IEC 7064 (pure and hybrid systems), ISO/IEC 7812-1
//! annex B (Luhn), ISO 13616 (97), J. Verhoeff, *Error detecting decimal codes*, 1969.

/// Returns whether the digits satisfy Luhn's sum.
pub(crate) fn luhn(digits: &[u8]) -> bool {
    luhn_sum(digits).is_multiple_of(10)
}

/// Returns Luhn's sum: every second digit from the right doubled, its own digits added.
pub(crate) fn luhn_sum(digits: &[u8]) -> u32 {
    digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2, u32::from(digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum()
}

/// Returns the sum of digits times weights; what has no partner is left out.
pub(crate) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(&digit, weight)| u32::from(digit) * weight).sum()
}

/// Returns the digits as a number, at most nineteen of them.
pub(crate) fn number(digits: &[u8]) -> u64 {
    digits.iter().take(19).fold(0, |number, &digit| number * 10 + u64::from(digit))
}

/// Returns whether the digits satisfy ISO 7064 MOD 11,10.
pub(crate) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((&last, body)) = digits.split_last() else { return false };
    let mut product = 10;
    for &digit in body {
        let sum = (u32::from(digit) + product) % 10;
        product = (if sum == 0 { 10 } else { sum }) * 2 % 11;
    }
    (11 - product) % 10 == u32::from(last)
}

/// Returns the characters' value modulo `by`, letters counting from ten, as ISO 7064 reads them.
pub(crate) fn alphanumeric_mod(text: impl Iterator<Item = u8>, by: u32) -> u32 {
    text.fold(0, |rest, byte| match value(byte) {
        small @ 0..=9 => (rest * 10 + small) % by,
        large => (rest * 100 + large) % by,
    })
}

/// Returns a character's value: digits as they are, letters of either case from ten.
pub(crate) fn value(byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'Z' => u32::from(byte - b'A') + 10,
        b'a'..=b'z' => u32::from(byte - b'a') + 10,
        _ => 0,
    }
}

/// Returns whether the digits satisfy Verhoeff's sum.
pub(crate) fn verhoeff(digits: &[u8]) -> bool {
    // Addition in the dihedral group of ten, and the permutation whose powers are taken by place.
    const PERMUTATION: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let add = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b) % 5 + 5,
        (false, true) => (a + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let mut sum = 0;
    for (place, &digit) in digits.iter().rev().enumerate() {
        let permuted = (0..place % 8).fold(digit, |digit, _| PERMUTATION[usize::from(digit)]);
        sum = add(sum, permuted);
    }
    sum == 0
}

/// Returns whether all digits are the same.
pub(crate) fn is_uniform(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| pair[0] == pair[1])
}

/// Returns whether a day and a month exist together.
pub(crate) fn is_day(day: u32, month: u32) -> bool {
    let longest = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=longest).contains(&day)
}

/// Returns the number that two digits make.
pub(crate) fn two(digits: &[u8], at: usize) -> u32 {
    u32::from(digits[at]) * 10 + u32::from(digits[at + 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|byte| byte - b'0').collect()
    }

    /// For each sum, exactly one last digit fits every number.
    fn has_one_check_digit(check: fn(&[u8]) -> bool) {
        for number in 0..20_000u32 {
            let mut digits = digits(&format!("{number:05}0"));
            let fitting = (0..10)
                .filter(|&last| {
                    digits[5] = last;
                    check(&digits)
                })
                .count();
            assert_eq!(fitting, 1, "{number}");
        }
    }

    #[test]
    fn every_number_has_one_check_digit() {
        has_one_check_digit(luhn);
        has_one_check_digit(verhoeff);
        has_one_check_digit(mod_11_10);
    }

    #[test]
    fn sums_agree_with_their_standards() {
        assert!(luhn(&digits("79927398713")));
        assert!(verhoeff(&digits("2363")));
        assert!(mod_11_10(&digits("07945")));
        assert_eq!(alphanumeric_mod(b"3214282912345698765432161182".iter().copied(), 97), 1);
    }

    #[test]
    fn verhoeff_sees_every_slip_and_every_swap() {
        for number in 0..2_000u32 {
            let mut valid = digits(&format!("{number:04}0"));
            valid[4] = (0..10)
                .find(|&last| {
                    valid[4] = last;
                    verhoeff(&valid)
                })
                .unwrap();
            for place in 0..5 {
                for other in (0..10).filter(|&other| other != valid[place]) {
                    let mut slip = valid.clone();
                    slip[place] = other;
                    assert!(!verhoeff(&slip));
                }
            }
            for place in 0..4 {
                let mut swapped = valid.clone();
                swapped.swap(place, place + 1);
                assert!(swapped == valid || !verhoeff(&swapped));
            }
        }
    }

    #[test]
    fn days_exist() {
        assert!(is_day(29, 2) && !is_day(30, 2) && !is_day(31, 4) && !is_day(0, 1) && !is_day(1, 13));
    }
}
