// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a read takes and leaves, and what a peek sees.

use cabotage_link::Deadline;
use cabotage_link::metered::{Framing, Peeked, ReadError, ReadMode};

use crate::support::{shortly, soon};
use crate::{message, pairs, pattern, read};

#[test]
fn a_short_read_of_a_message_leaves_the_rest_in_the_pipe() {
    for (mut writer, mut reader) in pairs(Framing::Messages, 4096) {
        writer.write(&pattern(100), soon()).unwrap();
        writer.write(b"second", soon()).unwrap();
        assert_eq!(read(&mut reader, 30, ReadMode::Message), (pattern(100)[..30].to_vec(), true));
        assert_eq!(read(&mut reader, 60, ReadMode::Message), (pattern(100)[30..90].to_vec(), true));
        assert_eq!(read(&mut reader, 60, ReadMode::Message), (pattern(100)[90..].to_vec(), false));
        assert_eq!(message(&mut reader), b"second");
    }
}

#[test]
fn reading_bytes_crosses_the_borders_of_messages() {
    for (mut writer, mut reader) in pairs(Framing::Messages, 4096) {
        for part in [&b"one "[..], b"two ", b"three"] {
            writer.write(part, soon()).unwrap();
        }
        assert_eq!(read(&mut reader, 6, ReadMode::Bytes), (b"one tw".to_vec(), false));
        assert_eq!(read(&mut reader, 100, ReadMode::Bytes), (b"o three".to_vec(), false));
    }
}

#[test]
fn a_peek_sees_the_first_message_and_counts_all() {
    for (mut writer, mut reader) in pairs(Framing::Messages, 150) {
        writer.write(&pattern(100), soon()).unwrap();
        let _pending =
            writer.begin_write(b"behind the quota, and readable all the same, since it is there").unwrap();
        let mut target = [0; 30];
        let seen = reader.peek(&mut target).unwrap();
        assert_eq!(seen, Peeked { bytes: 30, available_bytes: 162, message_bytes_left: 70 });
        assert_eq!(target[..], pattern(30));
        assert_eq!(read(&mut reader, 90, ReadMode::Message).0.len(), 90);
        let seen = reader.peek(&mut target).unwrap();
        assert_eq!(seen, Peeked { bytes: 10, available_bytes: 72, message_bytes_left: 0 });
        assert_eq!(target[..10], pattern(100)[90..]);
    }
}

#[test]
fn a_peek_without_borders_sees_as_much_as_it_has_room_for() {
    for (mut writer, mut reader) in pairs(Framing::Bytes, 4096) {
        writer.write(b"one ", soon()).unwrap();
        writer.write(b"two", soon()).unwrap();
        let mut target = [0; 9];
        let seen = reader.peek(&mut target).unwrap();
        assert_eq!(seen, Peeked { bytes: 7, available_bytes: 7, message_bytes_left: 0 });
        assert_eq!(&target[..7], b"one two");
        assert_eq!(reader.peek(&mut target[..5]).unwrap().bytes, 5);
    }
}

#[test]
fn an_empty_message_satisfies_one_read_and_no_peek() {
    for mode in [ReadMode::Bytes, ReadMode::Message] {
        for (mut writer, mut reader) in pairs(Framing::Messages, 100) {
            writer.write(&[], soon()).unwrap();
            assert_eq!(reader.peek(&mut [0; 9]).unwrap(), Peeked::default());
            assert_eq!(read(&mut reader, 9, mode), (vec![], false));
            writer.write(b"x", soon()).unwrap();
            writer.write(&[], soon()).unwrap();
            assert_eq!(reader.peek(&mut [0; 9]).unwrap().available_bytes, 1);
            assert_eq!(read(&mut reader, 9, mode), (b"x".to_vec(), false));
            assert_eq!(read(&mut reader, 9, mode), (vec![], false));
            let mut target = [0; 9];
            assert_eq!(reader.read(&mut target, mode, Deadline::Now), Err(ReadError::Nothing));
        }
    }
}

#[test]
fn an_empty_message_ends_a_read_that_waits() {
    for mode in [ReadMode::Bytes, ReadMode::Message] {
        for (mut writer, mut reader) in pairs(Framing::Messages, 100) {
            std::thread::scope(|scope| {
                let reading = scope.spawn(|| read(&mut reader, 9, mode));
                writer.write(&[], soon()).unwrap();
                assert_eq!(reading.join().unwrap(), (vec![], false));
            });
        }
    }
}

#[test]
fn an_empty_message_never_waits_even_behind_writes_that_do() {
    for (mut writer, mut reader) in pairs(Framing::Messages, 10) {
        let _pending = writer.begin_write(&pattern(30)).unwrap();
        writer.write(&[], Deadline::Now).unwrap();
        assert_eq!(writer.try_write(&[]), Ok(0));
        let _pending = writer.begin_write(&pattern(20)).unwrap();
        assert_eq!(reader.peek(&mut []).unwrap().available_bytes, 50);
        for expected in [pattern(30), vec![], vec![], pattern(20)] {
            assert_eq!(message(&mut reader), expected);
        }
    }
}

#[test]
fn each_read_has_a_mode_of_its_own_and_a_peek_has_none() {
    for (mut writer, mut reader) in pairs(Framing::Messages, 4096) {
        for part in [&b"first"[..], b"second", b"third"] {
            writer.write(part, soon()).unwrap();
        }
        assert_eq!(read(&mut reader, 2, ReadMode::Bytes), (b"fi".to_vec(), false));
        assert_eq!(reader.peek(&mut [0; 50]).unwrap().bytes, 3);
        assert_eq!(read(&mut reader, 50, ReadMode::Message), (b"rst".to_vec(), false));
        assert_eq!(read(&mut reader, 2, ReadMode::Message), (b"se".to_vec(), true));
        assert_eq!(read(&mut reader, 50, ReadMode::Bytes), (b"condthird".to_vec(), false));
    }
}

#[test]
fn an_empty_write_without_borders_is_nothing() {
    for (mut writer, mut reader) in pairs(Framing::Bytes, 0) {
        writer.write(&[], Deadline::Now).unwrap();
        assert_eq!(writer.try_write(&[]), Ok(0));
        assert_eq!(reader.read(&mut [0; 9], ReadMode::Bytes, shortly()), Err(ReadError::Nothing));
    }
}

#[test]
fn a_read_into_nothing_waits_for_something_and_takes_nothing() {
    for (mut writer, mut reader) in pairs(Framing::Messages, 100) {
        assert_eq!(reader.read(&mut [], ReadMode::Message, shortly()), Err(ReadError::Nothing));
        writer.write(b"here", soon()).unwrap();
        assert_eq!(read(&mut reader, 0, ReadMode::Message), (vec![], true));
        assert_eq!(read(&mut reader, 0, ReadMode::Bytes), (vec![], false));
        assert_eq!(message(&mut reader), b"here");
    }
}
