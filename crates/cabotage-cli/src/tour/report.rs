// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the tour tells: a welcome, each mechanism as it finishes, a table and what to try next; or JSON lines.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::journal::Step;
use super::page::Page;
use super::source::Source;
use super::visit::{Effort, Findings, Visit};
use crate::exit::Failure;
use crate::output::{self, Output, Style};

/// Tells the visitor what there is to see.
pub(crate) struct Guide<'a> {
    output: &'a Output,
    source: &'a Source,
}

/// One row of `--json`. What is unknown since the mechanism failed is `null`.
#[derive(Serialize)]
struct Row<'a> {
    mechanism: &'static str,
    ok: bool,
    bytes: Option<u64>,
    digest: Option<&'a str>,
    seconds: Option<f64>,
    gb_per_s: Option<f64>,
    rtt_p50_ns: Option<u64>,
    syscalls_per_message: Option<f64>,
    copies: u32,
    steps: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// Lines are broken before this column.
const COLUMNS: usize = 110;

impl<'a> Guide<'a> {
    pub(crate) fn new(output: &'a Output, source: &'a Source) -> Self {
        Self { output, source }
    }

    /// What is about to happen.
    pub(crate) fn welcome(&self, mechanisms: usize) -> Result<(), Failure> {
        if self.output.is_json() {
            return Ok(());
        }
        let file = self.output.paint(Style::Bold, self.source.path().display());
        let size = output::bytes(self.source.bytes());
        let ways = if mechanisms == 1 { "1 way".to_owned() } else { format!("{mechanisms} ways") };
        self.output.line(format_args!("{file} ({size}) goes from a parent process to its child, {ways}:\n"))
    }

    /// A bar for long work, where somebody looks.
    pub(crate) fn progress(&self, page: &Page, effort: Effort) -> ProgressBar {
        let total = self.source.bytes().min(effort.bytes_max);
        if !self.output.shows_progress() || total < LONG_BYTES {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(total).with_message(page.name);
        let style = ProgressStyle::with_template("{msg:15} {bar:40} {bytes} of {total_bytes}, {eta} left");
        style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
    }

    /// What came of a mechanism.
    pub(crate) fn tell(&self, visit: &Visit) -> Result<(), Failure> {
        if let Ok(found) = &visit.findings
            && found.bytes < self.source.bytes()
        {
            let (sent, all) = (output::bytes(found.bytes), output::bytes(self.source.bytes()));
            let name = visit.page.name;
            self.output.remark(format_args!("{name}: the first {sent} of {all} go; --thorough sends all"));
        }
        if self.output.is_json() {
            return self.output.record(&Row::of(visit));
        }
        let name = self.output.paint(Style::Bold, visit.page.name);
        match &visit.findings {
            Ok(found) => {
                let ok = self.output.paint(Style::Good, "ok");
                self.output.line(format_args!("{name:15} {ok}   {}", summary(visit.page, found)))?;
            }
            Err(failure) => {
                let failed = self.output.paint(Style::Bad, "FAILED");
                self.output.line(format_args!("{name:15} {failed}  {}", failure.words()))?;
            }
        }
        for line in wrapped(&steps(&visit.steps), COLUMNS - 2) {
            self.output.line(format_args!("  {line}"))?;
        }
        self.output.line(format_args!("  {}\n", self.output.paint(Style::Dim, &visit.page.answers)))
    }

    /// The table, and three things to do next.
    pub(crate) fn farewell(&self, visits: &[Visit], html: Option<&Path>) -> Result<(), Failure> {
        if self.output.is_json() {
            return Ok(());
        }
        let head = format!(
            "{:15} {:>9} {:>10} {:>10} {:>14} {:>7}",
            "mechanism", "bytes", "GB/s", "round trip", "syscalls/msg", "copies"
        );
        self.output.line(self.output.paint(Style::Bold, head))?;
        for visit in visits {
            self.output.line(table_row(visit))?;
        }
        self.output.line("")?;
        if let Some(path) = html {
            self.output.line(format_args!("The pictures are in {}.\n", path.display()))?;
        }
        self.output.line("Try next:")?;
        let program = program();
        for (before, after, why) in NEXT {
            let command = format!("{before}{program} {after}");
            self.output.line(format_args!("  {}", self.output.paint(Style::Bold, command)))?;
            self.output.line(format_args!("      {}", self.output.paint(Style::Dim, why)))?;
        }
        Ok(())
    }
}

/// From here on sending takes long enough to show a bar.
const LONG_BYTES: u64 = 64 << 20;

/// What to try next: what comes before the program's name, what comes after it, and why.
const NEXT: [(&str, &str, &str); 3] = [
    ("", "tour --html tour.html", "the same with pictures"),
    (
        "date | ",
        "send shm:/note",
        "leave a note in shared memory; `receive shm:/note` reads it, `rm` removes it",
    ),
    ("", "bench pipe fifo", "how close this comes to bare system calls"),
];

/// This program, as the visitor called it.
fn program() -> String {
    std::env::args_os().next().map_or_else(|| "cabotage".into(), |name| name.display().to_string())
}

impl<'a> Row<'a> {
    fn of(visit: &'a Visit) -> Self {
        let found = visit.findings.as_ref().ok();
        Self {
            mechanism: visit.page.name,
            ok: found.is_some(),
            bytes: found.map(|found| found.bytes),
            digest: found.map(|found| found.digest.as_str()),
            seconds: found.map(|found| found.seconds),
            gb_per_s: found.map(Findings::gb_per_s),
            rtt_p50_ns: found.map(|found| found.rtt_p50_ns),
            syscalls_per_message: found.map(|found| found.syscalls_per_message),
            copies: visit.page.copies,
            steps: visit.steps.iter().map(|step| format!("{} {step:#}", step.who)).collect(),
            error: visit.findings.as_ref().err().map(Failure::words),
        }
    }
}

/// `4.2 MB  1.9 GB/s  rtt 31 µs  2.0 syscalls/msg  2 copies   sha256 9f2c…`
fn summary(page: &Page, found: &Findings) -> String {
    format!(
        "{}  {}  rtt {}  {:.1} syscalls/msg  {}   sha256 {}…",
        output::bytes(found.bytes),
        output::gigabytes_per_second(found.gb_per_s()),
        output::nanoseconds(found.rtt_p50_ns),
        found.syscalls_per_message,
        copies(page.copies),
        &found.digest[..8],
    )
}

/// `no copies`, `1 copy`, `2 copies`.
pub(crate) fn copies(count: u32) -> String {
    match count {
        0 => "no copies".into(),
        1 => "1 copy".into(),
        count => format!("{count} copies"),
    }
}

fn table_row(visit: &Visit) -> String {
    let name = visit.page.name;
    let Ok(found) = &visit.findings else { return format!("{name:15} {:>9}", "FAILED") };
    format!(
        "{name:15} {:>9} {:>10.2} {:>10} {:>14.2} {:>7}",
        output::bytes(found.bytes),
        found.gb_per_s(),
        output::nanoseconds(found.rtt_p50_ns),
        found.syscalls_per_message,
        visit.page.copies,
    )
}

/// The steps as one text; each says who did it where that changes.
fn steps(steps: &[Step]) -> String {
    let mut last = None;
    let mut words = Vec::new();
    for step in steps {
        let is_other = last.replace(step.who) != Some(step.who);
        words.push(if is_other { format!("{} {step}", step.who) } else { step.to_string() });
    }
    words.join(" → ")
}

/// The text in lines of at most `columns`, broken at spaces.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_spaces() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("extraordinary", 7), ["extraordinary"]);
        assert_eq!(wrapped("", 7), [""; 0]);
    }
}
