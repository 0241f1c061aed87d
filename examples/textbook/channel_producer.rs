// SPDX-License-Identifier: MIT OR Apache-2.0
//! The producer of the figure once more, with what the figure leaves to its readers: a channel that says when there
//! is something to read, and when nothing follows.
//!
//! `cargo run -p cabotage --example channel_producer` and `cargo run -p cabotage --example channel_consumer`, in
//! either order. Like the figure's these two trust each other: the channel is plain named objects, as C and Python
//! see them.

use std::error::Error;

use cabotage::Deadline;
use cabotage::shm::Producer;

fn main() {
    if let Err(error) = produce() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn produce() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).unwrap_or("/OS-channel".into());
    let mut channel = Producer::create_trusting(&name)?;
    for message in ["Hello", "World!"] {
        channel.send(message.as_bytes(), Deadline::Never)?;
    }
    println!("2 records wait in {name} for the consumer");
    channel.close(); // The end of the stream; what was sent stays until it is consumed.
    Ok(())
}
