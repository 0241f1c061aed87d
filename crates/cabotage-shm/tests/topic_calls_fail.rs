// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each system call of a topic's operations is refused once, for each likely reason: the answer is an error or all is
//! well, no descriptor is left over, nobody holds a place that has nobody, and the operation works right after.
//!
//! One test, alone in its process, because it counts the descriptors of the process.

mod common;

use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_os::seam::{self, Errno};
use cabotage_shm::{ReceiveError, SendError, TopicError, TopicOptions, WhenSlow};
use common::{Scratch, Watchdog, name};

const REASONS: [Errno; 4] = [Errno::MFILE, Errno::NOSPC, Errno::IO, Errno::INTR];

#[test]
fn whichever_call_is_refused_nothing_is_left_over() {
    let _watchdog = Watchdog::new(Duration::from_secs(240));
    let scratch = Scratch::new();
    let options = TopicOptions::new().directory(&scratch.directory).when_slow(WhenSlow::Wait).history(8);
    let topic = name("topic");
    let whole_life = || -> Result<(), Refusal> {
        let mut publisher = options.create_trusting(&topic)?;
        let mut subscriber = options.subscribe_trusting(&topic)?;
        subscriber.ready()?;
        publisher.publish(b"one", Deadline::Now)?;
        publisher.publish_all(["two", "three"], Deadline::Now)?;
        for expected in ["one", "two", "three"] {
            assert_eq!(subscriber.receive(Deadline::within(PATIENCE))?.as_slice(), expected.as_bytes());
        }
        let end = subscriber.receive(Deadline::within(Duration::from_micros(50))).unwrap_err();
        if end != ReceiveError::Nothing {
            return Err(end.into());
        }
        while publisher.try_publish(&[0; 4000]).is_ok() {}
        publisher.publish(&[0; 4000], Deadline::within(Duration::from_micros(50))).map_or_else(
            |error| if error == SendError::Full { Ok(()) } else { Err(Refusal::from(error)) },
            |()| panic!("there is no room"),
        )?;
        drop(subscriber);
        assert_eq!(publisher.subscribers()?, 0);
        publisher.remove()?;
        Ok(())
    };
    // What is opened once for the life of the process is opened before the count.
    whole_life().unwrap();
    for errno in REASONS {
        for nth in 0.. {
            let before = open_descriptors();
            let plan = seam::fail_nth(nth, errno);
            let outcome = whole_life();
            let has_struck = plan.has_struck();
            drop(plan);
            let context = format!("call {nth}, {errno:?}: {outcome:?}");
            assert_eq!(open_descriptors(), before, "{context}");
            if let Ok(publisher) = options.create_trusting(&topic) {
                publisher.remove().expect(&context);
            }
            whole_life().expect(&context);
            if !has_struck {
                outcome.expect(&context);
                assert!(nth > 40, "a topic's life has more system calls than {nth}");
                break;
            }
        }
    }
}

/// Any of the errors that a topic's operations answer.
#[derive(Debug)]
#[expect(dead_code, reason = "shown when the test fails")]
enum Refusal {
    Topic(TopicError),
    Send(SendError),
    Receive(ReceiveError),
}

impl From<TopicError> for Refusal {
    fn from(error: TopicError) -> Self {
        Self::Topic(error)
    }
}

impl From<SendError> for Refusal {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

impl From<cabotage_shm::BatchError> for Refusal {
    fn from(error: cabotage_shm::BatchError) -> Self {
        Self::Send(error.source)
    }
}

impl From<ReceiveError> for Refusal {
    fn from(error: ReceiveError) -> Self {
        Self::Receive(error)
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
