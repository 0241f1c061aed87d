// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shape of the machine, without which no figure means anything.

use std::fmt;
use std::fs;

use cabotage::os::SystemError;
use cabotage::os::processor;

use super::clock;

/// What matters of this machine for a measurement between two processes.
#[derive(Debug)]
pub(crate) struct Machine {
    model: String,
    kernel: String,
    governor: Option<String>,
    /// Processors that this process may use.
    processors: usize,
    /// Where the two ends of a measurement run, if there are two processors.
    pub(crate) pair: Option<Pair>,
    clock_ns: u32,
}

/// The processors of the two ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) near: usize,
    pub(crate) far: usize,
    /// Whether they are two threads of one core.
    pub(crate) are_siblings: bool,
}

impl Machine {
    /// Looks at this machine and chooses a processor for each end.
    pub(crate) fn look() -> Result<Self, SystemError> {
        let allowed = processor::allowed()?;
        let pair = choose(&allowed, siblings_of);
        Ok(Self {
            model: model().unwrap_or_else(|| "unknown processor".into()),
            kernel: line("/proc/sys/kernel/osrelease").unwrap_or_else(|| "?".into()),
            governor: pair.and_then(|pair| governor_of(pair.near)),
            processors: allowed.len(),
            pair,
            clock_ns: clock::cost_ns(),
        })
    }

    /// What makes every figure from this machine doubtful, if something does.
    pub(crate) fn doubt(&self) -> Option<&'static str> {
        match self.pair {
            None => Some(
                "only one processor may be used here: both ends take turns on it, so spinning figures mean \
                 nothing and the others little",
            ),
            Some(Pair { are_siblings: true, .. }) => {
                Some("both processors are threads of one core: they share its caches, other pairs are slower")
            }
            Some(_) => None,
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} · {} processors", self.model, self.processors)?;
        if let Some(Pair { near, far, .. }) = self.pair {
            write!(f, " (using {near} and {far})")?;
        }
        let governor = self.governor.as_deref().unwrap_or("not told");
        write!(f, " · Linux {} · governor {governor} · clock look {} ns", self.kernel, self.clock_ns)
    }
}

/// The first processor and the last that is not its sibling; siblings when there is nothing else.
fn choose(allowed: &[usize], siblings_of: impl Fn(usize) -> Vec<usize>) -> Option<Pair> {
    let (&near, others) = allowed.split_first()?;
    let siblings = siblings_of(near);
    let stranger = others.iter().rev().find(|other| !siblings.contains(other));
    let &far = stranger.or(others.last())?;
    Some(Pair { near, far, are_siblings: stranger.is_none() })
}

fn siblings_of(processor: usize) -> Vec<usize> {
    let path = format!("/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list");
    line(&path).map(|list| numbers(&list)).unwrap_or_default()
}

/// The numbers of a kernel list such as `0,4-6`.
fn numbers(list: &str) -> Vec<usize> {
    let ranges = list.split(',').filter_map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse().ok()?..=last.trim().parse().ok()?)
    });
    ranges.flatten().collect()
}

fn governor_of(processor: usize) -> Option<String> {
    line(&format!("/sys/devices/system/cpu/cpu{processor}/cpufreq/scaling_governor"))
}

/// The processor's name; on aarch64 the kernel tells only numbers.
fn model() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let field = |wanted: &str| {
        let pairs = text.lines().filter_map(|line| line.split_once(':'));
        pairs.into_iter().find(|(key, _)| key.trim() == wanted).map(|(_, value)| value.trim().to_owned())
    };
    field("model name").or_else(|| field("CPU part").map(|part| format!("aarch64 part {part}")))
}

fn line(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_cores_are_preferred_to_two_threads_of_one() {
        let siblings = |_| vec![0, 3];
        let pair = choose(&[0, 1, 2, 3], siblings).unwrap();
        assert_eq!((pair.near, pair.far, pair.are_siblings), (0, 2, false));
        let pair = choose(&[0, 3], siblings).unwrap();
        assert_eq!((pair.near, pair.far, pair.are_siblings), (0, 3, true));
    }

    #[test]
    fn one_processor_is_no_pair() {
        assert_eq!(choose(&[5], |_| vec![5]), None);
    }

    #[test]
    fn kernel_lists_may_hold_ranges() {
        assert_eq!(numbers("0,4-6\n"), [0, 4, 5, 6]);
        assert_eq!(numbers(""), [0; 0]);
    }
}
