// SPDX-License-Identifier: MIT OR Apache-2.0
//! The writer of a FIFO: makes it if it is not there, waits for a reader, writes to it.
//!
//! `cargo run -p cabotage --example fifo_writer` and, in another terminal and in either order, `fifo_reader`.

use std::env;
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use cabotage::pipe::fifo::{self, Peer};

const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).map_or_else(|| env::temp_dir().join("OS-fifo"), PathBuf::from);
    let (fifo, _won) = fifo::Options::new().create_or_reuse(path)?;

    let mut writer = fifo.writer(Peer::within(PATIENCE))?;
    writer.write_all(b"Greetings")?;
    println!("the writer wrote 9 bytes");
    Ok(()) // The end closes with the program, and the reader reads the end of file.
}
