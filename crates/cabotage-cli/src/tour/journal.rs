// SPDX-License-Identifier: MIT OR Apache-2.0
//! What really happened: the steps of one process, each with the system calls that it made.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use cabotage::os::seam;
use serde::{Deserialize, Serialize};

/// One of the two processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Who {
    Parent,
    Child,
}

/// Something that one process did, once or several times.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) who: Who,
    /// In the textbook's words.
    pub(crate) what: String,
    pub(crate) times: u64,
    /// The system calls it took, all times together, in the order of their first coming.
    pub(crate) calls: Vec<(String, u64)>,
    /// When it first began, on the clock that both processes see; only the order matters.
    began_ns: u64,
}

/// The steps of one process so far.
#[derive(Debug)]
pub(crate) struct Journal {
    who: Who,
    steps: Vec<Step>,
}

impl Journal {
    /// An empty one.
    pub(crate) fn of(who: Who) -> Self {
        Self { who, steps: Vec::new() }
    }

    /// Does a step and records the system calls it makes; a step done before is counted with the first time.
    pub(crate) fn step<T>(&mut self, what: impl Into<String>, act: impl FnOnce() -> T) -> T {
        let began_ns = now_ns();
        let trace = seam::trace();
        let answer = act();
        self.record(what.into(), began_ns, trace.finish());
        answer
    }

    fn record(&mut self, what: String, began_ns: u64, calls: Vec<(&'static str, u64)>) {
        let at = self.steps.iter().position(|step| step.what == what).unwrap_or_else(|| {
            self.steps.push(Step { who: self.who, what, times: 0, calls: Vec::new(), began_ns });
            self.steps.len() - 1
        });
        let step = &mut self.steps[at];
        step.times += 1;
        for (name, times) in calls {
            match step.calls.iter_mut().find(|(known, _)| known == name) {
                Some((_, sum)) => *sum += times,
                None => step.calls.push((name.into(), times)),
            }
        }
    }

    /// The steps, in order.
    pub(crate) fn into_steps(self) -> Vec<Step> {
        self.steps
    }
}

/// The steps of both processes in the order in which they began.
pub(crate) fn merged(mut parent: Vec<Step>, child: Vec<Step>) -> Vec<Step> {
    parent.extend(child);
    parent.sort_by_key(|step| step.began_ns);
    parent
}

/// Wall time, since that is what two processes have in common in std; a clock that is set meanwhile could only
/// show two steps in the wrong order.
fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

impl fmt::Display for Step {
    /// `write ×65`, or `create /x (openat, fallocate, linkat)`; the alternate form names all calls however many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.calls[..] {
            [] => f.write_str(&times(self.times)),
            [(name, count)] if self.what.split(' ').next() == Some(name) => f.write_str(&times(*count)),
            calls if calls.len() > 5 && !f.alternate() => {
                write!(f, " ({} calls)", calls.iter().map(|(_, count)| count).sum::<u64>())
            }
            calls => {
                let calls: Vec<String> =
                    calls.iter().map(|(name, count)| format!("{name}{}", times(*count))).collect();
                write!(f, " ({})", calls.join(", "))
            }
        }
    }
}

fn times(count: u64) -> String {
    if count == 1 { String::new() } else { format!(" ×{count}") }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parent => "parent",
            Self::Child => "child",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &'static str) {
        seam::call(name, || Ok(())).unwrap();
    }

    fn shown(journal: Journal) -> Vec<String> {
        journal.into_steps().iter().map(Step::to_string).collect()
    }

    #[test]
    fn a_step_shows_the_calls_it_made() {
        let mut journal = Journal::of(Who::Parent);
        journal.step("create /x", || ["openat", "linkat"].map(call));
        journal.step("copy out", || ());
        assert_eq!(shown(journal), ["create /x (openat, linkat)", "copy out"]);
    }

    #[test]
    fn a_step_done_again_is_counted_with_the_first() {
        let mut journal = Journal::of(Who::Child);
        for _ in 0..2 {
            journal.step("read", || [call("read"), call("read")]);
            journal.step("hash", || ());
        }
        assert_eq!(shown(journal), ["read ×4", "hash ×2"]);
    }

    #[test]
    fn steps_of_both_processes_stand_in_the_order_of_their_beginning() {
        let (mut parent, mut child) = (Journal::of(Who::Parent), Journal::of(Who::Child));
        parent.step("create", || ());
        child.step("open", || ());
        parent.step("write", || ());
        let merged = merged(parent.into_steps(), child.into_steps());
        assert!(merged.iter().map(|step| &step.what).eq(["create", "open", "write"]));
    }
}
