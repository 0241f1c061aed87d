// SPDX-License-Identifier: MIT OR Apache-2.0
//! A lane whose peer writes any word anywhere into its outbox: what a receiver takes from the ring, and what a sender
//! makes of the counts.

use std::sync::Arc;

use cabotage_lane::ring::{Receiver, Sender, Sight};
use cabotage_lane::{Controls, Fencing, MappedControls, MappedRing, PeerRing};
use cabotage_os::map::{Map, MapMut, MapOptions};
use cabotage_os::memfd::{Memfd, ONE_WAY};

use super::input::Input;

const PAGE: usize = 4096;
const RING_WORDS: u64 = 512;
const RECORD_BYTES_MAX: usize = 1504;

/// An outbox: its owner's map, and its reader's.
pub(super) fn outbox() -> (Arc<MapMut>, Arc<Map>) {
    let memory = Memfd::create("fuzzed", 2 * PAGE as u64).expect("memory");
    let own = MapOptions::new().read_write(&memory, 2 * PAGE).expect("a map");
    memory.seal(ONE_WAY).expect("seals");
    (Arc::new(own), Arc::new(MapOptions::new().read_only(&memory, 2 * PAGE).expect("a map")))
}

/// Steps of one byte each: what the liar writes, and what the receiver does meanwhile.
pub(super) fn receiver(data: &[u8]) {
    let ((lies, seen), (own, _)) = (outbox(), outbox());
    let ring = |at| PeerRing::new(seen.clone(), PAGE + at, RING_WORDS >> (at / 2048)).expect("a ring");
    let controls = MappedControls::new(own, seen.clone()).expect("control words");
    let mut receiver = Receiver::new(ring(0), controls, Fencing::Both);
    let mut input = Input(data);
    let mut buffer = [0; RECORD_BYTES_MAX];
    while !input.is_empty() {
        match input.u8() % 8 {
            0 | 1 => write(&lies, PAGE, &mut input),
            2 => write(&lies, 0, &mut input),
            3 => {
                let header = u64::from(input.u8() % 20) << 32 | input.number() & 0xFFFF_FFFF;
                let _ = lies.store_u64(PAGE + usize::from(input.u8()) * 8, header);
            }
            4 => drop(receiver.arm()),
            5 => drop((receiver.has_news(), receiver.take_bell())),
            _ => match receiver.look() {
                Ok(Sight::Record(shape)) => {
                    let record = receiver.take();
                    assert_eq!(record.bytes(), shape.bytes());
                    assert!(record.copy_to(&mut buffer) <= RECORD_BYTES_MAX);
                    drop(record);
                }
                Ok(Sight::Continue { .. }) => drop(receiver.continue_in(ring(2048))),
                Ok(_) => {}
                // The first violation is for ever.
                Err(_) => assert!(receiver.look().is_err()),
            },
        }
        receiver.disarm();
        let peer = receiver.controls().peer();
        let _ = (peer.is_closed(), peer.wants_room(), peer.admit_filed(0, 8));
    }
}

/// The same for a sender whose reader lies about how far it is.
pub(super) fn counts(data: &[u8]) {
    let ((own, _), (lies, seen)) = (outbox(), outbox());
    let ring = MappedRing::new(own.clone(), PAGE, RING_WORDS).expect("a ring");
    let mut sender = Sender::new(ring, MappedControls::new(own, seen).expect("control words"));
    let mut input = Input(data);
    let mut positions = 0;
    while !input.is_empty() {
        match input.u8() % 6 {
            0 => write(&lies, 0, &mut input),
            1 => drop(lies.store_u64(0, input.number())),
            2 => drop(lies.store_u64(0, sender.published().wrapping_sub(u64::from(input.u8())))),
            3 => drop((sender.has_left(input.number()), sender.has_room(usize::from(input.u8())))),
            4 => drop(sender.arm_for_room(usize::from(input.u8()) * 6)),
            _ => {
                let body = vec![7; usize::from(input.u8()) * 6];
                let _ = sender.send(16, 0, &body);
            }
        }
        sender.awake();
        assert!(sender.published() >= positions, "positions only grow");
        positions = sender.published();
    }
}

/// Writes a word somewhere into the page at `page`.
fn write(lies: &MapMut, page: usize, input: &mut Input<'_>) {
    let at = usize::from(input.u8()) << 1 | usize::from(input.u8() & 1);
    let _ = lies.store_u64(page + at * 8, input.number());
}
