// SPDX-License-Identifier: MIT OR Apache-2.0
//! Links with quotas: what completes when, what is taken back, what a read and a peek see.
#![forbid(unsafe_code)]

#[path = "../support/mod.rs"]
mod support;

mod ends;
mod hostile;
mod killed;
mod model;
mod quota;
mod racing;
mod reading;
mod waiting;

use cabotage_link::metered::{Framing, Metered, Peeked, Read, ReadMode, Shape};
use cabotage_link::{Deadline, Link, Options};
use support::soon;

/// Both ends of a link with the same quota in both directions, in this process; neither has heard of the other.
fn strangers(framing: Framing, quota_bytes: u64) -> (Metered, Metered) {
    let shape = Shape { framing, out_quota_bytes: quota_bytes, in_quota_bytes: quota_bytes };
    let (near, far) = Link::pair(Options::new()).unwrap();
    (Metered::over(near, shape), Metered::over(far.link(Options::new()).unwrap(), shape.reversed()))
}

/// The same, after each has heard of the other.
fn pair(framing: Framing, quota_bytes: u64) -> (Metered, Metered) {
    let (mut near, mut far) = strangers(framing, quota_bytes);
    for _ in 0..2 {
        for end in [&mut near, &mut far] {
            assert!(end.wait_until_read(Deadline::Now).unwrap());
            assert_eq!(end.peek(&mut []).unwrap(), Peeked::default());
        }
    }
    (near, far)
}

/// Both kinds of pairs.
fn pairs(framing: Framing, quota_bytes: u64) -> [(Metered, Metered); 2] {
    [strangers(framing, quota_bytes), pair(framing, quota_bytes)]
}

/// What a read of at most `bytes` bytes gives.
fn read(end: &mut Metered, bytes: usize, mode: ReadMode) -> (Vec<u8>, bool) {
    let mut target = vec![0; bytes];
    let Read { bytes, is_rest_left, .. } = end.read(&mut target, mode, soon()).unwrap();
    target.truncate(bytes);
    (target, is_rest_left)
}

fn message(end: &mut Metered) -> Vec<u8> {
    let (message, is_rest_left) = read(end, 1 << 20, ReadMode::Message);
    assert!(!is_rest_left);
    message
}

/// Bytes that tell where they come from.
fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect()
}
