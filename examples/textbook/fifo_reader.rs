// SPDX-License-Identifier: MIT OR Apache-2.0
//! The reader of a FIFO: makes it if it is not there, waits for a writer, prints what comes, removes the FIFO.
//!
//! `cargo run -p cabotage --example fifo_reader` and, in another terminal and in either order, `fifo_writer`.

use std::env;
use std::error::Error;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use cabotage::pipe::fifo::{self, Peer};

const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).map_or_else(|| env::temp_dir().join("OS-fifo"), PathBuf::from);
    let (fifo, _won) = fifo::Options::new().create_or_reuse(path)?;

    // open(2) would wait for a writer, for ever if none comes. Here that wait has an end.
    let mut reader = fifo.reader(Peer::within(PATIENCE))?;
    let mut message = String::new();
    reader.read_to_string(&mut message)?; // Until every writer has closed its end.
    println!("the reader read: {message}");

    fifo.remove()?; // The FIFO would outlive both programs.
    Ok(())
}
