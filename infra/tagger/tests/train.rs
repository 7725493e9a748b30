//! Trains with the real binary on a few made-up texts.
#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

const PEOPLE: [(&str, &str); 6] = [
    ("Ann", "Lee"),
    ("Omar", "Haddad"),
    ("Lucía", "Vega"),
    ("Jan", "Novak"),
    ("Mei", "Chen"),
    ("Tom", "Hill"),
];

fn prepare(folder: &Path) {
    let (mut forenames, mut surnames, mut texts) = (String::new(), String::new(), String::new());
    let (mut by_forename, mut by_surname) = ("head\n".to_owned(), "head\n".to_owned());
    for (id, (forename, surname)) in PEOPLE.iter().enumerate() {
        writeln!(forenames, "{}\t1.0\tF", forename.to_uppercase()).unwrap();
        writeln!(surnames, "{}\t1.0", surname.to_uppercase()).unwrap();
        writeln!(by_forename, "XX,1,,,,2018,N,1,N,F,{forename},{forename}").unwrap();
        writeln!(by_surname, "XX,1,1,N,{surname},{surname},,").unwrap();
        for (place, (before, after)) in
            [("Ask ", " about the Report."), ("From: ", "\nHello"), ("The plan of ", " is late")]
                .iter()
                .enumerate()
        {
            let name = format!("{forename} {surname}");
            let start = before.chars().count();
            let end = start + name.chars().count();
            let text = serde_json::json!({
                "id": format!("{id}-{place}"),
                "text": format!("{before}{name}{after}"),
                "spans": [{"start": start, "end": end, "label": "PERSON"}],
            });
            writeln!(texts, "{text}").unwrap();
        }
    }
    for (file, text) in [
        ("us-census-forenames.tsv", forenames),
        ("us-census-surnames.tsv", surnames),
        ("common-forenames-by-country.csv", by_forename),
        ("common-surnames-by-country.csv", by_surname),
        ("texts.jsonl", texts),
    ] {
        fs::write(folder.join(file), text).unwrap();
    }
}

fn train(folder: &Path, seed: &str, out: &str) -> Vec<u8> {
    let out = folder.join(out);
    let done = Command::new(env!("CARGO_BIN_EXE_tagger"))
        .args(["train", "--bits", "12", "--least", "1", "--seed", seed, "--names"])
        .arg(folder)
        .arg("--out")
        .arg(&out)
        .arg(folder.join("texts.jsonl"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    fs::read(out).unwrap()
}

#[test]
fn the_same_texts_and_seed_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let one = train(folder.path(), "7", "one.bin");
    assert_eq!(one, train(folder.path(), "7", "two.bin"));
    assert_ne!(one, train(folder.path(), "8", "three.bin"));
}
