// SPDX-License-Identifier: MIT OR Apache-2.0
//! When a write is complete, and what is taken back of one that is not.

use std::thread;

use cabotage_link::metered::{
    Begun, Cancelled, Framing, Metered, ReadError, ReadMode, Shape, WriteError, WriteId,
};
use cabotage_link::{Deadline, Link, LinkError, Options};

use crate::support::{shortly, soon};
use crate::{message, pair, pairs, pattern, read, strangers};

fn begin(end: &mut Metered, bytes: &[u8]) -> WriteId {
    match end.begin_write(bytes).unwrap() {
        Begun::Pending(id) => id,
        Begun::Complete => panic!("complete at once"),
    }
}

fn available(end: &mut Metered) -> u64 {
    end.peek(&mut []).unwrap().available_bytes
}

/// Quota 5,000: unread 3,000 and a write of 5,000, which waits, and can be read at once; 3,000 are read, and it is
/// complete; one byte more waits until one byte is read.
#[test]
fn a_write_completes_when_the_unread_bytes_of_its_direction_fit_the_quota() {
    for framing in [Framing::Bytes, Framing::Messages] {
        for (mut writer, mut reader) in pairs(framing, 5000) {
            writer.write(&pattern(3000), soon()).unwrap();
            let second = begin(&mut writer, &pattern(5000));
            assert_eq!(available(&mut reader), 8000);
            assert!(!writer.is_complete(second).unwrap());
            assert_eq!(read(&mut reader, 3000, ReadMode::Bytes), (pattern(3000), false));
            assert!(writer.is_complete(second).unwrap());
            let third = begin(&mut writer, &[9]);
            assert_eq!(available(&mut reader), 5001);
            assert_eq!(read(&mut reader, 1, ReadMode::Bytes), (pattern(1), false));
            assert!(writer.is_complete(third).unwrap());
            assert_eq!(read(&mut reader, 9000, ReadMode::Bytes).0.len(), 5000);
            assert_eq!(writer.unread_bytes().unwrap(), 0);
        }
    }
}

#[test]
fn the_bytes_of_a_write_that_waits_can_be_read_and_peeked_at_once() {
    for framing in [Framing::Bytes, Framing::Messages] {
        for (mut writer, mut reader) in pairs(framing, 10) {
            let write = begin(&mut writer, &pattern(25));
            let mut target = [0; 25];
            assert_eq!(reader.peek(&mut target).unwrap().bytes, 25);
            assert_eq!(target[..], pattern(25));
            assert!(!writer.is_complete(write).unwrap());
            assert_eq!(read(&mut reader, 25, ReadMode::Bytes), (pattern(25), false));
            assert!(writer.is_complete(write).unwrap());
        }
    }
}

#[test]
fn a_write_larger_than_the_quota_waits_until_what_is_unread_of_it_fits() {
    for framing in [Framing::Bytes, Framing::Messages] {
        for (mut writer, mut reader) in pairs(framing, 1000) {
            let write = begin(&mut writer, &pattern(1500));
            assert_eq!(read(&mut reader, 499, ReadMode::Bytes).0.len(), 499);
            assert!(!writer.is_complete(write).unwrap(), "1,001 bytes are unread");
            assert_eq!(read(&mut reader, 1, ReadMode::Bytes).0.len(), 1);
            assert!(writer.is_complete(write).unwrap(), "1,000 bytes are unread");
        }
    }
}

#[test]
fn each_direction_has_a_quota_of_its_own() {
    let shape = Shape { framing: Framing::Bytes, out_quota_bytes: 10, in_quota_bytes: 20 };
    let (near, far) = Link::pair(Options::new()).unwrap();
    let mut near = Metered::over(near, shape);
    let mut far = Metered::over(far.link(Options::new()).unwrap(), shape.reversed());
    for (end, quota) in [(&mut near, 10), (&mut far, 20)] {
        assert_eq!(end.try_write(&pattern(quota + 1)), Ok(0));
        assert_eq!(end.try_write(&pattern(quota)), Ok(quota));
    }
}

#[test]
fn a_write_that_is_cancelled_loses_its_unread_bytes_even_after_a_short_read_and_the_next_one_follows() {
    for framing in [Framing::Bytes, Framing::Messages] {
        for (mut writer, mut reader) in pairs(framing, 100) {
            let first = begin(&mut writer, &pattern(300));
            assert_eq!(read(&mut reader, 7, ReadMode::Bytes), (pattern(7), false));
            assert_eq!(writer.cancel_write(first).unwrap(), Cancelled::Withdrawn { taken_bytes: 7 });
            assert_eq!(available(&mut reader), 0);
            writer.write(b"next", soon()).unwrap();
            assert_eq!(available(&mut reader), 4);
            assert_eq!(message(&mut reader), b"next");
        }
    }
}

#[test]
fn what_was_written_behind_a_cancelled_write_stays_in_its_order() {
    for (mut writer, mut reader) in pairs(Framing::Messages, 10) {
        let writes = [30_usize, 40, 50].map(|bytes| begin(&mut writer, &pattern(bytes)));
        assert_eq!(available(&mut reader), 120);
        assert_eq!(writer.cancel_write(writes[1]).unwrap(), Cancelled::Withdrawn { taken_bytes: 0 });
        assert_eq!(available(&mut reader), 80);
        assert_eq!(message(&mut reader), pattern(30));
        assert_eq!(message(&mut reader), pattern(50));
        for write in [writes[0], writes[2]] {
            assert!(writer.is_complete(write).unwrap());
        }
        assert_eq!(writer.cancel_write(writes[2]).unwrap(), Cancelled::Complete);
    }
}

#[test]
fn of_two_pending_writes_the_later_can_be_cancelled_before_the_earlier() {
    for (mut writer, mut reader) in pairs(Framing::Messages, 10) {
        let [first, second] = [begin(&mut writer, &pattern(30)), begin(&mut writer, &pattern(40))];
        assert_eq!(writer.cancel_write(second).unwrap(), Cancelled::Withdrawn { taken_bytes: 0 });
        assert_eq!(read(&mut reader, 7, ReadMode::Message), (pattern(7), true));
        assert_eq!(writer.cancel_write(first).unwrap(), Cancelled::Withdrawn { taken_bytes: 7 });
        writer.write(b"next", soon()).unwrap();
        assert_eq!(message(&mut reader), b"next");
    }
    // And whoever closes with one pending, behind which another was given up.
    for (mut writer, mut reader) in pairs(Framing::Messages, 10) {
        let _first = begin(&mut writer, &pattern(30));
        assert_eq!(writer.write(b"late", Deadline::Now), Err(WriteError::TimedOut { taken_bytes: 0 }));
        writer.close();
        let read = reader.read(&mut [0; 50], ReadMode::Message, soon());
        assert_eq!(read, Err(ReadError::Link(LinkError::Closed)));
    }
}

#[test]
fn a_write_that_was_not_read_until_its_deadline_is_withdrawn() {
    for (mut writer, mut reader) in pairs(Framing::Messages, 10) {
        for deadline in [Deadline::Now, shortly()] {
            let refused = writer.write(&pattern(20), deadline);
            assert_eq!(refused, Err(WriteError::TimedOut { taken_bytes: 0 }));
            assert_eq!(available(&mut reader), 0);
        }
        writer.write(b"ten bytes!", soon()).unwrap();
        assert_eq!(message(&mut reader), b"ten bytes!");
    }
}

#[test]
fn with_no_quota_a_write_waits_until_it_is_read_and_an_empty_message_for_nothing() {
    for (mut writer, mut reader) in pairs(Framing::Messages, 0) {
        writer.write(&[], Deadline::Now).unwrap();
        let write = begin(&mut writer, b"ab");
        writer.write(&[], Deadline::Now).unwrap();
        assert_eq!(message(&mut reader), b"");
        assert_eq!(read(&mut reader, 1, ReadMode::Message), (b"a".to_vec(), true));
        assert!(!writer.is_complete(write).unwrap());
        assert_eq!(read(&mut reader, 1, ReadMode::Message), (b"b".to_vec(), false));
        assert!(writer.is_complete(write).unwrap());
        assert_eq!(message(&mut reader), b"");
    }
}

#[test]
fn a_write_that_may_not_wait_goes_as_a_whole_or_not_at_all() {
    for framing in [Framing::Bytes, Framing::Messages] {
        for (mut writer, mut reader) in pairs(framing, 512) {
            assert_eq!(writer.try_write(&pattern(513)), Ok(0));
            assert_eq!(available(&mut reader), 0);
            assert_eq!(writer.try_write(&pattern(512)), Ok(512));
            assert_eq!(writer.try_write(&[1]), Ok(0));
            assert_eq!(read(&mut reader, 600, ReadMode::Bytes), (pattern(512), false));
            assert_eq!(writer.try_write(&[1]), Ok(1));
        }
    }
}

#[test]
fn a_write_beyond_the_quota_does_not_wait_and_counts_for_the_next() {
    for (mut writer, mut reader) in pairs(Framing::Messages, 10) {
        writer.write_beyond_quota(&pattern(1000), Deadline::Now).unwrap();
        assert_eq!(writer.try_write(&[1]), Ok(0));
        assert_eq!(message(&mut reader), pattern(1000));
        assert_eq!(writer.try_write(&[1]), Ok(1));
    }
}

#[test]
fn a_quota_is_filled_before_the_peer_has_run() {
    for quota in [100, 4096, 65_536, 1 << 20] {
        let (mut writer, mut reader) = strangers(Framing::Bytes, quota);
        let bytes = pattern(usize::try_from(quota).unwrap());
        writer.write(&bytes, Deadline::Now).unwrap();
        assert_eq!(writer.write(&[1], Deadline::Now), Err(WriteError::TimedOut { taken_bytes: 0 }));
        assert_eq!(available(&mut reader), quota);
        assert_eq!(read(&mut reader, bytes.len() + 1, ReadMode::Bytes), (bytes, false));
    }
}

#[test]
fn a_write_larger_than_the_ring_flows_through_it_and_a_peek_counts_all_of_it() {
    const BYTES: usize = 3_000_000;
    for framing in [Framing::Bytes, Framing::Messages] {
        for (mut writer, mut reader) in pairs(framing, 5000) {
            thread::scope(|scope| {
                scope.spawn(|| writer.write(&pattern(BYTES), soon()).unwrap());
                let mut first = [0; 10];
                while reader.peek(&mut first).unwrap().available_bytes == 0 {
                    thread::yield_now();
                }
                assert_eq!(reader.peek(&mut first).unwrap().available_bytes, BYTES as u64);
                assert_eq!(first[..], pattern(10));
                if framing == Framing::Messages {
                    assert!(read(&mut reader, BYTES, ReadMode::Message) == (pattern(BYTES), false));
                } else {
                    let mut all = Vec::new();
                    while all.len() < BYTES {
                        all.extend(read(&mut reader, 100_000, ReadMode::Bytes).0);
                    }
                    assert!(all == pattern(BYTES));
                }
            });
        }
    }
}

#[test]
fn a_stream_of_writes_larger_than_the_quota_arrives_whole() {
    for framing in [Framing::Bytes, Framing::Messages] {
        let (mut writer, mut reader) = pair(framing, 1000);
        thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..2000 {
                    writer.write(&pattern(round * 37 % 3000), soon()).unwrap();
                }
            });
            for round in 0..2000 {
                let expected = pattern(round * 37 % 3000);
                if framing == Framing::Messages {
                    assert_eq!(message(&mut reader), expected);
                } else {
                    let mut got = Vec::new();
                    while got.len() < expected.len() {
                        got.extend(read(&mut reader, expected.len() - got.len(), ReadMode::Bytes).0);
                    }
                    assert_eq!(got, expected);
                }
            }
        });
    }
}

#[test]
fn flushing_waits_until_the_peer_has_read_everything() {
    for (mut writer, mut reader) in pairs(Framing::Messages, 100) {
        writer.write(b"read me", soon()).unwrap();
        assert!(!writer.wait_until_read(Deadline::Now).unwrap());
        assert!(!writer.wait_until_read(shortly()).unwrap());
        thread::scope(|scope| {
            let flushing = scope.spawn(|| writer.wait_until_read(soon()).unwrap());
            assert_eq!(message(&mut reader), b"read me");
            assert!(flushing.join().unwrap());
        });
    }
}
