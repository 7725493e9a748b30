use super::*;
use crate::{Policies, Policy, Scrubber};

fn key() -> SurrogateKey {
    SurrogateKey::new(b"a run's secret")
}

fn of(kind: Kind, found: &str) -> Option<String> {
    Surrogates::new(Some(&key())).of(kind, found)
}

/// Values of each kind that has surrogates, in the forms in which they are found.
const VALUES: &[(Kind, &str)] = &[
    (Kind::Name, "Ann Lee"),
    (Kind::Name, "ANN LEE"),
    (Kind::Name, "ann lee"),
    (Kind::Name, "A. B. Lee"),
    (Kind::Name, "Vincent van Gogh"),
    (Kind::Name, "Anne-Marie O'Brien"),
    (Kind::Name, "Łukasz Müller"),
    (Kind::Name, "김민준"),
    (Kind::Location, "New Haven"),
    (Kind::Username, "@ann_lee82"),
    (Kind::Email, "ann.lee@corp.com"),
    (Kind::Email, "a.lee+jobs2019@mail.corp.co.uk"),
    (Kind::Email, "ann [at] corp [dot] com"),
    (Kind::Email, "12345@qq.com"),
    (Kind::Phone, "+1 212 555 0123"),
    (Kind::Phone, "(212) 555-0123"),
    (Kind::Phone, "+44 20 7123 4567"),
    (Kind::Phone, "07123 456 789"),
    (Kind::Phone, "+49 30 1234567"),
    (Kind::Phone, "06 12 34 56 78"),
    (Kind::Phone, "+91 98765 43210"),
    (Kind::Phone, "0041 44 668 18 00"),
    (Kind::Address, "12 Baker Street, London NW1 6XE"),
    (Kind::Address, "Hauptstraße 7, 10969 Berlin"),
    (Kind::Url, "https://www.linkedin.com/in/annlee"),
    (Kind::Url, "github.com/annlee?tab=repositories"),
    (Kind::BirthDate, "12 March 1985"),
    (Kind::BirthDate, "31.12.1985"),
    (Kind::BirthDate, "1985-03-12"),
    (Kind::Ssn, "123-45-6789"),
    (Kind::NationalId, "AB 12 34 56 C"),
    (Kind::Card, "4111 1111 1111 1111"),
    (Kind::Iban, "DE89 3704 0044 0532 0130 00"),
    (Kind::Bic, "DEUTDEFF500"),
    (Kind::Ip, "10.1.2.3"),
    (Kind::Ip, "2a00:1450:4001:81b::200e"),
    (Kind::Mac, "3c:22:fb:01:02:03"),
    (Kind::Imei, "49-015420-323751-8"),
];

#[test]
fn every_surrogate_is_new_stays_itself_and_is_the_same_under_one_key() {
    for &(kind, value) in VALUES {
        let surrogate = of(kind, value).unwrap_or_else(|| panic!("{value} has none"));
        assert_ne!(surrogate, value);
        assert!(is_surrogate(kind, &surrogate) && !is_surrogate(kind, value), "{value} became {surrogate}");
        assert_eq!(of(kind, value).as_ref(), Some(&surrogate));
        assert_eq!(of(kind, &surrogate).as_ref(), Some(&surrogate));
        let other = SurrogateKey::new(b"another run's secret");
        let other = Surrogates::new(Some(&other)).of(kind, value);
        assert!(other.is_some_and(|other| is_surrogate(kind, &other)));
    }
}

#[test]
fn a_name_keeps_its_form() {
    let shape = |text: &str| -> String {
        let of = |c: char| match c {
            c if c.is_uppercase() => 'X',
            c if c.is_alphabetic() => 'x',
            c => c,
        };
        let mut shape: Vec<char> = text.chars().map(of).collect();
        shape.dedup();
        shape.into_iter().collect()
    };
    for name in ["Ann Lee", "ANN LEE", "ann lee", "A. Lee", "Anne-Marie Lee", "Vincent van Gogh"] {
        assert_eq!(shape(&of(Kind::Name, name).unwrap()), shape(name), "{name}");
    }
}

#[test]
fn what_has_no_form_is_left_to_its_tag() {
    for (kind, value) in
        [(Kind::Age, "34"), (Kind::Secret, "hunter2"), (Kind::BirthDate, "31.12.85"), (Kind::Name, "A. B.")]
    {
        assert_eq!(of(kind, value), None, "{value}");
    }
    assert_eq!(Surrogates::new(None).of(Kind::Name, "Ann Lee"), None);
}

#[test]
fn one_person_stays_one_in_name_and_address() {
    let key = key();
    let mut surrogates = Surrogates::new(Some(&key));
    let name = surrogates.of(Kind::Name, "Ann Lee").unwrap().to_lowercase();
    let (first, last) = name.split_once(' ').unwrap();
    assert_eq!(surrogates.of(Kind::Name, "LEE").unwrap(), last.to_uppercase());
    let email = surrogates.of(Kind::Email, "ann.lee@corp.com").unwrap();
    assert!(email.starts_with(&format!("{first}.{last}@example.")), "{email}");
    assert_ne!(surrogates.of(Kind::Name, "Bob").unwrap().to_lowercase(), first);
}

#[test]
fn a_surrogate_is_no_word_of_the_record() {
    let key = key();
    let taken = Surrogates::new(Some(&key)).of(Kind::Name, "Lee").unwrap();
    let mut surrogates = Surrogates::new(Some(&key));
    surrogates.see(&format!("Lee met {taken} twice"));
    assert_ne!(surrogates.of(Kind::Name, "Lee").unwrap(), taken);
}

#[test]
fn invented_words_are_many_distinct_in_order_and_plain() {
    assert_eq!(WORDS.len(), 1024);
    assert!(WORDS.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(
        WORDS
            .iter()
            .all(|word| (6..=9).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase()))
    );
}

#[test]
fn a_scrubbed_text_stays_as_it_is() {
    let scrubber = Scrubber::new(Policies::from(Policy::Surrogate)).with_key(key());
    let text = "Dear Ann Lee,\ncall +44 20 7123 4567 or mail ann.lee@corp.com.\nRegards,\nJohn Smith";
    let once = scrubber.record().text(text);
    assert_eq!(scrubber.record().text(&once), once);
    let other = Scrubber::new(Policy::Surrogate).with_key(SurrogateKey::new(b"another"));
    assert_eq!(other.record().text(&once), once);
    for gone in ["Ann", "Lee", "7123", "corp", "Smith"] {
        assert!(!once.contains(gone), "{once}");
    }
    assert!(once.contains("@example."), "{once}");
}
