// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes on their way: where they come from and go to here, counted, with progress where a person looks.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::output::{self, Output};

/// How many bytes a verb moves at a time.
pub(crate) const CHUNK_BYTES: usize = 1 << 20;

/// The file to send, or standard input, with its size if it tells one.
pub(crate) fn source(path: Option<&Path>) -> Result<(File, Option<u64>), Failure> {
    let file = match path {
        Some(path) => File::open(path).map_err(|refusal| named(refusal, path))?,
        None => io::stdin().as_fd().try_clone_to_owned()?.into(),
    };
    let facts = file.metadata()?;
    if facts.is_dir() {
        return Err(Failure::usage("a directory cannot be sent: name a file, or pack it first (tar)"));
    }
    Ok((file, facts.is_file().then_some(facts.len())))
}

/// The file to write, made anew, or standard output.
pub(crate) fn target(path: Option<&Path>) -> Result<Target, Failure> {
    match path {
        Some(path) => Ok(Target::File(File::create(path).map_err(|refusal| named(refusal, path))?)),
        None => Ok(Target::Output(io::stdout().as_fd().try_clone_to_owned()?.into())),
    }
}

/// Refuses to mix received bytes with the records of `--json`.
pub(crate) fn refuse_bytes_among_records(output: &Output, path: Option<&Path>) -> Result<(), Failure> {
    if output.is_json() && path.is_none() {
        return Err(Failure::usage(
            "with --json, standard output is for the record: add --output FILE for the bytes",
        ));
    }
    Ok(())
}

/// Where received bytes go.
#[derive(Debug)]
pub(crate) enum Target {
    File(File),
    /// Standard output, unbuffered.
    Output(File),
}

impl Target {
    /// Writes all of it.
    ///
    /// # Errors
    /// A quiet one when the reader of our standard output has left.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::File(file) => Ok(file.write_all(bytes)?),
            Self::Output(file) => file.write_all(bytes).map_err(|refusal| match refusal.kind() {
                ErrorKind::BrokenPipe => Failure::reader_left(),
                _ => refusal.into(),
            }),
        }
    }
}

/// Reads what comes next; nothing at the end of the source.
fn next<'a>(source: &mut File, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    loop {
        match source.read(buffer) {
            Ok(bytes) => return Ok(&buffer[..bytes]),
            Err(refusal) if refusal.kind() == ErrorKind::Interrupted => {}
            Err(refusal) => return Err(refusal),
        }
    }
}

/// As it comes: what one read gives, `send` sends at once, told how much went before.
pub(crate) fn pass_on(
    source: &mut File,
    chunk_bytes: usize,
    meter: &mut Meter,
    mut send: impl FnMut(&[u8], u64) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut buffer = vec![0; chunk_bytes.min(CHUNK_BYTES)];
    loop {
        let chunk = next(source, &mut buffer)?;
        if chunk.is_empty() {
            return Ok(());
        }
        send(chunk, meter.bytes())?;
        meter.add(chunk.len());
    }
}

/// Nobody came for what was to be sent there.
pub(crate) fn nobody_came(address: impl fmt::Display) -> Failure {
    Failure::new(Exit::TimedOut, format!("nobody came to receive from {address} before the time was up"))
}

/// Nobody sent what was to be received there.
pub(crate) fn nobody_sent(address: impl fmt::Display) -> Failure {
    Failure::new(Exit::TimedOut, format!("nobody sent to {address} before the time was up"))
}

/// Whoever was sending has died.
pub(crate) fn half(who: &str, address: impl fmt::Display, meter: &Meter) -> Failure {
    let bytes = meter.bytes();
    let words = format!("the {who} {address} died before the end of its stream; {bytes} bytes had come");
    Failure::new(Exit::PeerGone, words)
}

/// Reads until the buffer is full or the source ends; answers what came.
pub(crate) fn fill<'a>(source: &mut File, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let mut got = 0;
    while got < buffer.len() {
        match next(source, &mut buffer[got..])?.len() {
            0 => break,
            bytes => got += bytes,
        }
    }
    Ok(&buffer[..got])
}

fn named(refusal: io::Error, path: &Path) -> Failure {
    Failure::from(refusal).about(path.display())
}

/// Writes a message of so many bytes, which `copy_from` copies piece by piece from an offset on, and counts it.
pub(crate) fn copy_out(
    bytes: usize,
    copy_from: impl Fn(usize, &mut [u8]) -> usize,
    buffer: &mut [u8],
    target: &mut Target,
    meter: &mut Meter,
) -> Result<(), Failure> {
    let mut at = 0;
    while at < bytes {
        let copied = copy_from(at, buffer);
        target.write(&buffer[..copied])?;
        meter.add(copied);
        at += copied;
    }
    Ok(())
}

/// The bytes of one transfer, counted.
#[derive(Debug)]
pub(crate) struct Meter {
    bytes: u64,
    start: Instant,
    bar: ProgressBar,
}

impl Meter {
    /// Starts to count; shows progress if `output` has someone to show it to.
    pub(crate) fn start(output: &Output, total_bytes: Option<u64>) -> Self {
        let bar = match (output.shows_progress(), total_bytes) {
            (false, _) => ProgressBar::hidden(),
            (true, Some(total)) => ProgressBar::new(total).with_style(style(KNOWN)),
            (true, None) => ProgressBar::new_spinner().with_style(style(UNKNOWN)),
        };
        Self { bytes: 0, start: Instant::now(), bar }
    }

    /// So many bytes more.
    pub(crate) fn add(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.bar.set_position(self.bytes);
    }

    /// How many there were until now.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Ends the count and tells a program, or a person who saw the progress, what moved.
    pub(crate) fn finish(
        self,
        verb: &'static str,
        address: String,
        output: &Output,
    ) -> Result<Exit, Failure> {
        self.bar.finish_and_clear();
        let took = self.start.elapsed();
        if output.is_json() {
            output.record(&Moved { verb, address, bytes: self.bytes, seconds: took.as_secs_f64() })?;
        } else if output.shows_progress() {
            output.remark(format_args!("{}, {}", output::bytes(self.bytes), rate(self.bytes, took)));
        }
        Ok(Exit::Done)
    }
}

/// What `--json` says of a transfer.
#[derive(Debug, Serialize)]
struct Moved {
    verb: &'static str,
    address: String,
    bytes: u64,
    seconds: f64,
}

fn rate(bytes: u64, took: Duration) -> String {
    output::gigabytes_per_second(bytes as f64 / 1e9 / took.as_secs_f64().max(1e-9))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

const KNOWN: &str = "{bar:32} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";
const UNKNOWN: &str = "{spinner} {decimal_bytes}, {decimal_bytes_per_sec}, {elapsed}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_templates_are_understood() {
        for template in [KNOWN, UNKNOWN] {
            ProgressStyle::with_template(template).unwrap();
        }
    }
}
