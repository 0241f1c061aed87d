// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tour as one page, complete in itself: no script, nothing fetched, light or dark as the reader likes.

mod picture;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::report::steps;
use super::source::Source;
use super::visit::{Findings, Visit};
use crate::exit::{Exit, Failure};
use crate::output;

/// Where the page goes.
#[derive(Debug)]
pub(crate) struct Target(PathBuf);

impl Target {
    /// Looks before the tour begins whether the page can be written at its end.
    pub(crate) fn check(path: &Path) -> Result<Self, Failure> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if path.is_dir() || path.file_name().is_none() || !parent.is_dir() {
            let words =
                format!("{} cannot be a page; name a file in a directory that exists", path.display());
            return Err(Failure::new(Exit::Usage, words));
        }
        Ok(Self(path.to_owned()))
    }

    /// Writes the page.
    pub(crate) fn write(&self, page: &str) -> Result<(), Failure> {
        fs::write(&self.0, page).map_err(|refusal| Failure::from(refusal).about(self.0.display()))
    }
}

/// The page: a table of figures, then each mechanism with its picture, its steps and the textbook's questions.
pub(crate) fn page(source: &Source, visits: &[Visit]) -> String {
    let file = escaped(&source.path().display().to_string());
    let bytes = output::bytes(source.bytes());
    let charts = charts(visits);
    let sections: String = visits.iter().map(section).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Cabotage: the tour</title>\n<style>{STYLE}</style>\n\
         <h1>A file between two processes</h1>\n\
         <p><code>{file}</code> ({bytes}) went from a parent process to its child by each mechanism in turn; \
         the child's SHA-256 was compared with the parent's.</p>\n{charts}{sections}</html>\n"
    )
}

fn section(visit: &Visit) -> String {
    let page = visit.page;
    let result = match &visit.findings {
        Ok(found) => format!(
            "<p class=\"ok\">{} · {} · round trip {} · {:.1} system calls a message · copies: {}<br>\
             <code>sha256 {}</code></p>",
            output::bytes(found.bytes),
            output::gigabytes_per_second(found.gb_per_s()),
            output::nanoseconds(found.rtt_p50_ns),
            found.syscalls_per_message,
            page.copies,
            found.digest,
        ),
        Err(failure) => format!("<p class=\"failed\">failed: {}</p>", escaped(failure.words())),
    };
    let questions =
        page.answers.questions().into_iter().fold(String::new(), |mut rows, (question, answer)| {
            let _ = write!(rows, "<tr><th>{question}<td>{}", escaped(&answer));
            rows
        });
    format!(
        "<section>\n<h2>{}</h2>\n{}\n{result}\n<p class=\"steps\">{}</p>\n<table>{questions}</table>\n</section>\n",
        page.title,
        picture::of(&page.picture),
        escaped(&steps(&visit.steps)),
    )
}

/// Throughput and round trip of those that succeeded, as bars.
fn charts(visits: &[Visit]) -> String {
    let found: Vec<(&str, &Findings)> =
        visits.iter().filter_map(|visit| Some((visit.page.name, visit.findings.as_ref().ok()?))).collect();
    let throughput: Vec<picture::Bar<'_>> = found
        .iter()
        .map(|(name, found)| (*name, found.gb_per_s(), output::gigabytes_per_second(found.gb_per_s())))
        .collect();
    let round_trip: Vec<picture::Bar<'_>> = found
        .iter()
        .map(|(name, found)| (*name, found.rtt_p50_ns as f64, output::nanoseconds(found.rtt_p50_ns)))
        .collect();
    format!(
        "<h2>Throughput</h2>\n{}<h2>Round trip of 64 bytes, median, on a logarithmic scale</h2>\n{}",
        picture::bars(&throughput, |value| value),
        picture::bars(&round_trip, |value| value.max(1.0).log10()),
    )
}

/// Text that means nothing to a browser.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1c2733; --faint: #66788a; --paper: #fbfaf7; --card: #ffffff; --line: #d4dae0;
  --sea: #1d6f8f; --cargo: #c9822b; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4eaf0; --faint: #93a4b5; --paper: #12181f; --card: #1a222b;
  --line: #2f3b47; --sea: #5fb4d6; --cargo: #e3a557; --bad: #f2877f; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 54rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.15rem; margin: 0 0 .6rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.2rem; margin: 1.5rem 0; }
code { font-size: .85em; overflow-wrap: anywhere; } .steps { color: var(--faint); font-size: .85rem; overflow-wrap: anywhere; }
.failed { color: var(--bad); } table { border-collapse: collapse; font-size: .9rem; }
th { text-align: left; font-weight: 500; color: var(--faint); padding: .15rem 1.2rem .15rem 0; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font: 14px system-ui, sans-serif; }
svg .faint { fill: var(--faint); font-size: 12px; } svg .box { fill: none; stroke: var(--ink); stroke-width: 1.5; }
svg .sea { fill: none; stroke: var(--sea); stroke-width: 2; } svg .cargo { stroke: var(--cargo); stroke-width: 2; fill: none; }
svg .head { fill: var(--cargo); } svg .bar { fill: var(--sea); }
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_not_become_markup() {
        assert_eq!(escaped("<a href=\"&\">"), "&lt;a href=&quot;&amp;&quot;&gt;");
    }
}
