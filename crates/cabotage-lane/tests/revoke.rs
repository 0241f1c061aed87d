// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes above a quota, both ends in one process: when they are complete, what withdrawing them removes, what
//! stands after a hang-up, and what a liar can do with each word.
#![cfg(not(loom))]

use std::sync::Arc;

use cabotage_lane::revoke::{Admission, Answer, Mark, Outcome, Reader, Writer};
use cabotage_lane::{MappedControls, Violation};
use cabotage_os::map::{Map, MapMut, MapOptions};
use cabotage_os::memfd::{Memfd, ONE_WAY};

const PAGE: usize = 4096;
const REVOCABLE: Mark = Mark::Revocable { rest: 0 };

/// Where the words of a withdrawal lie in an outbox.
const TAKING: usize = 512;
const WITHDRAWN: usize = 520;
const LAST: usize = 528;
const UNDECIDED: u64 = 1 << 63;

struct Lane {
    writer: Writer<MappedControls>,
    reader: Reader<MappedControls>,
    /// The writer's outbox, for lying in it.
    outbox: Arc<MapMut>,
    /// The reader's outbox, for lying in it.
    inbox: Arc<MapMut>,
}

fn outbox() -> (Arc<MapMut>, Arc<Map>) {
    let memory = Memfd::create("outbox", PAGE as u64).unwrap();
    let own = MapOptions::new().read_write(&memory, PAGE).unwrap();
    memory.seal(ONE_WAY).unwrap();
    (Arc::new(own), Arc::new(MapOptions::new().read_only(&memory, PAGE).unwrap()))
}

fn lane(quota: u64) -> Lane {
    let ((outbox, seen_by_reader), (inbox, seen_by_writer)) = (outbox(), outbox());
    Lane {
        writer: Writer::new(MappedControls::new(outbox.clone(), seen_by_writer).unwrap(), quota),
        reader: Reader::new(MappedControls::new(inbox.clone(), seen_by_reader).unwrap(), quota),
        outbox,
        inbox,
    }
}

impl Lane {
    /// Publishes a write as one record that the reader comes upon later.
    fn write(&mut self, bytes: u64) -> Write {
        let mark = match self.writer.admit(bytes).unwrap() {
            Admission::Firm => Mark::Firm,
            Admission::Revocable => REVOCABLE,
            Admission::Held => panic!("held"),
        };
        Write { range: self.writer.append(bytes), mark }
    }

    fn enter(&mut self, write: &Write) {
        self.reader.enter(write.range.end - write.range.start, write.mark).unwrap();
    }

    fn take(&mut self, wanted: u64) -> Answer {
        self.reader.take(wanted).unwrap()
    }

    fn withdraw(&mut self, write: &Write) -> Outcome {
        self.writer.withdraw(write.range.clone()).unwrap()
    }

    fn is_complete(&mut self, write: &Write) -> bool {
        write.range.end <= self.writer.complete().unwrap()
    }
}

#[derive(Debug)]
struct Write {
    range: std::ops::Range<u64>,
    mark: Mark,
}

#[test]
fn a_write_is_complete_once_its_unread_bytes_fit_the_quota() {
    let mut lane = lane(5000);
    let first = lane.write(3000);
    let second = lane.write(5000);
    assert_eq!((first.mark, second.mark), (Mark::Firm, REVOCABLE));
    assert!(!lane.is_complete(&second));
    lane.enter(&first);
    assert_eq!(lane.take(3000), Answer::Take(3000));
    lane.reader.tell();
    assert!(lane.is_complete(&second));
    assert_eq!(lane.withdraw(&second), Outcome::Complete);
    let third = lane.write(1);
    assert!(!lane.is_complete(&third));
    lane.enter(&second);
    assert_eq!(lane.take(1), Answer::Take(1));
    assert!(lane.is_complete(&third), "of a record that is not over");
}

#[test]
fn with_no_quota_a_write_waits_for_its_last_byte_and_an_empty_one_for_nothing() {
    let mut lane = lane(0);
    let (write, empty) = (lane.write(2), lane.write(0));
    assert_eq!(empty.mark, Mark::Firm);
    lane.enter(&write);
    assert_eq!(lane.take(1), Answer::Take(1));
    assert!(!lane.is_complete(&write));
    assert_eq!(lane.take(9), Answer::Take(1));
    assert!(lane.is_complete(&write));
    lane.enter(&empty);
    assert_eq!(lane.take(9), Answer::Take(0));
}

#[test]
fn withdrawing_removes_what_was_not_read_even_after_a_short_read_and_the_next_write_follows() {
    let mut lane = lane(10);
    let write = lane.write(100);
    lane.enter(&write);
    assert_eq!(lane.take(30), Answer::Take(30));
    assert_eq!(lane.withdraw(&write), Outcome::Withdrawn(30..100));
    assert_eq!(lane.reader.peek(9), Ok(Answer::NoFurther(30)));
    assert_eq!((lane.reader.left(), lane.reader.position()), (0, 100));
    let next = lane.write(10);
    assert_eq!(next.mark, Mark::Firm, "withdrawn bytes use up no quota");
    lane.enter(&next);
    assert_eq!(lane.take(10), Answer::Take(10));
}

#[test]
fn peeking_takes_nothing() {
    let mut lane = lane(0);
    let write = lane.write(5);
    lane.enter(&write);
    assert_eq!(lane.reader.peek(3), Ok(Answer::Take(3)));
    assert_eq!(lane.withdraw(&write), Outcome::Withdrawn(0..5));
    assert_eq!(lane.take(3), Answer::NoFurther(0));
}

#[test]
fn what_stood_behind_a_withdrawn_write_is_named_to_be_published_again() {
    let mut lane = lane(0);
    let writes = [lane.write(3), lane.write(4), lane.write(5)];
    assert_eq!(lane.withdraw(&writes[1]), Outcome::Withdrawn(3..12));
    let again = lane.write(5);
    for (write, answer) in writes.iter().zip([Answer::Take(3), Answer::NoFurther(3), Answer::NoFurther(7)]) {
        lane.enter(write);
        assert_eq!(lane.take(9), answer);
    }
    lane.enter(&again);
    assert_eq!(lane.take(9), Answer::Take(5));
}

#[test]
fn a_write_of_several_records_is_withdrawn_with_what_is_published_of_it() {
    let mut lane = lane(0);
    assert_eq!(lane.writer.admit(9), Ok(Admission::Revocable));
    lane.writer.append(3);
    lane.writer.append(3);
    lane.reader.enter(3, Mark::Revocable { rest: 6 }).unwrap();
    assert_eq!(lane.take(9), Answer::Take(3));
    assert_eq!(lane.writer.withdraw(0..9), Ok(Outcome::Withdrawn(3..6)));
    lane.reader.enter(3, Mark::Revocable { rest: 3 }).unwrap();
    assert_eq!(lane.take(9), Answer::NoFurther(3));
    let next = lane.write(2);
    assert_eq!(next.range, 6..8);
    lane.enter(&next);
    assert_eq!(lane.take(9), Answer::Take(2));
}

#[test]
fn behind_a_gap_and_what_stands_there_a_revocable_write_is_held_until_the_reader_is_past_it() {
    let mut lane = lane(5);
    let write = lane.write(9);
    assert_eq!(lane.withdraw(&write), Outcome::Withdrawn(0..9));
    let firm = lane.write(4);
    assert_eq!(firm.mark, Mark::Firm);
    assert_eq!(lane.writer.admit(1), Ok(Admission::Firm));
    assert_eq!(lane.writer.admit(2), Ok(Admission::Held));
    lane.enter(&write);
    assert_eq!(lane.take(1), Answer::NoFurther(0));
    lane.enter(&firm);
    assert_eq!(lane.take(1), Answer::Take(1));
    assert_eq!(lane.writer.admit(3), Ok(Admission::Revocable));
}

#[test]
fn a_gap_grows_as_often_as_the_next_write_is_withdrawn() {
    let mut lane = lane(0);
    let writes: Vec<Write> = (1..=5)
        .map(|bytes| {
            let write = lane.write(bytes);
            assert_eq!(lane.withdraw(&write), Outcome::Withdrawn(write.range.clone()));
            write
        })
        .collect();
    let last = lane.write(7);
    for write in &writes {
        lane.enter(write);
        assert_eq!(lane.take(1), Answer::NoFurther(write.range.start));
    }
    lane.enter(&last);
    assert_eq!(lane.take(9), Answer::Take(7));
}

#[test]
fn withdrawing_what_is_not_published_removes_nothing() {
    let mut lane = lane(0);
    assert_eq!(lane.writer.withdraw(0..9), Ok(Outcome::Withdrawn(0..0)));
    assert_eq!(lane.outbox.load_u64(WITHDRAWN).unwrap(), 0);
}

#[test]
fn after_a_hang_up_complete_writes_stand_and_others_lose_what_was_not_read() {
    let mut lane = lane(5);
    let writes = [lane.write(3), lane.write(4), lane.write(2)];
    lane.enter(&writes[0]);
    assert_eq!(lane.take(2), Answer::Take(2));
    lane.reader.hang_up().unwrap();
    assert_eq!(lane.take(9), Answer::Take(1));
    lane.enter(&writes[1]);
    assert_eq!(lane.take(2), Answer::Take(2), "4 + 1 bytes were unread at the hang-up");
    assert_eq!(lane.take(9), Answer::Take(2));
    lane.enter(&writes[2]);
    assert_eq!(lane.take(9), Answer::NoFurther(7), "what is read later completes nothing");
}

#[test]
fn after_a_hang_up_a_write_of_several_records_is_judged_as_a_whole() {
    let mut lane = lane(5);
    lane.reader.enter(3, Mark::Revocable { rest: 3 }).unwrap();
    lane.reader.hang_up().unwrap();
    assert_eq!(lane.take(9), Answer::NoFurther(0));
}

#[test]
fn after_a_hang_up_a_withdrawal_that_was_decided_is_kept() {
    let mut lane = lane(5);
    let write = lane.write(9);
    lane.enter(&write);
    assert_eq!(lane.take(1), Answer::Take(1));
    assert_eq!(lane.withdraw(&write), Outcome::Withdrawn(1..9));
    let firm = lane.write(5);
    lane.reader.hang_up().unwrap();
    lane.reader.hang_up().unwrap();
    assert_eq!(lane.take(9), Answer::NoFurther(1));
    lane.enter(&firm);
    assert_eq!(lane.take(9), Answer::Take(5));
}

#[test]
fn a_withdrawal_that_a_dead_writer_never_decided_counts() {
    let mut lane = lane(5);
    let write = lane.write(9);
    lane.enter(&write);
    assert_eq!(lane.take(2), Answer::Take(2));
    lane.outbox.store_u64(LAST, UNDECIDED).unwrap();
    lane.outbox.store_u64(WITHDRAWN, 9).unwrap();
    for _look in 0..3 {
        assert_eq!(lane.take(9), Answer::WaitForLast);
    }
    lane.reader.hang_up().unwrap();
    assert_eq!(lane.take(9), Answer::NoFurther(2));
}

#[test]
fn a_read_that_asks_again_for_more_gets_no_more_than_what_was_decided() {
    let mut lane = lane(0);
    let write = lane.write(9);
    lane.enter(&write);
    lane.outbox.store_u64(LAST, UNDECIDED).unwrap();
    lane.outbox.store_u64(WITHDRAWN, 9).unwrap();
    assert_eq!(lane.take(2), Answer::WaitForLast);
    lane.outbox.store_u64(LAST, 2).unwrap();
    assert_eq!(lane.take(5), Answer::Take(2));
    assert_eq!(lane.take(5), Answer::NoFurther(2));
}

#[test]
fn every_lie_of_a_reader_ends_the_lane_for_ever() {
    for lie in [101, 29, 0, UNDECIDED, u64::MAX] {
        let mut lane = lane(10);
        let write = lane.write(100);
        lane.inbox.store_u64(TAKING, 30).unwrap();
        assert_eq!(lane.writer.complete(), Ok(40));
        lane.inbox.store_u64(TAKING, lie).unwrap();
        let violation = Violation::Taking { position: lie, least: 30, most: 100 };
        assert_eq!(lane.writer.withdraw(write.range.clone()), Err(violation));
        lane.inbox.store_u64(TAKING, 30).unwrap();
        assert_eq!(lane.writer.complete(), Err(violation), "{lie} was forgiven");
        assert_eq!(lane.writer.admit(1), Err(violation));
    }
}

/// A reader that has taken 30 bytes of 100, and knows of a withdrawal up to 20 before.
fn at_thirty() -> Lane {
    let mut lane = lane(10);
    lane.outbox.store_u64(WITHDRAWN, 20).unwrap();
    lane.reader.enter(20, Mark::Firm).unwrap();
    assert_eq!(lane.take(20), Answer::Take(20));
    lane.reader.enter(80, REVOCABLE).unwrap();
    assert_eq!(lane.take(10), Answer::Take(10));
    lane
}

#[test]
fn every_lie_of_a_writer_ends_the_lane_for_ever() {
    let withdrawn = |position, least| Violation::Withdrawn { position, least };
    let last = |position, most| Violation::Last { position, least: 30, most };
    for (words, violation) in [
        ((19, 0), withdrawn(19, 20)),
        ((0, 0), withdrawn(0, 20)),
        ((31, 31), withdrawn(31, 100)),
        ((99, 50), withdrawn(99, 100)),
        ((UNDECIDED, 50), withdrawn(UNDECIDED, 100)),
        ((u64::MAX, 50), withdrawn(u64::MAX, 100)),
        ((100, 29), last(29, 100)),
        ((100, 0), last(0, 100)),
        ((100, 101), last(101, 100)),
        ((UNDECIDED - 1, 0), last(0, UNDECIDED - 1)),
    ] {
        let mut lane = at_thirty();
        lane.outbox.store_u64(WITHDRAWN, words.0).unwrap();
        lane.outbox.store_u64(LAST, words.1).unwrap();
        assert_eq!(lane.reader.take(1), Err(violation));
        lane.outbox.store_u64(WITHDRAWN, 20).unwrap();
        assert_eq!(lane.reader.take(1), Err(violation), "{words:?} was forgiven");
        assert_eq!(lane.reader.peek(1), Err(violation));
        assert_eq!(lane.reader.hang_up(), Err(violation));

        let mut gone = at_thirty();
        gone.outbox.store_u64(WITHDRAWN, words.0).unwrap();
        gone.outbox.store_u64(LAST, words.1).unwrap();
        let answer = gone.reader.hang_up();
        let is_told = answer == Err(violation) || matches!(answer, Err(Violation::Withdrawn { .. }));
        assert!(is_told, "{words:?}: {answer:?}");
    }
}

#[test]
fn a_record_that_ends_where_no_lane_comes_to_is_a_lie() {
    for (bytes, rest) in [(UNDECIDED, 0), (1, u64::MAX), (u64::MAX, u64::MAX), (1, UNDECIDED - 1)] {
        let mut lane = lane(0);
        let violation = Violation::Position { bytes, rest, room: UNDECIDED - 1 };
        assert_eq!(lane.reader.enter(bytes, Mark::Revocable { rest }), Err(violation));
        assert_eq!(lane.reader.enter(1, Mark::Firm), Err(violation), "{bytes} was forgiven");
    }
}

#[test]
fn random_words_take_no_byte_twice_and_none_beyond_a_record() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _lane in 0..300 {
        let mut lane = lane(random() % 8);
        'records: for _record in 0..20 {
            let (bytes, rest) = (random() % 8, random() % 4);
            let mark = if random() % 4 == 0 { Mark::Firm } else { Mark::Revocable { rest } };
            let _ = lane.reader.enter(bytes, mark);
            let end = lane.reader.position() + lane.reader.left();
            for _look in 0..10 {
                for word in [WITHDRAWN, LAST] {
                    let near = (end + 4).saturating_sub(random() % 8) | (random() % 4 / 3) << 63;
                    let lie = if random() % 16 == 0 { random() } else { near };
                    lane.outbox.store_u64(word, lie).unwrap();
                }
                if random() % 64 == 0 {
                    let _ = lane.reader.hang_up();
                }
                let before = lane.reader.position();
                match lane.reader.take(random() % 4) {
                    Ok(Answer::Take(bytes)) => assert_eq!(lane.reader.position(), before + bytes),
                    Ok(Answer::WaitForLast) => assert_eq!(lane.reader.position(), before),
                    Ok(Answer::NoFurther(from)) => {
                        assert_eq!((from, lane.reader.position()), (before, end));
                    }
                    Err(_) => break 'records,
                }
                assert!(lane.reader.position() <= end);
                if lane.reader.left() == 0 {
                    continue 'records;
                }
            }
            break;
        }
    }
}
