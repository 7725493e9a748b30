use super::*;

#[test]
fn the_same_person_keeps_its_number_across_the_texts_of_a_record() {
    let scrubber = Scrubber::new(Policy::Numbered);
    let mut record = scrubber.record();
    assert_eq!(record.text("From ann@example.com to bob@example.com"), "From [email_1] to [email_2]");
    assert_eq!(record.text("BOB@example.com wrote"), "[email_2] wrote");
    assert_eq!(scrubber.record().text("bob@example.com"), "[email_1]");
}

#[test]
fn scrubbing_twice_changes_nothing() {
    for policy in [Policy::Tag, Policy::Numbered] {
        let scrubber = Scrubber::new(policy);
        let text = "Dear Ann Lee,\ncall +44 20 7946 0018 or mail a.b@c.example\nRegards,\nJohn Smith";
        let once = scrubber.record().text(text);
        assert_eq!(scrubber.record().text(&once), once);
        assert!(!once.contains("Ann") && !once.contains("7946"), "{once}");
    }
}

#[test]
fn a_text_that_hides_numbers_in_numbers_is_not_called_clean() {
    let scrubber = Scrubber::new(Policy::Tag);
    let mut record = scrubber.record();
    record.text(&"17946 0018".repeat(9));
    assert!(!record.is_clean());
    let mut record = scrubber.record();
    record.text("call +1 212 555 0123");
    assert!(record.is_clean());
}

#[test]
fn numbers_are_given_in_the_order_of_the_text() {
    let text = (1..=20_000).map(|n| format!("a{n}@example.com")).collect::<Vec<_>>().join(", ");
    let clean = Scrubber::new(Policy::Numbered).record().text(&text);
    assert!(clean.starts_with("[email_1], [email_2], ") && clean.ends_with(", [email_20000]"));
}

#[test]
fn multi_byte_text_is_never_cut() {
    let scrubber = Scrubber::new(Policy::Tag);
    assert_eq!(scrubber.record().text("日本 ann@example.com 語 😀"), "日本 [email] 語 😀");
}
