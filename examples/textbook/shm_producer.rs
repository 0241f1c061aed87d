// SPDX-License-Identifier: MIT OR Apache-2.0
//! The producer of the figure: creates a shared memory object, maps it, and writes two strings into it.
//!
//! `cargo run -p cabotage --example shm_producer`, then `cargo run -p cabotage --example shm_consumer`.
//! The figure calls `shm_open`, `ftruncate` and `mmap`. Here the first two are one step, so that no consumer ever
//! finds the name without its 4096 bytes.

use std::error::Error;

use cabotage::shm::{Name, Object};

const BYTES: usize = 4096;

fn main() {
    if let Err(error) = produce() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn produce() -> Result<(), Box<dyn Error>> {
    let name = Name::parse(std::env::args().nth(1).as_deref().unwrap_or("/OS"))?;
    let object = Object::create(&name, BYTES)?;
    let memory = object.map()?;

    let mut at = 0;
    for message in ["Hello", "World!"] {
        memory.copy_from(at, message.as_bytes())?;
        at += message.len();
    }

    println!("{at} bytes wait in {name} for the consumer");
    Ok(()) // The map and the descriptor go with this process; the object stays until it is unlinked.
}
