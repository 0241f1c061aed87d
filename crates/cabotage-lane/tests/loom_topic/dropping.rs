// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the slow lose records: no copy that was overwritten counts, and every loss is counted exactly.

use cabotage_lane::topic::WhenSlow;
use loom::thread;

use super::topic::Topic;

/// A publisher of `records` records of so many words each in turn laps a reader that looks `looks` times meanwhile.
fn lap(ring_words: usize, sizes: &'static [usize], looks: usize) {
    loom::model(move || {
        let topic = Topic::new(ring_words, WhenSlow::Drop);
        let mut publisher = topic.publish();
        let mut reader = topic.read(0, 0);
        let publishing = thread::spawn(move || {
            sizes.iter().for_each(|words| publisher.send(*words));
            publisher.lane.published()
        });
        let taken = (0..looks).filter(|_| reader.look()).count() as u64;
        let published = publishing.join().unwrap();
        assert_eq!(reader.lane.number(), 1 + taken + reader.missed);
        // Whoever was overtaken is told so now at the latest, whatever word it finds where it stands.
        for _ in 0..=2 * published {
            reader.look();
        }
        assert_eq!(reader.lane.number(), published + 1);
    });
}

#[test]
fn a_copy_that_was_overwritten_is_dropped_and_its_number_counted_as_missed() {
    lap(8, &[1, 1, 1, 1, 1], 2);
}

#[test]
fn a_copy_of_several_words_is_whole_or_dropped() {
    lap(16, &[4, 4, 4], 1);
}

/// The reader stands where the middle of a later body comes to lie, which imitates a header.
#[test]
fn a_body_where_a_header_was_is_not_taken_for_one() {
    lap(16, &[1, 3, 4, 1, 4], 2);
}

/// As above, with a body of zeroes: it must not look as if nothing had come.
#[test]
fn a_reader_that_finds_zeroes_of_a_later_body_is_told_that_it_was_overtaken() {
    loom::model(|| {
        let topic = Topic::new(16, WhenSlow::Drop);
        let mut publisher = topic.publish();
        let mut reader = topic.read(0, 0);
        publisher.send(1);
        assert!(reader.look());
        let publishing = thread::spawn(move || {
            // The last two words of 16 become a filler, and the body of zeroes lies where the reader looks.
            for words in [4, 4, 1] {
                publisher.send(words);
            }
            publisher.send_bytes(&[0; 32]);
        });
        publishing.join().unwrap();
        reader.look();
        assert!(reader.missed > 0);
    });
}

#[test]
fn a_filler_that_was_overwritten_is_not_followed() {
    lap(16, &[4, 4, 2, 4, 2], 1);
}
