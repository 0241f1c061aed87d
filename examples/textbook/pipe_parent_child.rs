// SPDX-License-Identifier: MIT OR Apache-2.0
//! The figure of the anonymous pipe: a parent writes a greeting, its child reads it.
//!
//! `cargo run -p cabotage --example pipe_parent_child`
//! The figure forks, and then each side must close the end that it does not use. Here the child is a program that
//! gets the read end and nothing else, and the parent's own copy of that end is gone: it moved into the child.

use std::env;
use std::error::Error;
use std::io::{Read, Write, stdin};

use cabotage::pipe::{self, Spawn};

fn main() -> Result<(), Box<dyn Error>> {
    match env::args().nth(1).as_deref() {
        Some("child") => child(),
        _ => parent(),
    }
}

fn parent() -> Result<(), Box<dyn Error>> {
    let (read_end, mut write_end) = pipe::anonymous()?;
    let mut child = Spawn::new(env::current_exe()?).arg("child").stdin(read_end).spawn()?;

    write_end.write_all(b"Greetings")?;
    drop(write_end); // No writer is left, so the child reads the end of file.
    child.wait()?;
    Ok(())
}

fn child() -> Result<(), Box<dyn Error>> {
    let mut message = String::new();
    stdin().read_to_string(&mut message)?;
    println!("the child read: {message}");
    Ok(())
}
