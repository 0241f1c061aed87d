// SPDX-License-Identifier: MIT OR Apache-2.0
//! After the last writer has left, a FIFO is "ready" for ever: a loop written for sockets takes a whole processor.
//!
//! `cargo run -p cabotage --example fifo_end_of_file`

use std::env;
use std::error::Error;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Duration;

use cabotage::Deadline;
use cabotage::os::poll::{self, Readiness};
use cabotage::pipe::ReadEnd;
use cabotage::pipe::fifo::{self, Peer, Reader};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).map_or_else(|| env::temp_dir().join("OS-eof"), PathBuf::from);
    let fifo = fifo::create(path)?;
    let reader = fifo.reader(Peer::Any)?;

    drop(fifo.writer(Peer::Required)?); // A writer comes, and leaves.
    for round in 1..=3 {
        println!(
            "round {round}: ready is {}, read gives {} bytes",
            is_ready(&reader)?,
            reader.try_read(&mut [0; 64])?
        );
    }

    let _keeper = fifo.writer(Peer::Required)?; // The remedy: a write end of our own, which never writes.
    println!("with a write end of our own, ready is {}: the loop can sleep", is_ready(&reader)?);
    Ok(fifo.remove()?)
}

fn is_ready(reader: &Reader) -> Result<bool, Box<dyn Error>> {
    let [readiness] =
        poll::wait([(reader.as_fd(), Readiness::IN)], Deadline::within(Duration::from_millis(100)))?;
    Ok(!readiness.is_empty())
}
