// SPDX-License-Identifier: MIT OR Apache-2.0
//! The consumer of the figure: opens the object by its name, maps it read-only, prints it, and unlinks it.
//!
//! `cargo run -p cabotage --example shm_producer`, then `cargo run -p cabotage --example shm_consumer`.
//! The figure prints straight from the shared memory. Here the bytes are copied out first, once: what another
//! process may still write is no string yet.

use std::error::Error;

use cabotage::shm::{Name, Object};

fn main() {
    if let Err(error) = consume() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn consume() -> Result<(), Box<dyn Error>> {
    let name = Name::parse(std::env::args().nth(1).as_deref().unwrap_or("/OS"))?;
    let object = Object::open_read_only(&name)?;
    let memory = object.map_read_only()?;

    let mut copy = vec![0; memory.bytes()];
    memory.copy_to(0, &mut copy)?;
    let text = copy.split(|&byte| byte == 0).next().unwrap_or_default(); // C's strings end at the first zero
    println!("{}", String::from_utf8_lossy(text));

    object.unlink_if_mine()?;
    Ok(())
}
