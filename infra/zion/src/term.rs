//! What the person at the terminal sees: permanent lines, and one line that is redrawn.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
pub use stage::words::number;

use crate::error::Error;

/// Without a terminal the redrawn line is written as a plain one, at most this often.
const RHYTHM: Duration = Duration::from_secs(2);

/// Writes a line to standard output.
pub fn line(text: &str) {
    // A reader that has gone, as behind `head`, is no failure of ours.
    writeln!(std::io::stdout().lock(), "{text}").ok();
}

/// Writes the beginning of a line to standard output.
pub fn part(text: &str) {
    let mut out = std::io::stdout().lock();
    write!(out, "{text}").and_then(|()| out.flush()).ok();
}

/// Writes a line to standard error.
pub fn complain(text: &str) {
    writeln!(std::io::stderr().lock(), "{text}").ok();
}

/// Writes what went wrong to standard error, and what to do about it.
pub fn fail(error: &Error) {
    complain(&format!("error: {}", error.chain()));
    if let Some(hint) = error.next_step() {
        complain(&format!("  next: {hint}"));
    }
}

/// A duration in words short enough for a column.
pub fn seconds(duration: Duration) -> String {
    let all = duration.as_secs_f64();
    if all < 100.0 {
        format!("{all:.1} s")
    } else {
        format!("{} min {} s", duration.as_secs() / 60, duration.as_secs() % 60)
    }
}

/// Live progress: redrawn on a terminal, plain lines elsewhere.
#[derive(Debug)]
pub struct Board {
    bar: Option<ProgressBar>,
    begun: Instant,
    shown: Option<Instant>,
    last: String,
}

impl Default for Board {
    fn default() -> Self {
        let terminal = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
        let bar = terminal.then(|| {
            let bar = ProgressBar::new_spinner();
            // A template that does not parse leaves the default one.
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, begun: Instant::now(), shown: None, last: String::new() }
    }
}

impl Board {
    /// Something happened: a line that stays.
    pub fn event(&mut self, text: &str) {
        let stamped = format!("{:>8}  {text}", seconds(self.begun.elapsed()));
        match &self.bar {
            Some(bar) => bar.suspend(|| line(&stamped)),
            None => line(&stamped),
        }
        self.shown = Some(Instant::now());
    }

    /// How things stand: the redrawn line.
    pub fn status(&mut self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.to_owned());
        } else if text != self.last && self.shown.is_none_or(|shown| shown.elapsed() > RHYTHM) {
            self.event(text);
        } else {
            return;
        }
        text.clone_into(&mut self.last);
    }

    /// Removes the redrawn line.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_times_for_people() {
        assert_eq!(seconds(Duration::from_millis(1_250)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 5 s");
    }
}
