//! Values to plant: none belongs to anybody. Numbers are made with their check digits.

use proptest::prelude::*;
use proptest::sample::select;

const FORENAMES: &[&str] =
    &["Ann", "María", "Zoë", "Jean-Luc", "Wei", "Aoife", "Björn", "Priya", "Oluwaseun", "Dmitri"];
const SURNAMES: &[&str] = &[
    "Lee",
    "O'Brien",
    "García",
    "Smith-Jones",
    "Müller",
    "Nguyen",
    "Kowalski",
    "Okafor",
    "Tanaka",
    "D’Angelo",
];

/// Forename and surname, with an initial at times.
pub(crate) fn names() -> impl Strategy<Value = String> {
    let middle = prop_oneof![3 => Just(String::new()), 1 => select(&["J. ", "T ", "van der ", "de la "][..]).prop_map(str::to_owned)];
    (select(FORENAMES), middle, select(SURNAMES))
        .prop_map(|(first, middle, last)| format!("{first} {middle}{last}"))
}

/// Plain addresses under reserved domains.
pub(crate) fn emails() -> impl Strategy<Value = String> {
    let host = select(
        &["example.com", "example.org", "mail.example.co.uk", "b-c.example.net", "x1.example.info"][..],
    );
    ("[a-z][a-z0-9]{0,8}([._+-][a-z0-9]{1,6}){0,2}", host).prop_map(|(local, host)| format!("{local}@{host}"))
}

/// Numbers of ranges that are reserved for fiction, with their country code.
pub(crate) fn international_phones() -> impl Strategy<Value = String> {
    let digits = prop_oneof![
        (2_000_000_u32..=9_999_999, 100_u32..=199).prop_map(|(area, line)| {
            let area = 200 + area % 700;
            format!("1 {} 555 0{line}", if area % 100 == 11 { area + 1 } else { area })
        }),
        (0_u32..1000).prop_map(|line| format!("44 20 7946 0{line:03}")),
        (0_u32..1000).prop_map(|line| format!("44 7700 900{line:03}")),
        (0_u32..100).prop_map(|line| format!("61 491 570 1{line:02}")),
        (0_u32..100).prop_map(|line| format!("33 1 99 00 12 {line:02}")),
    ];
    let form = select(&[" ", "-", "."][..]);
    (digits, form).prop_map(|(digits, mark)| format!("+{}", digits.replace(' ', mark)))
}

/// Numbers of the common issuers, in groups or not.
pub(crate) fn cards() -> impl Strategy<Value = String> {
    let body = prop_oneof![
        (0_u64..10_u64.pow(14)).prop_map(|n| format!("4{n:014}")),
        (51_u64..=55, 0_u64..10_u64.pow(13)).prop_map(|(issuer, n)| format!("{issuer}{n:013}")),
        (0_u64..10_u64.pow(11)).prop_map(|n| format!("6011{n:011}")),
    ];
    (body, select(&["", " ", "-"][..])).prop_map(|(body, mark)| {
        let number = format!("{body}{}", luhn(&body));
        let groups: Vec<&str> = (0..4).map(|at| &number[at * 4..at * 4 + 4]).collect();
        groups.join(mark)
    })
}

/// The digit that makes a number pass Luhn's test.
fn luhn(body: &str) -> u32 {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let digits = body.bytes().rev().map(|byte| u32::from(byte - b'0'));
    let sum: u32 =
        digits.enumerate().map(|(at, digit)| if at % 2 == 0 { doubled(digit) } else { digit }).sum();
    (10 - sum % 10) % 10
}

/// Account numbers with their check digits, in groups of four or not.
pub(crate) fn ibans() -> impl Strategy<Value = String> {
    let account = prop_oneof![
        "[0-9]{18}".prop_map(|n| ("DE", n)),
        "[A-Z]{4}[0-9]{14}".prop_map(|n| ("GB", n)),
        "[0-9]{20}".prop_map(|n| ("ES", n)),
        "[A-Z]{4}[0-9]{10}".prop_map(|n| ("NL", n)),
    ];
    (account, any::<bool>()).prop_map(|((country, account), grouped)| {
        let number = format!("{country}{:02}{account}", 98 - mod_97(&format!("{account}{country}00")));
        if !grouped {
            return number;
        }
        let characters: Vec<char> = number.chars().collect();
        characters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
    })
}

fn mod_97(text: &str) -> u32 {
    text.chars().fold(0, |rest, c| match c.to_digit(36) {
        Some(value) if value > 9 => (rest * 100 + value) % 97,
        Some(value) => (rest * 10 + value) % 97,
        None => rest,
    })
}

/// Numbers of areas that were given out.
pub(crate) fn social_security_numbers() -> impl Strategy<Value = String> {
    let number = (1_u32..=899, 1_u32..=99, 1_u32..=9999);
    let number = number.prop_filter("666 was never given out", |(area, ..)| *area != 666);
    number.prop_map(|(area, group, serial)| format!("{area:03}-{group:02}-{serial:04}"))
}

/// Addresses of the networks for documentation.
pub(crate) fn ips() -> impl Strategy<Value = String> {
    let v4 = (select(&["192.0.2", "198.51.100", "203.0.113"][..]), any::<u8>())
        .prop_map(|(net, host)| format!("{net}.{host}"));
    let v6 = (1_u16.., 1_u16..).prop_map(|(a, b)| format!("2001:db8::{a:x}:{b:x}"));
    prop_oneof![v4, v6]
}
