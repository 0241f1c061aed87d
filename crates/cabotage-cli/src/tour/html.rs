// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tour as one page, complete in itself: no script, no font, no picture from elsewhere; readable by day and night.

mod chart;
mod picture;

use std::fmt::{self, Write};
use std::fs;
use std::path::{Path, PathBuf};

use self::chart::Bar;
use super::journal::Step;
use super::report::copies;
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

/// The whole page.
pub(crate) fn page(source: &Source, visits: &[Visit]) -> String {
    let file = Escaped(source.path().display());
    let size = output::bytes(source.bytes());
    let charts = charts(visits);
    let sections: String = visits.iter().map(section).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Cabotage: the tour</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>Cabotage: the tour</h1>\n\
         <p class=\"lead\"><code>{file}</code> ({size}) went from a parent process to its child, by each of these \
         mechanisms. The child told the SHA-256 of what it received; “ok” means that it was the right one.</p>\n\
         {charts}{sections}\
         <p class=\"foot\">Made by <code>cabotage tour --html</code>. Throughput runs from the moment both processes \
         are ready until the child has the bytes; the round trip is the median of 64-byte messages to and fro.</p>\n\
         </main>\n</body>\n</html>\n"
    )
}

fn charts(visits: &[Visit]) -> String {
    let bars = |figure: fn(&Findings) -> (f64, String)| -> Vec<Bar> {
        let found = visits.iter().filter_map(|visit| Some((visit.page, visit.findings.as_ref().ok()?)));
        found
            .map(|(page, found)| {
                let (value, label) = figure(found);
                Bar { name: page.name, value, label }
            })
            .collect()
    };
    let throughput = bars(|found| (found.gb_per_s(), output::gigabytes_per_second(found.gb_per_s())));
    let trips = bars(|found| (found.rtt_p50_ns as f64, output::nanoseconds(found.rtt_p50_ns)));
    format!(
        "<div class=\"charts\">\n<figure><figcaption>Throughput: longer is better</figcaption>\n{}</figure>\n\
         <figure><figcaption>Round trip: shorter is better; each line is ten times the one before</figcaption>\n\
         {}</figure>\n</div>\n",
        chart::linear(&throughput),
        chart::logarithmic(&trips),
    )
}

fn section(visit: &Visit) -> String {
    let (state, figures) = match &visit.findings {
        Ok(found) => ("<span class=\"ok\">ok</span>", figures(visit, found)),
        Err(failure) => (
            "<span class=\"failed\">failed</span>",
            format!("<p class=\"failed\">{}</p>\n", Escaped(failure.words())),
        ),
    };
    let page = visit.page;
    let mut answers = String::new();
    for (question, answer) in page.answers.questions() {
        let _ = writeln!(answers, "<div><dt>{question}</dt><dd>{answer}</dd></div>");
    }
    format!(
        "<section id=\"{name}\">\n<h2>{title} {state}</h2>\n{picture}{figures}\
         <h3>What happened</h3>\n<ol>\n{steps}</ol>\n<h3>The textbook asks</h3>\n<dl>\n{answers}</dl>\n</section>\n",
        name = page.name,
        title = page.title,
        picture = picture::draw(page),
        steps = visit.steps.iter().map(step).collect::<String>(),
    )
}

fn figures(visit: &Visit, found: &Findings) -> String {
    format!(
        "<p class=\"figures\"><b>{}</b> at <b>{}</b> · round trip <b>{}</b> · <b>{:.2}</b> system calls a message · \
         <b>{}</b><br>\nSHA-256 <code>{}</code></p>\n",
        output::bytes(found.bytes),
        output::gigabytes_per_second(found.gb_per_s()),
        output::nanoseconds(found.rtt_p50_ns),
        found.syscalls_per_message,
        copies(visit.page.copies),
        found.digest,
    )
}

fn step(step: &Step) -> String {
    format!("<li class=\"{who}\"><b>{who}</b> {}</li>\n", Escaped(step), who = step.who)
}

/// Text that stands in the page as it is, whatever characters it has.
struct Escaped<T>(T);

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_string().chars().try_for_each(|character| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            other => f.write_char(other),
        })
    }
}

const STYLE: &str = include_str!("html/style.css");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_break_out_of_the_page() {
        assert_eq!(Escaped("<a href=\"x\">&").to_string(), "&lt;a href=&quot;x&quot;&gt;&amp;");
    }

    #[test]
    fn a_page_needs_a_directory_that_exists() {
        assert_eq!(Target::check(Path::new("/missing/page.html")).unwrap_err().exit(), Exit::Usage);
        assert_eq!(Target::check(Path::new("/tmp")).unwrap_err().exit(), Exit::Usage);
        assert!(Target::check(Path::new("page.html")).is_ok());
    }
}
