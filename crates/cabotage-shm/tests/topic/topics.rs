// SPDX-License-Identifier: MIT OR Apache-2.0
//! Topics of one test, and records that tell their number.

use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_shm::{Name, Publisher, Received, Subscriber, TopicOptions, WhenSlow};

use super::common::{Scratch, Watchdog, name};

/// A directory of its own, and in it a topic.
pub(crate) struct Place {
    pub(crate) scratch: Scratch,
    pub(crate) name: Name,
    _watchdog: Watchdog,
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const BOTH: [WhenSlow; 2] = [WhenSlow::Wait, WhenSlow::Drop];

impl Place {
    pub(crate) fn new() -> Self {
        Self { scratch: Scratch::new(), name: name("topic"), _watchdog: Watchdog::new(2 * PATIENCE) }
    }

    pub(crate) fn options(&self) -> TopicOptions {
        TopicOptions::new().directory(&self.scratch.directory).capacity_bytes(4096)
    }

    pub(crate) fn publisher(&self, when_slow: WhenSlow) -> Publisher {
        self.options().when_slow(when_slow).create_trusting(&self.name).unwrap()
    }

    pub(crate) fn subscriber(&self) -> Subscriber {
        self.options().subscribe_trusting(&self.name).unwrap()
    }
}

/// Long enough for anything that is to happen.
pub(crate) fn soon() -> Deadline {
    Deadline::within(PATIENCE)
}

/// The body of record `number`, of another length than its neighbours.
pub(crate) fn body(number: u64) -> Vec<u8> {
    let bytes = 8 + usize::try_from(number % 50).unwrap();
    let mut body = vec![number.to_le_bytes()[0]; bytes];
    body[..8].copy_from_slice(&number.to_le_bytes());
    body
}

/// Checks that a record is the one that its number says.
pub(crate) fn check(received: &Received<'_>) -> u64 {
    assert_eq!(received.as_slice(), body(received.number()), "record {}", received.number());
    received.number()
}

/// Publishes records with the numbers from the next one to `last`.
pub(crate) fn publish_to(publisher: &mut Publisher, last: u64) {
    while publisher.published() < last {
        let number = publisher.published() + 1;
        publisher.publish(&body(number), soon()).unwrap();
    }
}

/// Receives what there is, checked; answers the numbers.
pub(crate) fn drain(subscriber: &mut Subscriber) -> Vec<u64> {
    let mut numbers = Vec::new();
    while let Ok(Some(received)) = subscriber.try_receive() {
        numbers.push(check(&received));
    }
    numbers
}
