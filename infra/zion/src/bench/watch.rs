//! Peaks of resident memory and processor time, as the kernel keeps them.
//!
//! The kernel's own high-water mark (`VmHWM`) is read again and again while the processes live: they are kept warm
//! over invocations, so the last value read is the peak over all of them. Code that is mapped from the binary counts,
//! as it does at AWS. Of the last moments before a process ends its processor time is missed as well.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;

/// A process that ends at its peak is missed by at most this.
const RHYTHM: Duration = Duration::from_millis(50);
const NAME: &str = "AWS_LAMBDA_FUNCTION_NAME=";

/// What is known of one process.
#[derive(Debug, Clone)]
struct Process {
    /// The function it runs; none for anything else in the group.
    function: Option<String>,
    peak: u64,
    ticks: u64,
}

/// One function's processes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Peak {
    /// The largest of them, in bytes.
    pub(super) bytes: u64,
    /// How many there were.
    pub(super) processes: u64,
    /// What all of them have worked, in the kernel's ticks.
    ticks: u64,
}

impl Peak {
    /// Processor time of all processes, in seconds.
    pub(super) fn cpu_seconds(&self) -> f64 {
        seconds(self.ticks)
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds for people")]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// Processor time of one process, in seconds; none of one that has gone.
pub(super) fn core_seconds(id: u32) -> f64 {
    seconds(stat(id).map_or(0, |stat| stat.ticks))
}

/// Watches a process group until it is dropped.
pub(super) struct Watch {
    group: u32,
    known: Arc<Mutex<BTreeMap<u32, Process>>>,
    task: JoinHandle<()>,
}

impl Watch {
    /// Begins to watch the group: the emulator and the functions it starts.
    pub(super) fn of(group: u32) -> Self {
        let known = Arc::new(Mutex::new(BTreeMap::new()));
        let seen = Arc::clone(&known);
        let task = tokio::spawn(async move {
            let mut turn = tokio::time::interval(RHYTHM);
            loop {
                turn.tick().await;
                look(group, &mut seen.lock().unwrap_or_else(PoisonError::into_inner));
            }
        });
        Self { group, known, task }
    }

    /// The peaks until now, by function as deployed.
    pub(super) fn peaks(&self) -> BTreeMap<String, Peak> {
        let mut peaks: BTreeMap<String, Peak> = BTreeMap::new();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        look(self.group, &mut known);
        for process in known.values() {
            let Some(function) = &process.function else { continue };
            let peak = peaks.entry(function.clone()).or_default();
            peak.bytes = peak.bytes.max(process.peak);
            peak.processes += 1;
            peak.ticks += process.ticks;
        }
        peaks
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn look(group: u32, known: &mut BTreeMap<u32, Process>) {
    let Ok(entries) = std::fs::read_dir("/proc") else { return };
    let processes = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    for (id, stat) in processes.filter_map(|id| Some((id, stat(id)?))).filter(|(_, stat)| stat.group == group)
    {
        let process = known.entry(id).or_insert(Process { function: None, peak: 0, ticks: 0 });
        if process.function.is_none() {
            process.function = function(id);
        }
        // Read after the name: between fork and exec a process has its parent's memory, and no name of a function.
        if process.function.is_some()
            && let Some(peak) = peak(id)
        {
            process.peak = process.peak.max(peak);
            process.ticks = process.ticks.max(stat.ticks);
        }
    }
}

/// A line of the kernel's table of processes.
struct Stat {
    group: u32,
    ticks: u64,
}

/// Reads the fields after the name, which may hold anything: proc(5), fields 5, 14 and 15.
fn stat(id: u32) -> Option<Stat> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at - 3)?.parse::<u64>().ok();
    Some(Stat { group: u32::try_from(number(5)?).ok()?, ticks: number(14)? + number(15)? })
}

fn function(id: u32) -> Option<String> {
    let environment = std::fs::read(format!("/proc/{id}/environ")).ok()?;
    let mut variables = environment.split(|byte| *byte == 0);
    let name = variables.find_map(|variable| variable.strip_prefix(NAME.as_bytes()))?;
    String::from_utf8(name.to_vec()).ok()
}

/// A process's high-water mark, in bytes; none when it has gone, or is no longer more than an entry in a table.
pub(super) fn peak(id: u32) -> Option<u64> {
    high_water(&std::fs::read_to_string(format!("/proc/{id}/status")).ok()?)
}

fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Bytes in the unit in which Lambda sells memory, which it calls MB.
#[expect(clippy::cast_precision_loss, reason = "a size for people; 52 bits are four petabytes")]
pub(super) fn mib(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_high_water_mark() {
        assert_eq!(high_water("Name:\tscrub\nVmPeak:\t  90 kB\nVmHWM:\t   12 kB\n"), Some(12 * 1024));
        assert_eq!(high_water("Name:\tgone\nState:\tZ (zombie)\n"), None);
    }

    #[test]
    fn this_process_has_a_peak_and_a_group_and_works() {
        let id = std::process::id();
        assert!(peak(id).is_some_and(|bytes| bytes > 0));
        let begun = stat(id).unwrap();
        assert!(begun.group > 0);
        let mut sum = 0_u64;
        while stat(id).unwrap().ticks == begun.ticks {
            sum = (0..100_000_u64).fold(sum, |sum, n| std::hint::black_box(sum ^ n));
        }
    }
}
