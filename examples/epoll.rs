// SPDX-License-Identifier: MIT OR Apache-2.0
//! A link beside an ordinary pipe in one epoll loop.
//!
//! `cargo run -p cabotage --example epoll`
//! A link's messages go through memory, so its descriptor does not become readable by itself: a sender rings only
//! for a receiver that sleeps. Hence the one rule: **before every wait, ask `ready()`**. It answers `Armed` when there
//! is nothing and the descriptor will tell of the next message, or `Ready` when there is something to receive now.

use std::error::Error;
use std::io::{PipeReader, Read, Write, pipe};
use std::thread;
use std::time::Duration;

use cabotage::Deadline;
use cabotage::link::{Link, LinkError, Options, Ready};
use cabotage::os::epoll::{Events, Poller, Trigger};
use cabotage::os::poll::Readiness;

const LINK: u64 = 1;
const PIPE: u64 = 2;
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    // Both far ends go to threads here, so that the example is one file; another process would be no different.
    let (link, far) = Link::pair(Options::new())?;
    let (reader, mut writer) = pipe()?;
    let mut far = far.link(Options::new())?;
    let sending = thread::spawn(move || -> Result<(), cabotage::link::SendError> {
        for number in 1..=1000_u32 {
            far.send(format!("message {number}").as_bytes(), Deadline::within(PATIENCE))?;
        }
        far.close();
        Ok(())
    });
    let writing = thread::spawn(move || writer.write_all(b"bytes through a pipe"));

    let (messages, bytes) = serve(link, reader)?;
    println!("{messages} messages came over the link, and {bytes} bytes through the pipe");
    sending.join().map_err(|_| "the sender panicked")??;
    writing.join().map_err(|_| "the writer panicked")??;
    Ok(())
}

/// Takes what comes from both until both have ended.
fn serve(mut link: Link, mut reader: PipeReader) -> Result<(u32, usize), Box<dyn Error>> {
    let poller = Poller::new()?;
    poller.add(&link, LINK, Readiness::IN, Trigger::Level)?;
    poller.add(&reader, PIPE, Readiness::IN, Trigger::Level)?;
    let mut events = Events::with_capacity(8);
    let (mut messages, mut bytes) = (0, 0);
    let (mut link_lasts, mut pipe_lasts) = (true, true);
    while link_lasts || pipe_lasts {
        // The rule. Only if the link has nothing may this thread sleep; the pipe is looked at either way.
        let may_sleep = !link_lasts || link.ready()? == Ready::Armed;
        let deadline = if may_sleep { Deadline::within(PATIENCE) } else { Deadline::Now };
        if poller.wait(&mut events, deadline)? == 0 && may_sleep {
            return Err("nothing came for a minute".into());
        }
        if link_lasts && !take_some(&mut link, &mut messages)? {
            link_lasts = false;
            poller.remove(&link)?; // Its socket has hung up, which a set would report for ever.
        }
        if events.iter().any(|event| event.token == PIPE) {
            match reader.read(&mut [0; 512])? {
                0 => {
                    pipe_lasts = false;
                    poller.remove(&reader)?;
                }
                more => bytes += more,
            }
        }
    }
    Ok((messages, bytes))
}

/// Takes a few messages, so that the pipe gets its turn; answers whether there can be more.
fn take_some(link: &mut Link, messages: &mut u32) -> Result<bool, LinkError> {
    for _ in 0..64 {
        match link.try_receive() {
            Ok(Some(_message)) => *messages += 1,
            Ok(None) => return Ok(true),
            Err(LinkError::Closed) => return Ok(false), // and everything before was received
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}
