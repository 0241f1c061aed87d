// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each system call of each operation of a channel is refused once, for each likely reason: the answer is an error, no
//! descriptor and no file is left over, nothing that was sent is lost, and the operation works right after.
//!
//! One test, alone in its process, because it counts the descriptors of the process.

mod common;

use std::fmt::Debug;
use std::time::Duration;

use cabotage_link::Wait;
use cabotage_os::Deadline;
use cabotage_os::seam::{self, Errno};
use cabotage_shm::leavings::Unread;
use cabotage_shm::{ChannelOptions, Consumer, Producer, ReceiveError, SendError};
use common::{Scratch, Watchdog, name};

const REASONS: [Errno; 7] =
    [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOSPC, Errno::ACCESS, Errno::IO, Errno::INTR];

#[test]
fn whichever_call_is_refused_nothing_is_left_over_and_nothing_is_lost() {
    let _watchdog = Watchdog::new(Duration::from_secs(120));
    // What is opened once for the life of the process is opened before the count.
    let warm = Scratch::new();
    drop((producer(&warm), consumer(&warm)));

    creating();
    taking_over();
    opening();
    removing();
    sending_and_receiving();
}

fn options(scratch: &Scratch) -> ChannelOptions {
    ChannelOptions::new().directory(&scratch.directory).capacity_bytes(4096).wait(Wait::Block)
}

fn producer(scratch: &Scratch) -> Producer {
    options(scratch).create_trusting(&name("frames")).unwrap()
}

fn consumer(scratch: &Scratch) -> Consumer {
    options(scratch).open_trusting(&name("frames")).unwrap()
}

fn creating() {
    let scratch = Scratch::new();
    let gone = || consumer(&scratch).remove().unwrap();
    let act = || {
        let answer = options(&scratch).create_trusting(&name("frames")).map(drop);
        if answer.is_err() {
            // Complete, and its end could not be taken: it is for whoever comes, or for who cleans up.
            for leaving in scratch.directory.leavings().unwrap() {
                scratch.directory.remove_leaving(&leaving, Unread::Keep).unwrap();
            }
        }
        answer
    };
    refuse_each_call("create", &scratch, act, gone);
}

fn taking_over() {
    let scratch = Scratch::new();
    producer(&scratch).send(b"kept", Deadline::Now).unwrap();
    let act = || options(&scratch).create_trusting(&name("frames")).map(drop);
    refuse_each_call("take over", &scratch, act, || {});
    let mut consumer = consumer(&scratch);
    assert_eq!(consumer.receive(Deadline::Now).unwrap().to_vec(), b"kept");
}

fn opening() {
    let scratch = Scratch::new();
    let mut held = producer(&scratch);
    held.send(b"kept", Deadline::Now).unwrap();
    let act = || options(&scratch).open_trusting(&name("frames")).map(drop);
    refuse_each_call("open", &scratch, act, || {});
    assert_eq!(consumer(&scratch).receive(Deadline::Now).unwrap().to_vec(), b"kept");
}

/// A removal that is refused half-way has removed the channel's name or left it.
fn removing() {
    for errno in REASONS {
        for nth in 0.. {
            let scratch = Scratch::new();
            drop(producer(&scratch));
            let reader = consumer(&scratch);
            let plan = seam::fail_nth(nth, errno);
            let outcome = reader.remove();
            let has_struck = plan.has_struck();
            drop(plan);
            let names = scratch.directory.list().unwrap();
            assert!(outcome.is_err() || names.is_empty(), "call {nth}, {errno:?}: {names:?}");
            if !has_struck {
                outcome.unwrap();
                assert_eq!(scratch.file_names(), [""; 0]);
                break;
            }
        }
    }
}

fn sending_and_receiving() {
    let scratch = Scratch::new();
    let (mut sender, mut reader) = (producer(&scratch), consumer(&scratch));
    let short = || Deadline::within(Duration::from_millis(1));
    let nothing = |answer: Result<(), ReceiveError>| match answer {
        Err(ReceiveError::Nothing) => Ok(()),
        other => other,
    };
    refuse_each_call("receive", &scratch, || nothing(reader.receive(short()).map(drop)), || {});
    refuse_each_call("be ready", &scratch, || reader.ready().map(drop), || {});
    refuse_each_call("ask for the producer", &scratch, || reader.producer().map(drop), || {});
    refuse_each_call("wait for the producer", &scratch, || reader.wait_for_producer(short()), || {});

    while sender.try_send(&[7; 64]).is_ok() {}
    let full = |answer: Result<(), SendError>| match answer {
        Err(SendError::Full) => Ok(()),
        other => other,
    };
    refuse_each_call("send", &scratch, || full(sender.send(&[7; 64], short())), || {});
    refuse_each_call("wait for consumption", &scratch, || full(sender.wait_until_consumed(short())), || {});
    refuse_each_call("wait for the consumer", &scratch, || sender.wait_for_consumer(short()), || {});

    while let Ok(record) = reader.receive(Deadline::Now) {
        assert_eq!(record.to_vec(), [7; 64]);
    }
    drop(sender);
    assert_eq!(reader.receive(Deadline::Now).map(drop), Err(ReceiveError::Closed));
    refuse_each_call("wait for a newcomer", &scratch, || nothing(reader.wait_for_producer(short())), || {});
    refuse_each_call("be ready for a newcomer", &scratch, || reader.ready().map(drop), || {});
    let mut sender = producer(&scratch);
    sender.send(b"after all", Deadline::Now).unwrap();
    assert_eq!(reader.receive(Deadline::Now).unwrap().to_vec(), b"after all");
}

/// Refuses the first call of `act`, then the second, until it runs out of calls; `undo` undoes a success.
fn refuse_each_call<E: Debug>(
    what: &str,
    scratch: &Scratch,
    mut act: impl FnMut() -> Result<(), E>,
    undo: impl Fn(),
) {
    for errno in REASONS {
        for nth in 0.. {
            let before = (open_descriptors(), scratch.file_names());
            let plan = seam::fail_nth(nth, errno);
            let outcome = act();
            let has_struck = plan.has_struck();
            drop(plan);
            let context = format!("{what}, call {nth}, {errno:?}: {outcome:?}");
            if outcome.is_ok() {
                undo();
            }
            assert_eq!(before, (open_descriptors(), scratch.file_names()), "{context}");
            if !has_struck {
                outcome.expect(&context);
                assert!(nth > 0, "{what} makes no system call");
                break;
            }
        }
    }
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
