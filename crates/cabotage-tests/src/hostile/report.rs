// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a victim tells of itself: which of its links have ended and why, what its peers are charged for, what it cost.
//!
//! As text, a line for each thing, since it goes from one process to another.

use std::fmt;

use cabotage_link::LinkError;
use cabotage_link::quota::Amounts;

/// How a link ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The peer's process; 0 if it never said HELLO.
    pub pid: i32,
    /// Whose doing it was.
    pub cause: Cause,
    /// The error's words.
    pub words: String,
}

/// Whose doing the end of a link was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The peer went: it closed, died or refused.
    Gone,
    /// The peer broke a rule.
    Fault,
    /// The victim refused it, and told it why.
    Refusing,
    /// The system refused the victim something.
    System,
}

const CAUSES: [(Cause, &str); 4] = [
    (Cause::Gone, "gone"),
    (Cause::Fault, "fault"),
    (Cause::Refusing, "refusing"),
    (Cause::System, "system"),
];

impl End {
    /// The end of a link of process `pid`.
    pub fn new(pid: i32, error: &LinkError) -> Self {
        let cause = match error {
            LinkError::Closed | LinkError::Died | LinkError::Refused(_) => Cause::Gone,
            LinkError::Fault(_) => Cause::Fault,
            LinkError::Refusing(_) => Cause::Refusing,
            _ => Cause::System,
        };
        Self { pid, cause, words: error.to_string() }
    }
}

/// See the [module](self).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The links that have ended since the last report.
    pub ends: Vec<End>,
    /// What all peers together are charged for.
    pub charged: Amounts,
    /// How many system calls of the library the thread of the set has made since it started.
    pub calls: u64,
    /// How much time of a processor it has used.
    pub processor_ns: u64,
    /// How many messages it has received.
    pub messages: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Amounts { links, bytes, descriptors } = self.charged;
        let Self { calls, processor_ns, messages, .. } = self;
        write!(f, "{links} {bytes} {descriptors} {calls} {processor_ns} {messages}")?;
        for End { pid, cause, words } in &self.ends {
            let cause = CAUSES.iter().find(|(known, _)| known == cause).map_or("", |(_, name)| name);
            write!(f, "\n{pid} {cause} {words}")?;
        }
        Ok(())
    }
}

impl Report {
    /// The same as [`Display`](fmt::Display) in one line.
    pub fn to_line(&self) -> String {
        self.to_string().replace('\n', "\t")
    }

    /// Reads what [`Report::to_line`] has written.
    pub fn of_line(line: &str) -> Option<Self> {
        Self::parse(&line.replace('\t', "\n"))
    }

    /// Reads what its [`Display`](fmt::Display) has written; `None` if it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let numbers: Vec<u64> = lines.next()?.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
        let &[links, bytes, descriptors, calls, processor_ns, messages] = &numbers[..] else { return None };
        let ends = lines.map(parse_end).collect::<Option<_>>()?;
        let charged = Amounts { links, bytes, descriptors };
        Some(Self { ends, charged, calls, processor_ns, messages })
    }
}

fn parse_end(line: &str) -> Option<End> {
    let mut parts = line.splitn(3, ' ');
    let pid = parts.next()?.parse().ok()?;
    let name = parts.next()?;
    let cause = CAUSES.iter().find(|(_, known)| *known == name)?.0;
    Some(End { pid, cause, words: parts.next()?.to_owned() })
}

/// How much time of a processor this thread has used.
pub fn processor_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_back_as_it_was() {
        let ends = vec![End::new(7, &LinkError::Died), End::new(0, &LinkError::Forked)];
        let charged = Amounts { links: 1, bytes: 2, descriptors: 3 };
        let report = Report { ends, charged, calls: 4, processor_ns: 5, messages: 6 };
        assert_eq!(Report::parse(&report.to_string()), Some(report.clone()));
        assert_eq!(Report::of_line(&report.to_line()), Some(report));
        assert_eq!(Report::parse("hello"), None);
    }
}
