// SPDX-License-Identifier: MIT OR Apache-2.0
//! "0666 lets everybody in": the mode that a figure gives to `shm_open` first passes the umask.
//!
//! `cargo run -p cabotage --example shm_mode`

use std::error::Error;

use cabotage::shm::{Name, Object};

fn main() -> Result<(), Box<dyn Error>> {
    let name = Name::parse(std::env::args().nth(1).as_deref().unwrap_or("/OS-mode"))?;

    let object = Object::options().mode(0o666).create(&name, 4096)?;
    println!("asked for 0666, got {:04o}: the umask of this process took the rest", object.stat()?.mode);
    object.unlink_if_mine()?;

    let object = Object::options().mode(0o666).exact_mode().create(&name, 4096)?;
    println!("asked for exactly 0666, got {:04o}", object.stat()?.mode);
    object.unlink_if_mine()?;
    Ok(())
}
