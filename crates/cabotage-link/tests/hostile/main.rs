// SPDX-License-Identifier: MIT OR Apache-2.0
//! Links against peers that keep to no rule: whatever they write, send or leave out, only their own link ends, for
//! ever, with an error that names what they did, and nothing of it stays.
#![forbid(unsafe_code)]

mod another_user;
mod floods;
mod handshake;
mod memory;
mod racing;
mod records;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use cabotage_link::{Deadline, Link, LinkError, Options, ReceiveError, SendError, Wait};

use support::hostile::RawPeer;

/// How long a victim may wait in these tests.
fn patience() -> Deadline {
    Deadline::within(Duration::from_millis(20))
}

fn options() -> Options {
    Options::new().wait(Wait::Block)
}

/// A raw peer that has exchanged outboxes with its victim, and a message each way.
fn met() -> (RawPeer, Link) {
    met_with(options())
}

fn met_with(options: Options) -> (RawPeer, Link) {
    let (mut raw, mut victim) = RawPeer::with_victim(options);
    raw.greet();
    raw.send(support::hostile::PLAIN, b"good morning");
    assert_eq!(victim.receive(support::soon()).unwrap().to_vec(), b"good morning");
    victim.send(b"hello", support::soon()).unwrap();
    raw.hear_all();
    assert!(raw.theirs.is_some());
    (raw, victim)
}

/// Receives until the link ends, and makes sure that it has ended for ever. What may come before is the caller's.
#[track_caller]
fn end_of(victim: &mut Link) -> LinkError {
    for _ in 0..10_000 {
        let error = match victim.receive(patience()) {
            Ok(message) => {
                drop(message.into_letter());
                continue;
            }
            Err(ReceiveError::Link(error)) => error,
            Err(error) => panic!("the link has not ended: {error}"),
        };
        assert_ended(victim, &error);
        return error;
    }
    panic!("the link does not end");
}

/// Every further call answers the same.
#[track_caller]
fn assert_ended(victim: &mut Link, error: &LinkError) {
    for _ in 0..2 {
        assert_eq!(victim.receive(patience()).unwrap_err(), ReceiveError::Link(error.clone()));
        assert_eq!(victim.try_receive().unwrap_err(), *error);
        assert_eq!(victim.send(b"x", patience()).unwrap_err(), SendError::Link(error.clone()));
        assert_eq!(victim.block(9, patience()).unwrap_err(), SendError::Link(error.clone()));
        assert_eq!(victim.trim().unwrap_err(), *error);
        assert_eq!(victim.ready(), Ok(cabotage_link::Ready::Ready));
    }
}

/// As [`end_of`], for an end by a fault of the peer, whose name must hold these words.
#[track_caller]
fn assert_fault(victim: &mut Link, words: &str) {
    let error = end_of(victim);
    assert!(matches!(error, LinkError::Fault(_)), "{error:?} is no fault of the peer");
    assert!(error.to_string().contains(words), "{error} does not say: {words}");
}
