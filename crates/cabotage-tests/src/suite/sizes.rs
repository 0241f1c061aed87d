// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sizes: from no byte to the most, and one more.

use super::Case;
use crate::record::{Mark, RECORD_BYTES_MIN};
use crate::suite::soon;
use crate::transport::{Oversize, Told};

/// Around every boundary that a transport may have: words, cache lines, pages, rings, blocks.
const SIZES: [usize; 24] = [
    0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 255, 256, 1_503, 1_504, 1_505, 4_079, 4_080, 4_081, 4_096, 4_097,
    65_535, 65_536, 65_537, 200_000,
];

fn record(bytes: usize) -> Vec<u8> {
    match bytes {
        0..RECORD_BYTES_MIN => vec![0xA5; bytes],
        _ => Mark { stream: 7, number: bytes as u64 }.record(bytes),
    }
}

/// The sizes for a transport of which the longest record has so many bytes.
fn sizes(bytes_max: usize) -> Vec<usize> {
    SIZES.into_iter().chain([bytes_max - 1, bytes_max]).filter(|bytes| *bytes <= bytes_max).collect()
}

pub(super) const fn every_size_from_nothing_to_the_most_arrives() -> Case {
    Case {
        sender: |player| {
            for bytes in sizes(player.transport.record_bytes_max()) {
                player.send(&record(bytes));
                player.catch_up();
            }
        },
        receiver: |player| {
            for bytes in sizes(player.transport.record_bytes_max()) {
                assert!(player.receive() == record(bytes), "a record of {bytes} bytes");
                player.catch_up();
            }
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}

pub(super) const fn one_byte_more_than_the_most_does_not_go_and_harms_nothing() -> Case {
    Case {
        sender: |player| {
            let bytes_max = player.transport.record_bytes_max();
            player.send(b"before");
            let answer = player.end().send(&record(bytes_max + 1), soon());
            match player.transport.oversize() {
                Oversize::IsRefused => assert_eq!(answer, Err(Told::TooLong)),
                Oversize::IsToldToTheReceiver | Oversize::Goes => assert_eq!(answer, Ok(())),
            }
            player.send(&record(bytes_max));
        },
        receiver: |player| {
            assert_eq!(player.receive(), b"before");
            match player.transport.oversize() {
                Oversize::IsRefused => {}
                Oversize::IsToldToTheReceiver => {
                    assert_eq!(player.end().receive(soon()), Err(Told::TooLong));
                }
                Oversize::Goes => assert!(player.receive().len() > player.transport.record_bytes_max()),
            }
            assert!(player.receive() == record(player.transport.record_bytes_max()), "the longest record");
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}
