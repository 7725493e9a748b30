//! The link of the notice: who has it may answer.

use rand::TryRngCore as _;
use rand::rngs::OsRng;
use records::digest::sha256;
use stage::StageError;
use subtle::ConstantTimeEq as _;
use url::Url;

/// Longest name of an execution, in characters.
const LONGEST_RUN: usize = 80;

/// The secret of one link: 256 random bits, in hex. It is printed by nothing but the link.
pub(crate) struct Nonce(String);

impl Nonce {
    /// Draws one from the system.
    pub(crate) fn draw() -> Result<Self, StageError> {
        let mut bytes = [0; 32];
        OsRng
            .try_fill_bytes(&mut bytes)
            .map_err(|error| StageError::internal("the system has no random numbers").caused_by(error))?;
        Ok(Self(hex::encode(bytes)))
    }

    /// Reads one from a link; none where it cannot be one.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 64 && text.bytes().all(hex)).then(|| Self(text.to_owned()))
    }

    /// What is kept of it.
    pub(crate) fn sha256(&self) -> String {
        sha256(self.0.as_bytes())
    }

    /// Says whether it is the one of which that was kept, in the same time for any other.
    pub(crate) fn is(&self, kept_sha256: &str) -> bool {
        self.sha256().as_bytes().ct_eq(kept_sha256.as_bytes()).into()
    }

    /// The link, at the function's own address.
    pub(crate) fn link(&self, address: &str, run: &str) -> Result<Url, StageError> {
        // The parser's own words quote the address, which is none of ours yet.
        let mut link =
            Url::parse(address).map_err(|_| StageError::internal("the function's address is none"))?;
        link.query_pairs_mut().clear().append_pair("run", run).append_pair("key", &self.0);
        Ok(link)
    }
}

/// Says whether a text may be the name of an execution: Step Functions takes all letters, and refuses these.
///
/// Of what it takes, `.` and `..` could pass for folders.
pub(crate) fn is_run(text: &str) -> bool {
    let refused = |letter: char| {
        letter.is_control() || letter.is_whitespace() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(letter)
    };
    (1..=LONGEST_RUN).contains(&text.chars().count())
        && !text.contains(refused)
        && !matches!(text, "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_back_and_no_other_is_it() {
        let (nonce, other) = (Nonce::draw().unwrap(), Nonce::draw().unwrap());
        let link = nonce.link("https://abc.lambda-url.eu-west-1.on.aws/", "run-1").unwrap();
        let query: Vec<_> = link.query_pairs().collect();
        assert_eq!(query[0], ("run".into(), "run-1".into()));
        let read = Nonce::read(&query[1].1).unwrap();
        assert!(read.is(&nonce.sha256()) && !read.is(&other.sha256()) && !read.is(""));
        for wrong in ["", "abc", &"A".repeat(64), &"g".repeat(64), &"0".repeat(65)] {
            assert!(Nonce::read(wrong).is_none(), "{wrong}");
        }
        assert!(nonce.link("no address", "run-1").is_err());
    }

    #[test]
    fn a_run_is_a_name_and_no_path() {
        let (longest, longer) = ("é".repeat(80), "é".repeat(81));
        for is in ["run-1", "a..b", "it's(over)!", "x+y=z@1", "läuft_größer", &longest] {
            assert!(is_run(is), "{is}");
        }
        for is_not in ["", "a/b", ".", "..", "a b", "a%2Fb", "a\nb", "<b>", "a\"b", "\\", "a;b", &longer] {
            assert!(!is_run(is_not), "{is_not}");
        }
    }
}
