//! Loads text of somebody else as rows of the sample app: a file of lines `{"id": …, "text": …}`.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use serde::Deserialize;
use tokio_postgres::Client;

use super::copy;
use super::person::uuid;
use super::{Sample, Stream, made_at};
use crate::error::{Context as _, Error, Result};

/// What the texts are taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Résumés: the first paragraph is the summary, the rest the experience.
    Resumes,
    /// Conversations: the first message is the question, the rest the answer.
    SupportLogs,
}

#[derive(Debug, Deserialize)]
struct Line {
    text: String,
}

/// Loads every line of `file` as a row of `kind`, consented, and answers their number. Nothing of a text is lost:
/// it only is cut in two.
///
/// # Errors
/// When a line is no such object, which is named by its number, or the database refuses a row.
pub async fn load_labelled(client: &Client, file: &Path, kind: Kind) -> Result<u64> {
    let input = File::open(file).context(format!("open {}", file.display()))?;
    let mut texts = Vec::new();
    for (number, line) in BufReader::new(input).lines().enumerate() {
        let line = line.context(format!("read {}", file.display()))?;
        if line.trim().is_empty() {
            continue;
        }
        // serde's own message may quote the text: only the place is told.
        let parsed: Line = serde_json::from_str(&line)
            .map_err(|_| Error::new(format!("{}:{} is no object with a text", file.display(), number + 1)))?;
        // PostgreSQL's text holds every character but this one.
        texts.push(parsed.text.replace('\0', " "));
    }
    let count = texts.len() as u64;
    match kind {
        Kind::Resumes => resumes(client, texts).await?,
        Kind::SupportLogs => support_logs(client, texts).await?,
    }
    client.batch_execute("analyze").await.context("analyze the tables")?;
    Ok(count)
}

async fn resumes(client: &Client, texts: Vec<String>) -> Result<()> {
    // Keys of their own, apart from the sample's people.
    let keys = Sample { seed: 0x1abe_11ed, ..Sample::of(0) };
    let key = move |index| uuid(&mut keys.source(Stream::Profiles, index));
    let count = texts.len() as u64;
    copy::stream(client, "profiles (id, full_name)", move |rows| {
        (0..count).all(|index| rows.text(&key(index)).text(&format!("Imported {index}")).end())
    })
    .await?;
    copy::stream(
        client,
        "resumes (id, user_id, summary, skills, experience, created_at, updated_at)",
        move |rows| {
            (0..).zip(&texts).all(|(index, text)| {
                let (summary, experience) = halves(text, &["\n\n"]);
                let made = made_at(index).to_string();
                let id = uuid(&mut keys.source(Stream::Resumes, index));
                rows.text(&id).text(&key(index)).text(summary).list(Some(&skills(text))).text(experience);
                rows.text(&made).text(&made).end()
            })
        },
    )
    .await?;
    Ok(())
}

async fn support_logs(client: &Client, texts: Vec<String>) -> Result<()> {
    copy::stream(
        client,
        "support_logs (question, answer, training_opt_out, created_at, updated_at)",
        move |rows| {
            (0..).zip(&texts).all(|(index, text)| {
                let (question, answer) =
                    halves(text, &["\nOriginal Message", "\n-----Original Message", "\nFrom: ", "\n\n"]);
                let made = made_at(index).to_string();
                rows.text(question).text(answer).text("f").text(&made).text(&made).end()
            })
        },
    )
    .await?;
    Ok(())
}

/// Cuts before the first of `marks` that leaves something on both sides, else at about 300 characters.
fn halves<'a>(text: &'a str, marks: &[&str]) -> (&'a str, &'a str) {
    const SHORTEST: usize = 80;
    let text = text.trim();
    for mark in marks {
        let cut = text.match_indices(mark).map(|(at, _)| at).find(|&at| at >= SHORTEST);
        if let Some(at) = cut {
            return (text[..at].trim_end(), text[at..].trim_start());
        }
    }
    let limit = text.char_indices().nth(300.min(text.chars().count() / 2)).map_or(text.len(), |(at, _)| at);
    let at = text[..limit].rfind([' ', '\n']).unwrap_or(limit);
    (text[..at].trim_end(), text[at..].trim_start())
}

/// The list behind a heading such as SKILLS, else the second line, which in a résumé tells the profession.
fn skills(text: &str) -> Vec<String> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let heading = |line: &str| line.len() < 40 && line.to_lowercase().contains("skills");
    let listed = lines.clone().skip_while(|line| !heading(line)).nth(1);
    let line = listed.or_else(|| lines.nth(1)).unwrap_or_default();
    line.split([',', ';', '|', '•'])
        .map(str::trim)
        .filter(|skill| !skill.is_empty() && skill.chars().count() <= 80)
        .take(12)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_a_text_in_two_without_losing_a_word() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let long = format!("{}\n\n{}", "first part ".repeat(12), "second part ".repeat(40));
        for text in [long.as_str(), "short", "", "ünï cödé wörds only", &"x".repeat(900)] {
            let (head, tail) = halves(text, &["\n\n"]);
            assert_eq!([words(head), words(tail)].concat().concat(), words(text).concat());
        }
        assert_eq!(halves(&long, &["\n\n"]).1.split(' ').next(), Some("second"));
    }

    #[test]
    fn finds_the_skills_or_the_profession() {
        assert_eq!(skills("Ada Larch\nTest Engineer\n\nSKILLS\nRust, SQL; Go"), ["Rust", "SQL", "Go"]);
        assert_eq!(skills("Ada Larch\nTest Engineer\nBristol"), ["Test Engineer"]);
        assert!(skills("").is_empty());
    }
}
