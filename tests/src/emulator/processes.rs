//! The emulator's function processes.

use std::collections::BTreeMap;

use rustix::process::{Pid, Signal, kill_process};

use super::world::World;

/// What `/proc/{pid}/stat` says of a process.
struct Stat {
    state: char,
    group: u32,
    /// Hundredths of a second on a processor.
    ticks: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name is in parentheses and may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some(Stat {
        state: fields.first()?.chars().next()?,
        group: fields.get(2)?.parse().ok()?,
        ticks: fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?,
    })
}

/// Processor time so far of each process of a function, by process.
pub(crate) fn of(w: &World, function: &str) -> BTreeMap<u32, u64> {
    let group = w.stack.emulator().child().id();
    let name = format!("AWS_LAMBDA_FUNCTION_NAME={}", w.stack.function(function));
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let ours = |pid: u32| {
        let stat = stat(pid).filter(|stat| stat.group == group && stat.state != 'Z')?;
        let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
        environment
            .split(|byte| *byte == 0)
            .any(|entry| entry == name.as_bytes())
            .then_some((pid, stat.ticks))
    };
    pids.filter_map(ours).collect()
}

/// The process of a function that has worked most since `before`, and for how many hundredths of a second.
pub(crate) fn busiest(w: &World, function: &str, before: &BTreeMap<u32, u64>) -> Option<(u32, u64)> {
    let worked = |(pid, ticks): (u32, u64)| (pid, ticks - before.get(&pid).copied().unwrap_or(0).min(ticks));
    of(w, function).into_iter().map(worked).max_by_key(|(_, ticks)| *ticks)
}

pub(crate) fn freeze(pid: u32) {
    signal(pid, Signal::STOP);
}

/// Kills a process and waits until it is gone.
pub(crate) async fn kill(pid: u32) {
    signal(pid, Signal::KILL);
    let mut turn = tokio::time::interval(std::time::Duration::from_millis(5));
    for _ in 0..400 {
        turn.tick().await;
        if stat(pid).is_none_or(|stat| stat.state == 'Z') {
            return;
        }
    }
    panic!("process {pid} survives kill -9");
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
}
