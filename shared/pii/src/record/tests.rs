use super::*;
use crate::{Kinds, Policies, Thresholds};

fn tag() -> Scrubber {
    Scrubber::new(Policy::Tag)
}

#[test]
fn what_is_found_in_one_text_goes_in_all() {
    let scrubber = tag();
    let texts = scrubber.record().texts(&["Dear Mr Zborowski,", "Summary\nzborowski built this."]);
    assert_eq!(texts, ["Dear Mr [name],", "Summary\nzborowski built this."], "a part alone needs a capital");
    let texts = scrubber
        .record()
        .texts(&["My name is Quentin Zborowski.", "About QUENTIN ZBOROWSKI: Zborowski builds."]);
    assert_eq!(texts[1], "About [name]: [name] builds.");
}

#[test]
fn what_the_row_says_of_its_person_goes_in_exact_and_near_forms() {
    let scrubber = tag();
    let mut record = scrubber.record();
    record.know(Kind::Name, "Quentin Zborowski");
    record.know(Kind::Phone, "+49 170 5550042");
    record.know(Kind::Email, "qz@corp.example");
    let text = "ZBOROWSKI, QUENTIN\nZborowski's file: quentin zborowski; 0170-555 00 42; QZ (corp.example)";
    let clean = record.text(text);
    for left in ["ZBOROWSKI", "uentin", "0042", "00 42"] {
        assert!(!clean.contains(left), "{left} is left: {clean}");
    }
    let mut record = scrubber.record();
    record.know(Kind::Username, "@qzborowski");
    assert_eq!(record.text("Quentin Zborowski came."), "[name] came.");
    // A value of a kind that is kept is nobody's business.
    let scrubber = Scrubber::new(Policies::from(Policy::Tag).with(Kind::Name, Policy::Keep));
    let mut record = scrubber.record();
    record.know(Kind::Name, "Quentin Zborowski");
    assert_eq!(record.text("Quentin Zborowski builds"), "Quentin Zborowski builds");
}

#[test]
fn a_kind_that_is_kept_stays_whole() {
    let policies = Policies::from(Policy::Tag).with(Kind::Email, Policy::Keep);
    let scrubber = Scrubber::new(policies);
    let mut record = scrubber.record();
    assert_eq!(record.text("Dear Ann Lee (ann.lee@corp.com),"), "Dear [name] (ann.lee@corp.com),");
    assert_eq!(record.counts().keys().collect::<Vec<_>>(), [&Kind::Name]);
}

#[test]
fn an_allowed_phrase_is_never_replaced() {
    let scrubber = tag().allowing(["Mr Zborowski", "Ann Public"]);
    assert_eq!(scrubber.record().text("Dear Ann Public,"), "Dear Ann Public,");
    assert_eq!(scrubber.record().text("Dear Ann Lee,"), "Dear [name],");
}

#[test]
fn a_record_of_a_dropped_kind_says_so() {
    let scrubber = Scrubber::new(Policies::from(Policy::Tag).with(Kind::Email, Policy::Drop));
    let mut record = scrubber.record();
    assert_eq!(record.text("mail a@corp.com"), "mail [email]");
    assert_eq!(record.refusal(), Some(Refusal::Holds(Kind::Email)));
    let mut record = scrubber.record();
    record.text("call +1 212 555 0123");
    assert_eq!(record.refusal(), None);
}

#[test]
fn a_record_that_is_mostly_personal_says_so() {
    let scrubber = tag().refusing_above(0.4);
    let refusal = |text: &str| {
        let mut record = scrubber.record();
        record.text(text);
        record.refusal()
    };
    assert_eq!(refusal("a.b@corp.com or c.d@corp.com"), Some(Refusal::MostlyPersonal));
    assert_eq!(refusal("write to a.b@corp.com if you like to know more about us"), None);
    assert_eq!(refusal(""), None);
}

#[test]
fn what_is_doubtful_is_told_and_not_rewritten() {
    let strict = Thresholds::TEXT.with(Kind::Email, 0.99);
    let scrubber = tag().with_kinds(Kinds::of(&[Kind::Email, Kind::Phone])).with_thresholds(strict);
    let mut record = scrubber.record();
    let clean = record.texts(&["none", "+1 212 555 0123 or a.b@corp.com"]);
    assert_eq!(clean[1], "[phone] or a.b@corp.com");
    let doubtful = &record.doubtful()[1];
    assert_eq!(doubtful.len(), 1);
    assert_eq!(
        &clean[1][doubtful[0].start..doubtful[0].end],
        "a.b@corp.com",
        "offsets are those of the clean text"
    );
    assert!(record.doubtful()[0].is_empty() && !record.counts().contains_key(&Kind::Email));
}

#[test]
fn a_part_of_a_name_has_the_number_of_the_whole() {
    let scrubber = Scrubber::new(Policy::Numbered);
    let mut record = scrubber.record();
    let texts = record.texts(&["Dear Mr Zborowski,\nMrs Ann Lee called.", "Dear Mrs Lee,"]);
    assert_eq!(texts, ["Dear Mr [name_1],\nMrs [name_2] called.", "Dear Mrs [name_2],"]);
}

#[test]
fn a_text_that_is_not_read_again_keeps_what_was_doubtful_in_it() {
    let strict = Thresholds::TEXT.with(Kind::Email, 0.99);
    let scrubber = tag().with_kinds(Kinds::of(&[Kind::Email, Kind::Phone])).with_thresholds(strict);
    let mut record = scrubber.record();
    let clean = record.texts(&["or a.b@corp.com", "call +1 212 555 0123", "none"]);
    assert_eq!(clean, ["or a.b@corp.com", "call [phone]", "none"]);
    let doubtful: Vec<usize> = record.doubtful().iter().map(Vec::len).collect();
    assert_eq!(doubtful, [1, 0, 0]);
}
