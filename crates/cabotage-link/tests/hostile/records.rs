// SPDX-License-Identifier: MIT OR Apache-2.0
//! Records that mean nothing, or name what never came; segments that repeat, fall, or are too many.

use std::os::fd::AsFd;

use super::{assert_fault, met, met_with, options, patience};
use crate::support::hostile::{
    ATTACHED, BLOCK, CONTINUE, PAD, PLAIN, RETIRE, RawPeer, frames, head, header, sent,
};
use crate::support::{alone, leaves_nothing, soon};

/// Ends the link of a victim that receives these records, each under a header and with a body, after `prepare`.
#[track_caller]
fn attack(what: &str, words: &str, prepare: impl Fn(&RawPeer), records: &[(u64, Vec<u8>)]) {
    leaves_nothing(what, || {
        let (mut raw, mut victim) = met();
        prepare(&raw);
        for (header, body) in records {
            raw.write_header(*header, body);
        }
        raw.say(frames::BELL);
        assert_fault(&mut victim, words);
    });
}

fn record(tag: u8, body: Vec<u8>) -> Vec<(u64, Vec<u8>)> {
    vec![(header(tag, body.len()), body)]
}

#[test]
fn headers_that_mean_nothing_end_the_link() {
    let _alone = alone();
    let nothing = |_: &RawPeer| {};
    for tag in [0, 4, 5, 15] {
        attack("a strange tag", "means nothing", nothing, &[(header(tag, 8), vec![0; 8])]);
    }
    for tag in [19, 100, 255] {
        attack("an unknown tag", "a record of an unknown kind", nothing, &[(header(tag, 8), vec![0; 8])]);
    }
    for port in [1, 0xFF_FFFF] {
        attack(
            "a strange port",
            "a port that is not there",
            nothing,
            &[(port << 40 | header(PLAIN, 8), vec![])],
        );
    }
    for bytes in [1521, 4096, 1 << 31, u32::MAX as usize] {
        attack("a long record", "above the agreed", nothing, &[(header(PLAIN, bytes), vec![])]);
    }
    for words in [1, 2, 100, 511, 512] {
        attack("a pad", "before the end of the ring", nothing, &[(header(PAD, words * 8), vec![])]);
    }
    for bytes in [0, 9, 16, u32::MAX as usize] {
        for tag in [CONTINUE, RETIRE] {
            attack("a long record of the lane", "before the end", nothing, &[(header(tag, bytes), vec![])]);
        }
    }
}

#[test]
fn records_that_name_what_never_came_end_the_link() {
    let _alone = alone();
    let nothing = |_: &RawPeer| {};
    for number in [1, 2, u32::MAX] {
        let body = number.to_le_bytes().to_vec();
        attack("CONTINUE to nothing", "never came", nothing, &record(CONTINUE, body.clone()));
        attack("RETIRE of nothing", "never came", nothing, &record(RETIRE, body));
        let block = sent(number, 0, 1, 8);
        attack("a block of nothing", "never came", nothing, &record(BLOCK, block.clone()));
        attack("an attached one", "never came", nothing, &record(ATTACHED, [head(0, 1), block].concat()));
        let descriptors = head(number.into(), 0);
        attack("descriptors of nothing", "never came", nothing, &record(ATTACHED, descriptors));
    }
    let zero = 0_u32.to_le_bytes().to_vec();
    attack("CONTINUE in place", "in which it is", nothing, &record(CONTINUE, zero.clone()));
    attack("RETIRE of the outbox", "never came", nothing, &record(RETIRE, zero));
}

#[test]
fn a_segment_serves_only_what_it_was_announced_for() {
    let _alone = alone();
    let ring = |raw: &RawPeer| drop(raw.segment(7, frames::RING, 65536));
    let block = |raw: &RawPeer| drop(raw.segment(7, frames::BLOCK, 65536));
    attack("a block in a ring", "never came", ring, &record(BLOCK, sent(7, 0, 1, 8)));
    attack("a ring in a block", "never came", block, &record(CONTINUE, 7_u32.to_le_bytes().to_vec()));
    // No ring has such a size.
    let odd = |raw: &RawPeer| drop(raw.segment(7, frames::RING, 12_288));
    attack("a ring of three pages", "never came", odd, &record(CONTINUE, 7_u32.to_le_bytes().to_vec()));
}

#[test]
fn blocks_lie_inside_their_segment_in_a_free_slot_under_a_new_number() {
    let _alone = alone();
    let block = |raw: &RawPeer| drop(raw.segment(7, frames::BLOCK, 65536));
    for (record_of, words) in [
        (sent(7, 0, 1, 65537), "of memory that has 65536"),
        (sent(7, 0, 1, u64::MAX), "of memory that has 65536"),
        (sent(7, 0, 1, 1 << 32), "of memory that has 65536"),
        (sent(7, 64, 1, 8), "names slot 64"),
        (sent(7, u32::MAX, 1, 8), "names slot"),
        (sent(7, 0, 0, 8), "numbered a block 0"),
    ] {
        attack("an impossible block", words, block, &record(BLOCK, record_of.clone()));
        attack("an impossible block", words, block, &record(ATTACHED, [head(0, 1), record_of].concat()));
    }
    let twice = [head(0, 2), sent(7, 5, 1, 8), sent(7, 5, 2, 8)].concat();
    attack("one slot twice", "which it has not got back yet", block, &record(ATTACHED, twice));
    let falling = [record(BLOCK, sent(7, 5, 9, 8)), record(BLOCK, sent(7, 5, 9, 8))].concat();
    attack("one number twice", "numbered a block 9", block, &falling);
    for short in [0, 1, 8, 23] {
        attack("half a block", "too short", block, &record(BLOCK, sent(7, 0, 1, 8)[..short].to_vec()));
        attack("half a head", "too short", block, &record(ATTACHED, head(0, 0)[..short.min(15)].to_vec()));
    }
    attack(
        "fewer blocks than named",
        "too short",
        block,
        &record(ATTACHED, [head(0, 2), sent(7, 0, 1, 8)].concat()),
    );
    for count in [17, 64, u32::MAX] {
        attack("many blocks", "more blocks", block, &record(ATTACHED, head(0, count)));
    }
}

#[test]
fn segments_are_numbered_upwards_and_not_too_many_or_too_large() {
    let _alone = alone();
    for numbers in [[1, 1], [2, 1], [u32::MAX, 5], [5, 0], [0, 0]] {
        leaves_nothing("segments out of order", || {
            let (raw, mut victim) = met();
            let _ = numbers.map(|number| drop(raw.segment(number, frames::BLOCK, 4096)));
            assert_fault(&mut victim, "a number that it used before");
        });
    }
    leaves_nothing("many segments", || {
        let (raw, mut victim) = met();
        for number in 1..100 {
            drop(raw.segment(number, frames::BLOCK, 4096));
        }
        assert_fault(&mut victim, "more segments than it may have");
    });
    for (purpose, bytes) in [(frames::RING, (16 << 20) + 1), (frames::RING, 0), (frames::BLOCK, 0)] {
        leaves_nothing("a segment of an impossible size", || {
            let (raw, mut victim) = met();
            let file = std::fs::File::open("/dev/null").unwrap();
            assert!(raw.say_with(&frames::segment(1, purpose, bytes), &[file.as_fd()]));
            assert_fault(&mut victim, "above the agreed size");
        });
    }
    for bytes in [(256 << 20) + 1, 1 << 40, u64::MAX] {
        leaves_nothing("a large block", || {
            let (raw, mut victim) = met();
            let file = std::fs::File::open("/dev/null").unwrap();
            assert!(raw.say_with(&frames::segment(1, frames::BLOCK, bytes), &[file.as_fd()]));
            assert_fault(&mut victim, "above the agreed size");
        });
    }
}

#[test]
fn a_peer_that_leads_from_ring_to_ring_gets_nowhere() {
    let _alone = alone();
    leaves_nothing("a chain of rings", || {
        let (mut raw, mut victim) = met();
        let rings: Vec<_> = (1..=60_u32).map(|number| raw.segment(number, frames::RING, 4096)).collect();
        for (number, ring) in (2_u32..).zip(&rings) {
            ring.copy_from(8, &number.to_le_bytes()).unwrap();
            ring.store_u64(0, header(CONTINUE, 4)).unwrap();
        }
        raw.send(CONTINUE, &1_u32.to_le_bytes());
        assert_fault(&mut victim, "the ring 61, which never came");
    });
    leaves_nothing("back to the first ring, whose words still stand", || {
        let (mut raw, mut victim) = met();
        let ring = raw.segment(1, frames::RING, 65536);
        ring.copy_from(8, &0_u32.to_le_bytes()).unwrap();
        ring.store_u64(0, header(CONTINUE, 4)).unwrap();
        raw.send(CONTINUE, &1_u32.to_le_bytes());
        // All that was sent before comes once more, as the peer wants it, and then leads to a ring that is gone.
        assert_fault(&mut victim, "the ring 1, which never came");
    });
}

#[test]
fn descriptors_come_in_order_and_in_number() {
    let _alone = alone();
    let file = std::fs::File::open("/dev/null").unwrap();
    let fd = file.as_fd();
    for sequences in [[0, 1], [2, 3], [1, 1], [1, 3], [u64::MAX, 0]] {
        leaves_nothing("descriptors out of order", || {
            let (raw, mut victim) = met();
            let _ = sequences.map(|sequence| raw.say_with(&frames::descriptors(sequence, 1), &[fd]));
            assert_fault(&mut victim, "counts its messages with descriptors wrongly");
        });
    }
    for (announced, sent) in [(1, 0), (1, 2), (2, 1), (64, 253), (64, 63), (1, 253), (64, 1)] {
        leaves_nothing("another number of descriptors", || {
            let (raw, mut victim) = met();
            assert!(raw.say_with(&frames::descriptors(1, announced), &vec![fd; sent]));
            assert_fault(&mut victim, "descriptors in a message that has");
        });
    }
    for each in [1, 9, 33, 64] {
        leaves_nothing("descriptors that no record names", || {
            let (raw, mut victim) = met();
            // At most 64 wait, in however many messages.
            for sequence in 1..=u64::from(64 / each) + 1 {
                raw.say_with(&frames::descriptors(sequence, each), &vec![fd; each.into()]);
            }
            assert_fault(&mut victim, "more descriptors than may wait");
        });
    }
    leaves_nothing("descriptors beside words that have none", || {
        for message in [frames::BELL, frames::BYE, frames::AGAIN] {
            let (raw, mut victim) = met();
            assert!(raw.say_with(message, &[fd; 253]));
            assert_fault(&mut victim, "descriptors in a message that has 0");
        }
    });
    leaves_nothing("records that name them out of order", || {
        let (mut raw, mut victim) = met();
        raw.say_with(&frames::descriptors(1, 1), &[fd]);
        raw.say_with(&frames::descriptors(2, 1), &[fd]);
        raw.send(ATTACHED, &head(2, 0));
        assert_fault(&mut victim, "the descriptors 2, which never came");
    });
}

#[test]
fn a_block_that_is_rewritten_while_it_is_read_is_read_once() {
    let _alone = alone();
    leaves_nothing("a block that changes", || {
        let (mut raw, mut victim) = met_with(options());
        let map = raw.segment(1, frames::BLOCK, 65536);
        raw.send(ATTACHED, &[head(0, 1), sent(1, 3, 1, 65536)].concat());
        let mut message = victim.receive(soon()).unwrap();
        let block = message.take_block().unwrap();
        drop(message);
        drop(raw);
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut byte = 0_u8;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    byte = byte.wrapping_add(1);
                    map.copy_from(0, &[byte; 65536]).unwrap();
                }
            });
            for _ in 0..200 {
                let mut copy = [0; 65536];
                assert_eq!(block.copy_to(&mut copy).unwrap(), 65536);
                let seen = copy.to_vec();
                assert_eq!(seen, copy);
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        assert!(victim.receive(patience()).is_err());
        // The block outlives its link.
        drop(victim);
        assert_eq!(block.bytes(), 65536);
    });
}
