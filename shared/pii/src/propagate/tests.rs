use super::*;
use crate::Scratch;

/// What of `text` is found of the people named.
fn found(names: &[&str], addresses: &[&str], text: &str) -> Vec<String> {
    let mut people = People::default();
    for name in names {
        people.learn_name(name, 0.97);
    }
    for address in addresses {
        people.learn_address(address);
    }
    find(&mut people, text)
}

fn find(people: &mut People, text: &str) -> Vec<String> {
    let mut scratch = Scratch::default();
    let doc = Doc::read(text, true, &mut scratch);
    let mut findings = Vec::new();
    people.find(&doc, &mut findings);
    findings.retain(|finding| finding.score >= 0.5);
    findings.sort_by_key(|finding| finding.start);
    findings.iter().map(|finding| doc.text()[finding.start..finding.end].to_owned()).collect()
}

#[test]
fn a_name_is_found_in_its_near_forms() {
    let names = ["Quentin Zborowski"];
    for (text, form) in [
        ("asked QUENTIN ZBOROWSKI today", "QUENTIN ZBOROWSKI"),
        ("asked quentin zborowski today", "quentin zborowski"),
        ("from Zborowski, Quentin", "Zborowski, Quentin"),
        ("signed Q. Zborowski", "Q. Zborowski"),
        ("ask Zborowski first", "Zborowski"),
        ("ask Quentin first", "Quentin"),
        ("user qzborowski logged in", "qzborowski"),
        ("user quentinz logged in", "quentinz"),
        ("in quentin_zborowski", "quentin_zborowski"),
        ("Quentín Żborowski wrote", "Quentín Żborowski"),
    ] {
        assert_eq!(found(&names, &[], text), [form], "{text}");
    }
}

#[test]
fn letters_without_marks_are_the_same_letters() {
    assert_eq!(found(&["Łukasz Wiśniewski"], &[], "mail from LUKASZ WISNIEWSKI"), ["LUKASZ WISNIEWSKI"]);
    assert_eq!(found(&["Jürgen Groß"], &[], "jurgen gros wrote"), ["jurgen gros"]);
}

#[test]
fn a_part_follows_where_a_name_stands_only() {
    let names = ["Jasmine Rose"];
    assert_eq!(found(&names, &[], "Tests in Jasmine and Rose"), [""; 0]);
    assert_eq!(found(&names, &[], "Thanks,\nJasmine"), ["Jasmine"]);
    let names = ["Armand Okafor"];
    assert_eq!(found(&names, &[], "at Okafor Logistics"), [""; 0], "a firm");
    assert_eq!(found(&names, &[], "so okafor it is"), [""; 0], "in lower case");
}

#[test]
fn a_word_of_the_language_does_not_follow_alone() {
    let names = ["Vera Brandt", "Marlo Quill"];
    assert_eq!(found(&names, &[], "Quill came late"), ["Quill"]);
    assert_eq!(found(&names, &[], "Quill came late with the quill"), [""; 0]);
    assert_eq!(found(&names, &[], "Mr Quill came with the quill, Marlo too"), ["Quill", "Marlo"]);
}

#[test]
fn of_the_person_whom_the_text_is_about_every_part_goes() {
    let mut people = People::default();
    people.learn_own("Armand Okafor");
    assert_eq!(find(&mut people, "at Okafor Logistics"), ["Okafor"]);
    assert_eq!(find(&mut people, "so okafor it is"), [""; 0], "in lower case");
}

#[test]
fn the_letters_of_an_address_tell_whose_it_is() {
    assert_eq!(found(&[], &["tavish.quenby"], "Tavish Quenby wrote."), ["Tavish Quenby"]);
    assert_eq!(
        found(&[], &["tquenby"], "So Tavish Quenby wrote, and Quenby signed."),
        ["Tavish Quenby", "Quenby"]
    );
    assert_eq!(found(&[], &["info"], "Information for Sales"), [""; 0]);
}

#[test]
fn a_profile_names_its_person() {
    assert_eq!(slug("https://www.linkedin.com/in/ann-lee-300/"), "ann-lee-300");
    assert_eq!(slug("https://example.com/about"), "");
}
