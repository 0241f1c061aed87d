// SPDX-License-Identifier: MIT OR Apache-2.0
//! The figure of the Windows anonymous pipe: a parent writes a greeting, its child inherits the read end.
//!
//! `cargo run -p cabotage --example windows_anonymous_pipe`
//! As in the figure, both handles are made inheritable, the child's inheritance of the write end is forbidden, and the
//! child is started to inherit handles. The list, which the figure lacks, keeps all other inheritable handles out.

use std::env;
use std::error::Error;

use cabotage::Deadline;
use cabotage::pipe::Spawn;
use cabotage::pipe::windows::{Inherit, PipeOptions, ReadError, ReadHandle};

fn main() -> Result<(), Box<dyn Error>> {
    match env::args().nth(1) {
        Some(number) => child(&ReadHandle::inherited(number.parse()?)?),
        None => parent(),
    }
}

fn parent() -> Result<(), Box<dyn Error>> {
    let (read_handle, write_handle) = PipeOptions::new().inherit(Inherit::Yes).create()?;
    write_handle.set_inherit(Inherit::No); // Or the child would keep the pipe open for itself.

    let child = Spawn::new(env::current_exe()?).arg(read_handle.number().to_string());
    let mut child = child.inherit_handles().handle_list(&[&read_handle]).spawn()?;
    drop(read_handle); // The unused end.

    write_handle.write(b"Greetings", Deadline::Never)?;
    drop(write_handle);
    child.wait()?;
    Ok(())
}

fn child(read_handle: &ReadHandle) -> Result<(), Box<dyn Error>> {
    let (mut message, mut buffer) = (Vec::new(), [0; 25]);
    loop {
        match read_handle.read(&mut buffer, Deadline::Never) {
            Ok(bytes) => message.extend_from_slice(&buffer[..bytes]),
            Err(ReadError::Broken) => break,
            Err(other) => return Err(other.into()),
        }
    }
    println!("the child read: {}", String::from_utf8_lossy(&message));
    Ok(())
}
