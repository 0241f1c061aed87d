// SPDX-License-Identifier: MIT OR Apache-2.0
//! A link between a parent and its child: the child inherits one end, under a number that it is told.
//!
//! `cargo run -p cabotage --example pair`
//! An end is a descriptor. The child gets this one and no other, so when either process ends, by `return` or by a
//! kill, the other is told.

use std::env;
use std::error::Error;
use std::os::fd::AsRawFd;
use std::time::Duration;

use cabotage::Deadline;
use cabotage::link::{End, Link, LinkError, Options, ReceiveError};
use cabotage::pipe::Spawn;

const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    match env::args().nth(1) {
        Some(number) => child(&number),
        None => parent(),
    }
}

fn parent() -> Result<(), Box<dyn Error>> {
    let (mut link, end) = Link::pair(Options::new())?;
    let end = end.into_fd().ok_or("the end belongs to the process that made it")?;
    let number = end.as_raw_fd().to_string();
    let mut child = Spawn::new(env::current_exe()?).arg(number).pass(end).spawn()?;

    // Messages arrive whole, once and in order. The first goes at once: the child need not have started yet.
    for question in ["one", "and two", "and three"] {
        link.send(question.as_bytes(), Deadline::within(PATIENCE))?;
        let answer = link.receive(Deadline::within(PATIENCE))?.to_vec();
        println!("the child answered: {}", String::from_utf8_lossy(&answer));
    }
    link.with_peer(|peer| {
        println!("the kernel says that it is our child: {}", peer.pid().unsigned_abs() == child.id())
    });

    link.close(); // What was sent stays readable; then the child is told that nothing follows.
    child.wait()?;
    Ok(())
}

fn child(number: &str) -> Result<(), Box<dyn Error>> {
    let mut link = End::inherited(number.parse()?)?.link(Options::new())?;
    loop {
        let question = match link.receive(Deadline::within(PATIENCE)) {
            // The bytes lie in memory that the parent can rewrite, so copy first and look afterwards. A message
            // borrows its link, and makes room for others when it is gone.
            Ok(message) => message.to_vec(),
            Err(ReceiveError::Link(LinkError::Closed)) => return Ok(()),
            Err(error) => return Err(error.into()), // It died, it was too slow, or it broke the rules.
        };
        link.send(&question.to_ascii_uppercase(), Deadline::within(PATIENCE))?;
    }
}
