//! Reads `{"id","text"}` a line and writes `{"id","spans"}` a line: `spans [KIND,…] <texts.jsonl >spans.jsonl`.

use std::io::{BufRead as _, Write as _, stdin, stdout};

use pii::spans::{Input, Output, spans};
use pii::{Kind, Kinds, Policy, Scrubber};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kinds = match std::env::args().nth(1) {
        Some(words) => words.split(',').map(str::parse::<Kind>).collect::<Result<Kinds, _>>()?,
        None => Kinds::ALL,
    };
    let scrubber = Scrubber::new(Policy::Tag).with_kinds(kinds);
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let Input { id, text } = serde_json::from_str(&line?)?;
        let spans = spans(&text, &scrubber.find(&text));
        serde_json::to_writer(&mut out, &Output { id, spans })?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
