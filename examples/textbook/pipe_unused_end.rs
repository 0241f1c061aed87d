// SPDX-License-Identifier: MIT OR Apache-2.0
//! An unused write end is left open, so the end of file never comes. Who holds it?
//!
//! `cargo run -p cabotage --example pipe_unused_end`
//! The child writes and ends. The parent reads, and would wait for ever: its own copy of the write end is open.

use std::env;
use std::error::Error;
use std::io::PipeReader;
use std::time::Duration;

use cabotage::pipe::{self, ReadEnd, ReadError, Spawn};

const PATIENCE: Duration = Duration::from_millis(200);

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("child") {
        print!("Greetings");
        return Ok(());
    }
    let (read_end, write_end) = pipe::anonymous()?;
    Spawn::new(env::current_exe()?).arg("child").stdout(write_end.try_clone()?).spawn()?.wait()?;

    let mut unused = Some(write_end); // The mistake: it should have moved into the child.
    let mut buffer = [0; 64];
    loop {
        match read_end.read_within(&mut buffer, PATIENCE) {
            Ok(0) => break println!("the end of file"),
            Ok(bytes) => println!("read {:?}", String::from_utf8_lossy(&buffer[..bytes])),
            Err(ReadError::TimedOut) => {
                explain(&read_end)?;
                drop(unused.take());
            }
            Err(other) => return Err(other.into()),
        }
    }
    Ok(())
}

fn explain(read_end: &PipeReader) -> Result<(), Box<dyn Error>> {
    println!("no end of file within {PATIENCE:?}, because:");
    for holder in read_end.who_keeps_it_open()?.processes {
        let whose = if holder.pid == std::process::id() { "that is this process" } else { "another process" };
        let numbers: Vec<_> = holder.descriptors.iter().map(|descriptor| descriptor.number).collect();
        println!("  {} ({}) holds a write end as {numbers:?}: {whose}", holder.command, holder.pid);
    }
    Ok(())
}
