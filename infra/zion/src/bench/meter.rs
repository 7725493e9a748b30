//! What each function worked and asked of S3, from one reading to the next.

use std::collections::BTreeMap;

use serde::Serialize;
use stage::usage::Usage;

use super::rounded;
use super::watch::Watch;
use crate::error::Result;
use crate::local::Stack;

/// One function's work between two readings.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Work {
    pub(super) cpu_seconds: f64,
    pub(super) put_requests: u64,
    pub(super) get_requests: u64,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
}

/// Reads processor time from the kernel and requests from the functions' own logs.
pub(super) struct Meter<'a> {
    stack: &'a Stack,
    watch: &'a Watch,
    last: BTreeMap<String, (f64, Usage)>,
}

impl<'a> Meter<'a> {
    pub(super) fn new(stack: &'a Stack, watch: &'a Watch) -> Self {
        Self { stack, watch, last: BTreeMap::new() }
    }

    /// Returns what all processes of a function have done since this was last asked.
    pub(super) async fn since_last(&mut self, function: &str) -> Result<Work> {
        let name = self.stack.function(function);
        let cpu = self.watch.peaks().get(&name).map_or(0.0, super::watch::Peak::cpu_seconds);
        let log = self.stack.log_group(&format!("/aws/lambda/{name}")).await?;
        let used = log.lines().filter_map(used).fold(Usage::default(), |sum, one| sum + one);
        let (cpu_before, before) = self.last.insert(function.to_owned(), (cpu, used)).unwrap_or_default();
        let used = used - before;
        Ok(Work {
            cpu_seconds: rounded(cpu - cpu_before),
            put_requests: used.put_requests,
            get_requests: used.get_requests,
            bytes_in: used.bytes_in,
            bytes_out: used.bytes_out,
        })
    }
}

/// Reads the line that closes an invocation.
fn used(line: &str) -> Option<Usage> {
    let field = |name: &str| {
        let value = line.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        value?.parse().ok()
    };
    line.contains("stage done").then_some(())?;
    Some(Usage {
        put_requests: field("s3.put_requests")?,
        get_requests: field("s3.get_requests")?,
        bytes_in: field("s3.bytes_in")?,
        bytes_out: field("s3.bytes_out")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_says_what_was_asked() {
        let line = " INFO Lambda runtime invoke{requestId=\"1\"}: stage done stage.name=\"scrub\" duration_ms=7 \
            s3.put_requests=5 s3.get_requests=2 s3.bytes_in=90 s3.bytes_out=40";
        let expected = Usage { put_requests: 5, get_requests: 2, bytes_in: 90, bytes_out: 40 };
        assert_eq!(used(line), Some(expected));
        assert_eq!(used("REPORT RequestId: 1 Duration: 7 ms"), None);
    }
}
