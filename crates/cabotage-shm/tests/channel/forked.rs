// SPDX-License-Identifier: MIT OR Apache-2.0
//! A forked child has no part in its parent's channel, and may open one of its own.

use std::io::{Read, Write};

use cabotage_os::fork::child_answers;
use cabotage_os::{Deadline, poll, seam};
use cabotage_shm::{Presence, ReceiveError, SendError};

use crate::common::Scratch;
use crate::{consumer, next, patience, producer};

#[test]
fn in_a_forked_child_every_call_answers_forked_and_the_parent_goes_on() {
    let scratch = Scratch::new();
    let (mut sender, mut reader) = (producer(&scratch), consumer(&scratch));
    sender.send(b"one", patience()).unwrap();
    let child = || {
        // Dropped there, nothing happens to them.
        sender.send(b"no", Deadline::Now) == Err(SendError::Forked)
            && sender.send_all([b"no"], Deadline::Now).is_err_and(|error| error.source == SendError::Forked)
            && sender.loan(1, Deadline::Now).is_err_and(|error| error == SendError::Forked)
            && sender.consumer() == Err(SendError::Forked)
            && reader.receive(Deadline::Now).is_err_and(|error| error == ReceiveError::Forked)
            && reader.try_receive().is_err_and(|error| error == ReceiveError::Forked)
            && reader.ready() == Err(ReceiveError::Forked)
            && reader.producer() == Err(ReceiveError::Forked)
    };
    assert!(child_answers(child, patience()).unwrap());
    assert!(sender.consumer().unwrap().is_here() && reader.producer().unwrap().is_here());
    assert_eq!(next(&mut reader), b"one");
}

#[test]
fn a_child_that_lives_on_holds_nothing_of_a_parent_that_died() {
    let scratch = Scratch::new();
    let (mut is_there, there) = std::io::pipe().unwrap();
    let (may_end, mut end) = std::io::pipe().unwrap();
    let lingering = || {
        (&there).write_all(b"x").unwrap();
        (&may_end).read_exact(&mut [0]).is_ok()
    };
    let producing = || {
        let _sender = producer(&scratch);
        std::thread::scope(|scope| {
            scope.spawn(|| child_answers(lingering, Deadline::Never));
            is_there.read_exact(&mut [0]).unwrap();
            let _plan = seam::kill_nth(0);
            poll::wait([], Deadline::Now).is_ok()
        })
    };
    assert!(!child_answers(producing, patience()).unwrap(), "it was to die");
    let mut reader = consumer(&scratch);
    assert_eq!(reader.producer(), Ok(Presence::Died));
    assert_eq!(reader.receive(patience()).map(drop), Err(ReceiveError::Died));
    assert_eq!(producer(&scratch).generation(), 2);
    end.write_all(b"x").unwrap();
}
