// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the command says: lines for people with colours where a terminal shows them, JSON lines for programs.
//!
//! Output whose reader has left (`cabotage … | head`) is an ordinary, quiet end and never a panic.

mod numbers;

use std::fmt::{self, Display};
use std::io::{self, ErrorKind, IsTerminal, Write};

pub(crate) use numbers::{bytes, gigabytes_per_second, nanoseconds};
use serde::Serialize;

use crate::exit::Failure;

/// Standard output and standard error, as this run wants them.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    colours: bool,
    colours_of_errors: bool,
}

/// How a word stands out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Style {
    /// The thing spoken of.
    Bold,
    /// Beside the point.
    Dim,
    /// It went well.
    Good,
    /// It did not.
    Bad,
}

impl Output {
    /// Colours are for terminals, and off when `NO_COLOR` is set (no-color.org) or `TERM` is `dumb`.
    pub(crate) fn new(json: bool) -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let wanted = !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self {
            json,
            colours: wanted && io::stdout().is_terminal(),
            colours_of_errors: wanted && io::stderr().is_terminal(),
        }
    }

    /// Whether a program reads, not a person.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether progress can be shown: a person looks at standard error.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.json && io::stderr().is_terminal()
    }

    /// Says a line.
    pub(crate) fn line(&self, text: impl Display) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        told(writeln!(out, "{text}").and_then(|()| out.flush()))
    }

    /// Writes bytes as they are.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        told(out.write_all(bytes).and_then(|()| out.flush()))
    }

    /// Says one JSON object, on a line of its own.
    pub(crate) fn record(&self, record: &impl Serialize) -> Result<(), Failure> {
        self.line(serde_json::to_string(record)?)
    }

    /// Tells a person something beside the output proper: on standard error.
    pub(crate) fn remark(&self, text: impl Display) {
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Tells on standard error why the command failed; a failure without words is a quiet one.
    pub(crate) fn complain(&self, failure: &Failure) {
        if !failure.words().is_empty() {
            self.remark(format_args!("{} {}", self.error_word(), failure.words()));
        }
    }

    fn error_word(&self) -> Painted<&'static str> {
        Painted { text: "cabotage:", style: self.colours_of_errors.then_some(Style::Bad) }
    }

    /// The text in a style, where colours are shown.
    pub(crate) fn paint<T: Display>(&self, style: Style, text: T) -> Painted<T> {
        Painted { text, style: self.colours.then_some(style) }
    }
}

fn told(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome {
        Err(refusal) if refusal.kind() == ErrorKind::BrokenPipe => Err(Failure::reader_left()),
        outcome => outcome.map_err(|refusal| Failure::from(refusal).about("standard output")),
    }
}

/// Text in a style; see [`Output::paint`]. Widths and paddings hold for the text alone.
#[derive(Debug)]
pub(crate) struct Painted<T> {
    text: T,
    style: Option<Style>,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(style) = self.style else { return self.text.fmt(f) };
        f.write_str(match style {
            Style::Bold => "\x1b[1m",
            Style::Dim => "\x1b[2m",
            Style::Good => "\x1b[32m",
            Style::Bad => "\x1b[31m",
        })?;
        self.text.fmt(f)?;
        f.write_str("\x1b[0m")
    }
}
