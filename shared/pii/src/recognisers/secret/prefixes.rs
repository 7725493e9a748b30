//! Tokens that say whose they are.

use super::{finding, is_random};
use crate::{Doc, Finding};

/// What a token's body is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    /// Lower-case hexadecimal digits, or upper-case ones.
    Hex,
    /// Letters and digits.
    Alnum,
    /// Capitals and digits.
    Upper,
    /// Letters, digits, `_` and `-`.
    Word,
    /// The same and `.`, `~`, `=`, `+`, `/`.
    Any,
}

impl Set {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Word => byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-',
            Self::Any => byte.is_ascii_alphanumeric() || b"_-.~=+/".contains(&byte),
        }
    }
}

use Set::{Alnum, Any, Hex, Upper, Word};

/// A beginning, what the body is made of, and its least and greatest length.
type Prefix = (&'static str, Set, usize, usize);

/// Sorted by the first byte, so that a token is compared with few.
#[rustfmt::skip]
const PREFIXES: &[Prefix] = &[
    ("A3-", Word, 38, 44), ("ABIA", Upper, 16, 16), ("ABSK", Any, 109, 269), ("ACCA", Upper, 16, 16),
    ("AGE-SECRET-KEY-1", Upper, 58, 58), ("AIza", Word, 35, 35), ("AKCp", Alnum, 60, 80), ("AKIA", Upper, 16, 16),
    ("API-", Upper, 26, 26), ("ASIA", Upper, 16, 16), ("ATATT3", Any, 100, 400), ("ATCTT3", Any, 100, 400),
    ("ATBB", Alnum, 24, 40), ("AQVN", Word, 35, 38),
    ("CCIPAT_", Any, 40, 120), ("CFPAT-", Word, 43, 43), ("EAA", Alnum, 90, 300), ("EAAA", Word, 56, 64),
    ("EZAK", Alnum, 54, 54), ("EZTK", Alnum, 54, 54), ("FLWSECK", Any, 12, 60), ("FlyV1 fm", Any, 80, 2000),
    ("GOCSPX-", Word, 28, 28), ("GR1348941", Word, 20, 40), ("HRKU-AA", Word, 56, 60), ("LTAI", Alnum, 16, 24),
    ("NRAK-", Upper, 27, 27), ("NRJS-", Hex, 19, 19), ("NRII-", Word, 32, 32), ("PMAK-", Word, 59, 59),
    ("SG.", Any, 60, 80), ("SK", Hex, 32, 32), ("YCAJ", Word, 20, 40), ("YCM", Word, 37, 37),
    ("bkua_", Hex, 40, 40), ("cmVmd", Alnum, 59, 59), ("dapi", Hex, 32, 34), ("dckr_pat_", Word, 27, 40),
    ("doo_v1_", Hex, 64, 64), ("dop_v1_", Hex, 64, 64), ("dor_v1_", Hex, 64, 64), ("dp.ct.", Alnum, 40, 44),
    ("dp.pt.", Alnum, 40, 44), ("dp.st.", Any, 40, 70), ("dt0c01.", Any, 80, 100), ("duffel_live_", Any, 40, 48),
    ("duffel_test_", Any, 40, 48), ("figd_", Word, 38, 60), ("fio-u-", Any, 60, 70), ("flb_live_", Alnum, 14, 24),
    ("fm1a_", Any, 80, 2000), ("fm1r_", Any, 80, 2000), ("fm2_", Any, 80, 2000), ("fo1_", Word, 43, 43),
    ("gho_", Alnum, 36, 255), ("ghp_", Alnum, 36, 255), ("ghr_", Alnum, 36, 255), ("ghs_", Alnum, 36, 255),
    ("ghu_", Alnum, 36, 255), ("github_pat_", Word, 60, 255), ("glagent-", Word, 50, 50), ("glcbt-", Word, 20, 80),
    ("glc_", Any, 32, 400), ("gldt-", Word, 20, 30), ("glffct-", Word, 20, 30), ("glft-", Word, 20, 30),
    ("glimt-", Word, 25, 30), ("gloas-", Word, 64, 64), ("glpat-", Any, 20, 80), ("glptt-", Hex, 40, 40),
    ("glrt-", Any, 20, 80), ("glsa_", Word, 41, 41), ("glsoat-", Word, 20, 30), ("gsk_", Alnum, 40, 60),
    ("hf_", Alnum, 34, 40), ("hvb.", Word, 80, 400), ("hvs.", Word, 80, 200), ("ico-", Alnum, 32, 32),
    ("key-", Hex, 32, 32), ("lin_api_", Alnum, 40, 48), ("lin_oauth_", Hex, 64, 64), ("lsv2_pt_", Word, 40, 60),
    ("lsv2_sk_", Word, 40, 60), ("nfp_", Alnum, 36, 44), ("npm_", Alnum, 36, 36), ("ntn_", Alnum, 46, 46),
    ("nvapi-", Word, 60, 70), ("ops_eyJ", Any, 200, 4000), ("p8e-", Hex, 32, 32), ("pat-eu1-", Word, 36, 36),
    ("pat-na1-", Word, 36, 36), ("phc_", Alnum, 40, 48), ("phx_", Alnum, 40, 48), ("pnu_", Alnum, 36, 36),
    ("pplx-", Alnum, 48, 56), ("pscale_oauth_", Any, 32, 64), ("pscale_pw_", Any, 32, 64),
    ("pscale_tkn_", Any, 32, 64), ("pul-", Hex, 40, 40), ("pypi-", Word, 50, 300), ("r8_", Alnum, 37, 40),
    ("rdme_", Alnum, 70, 70), ("re_", Word, 32, 40), ("rk_live_", Alnum, 16, 120), ("rk_test_", Alnum, 16, 120),
    ("rubygems_", Hex, 48, 48), ("s-s4t2af-", Hex, 64, 64), ("s-s4t2ud-", Hex, 64, 64), ("s.", Alnum, 24, 24),
    ("sbp_", Hex, 40, 40), ("sb_secret_", Word, 30, 60), ("secret_", Alnum, 43, 43), ("sgp_", Word, 40, 70),
    ("sha256~", Word, 43, 43), ("shpat_", Hex, 32, 32), ("shpca_", Hex, 32, 32), ("shppa_", Hex, 32, 32),
    ("shpss_", Hex, 32, 32), ("shippo_live_", Hex, 40, 40), ("shippo_test_", Hex, 40, 40),
    ("sk-ant-", Word, 80, 120), ("sk-or-v1-", Hex, 64, 64), ("sk-proj-", Word, 40, 200),
    ("sk-svcacct-", Word, 40, 200), ("sk-admin-", Word, 40, 200), ("sk-", Alnum, 32, 64), ("sk.eyJ", Any, 60, 200),
    ("sk_live_", Alnum, 16, 120), ("sk_prod_", Alnum, 16, 120), ("sk_test_", Alnum, 16, 120),
    ("sntrys_eyJ", Any, 60, 400), ("sntryu_", Hex, 64, 64), ("sm_pat_", Alnum, 16, 16), ("sm_sat_", Alnum, 16, 16),
    ("sq0atp-", Word, 22, 22), ("sq0csp-", Word, 43, 43), ("tfp_", Any, 59, 59), ("tk-us-", Word, 48, 48),
    ("waka_", Word, 36, 36), ("whsec_", Any, 32, 64), ("xai-", Alnum, 60, 90), ("xkeysib-", Word, 81, 81),
    ("xsmtpsib-", Word, 81, 81), ("ya29.", Any, 30, 400), ("glrtr-", Word, 20, 60), ("ory_at_", Word, 40, 120),
    ("zpka_", Alnum, 32, 60), ("pk_prod_", Alnum, 16, 64), ("tskey-", Word, 24, 80), ("vercel_", Alnum, 24, 40),
];

/// Shortest token that is looked at, and how far in front of a digit one may begin.
const SHORTEST: usize = 20;
const LOOK_BACK: usize = 80;
/// Longest token.
const LONGEST: usize = 8 << 10;

pub(super) fn find(doc: &Doc<'_>, findings: &mut Vec<Finding>) {
    let bytes = doc.bytes();
    let mut done = 0;
    for group in doc.groups() {
        let at = group.start as usize;
        if at < done {
            continue;
        }
        let from = at.saturating_sub(LOOK_BACK).max(done);
        let back = bytes[from..at].iter().rev().take_while(|byte| is_inner(**byte)).count();
        let ahead = bytes[at..].iter().take(LONGEST).take_while(|byte| is_inner(**byte)).count();
        done = at + ahead;
        let token = &bytes[at - back..done];
        if bytes.get(done) == Some(&b'|') && matches!(group.digits(), 15 | 16) && back == 0 {
            findings.extend(facebook(bytes, at, done));
            continue;
        }
        if token.len() < SHORTEST {
            continue;
        }
        findings.extend(judge(bytes, at - back, token));
    }
}

fn is_inner(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.~".contains(&byte)
}

fn judge(bytes: &[u8], start: usize, token: &[u8]) -> Option<Finding> {
    // A full stop or dash in front belongs to the sentence; an address' path is no token.
    let skipped = token.iter().take_while(|byte| matches!(**byte, b'.' | b'-')).count();
    let (start, token) = (start + skipped, &token[skipped..]);
    if start > 0 && bytes[start - 1] == b'/' && !token.starts_with(b"ghp_") && !token.starts_with(b"eyJ") {
        return None;
    }
    if token.starts_with(b"eyJ") {
        return web_token(bytes, start);
    }
    if token.starts_with(b"xox") || token.starts_with(b"xapp-") {
        return slack(start, token);
    }
    if let Some(at) = memchr::memmem::find(&token[..token.len().min(8)], b"Q~") {
        return azure(start, token, at);
    }
    let first = *token.first()?;
    PREFIXES.iter().filter(|prefix| prefix.0.as_bytes()[0] == first).find_map(
        |&(prefix, set, least, most)| {
            let body = token.strip_prefix(prefix.as_bytes())?;
            // A set may reach beyond what tokens are cut from: padding, `+`, `/`.
            let rest = &bytes[start + prefix.len()..];
            let len = rest.iter().take(most + 1).take_while(|byte| set.has(**byte)).count();
            let len = if set == Any { rest[..len].trim_ascii_end().len() } else { len };
            let is_whole = rest.get(len).is_none_or(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'));
            let body = &rest[..len.max(body.len().min(len))];
            let is_token = (least..=most).contains(&len)
                && is_whole
                && (is_random(body) || (prefix.len() >= 6 && body.len() >= 80 && !is_repeated(body)))
                && (set != Hex || is_one_case(body))
                && (prefix.len() > 2 || is_mixed(body));
            is_token.then(|| finding(start, start + prefix.len() + len, 0.97, "secret.prefix"))
        },
    )
}

/// One sign over and over.
fn is_repeated(body: &[u8]) -> bool {
    body.windows(8).any(|signs| signs.iter().all(|sign| *sign == signs[0]))
}

/// Hexadecimal digits of one case, unless the issuer mixes them.
fn is_one_case(body: &[u8]) -> bool {
    !(body.iter().any(u8::is_ascii_lowercase) && body.iter().any(u8::is_ascii_uppercase))
}

/// Short prefixes are not enough: the body must have letters and digits.
fn is_mixed(body: &[u8]) -> bool {
    body.iter().any(u8::is_ascii_digit)
        && body.iter().any(u8::is_ascii_alphabetic)
        && (body.iter().any(u8::is_ascii_lowercase) || body.len() > 30)
}

/// Three parts in base 64 with full stops between (RFC 7519), the first two of them JSON.
fn web_token(bytes: &[u8], start: usize) -> Option<Finding> {
    let is_part = |byte: &u8| Word.has(*byte) || b"./+=".contains(byte);
    let len = bytes[start..].iter().take(LONGEST).take_while(|byte| is_part(byte)).count();
    let token = &bytes[start..start + len];
    let mut parts = token.split(|byte| *byte == b'.');
    let is_token = parts.next()?.len() >= 12 && parts.next()?.starts_with(b"ey") && is_random(token);
    let last = parts.next().map_or(0, <[u8]>::len);
    let trailing = token.iter().rev().take_while(|byte| **byte == b'.').count();
    (is_token && (last >= 16 || token.len() >= 60))
        .then(|| finding(start, start + len - trailing, 0.97, "secret.web_token"))
}

/// `xoxb-` and its like: numbers of the workspace, then the token.
fn slack(start: usize, token: &[u8]) -> Option<Finding> {
    let parts: &mut dyn Iterator<Item = &[u8]> = &mut token.split(|byte| *byte == b'-').skip(1);
    let (mut numbers, mut longest) = (0, 0);
    for part in parts.take(8) {
        numbers += usize::from(part.len() >= 8 && part.iter().all(u8::is_ascii_digit));
        if part.len() >= 16 && is_random(part) {
            longest = longest.max(part.len());
        }
    }
    ((numbers >= 1 && longest >= 16) || longest >= 100)
        .then(|| finding(start, start + token.len(), 0.97, "secret.prefix"))
}

/// An application's number, a bar and its secret.
fn facebook(bytes: &[u8], start: usize, bar: usize) -> Option<Finding> {
    let len = bytes[bar + 1..].iter().take(40).take_while(|byte| Word.has(**byte)).count();
    let body = &bytes[bar + 1..bar + 1 + len];
    ((26..=28).contains(&len) && is_random(body))
        .then(|| finding(start, bar + 1 + len, 0.95, "secret.prefix"))
}

/// Microsoft's client secrets: three signs, a digit, `Q~`, 31 to 34 signs.
fn azure(start: usize, token: &[u8], at: usize) -> Option<Finding> {
    let begin = at.checked_sub(4)?;
    let body = token.get(at + 2..)?;
    let is_token = token[at - 1].is_ascii_digit() && (31..=35).contains(&body.len()) && is_random(body);
    is_token.then(|| finding(start + begin, start + token.len(), 0.97, "secret.prefix"))
}
