// SPDX-License-Identifier: MIT OR Apache-2.0
//! One publisher, one subscriber that keeps up, and one that is slow: a topic either waits for the slow one, or lets it
//! lose records and tells it how many.
//!
//! `cargo run -p cabotage --example topic_slow_subscriber`
//! The textbook's buffer has one consumer. With many, somebody must decide what the slowest is worth.

use std::error::Error;

use cabotage::Deadline;
use cabotage::shm::{Name, ReceiveError, SendError, Subscriber, TopicOptions, WhenSlow};

const RECORD_BYTES: usize = 256;
const RECORDS: u32 = 100; // More than the ring has room for.

fn main() -> Result<(), Box<dyn Error>> {
    let name = Name::parse(std::env::args().nth(1).as_deref().unwrap_or("/OS-topic"))?;
    publish(&name, WhenSlow::Wait)?;
    publish(&name, WhenSlow::Drop)
}

fn publish(name: &Name, when_slow: WhenSlow) -> Result<(), Box<dyn Error>> {
    let options = TopicOptions::new().capacity_bytes(8192).when_slow(when_slow);
    let mut publisher = options.create_trusting(name)?;
    let mut keen = options.subscribe_trusting(name)?; // Usually in processes of their own.
    let mut slow = options.subscribe_trusting(name)?;

    let mut refused = None;
    for number in 1..=RECORDS {
        match publisher.try_publish(&[7; RECORD_BYTES]) {
            Err(SendError::Full) => refused = refused.or(Some(number)),
            outcome => outcome?,
        }
        keen.try_receive()?;
    }
    match refused {
        Some(_) => println!("{when_slow:?}: the publisher found no room: it waits for the slowest"),
        None => println!("{when_slow:?}: the publisher was never held up"),
    }
    publisher.close();
    println!("  the keen one lost {}", lost_in_all(&mut keen)?);
    println!("  the slow one lost some: {}", lost_in_all(&mut slow)? > 0);
    Ok(slow.remove()?)
}

/// Receives the rest.
fn lost_in_all(subscriber: &mut Subscriber) -> Result<u64, ReceiveError> {
    loop {
        match subscriber.receive(Deadline::Never) {
            Ok(_) => {}
            Err(ReceiveError::Closed) => return Ok(subscriber.lost()),
            Err(error) => return Err(error),
        }
    }
}
