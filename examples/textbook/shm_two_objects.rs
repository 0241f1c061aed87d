// SPDX-License-Identifier: MIT OR Apache-2.0
//! "`shm_unlink` deletes the shared memory": it deletes the name, and then two objects can have had the same one.
//!
//! `cargo run -p cabotage --example shm_two_objects`

use std::error::Error;

use cabotage::shm::{self, Name, Object};

fn main() -> Result<(), Box<dyn Error>> {
    let name = Name::parse(std::env::args().nth(1).as_deref().unwrap_or("/OS-twice"))?;

    let old = Object::create(&name, 4096)?;
    let old_memory = old.map()?;
    old_memory.copy_from(0, b"old")?;

    shm::unlink(&name)?; // As a program does that starts anew and cleans up after its former self…
    let new = Object::create(&name, 4096)?; // …and takes the name again.
    new.map()?.copy_from(0, b"new")?;

    let mut word = [0; 3];
    old_memory.copy_to(0, &mut word)?;
    println!("the old map still reads {:?}: unlinked memory lives on", String::from_utf8_lossy(&word));
    Object::open(&name)?.read_at(0, &mut word)?;
    println!("the name now leads to {:?}", String::from_utf8_lossy(&word));

    if let Err(refusal) = old.unlink_if_mine() {
        println!("the old holder may not unlink the new object: {refusal}");
    }
    new.unlink_if_mine()?;
    Ok(())
}
