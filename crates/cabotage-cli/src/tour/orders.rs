// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the parent conducts the child: an order a line on its standard input, a report a line on its standard output.
//!
//! The two pipes also tell each process when the other has ended.

use std::io::{BufRead, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::journal::Step;
use super::peer::gone;
use crate::exit::Failure;

/// What the parent wants next.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// Take a window of the file. Reports `Ready`, then `Taken`.
    Take { bytes: usize },
    /// Tell the digest of all that was taken, and forget it. Reports `Digest`.
    Digest,
    /// Answer messages until the last one. Reports `Ready`, then `Echoed`.
    Echo,
    /// Tell your steps, and end. Reports `Finished`.
    Finish,
}

/// What the child has done.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Report {
    /// It has its end, and the name is gone.
    Joined,
    /// It waits at its end.
    Ready,
    Taken,
    Digest(String),
    /// With how many system calls.
    Echoed {
        calls: u64,
    },
    Finished(Vec<Step>),
    /// It cannot go on.
    Failed(String),
}

/// Sends an order or a report.
pub(crate) fn say(target: &mut impl Write, what: &impl Serialize) -> Result<(), Failure> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    // A single write, so that the other process never sees half a line.
    target.write_all(&line).and_then(|()| target.flush()).map_err(|_| gone())
}

/// Waits for the next order or report.
pub(crate) fn hear<T: DeserializeOwned>(source: &mut impl BufRead) -> Result<T, Failure> {
    let mut line = String::new();
    match source.read_line(&mut line)? {
        0 => Err(gone()),
        _ => Ok(serde_json::from_str(&line)?),
    }
}
