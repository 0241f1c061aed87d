// SPDX-License-Identifier: MIT OR Apache-2.0
//! The consumer of the figure once more: waits for its producer, prints each record as it comes, sees the end of the
//! stream, and removes the objects, as the figure's does.
//!
//! `cargo run -p cabotage --example channel_producer` and `cargo run -p cabotage --example channel_consumer`, in
//! either order.

use std::error::Error;

use cabotage::Deadline;
use cabotage::shm::{Consumer, Name, ReceiveError};

fn main() {
    if let Err(error) = consume() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn consume() -> Result<(), Box<dyn Error>> {
    let name = Name::parse(std::env::args().nth(1).unwrap_or("/OS-channel".into()))?;
    let mut channel = Consumer::options().until_there(Deadline::Never).open_trusting(&name)?;
    loop {
        match channel.receive(Deadline::Never) {
            Ok(record) => println!("{}", String::from_utf8_lossy(&record.to_vec())), // Dropped: consumed.
            Err(ReceiveError::Closed) => break,
            Err(error) => return Err(error.into()), // Such as: the producer has died without closing its end.
        }
    }
    channel.remove()?;
    println!("{name} is removed");
    Ok(())
}
