// SPDX-License-Identifier: MIT OR Apache-2.0
//! A peer that lies in the records and words of a link with quotas: each lie is found where it is read, and ends the
//! link and nothing else.

use cabotage_link::metered::{Begun, Framing, Metered, ReadError, ReadMode, Shape, WriteError};
use cabotage_link::{Deadline, LinkError, Options};

use crate::pattern;
use crate::support::hostile::{ATTACHED, PLAIN, RawPeer, frames};
use crate::support::{shortly, soon};

const FIRST: u8 = 32;
const MORE: u8 = 33;
const TAKING: usize = 512;
const WITHDRAWN: usize = 520;
const LAST: usize = 528;
const FREED: usize = 536;

fn met(framing: Framing) -> (RawPeer, Metered) {
    let (raw, victim) = RawPeer::with_victim(Options::new());
    raw.greet();
    (raw, Metered::over(victim, Shape { framing, out_quota_bytes: 100, in_quota_bytes: 100 }))
}

fn part(rest: u64, body: &[u8]) -> Vec<u8> {
    [&rest.to_le_bytes()[..], body].concat()
}

fn take(victim: &mut Metered) -> Result<usize, ReadError> {
    victim.read(&mut [0; 100], ReadMode::Bytes, shortly()).map(|read| read.bytes)
}

fn must_be_over(victim: &mut Metered, what: &str) {
    let end = loop {
        match take(victim) {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(end, ReadError::Link(LinkError::Fault(_))), "{what}: {end}");
    assert!(matches!(victim.write(b"x", soon()), Err(WriteError::Link(LinkError::Fault(_)))), "{what}");
    assert!(victim.peek(&mut []).is_err(), "{what}");
}

#[test]
fn records_that_no_write_has_end_the_link() {
    type Records = Vec<(u8, Vec<u8>)>;
    let records: [(&str, Records); 9] = [
        ("a part without its word", vec![(FIRST, vec![1; 7])]),
        ("a part of nothing", vec![(FIRST, part(9, b""))]),
        ("a part of no write", vec![(MORE, part(9, b"x"))]),
        ("a part behind a whole", vec![(PLAIN, b"x".to_vec()), (MORE, part(0, b"x"))]),
        ("more than announced", vec![(FIRST, part(3, b"x")), (MORE, part(0, b"four"))]),
        ("less than announced", vec![(FIRST, part(3, b"x")), (MORE, part(0, b"2"))]),
        ("more rest than announced", vec![(FIRST, part(3, b"x")), (MORE, part(9, b"2"))]),
        ("a rest beyond all positions", vec![(FIRST, part((1 << 63) - 1, b"x"))]),
        ("a record of another kind", vec![(ATTACHED, vec![0; 16])]),
    ];
    for (what, records) in records {
        let (mut raw, mut victim) = met(Framing::Messages);
        assert_eq!(take(&mut victim), Err(ReadError::Nothing));
        for (tag, body) in records {
            raw.send(tag, &body);
        }
        must_be_over(&mut victim, what);
    }
    let (mut raw, mut victim) = met(Framing::Bytes);
    raw.send(PLAIN, b"");
    must_be_over(&mut victim, "an empty record without borders");
}

#[test]
fn a_message_beside_the_ring_ends_the_link() {
    let (raw, link) = RawPeer::with_victim(Options::new());
    let shape = Shape { framing: Framing::Bytes, out_quota_bytes: 9, in_quota_bytes: 9 };
    let mut victim = Metered::over(link, shape);
    assert!(raw.say(&frames::hello_of(1, 1, 1 << 20, Some(b"early"))));
    assert!(matches!(take(&mut victim), Err(ReadError::Link(LinkError::Fault(_)))));
}

#[test]
fn words_about_a_withdrawal_that_cannot_be_end_the_link() {
    for (what, withdrawn, last) in [
        ("inside a record", 5, 0),
        ("beyond all positions", 1 << 63, 0),
        ("of what was taken", 10, 2),
        ("from behind its end", 10, 11),
    ] {
        let (mut raw, mut victim) = met(Framing::Messages);
        raw.send(FIRST, &part(0, &[7; 10]));
        let mut target = [0; 4];
        assert_eq!(victim.read(&mut target, ReadMode::Bytes, soon()).unwrap().bytes, 4);
        raw.set(LAST, last);
        raw.set(WITHDRAWN, withdrawn);
        must_be_over(&mut victim, what);
    }
}

#[test]
fn one_who_never_decides_costs_a_reader_its_deadline_and_no_more() {
    let (mut raw, mut victim) = met(Framing::Messages);
    raw.send(FIRST, &part(0, &[7; 10]));
    raw.set(LAST, 1 << 63);
    raw.set(WITHDRAWN, 10);
    assert_eq!(take(&mut victim), Err(ReadError::Nothing));
    let mut target = [0; 10];
    assert_eq!(victim.peek(&mut target).unwrap().available_bytes, 0);
    drop(raw);
    let read = victim.read(&mut target, ReadMode::Bytes, soon()).map(|read| read.bytes);
    assert_eq!(read, Err(ReadError::Link(LinkError::Died)));
}

#[test]
fn counts_of_what_was_read_that_cannot_be_end_the_link() {
    // What is in the ring waits to be taken, and what is longer than it for room.
    for (what, word, bytes) in [("taking", TAKING, 200), ("freed", FREED, 5000)] {
        let (raw, mut victim) = met(Framing::Bytes);
        assert!(matches!(victim.begin_write(&pattern(bytes)), Ok(Begun::Pending(_))));
        raw.set(word, 1 << 40);
        let refused = victim.write(b"x", Deadline::Now);
        assert!(
            matches!(refused, Err(WriteError::Link(LinkError::Fault(_)) | WriteError::Broken { .. })),
            "{what}: {refused:?}"
        );
        assert!(matches!(victim.write(b"x", Deadline::Now), Err(WriteError::Link(LinkError::Fault(_)))));
    }
}

#[test]
fn a_reader_that_takes_back_what_it_said_it_took_ends_the_link() {
    let (raw, mut victim) = met(Framing::Bytes);
    assert!(matches!(victim.begin_write(&pattern(200)), Ok(Begun::Pending(_))));
    raw.set(TAKING, 50);
    assert_eq!(victim.unread_bytes().unwrap(), 150);
    raw.set(TAKING, 49);
    assert!(victim.unread_bytes().is_err());
    assert!(matches!(victim.try_write(b"x"), Err(WriteError::Link(LinkError::Fault(_)))));
}
