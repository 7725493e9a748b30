//! Asking the person at the terminal, and what they sign with.

use crate::error::{Context as _, Error, Result};
use crate::term;

/// What the database's functions keep of whoever decides, in characters.
const LONGEST_NAME: usize = 100;
const LONGEST_REASON: usize = 500;

/// Says whether the person at the terminal is asked; nobody's answer is guessed.
///
/// # Errors
/// When nothing was said and there is nobody to ask; `hint` says how to say it.
pub(crate) fn asks(has_said: bool, is_terminal: bool, hint: &str) -> Result<bool> {
    if !has_said && !is_terminal {
        return Err(Error::new("there is no terminal to ask you on, and nothing was answered").hint(hint));
    }
    Ok(!has_said)
}

/// Asks the person at the terminal for a line. Its end, without one, is an empty answer.
pub(crate) async fn asked(question: &str) -> Result<String> {
    term::part(question);
    let (sender, line) = tokio::sync::oneshot::channel();
    // On a thread that nobody waits for: Ctrl-C ends the command while it reads.
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = std::io::stdin().read_line(&mut text).map(|_| text);
        drop(sender.send(read));
    });
    let read = line.await.context("read the answer")?;
    read.context("read the answer")
}

pub(crate) fn is_yes(answer: &str) -> bool {
    ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str())
}

/// Checks who decides, and why: one line each.
///
/// # Errors
/// When either is blank or too long.
pub(crate) fn signed(by: &str, reason: &str) -> Result<()> {
    for (option, text, longest) in [("--by", by, LONGEST_NAME), ("--reason", reason, LONGEST_REASON)] {
        let length = text.chars().count();
        if text.trim().is_empty() || length > longest || text.contains(char::is_control) {
            return Err(Error::new(format!("{option} takes one line of 1 to {longest} characters")));
        }
    }
    Ok(())
}

/// A text without what a terminal would take for a command, or for another line.
pub(crate) fn one_line(text: &str) -> String {
    let unseen = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|letter| if unseen(letter) { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_s_answer_is_guessed() {
        let hint = "add --yes to approve";
        assert!(asks(false, true, hint).unwrap());
        assert!(!asks(true, true, hint).unwrap() && !asks(true, false, hint).unwrap());
        let error = asks(false, false, hint).unwrap_err();
        assert!(error.chain().contains("nothing was answered"), "{}", error.chain());
        assert_eq!(error.next_step(), Some(hint));
        for (answer, yes) in
            [("y\n", true), (" YES \r\n", true), ("", false), ("\n", false), ("no", false), ("yep", false)]
        {
            assert_eq!(is_yes(answer), yes, "{answer}");
        }
    }

    #[test]
    fn who_decides_and_why_is_said_in_one_line_each() {
        signed("Ann Lee", "answers are worse").unwrap();
        for (by, reason, option) in
            [("", "why", "--by"), (" ", "why", "--by"), ("Ann", "a\nb", "--reason"), ("Ann", "", "--reason")]
        {
            assert!(signed(by, reason).unwrap_err().chain().starts_with(option), "{by:?} {reason:?}");
        }
        assert!(signed(&"é".repeat(101), "why").is_err());
    }
}
