// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting outside: on the descriptor, after a look that says that there is nothing yet.

use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use cabotage_link::metered::{Begun, Framing, Interest, Metered, Read, ReadMode};
use cabotage_link::{Deadline, Ready};
use cabotage_os::poll::{self, Readiness};

use crate::support::soon;
use crate::{pair, pairs, pattern, read};

/// Whether the descriptor becomes readable within `patience`.
fn is_readable(end: &Metered, patience: Duration) -> bool {
    let [found] = poll::wait([(end.as_fd(), Readiness::IN)], Deadline::within(patience)).unwrap();
    !found.is_empty()
}

/// Waits as a caller's own loop does.
fn wait_for(end: &mut Metered, interest: Interest) {
    while end.ready(interest).unwrap() == Ready::Armed {
        assert!(is_readable(end, Duration::from_secs(20)), "nobody rang");
    }
}

#[test]
fn who_waits_to_read_is_rung_for_a_write() {
    for (mut near, mut far) in pairs(Framing::Messages, 100) {
        assert_eq!(near.ready(Interest::Read).unwrap(), Ready::Armed);
        far.write(b"ring", soon()).unwrap();
        wait_for(&mut near, Interest::Read);
        assert_eq!(read(&mut near, 9, ReadMode::Message).0, b"ring");
        assert_eq!(near.ready(Interest::Read).unwrap(), Ready::Armed);
        far.close();
        wait_for(&mut near, Interest::Read);
    }
}

#[test]
fn who_waits_for_a_pending_write_is_rung_when_enough_was_read() {
    for (mut near, mut far) in pairs(Framing::Messages, 10) {
        assert_eq!(near.ready(Interest::Write).unwrap(), Ready::Ready, "nothing is pending");
        let Begun::Pending(id) = near.begin_write(&pattern(50)).unwrap() else { panic!("complete") };
        assert_eq!(near.ready(Interest::Write).unwrap(), Ready::Armed);
        assert_eq!(read(&mut far, 39, ReadMode::Bytes).0.len(), 39);
        assert!(!near.is_complete(id).unwrap());
        assert_eq!(read(&mut far, 1, ReadMode::Bytes).0.len(), 1);
        wait_for(&mut near, Interest::Write);
        assert!(near.is_complete(id).unwrap());
    }
}

#[test]
fn who_waits_for_either_is_rung_for_either() {
    for (mut near, mut far) in pairs(Framing::Messages, 10) {
        let Begun::Pending(id) = near.begin_write(&pattern(50)).unwrap() else { panic!("complete") };
        assert_eq!(near.ready(Interest::Both).unwrap(), Ready::Armed);
        far.write(b"x", soon()).unwrap();
        wait_for(&mut near, Interest::Both);
        assert_eq!(read(&mut near, 9, ReadMode::Message).0, b"x");
        assert_eq!(near.ready(Interest::Both).unwrap(), Ready::Armed);
        assert_eq!(read(&mut far, 50, ReadMode::Message).0, pattern(50));
        wait_for(&mut near, Interest::Both);
        assert!(near.is_complete(id).unwrap());
    }
}

/// Both ends wait outside, for reading and writing at once, and every write is above the quota.
#[test]
fn nobody_sleeps_while_there_is_something_to_do() {
    const ROUNDS: usize = 2_000;
    let play = |mut end: Metered| {
        let (mut written, mut taken) = (0, 0);
        let mut pending = None;
        let mut target = [0; 64];
        while written < ROUNDS || taken < ROUNDS * 5 || pending.is_some() {
            if pending.is_some_and(|id| end.is_complete(id).unwrap()) {
                pending = None;
            }
            if pending.is_none() && written < ROUNDS {
                written += 1;
                if let Begun::Pending(id) = end.begin_write(b"bytes").unwrap() {
                    pending = Some(id);
                }
            }
            match end.read(&mut target, ReadMode::Bytes, Deadline::Now) {
                Ok(Read { bytes, .. }) => taken += bytes,
                Err(_) if taken == ROUNDS * 5 && pending.is_none() => {}
                Err(_) if pending.is_none() && written < ROUNDS => {}
                Err(_) => {
                    let interest = match (pending, taken == ROUNDS * 5) {
                        (None, _) => Interest::Read,
                        (Some(_), true) => Interest::Write,
                        (Some(_), false) => Interest::Both,
                    };
                    if end.ready(interest).unwrap() == Ready::Armed {
                        assert!(is_readable(&end, Duration::from_secs(20)), "nobody rang for {interest:?}");
                    }
                }
            }
        }
        end
    };
    let (near, far) = pair(Framing::Bytes, 7);
    thread::scope(|scope| {
        let other = scope.spawn(move || play(far));
        let near = play(near);
        drop((near, other.join().unwrap()));
    });
}
