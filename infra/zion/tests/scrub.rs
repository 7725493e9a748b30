//! `zion scrub` as a person runs it.

#![expect(clippy::unwrap_used, reason = "helpers of tests: what is not there fails the test that asked")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a run ended with: exit code, standard output, standard error.
struct Ran(i32, Vec<u8>, String);

impl Ran {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.1).unwrap()
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zion"));
    command.arg("scrub").args(arguments).env_remove("NO_COLOR");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn scrub(arguments: &[&str], input: impl AsRef<[u8]>) -> Ran {
    let mut child = command(arguments).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.as_ref().to_vec();
    let feed = std::thread::spawn(move || stdin.write_all(&input).ok());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    feed.join().unwrap();
    Ran(status.code().unwrap(), stdout, String::from_utf8(stderr).unwrap())
}

fn file(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn text_is_scrubbed_and_everything_else_is_left_byte_for_byte() {
    let ran = scrub(&[], "\u{feff}Mail ann@example.com,\r\n\tor call +1 212 555 0123.\r\n\r\nlast\0 line");
    assert_eq!(ran.text(), "\u{feff}Mail [email],\r\n\tor call [phone].\r\n\r\nlast\0 line");
    assert_eq!((ran.0, ran.2.as_str()), (0, ""));
}

#[test]
fn nothing_in_is_nothing_out() {
    for format in ["text", "jsonl", "csv"] {
        let ran = scrub(&["--format", format, "-"], "");
        assert_eq!((ran.0, ran.1.len(), ran.2.as_str()), (0, 0, ""), "{format}");
    }
    assert_eq!(scrub(&["--check"], "").0, 0);
}

#[test]
fn check_tells_by_its_exit_code() {
    assert_eq!(scrub(&["--check"], "nothing here").0, 0);
    let ran = scrub(&["--check"], "a@example.com");
    assert_eq!((ran.0, ran.1.len()), (1, 0));
    assert_eq!(scrub(&["--check", "--kinds", "phone"], "a@example.com").0, 0);
    assert_eq!(scrub(&["--check"], b"a@example.com\nbad \xff\n").0, 2);
    let ran = scrub(&["--check", "--explain"], "a@example.com");
    assert_eq!((ran.0, ran.1.is_empty()), (1, false));
}

#[test]
fn explain_says_where_and_why_and_the_text_only_when_asked() {
    let text = "one\nécoutez ann@example.com\n";
    let ran = scrub(&["--explain", "--kinds", "email"], text);
    assert!(ran.text().starts_with("(standard input):2:9: email 0."), "{}", ran.text());
    assert!(!ran.text().contains("ann"));
    let shown = scrub(&["--explain", "--show", "--kinds", "email"], text);
    assert!(shown.text().ends_with(": \"ann@example.com\"\n"), "{}", shown.text());
}

#[test]
fn json_keeps_its_numbers_spaces_and_other_fields() {
    let line = "{ \"id\": 1.50, \"big\": 12345678901234567890123, \"u\": {\"mail\": \"a@example.com\", \"n\": [\"caf\\u00e9\"]} }\r\n\n";
    let clean = line.replace("a@example.com", "[email]");
    let ran = scrub(&["--format", "jsonl"], line);
    assert_eq!((ran.0, ran.text()), (0, clean.as_str()));
    assert_eq!(scrub(&["--format", "jsonl", "--fields", "u.n,id"], line).text(), line);
    assert_eq!(scrub(&["--format", "jsonl", "--fields", "u"], line).text(), clean);
}

#[test]
fn escaped_text_of_json_is_read_as_what_it_says() {
    let ran = scrub(&["--format", "jsonl"], r#"{"t":"mail a\u0040example.com \"now\"\n"}"#);
    assert_eq!(ran.text(), r#"{"t":"mail [email] \"now\"\n"}"#);
}

#[test]
fn lines_that_are_no_json_are_withheld_and_named() {
    let ran = scrub(&["--format", "jsonl"], "{\"a\":\"x\"}\n{\"a\":\"b@example.com\"\n{\"a\":\"y\"}\n");
    assert_eq!((ran.0, ran.text()), (2, "{\"a\":\"x\"}\n{\"a\":\"y\"}\n"));
    assert_eq!(ran.2, "(standard input): withheld 1 line: not JSON (number 2)\n");
}

#[test]
fn invalid_utf_8_is_withheld_and_named() {
    let ran = scrub(&[], b"a@example.com\nbad \xff b@example.com\nlast");
    assert_eq!((ran.0, ran.text()), (2, "[email]\n\nlast"));
    assert!(ran.2.contains("withheld 1 line: not UTF-8 (number 2)"), "{}", ran.2);
    let ran = scrub(&[], b"\xff\xfea\0");
    assert!(ran.0 == 2 && ran.2.contains("UTF-16") && ran.2.contains("iconv"), "{}", ran.2);
}

#[test]
fn csv_keeps_records_that_do_not_change_and_quotes_the_others_as_needed() {
    let table = "name,mail,note\r\n\"x\",,\"two\nlines \"\"q\"\"\"\r\n\r\ny,b@example.com,\"call, +44 20 7946 0018\nnow\"";
    let ran = scrub(&["--format", "csv", "--kinds", "email,phone"], table);
    let clean = "name,mail,note\r\n\"x\",,\"two\nlines \"\"q\"\"\"\r\n\r\ny,[email],\"call, [phone]\nnow\"";
    assert_eq!((ran.0, ran.text()), (0, clean));
    let ran = scrub(&["--format", "csv", "--fields", "mail", "--kinds", "email,phone"], table);
    assert_eq!(ran.text(), table.replace("b@example.com", "[email]"));
    let ran = scrub(&["--format", "csv", "--explain", "--kinds", "email,phone"], table);
    let places: Vec<&str> = ran.text().lines().map(|line| &line[16..22]).collect();
    assert_eq!(places, [":5:1: ", ":5:7: "], "{}", ran.text());
}

#[test]
fn csv_tells_its_delimiter_and_what_columns_it_has() {
    let ran = scrub(&["--format", "csv"], "a;b\n1;b@example.com\n");
    assert_eq!(ran.text(), "a;b\n1;[email]\n");
    let ran = scrub(&["--format", "csv", "--fields", "c"], "a;b\n1;2\n");
    assert_eq!((ran.0, ran.1.len()), (2, 0));
    assert!(ran.2.contains("no column \"c\"") && ran.2.contains("it has a, b"), "{}", ran.2);
}

#[test]
fn many_blocks_come_out_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let line =
        |n: u32| format!("{{\"n\":{n},\"t\":\"a{n}@example.com and some more text to fill the line\"}}\n");
    let path = file(folder.path(), "many.jsonl", (0..40_000).map(line).collect::<String>());
    let ran = scrub(&["--threads", "3", "--kinds", "email", path.to_str().unwrap()], "");
    assert_eq!(ran.0, 0);
    for (n, line) in ran.text().lines().enumerate() {
        assert_eq!(line, format!("{{\"n\":{n},\"t\":\"[email] and some more text to fill the line\"}}"));
    }
    assert_eq!(ran.text().lines().count(), 40_000);
}

#[test]
fn a_line_of_twenty_megabytes_is_scrubbed() {
    let text = "lorem ipsum a@example.com dolor ".repeat(20 << 15);
    let ran = scrub(&["--kinds", "email"], &text);
    assert!(ran.0 == 0 && ran.text() == text.replace("a@example.com", "[email]"));
    let line = format!("{{\"t\":\"{}\"}}", "é".repeat(3 << 20));
    assert_eq!(scrub(&["--format", "jsonl", "--kinds", "email"], &line).text(), line);
}

#[test]
fn files_are_told_by_name_and_replaced_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let a = file(folder.path(), "a.jsonl", "{\"a\":\"x@example.com\"}\n");
    let b = file(folder.path(), "b.txt", "mail y@example.com");
    let ran = scrub(&["--in-place", a.to_str().unwrap(), b.to_str().unwrap()], "");
    assert_eq!((ran.0, ran.1.len(), ran.2.as_str()), (0, 0, ""));
    assert_eq!(std::fs::read_to_string(&a).unwrap(), "{\"a\":\"[email]\"}\n");
    assert_eq!(std::fs::read_to_string(&b).unwrap(), "mail [email]");
    std::fs::write(&b, b"z@example.com\n\xff\n").unwrap();
    let ran = scrub(&["--in-place", b.to_str().unwrap()], "");
    assert!(ran.0 == 2 && ran.2.contains("is left as it was"), "{}", ran.2);
    assert_eq!(std::fs::read(&b).unwrap(), b"z@example.com\n\xff\n");
    assert_eq!(folder.path().read_dir().unwrap().count(), 2);
}

#[test]
fn a_report_counts_by_kind_and_rule() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let flag = format!("--report={}", report.display());
    let ran = scrub(&[&flag, "--kinds", "email"], "a@example.com b@example.com");
    assert_eq!(ran.text(), "[email] [email]");
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert_eq!((&report["kinds"]["email"], &report["bytes"]), (&2.into(), &27.into()));
    assert!(report["rules"].as_object().unwrap().values().any(|count| *count == 2));
    assert!(scrub(&["--report"], "a@example.com").2.contains("1 found in 1 records"));
}

#[test]
fn spans_count_code_points() {
    let ran = scrub(&["--spans", "--kinds", "email"], "{\"id\":\"1\",\"text\":\"😀 é a@example.com\"}\n");
    let line: serde_json::Value = serde_json::from_str(ran.text()).unwrap();
    let span = &line["spans"][0];
    assert_eq!((&span["start"], &span["end"], &span["label"]), (&4.into(), &17.into(), &"EMAIL".into()));
    assert_eq!(scrub(&["--spans"], "{\"id\":1}\n").0, 2);
}

#[test]
fn colour_is_for_terminals_or_whoever_asks() {
    assert!(!scrub(&[], "a@example.com").text().contains('\u{1b}'));
    assert_eq!(scrub(&["--color", "always"], "a@example.com").text(), "\u{1b}[1;36m[email]\u{1b}[0m");
    let ran = scrub(&["--color", "always", "--policy", "keep"], "a@example.com");
    assert_eq!(ran.text(), "\u{1b}[30;43ma@example.com\u{1b}[0m");
}

#[test]
fn numbers_are_kept_within_a_record() {
    let ran = scrub(&["--policy", "numbered"], "a@example.com b@example.com A@example.com");
    assert_eq!(ran.text(), "[email_1] [email_2] [email_1]");
}

#[test]
fn surrogates_are_invented_and_the_same_under_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let key = file(folder.path(), "key", [7; 32]);
    let arguments = ["--policy", "surrogate", "--kinds", "email", "--key", key.to_str().unwrap()];
    let once = scrub(&arguments, "ann.lee@example.org wrote");
    assert!(
        once.0 == 0 && once.text().ends_with(" wrote") && !once.text().contains("ann.lee"),
        "{}",
        once.text()
    );
    assert_eq!(scrub(&arguments, "ann.lee@example.org wrote").text(), once.text());
    assert_eq!(scrub(&["--policy", "surrogate", "--key", "/dev/null"], "x").0, 2);
}

#[test]
fn what_a_field_is_called_says_what_it_holds() {
    let table = "full name,note\nzzyx qwerton,zzyx qwerton called\n";
    let ran = scrub(&["--format", "csv"], table);
    assert_eq!(ran.text(), "full name,note\n[name],[name] called\n");
    let ran = scrub(&["--format", "jsonl"], "{\"name\":\"zzyx qwerton\",\"price\":\"3\"}\n");
    assert!(ran.text().contains("qwerton"), "{}", ran.text());
    let ran = scrub(&["--format", "jsonl", "--explain"], "{\"full_name\":\"zzyx qwerton\"}\n");
    assert!(ran.text().contains(":1:1: name 0.97 record.value, in full_name"), "{}", ran.text());
}

#[test]
fn allowed_phrases_stay() {
    let ran = scrub(&["--allow", "help@example.com", "--kinds", "email"], "help@example.com a@example.com");
    assert_eq!(ran.text(), "help@example.com [email]");
}

#[test]
fn mistakes_are_told_with_what_to_do() {
    let ran = scrub(&["/no/such/file.txt"], "");
    assert!(ran.0 == 2 && ran.2.contains("open /no/such/file.txt: No such file"), "{}", ran.2);
    let ran = scrub(&["--kinds", "nose"], "");
    assert!(ran.0 == 2 && ran.2.contains("known are name, email"), "{}", ran.2);
    let ran = scrub(&["--in-place"], "");
    assert!(ran.0 == 2 && ran.2.contains("name files"), "{}", ran.2);
    let ran = scrub(&["/"], "");
    assert!(ran.0 == 2 && ran.2.contains("is a folder"), "{}", ran.2);
    let ran = scrub(&["--fields", "a"], "text");
    assert!(ran.0 == 2 && ran.2.contains("--format jsonl"), "{}", ran.2);
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let mut child = command(&["--kinds", "email"]).spawn().unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    // It may have ended before everything is written.
    stdin.write_all("mail a@example.com\n".repeat(1 << 18).as_bytes()).ok();
    drop(stdin);
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8(ended.stderr).unwrap().as_str()), (Some(0), ""));
}

/// The first cells of a table's rows: recognisers and examples may change, kinds and defaults are promises.
fn rows(table: &str) -> Vec<String> {
    table.lines().map(|row| row.split(" | ").take(4).collect::<Vec<_>>().join(" | ")).collect()
}

#[test]
fn the_kinds_are_listed_as_the_documents_show_them() {
    let ran = scrub(&["--list-kinds"], "");
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/pii/README.md");
    let page = std::fs::read_to_string(page).unwrap();
    let shown = page.split_once("<!-- kinds -->\n").unwrap().1.split_once("<!-- /kinds -->").unwrap().0;
    let (listed, shown) = (rows(ran.text()), rows(shown));
    let behind: Vec<_> = listed.iter().filter(|row| !shown.contains(row)).collect();
    assert!(behind.is_empty() && listed.len() == shown.len(), "make kinds: {behind:?}");
}
