// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a peer says of its memory: claims of bytes, and records of blocks.

use std::sync::Arc;

use cabotage_lane::block::{Block, Borrowed, GiveBack, MappedReturns, Sent, Slot};
use cabotage_lane::{Claim, MappedControls};

use super::input::Input;
use super::ring::outbox;

/// Claims, and every way to read a span.
pub(super) fn claims(data: &[u8]) {
    let (_own, map) = outbox();
    let mut input = Input(data);
    while !input.is_empty() {
        let claim = Claim { offset: input.number(), bytes: input.number() };
        let Ok(span) = claim.admit(&map) else { continue };
        assert_eq!(span.bytes() as u64, claim.bytes);
        assert!(claim.offset + claim.bytes <= map.bytes() as u64, "{claim:?} was admitted");
        let at = usize::try_from(input.number()).unwrap_or(usize::MAX);
        let mut target = [0; 64];
        let inside = at.checked_add(target.len()).is_some_and(|end| end <= span.bytes());
        assert_eq!(span.copy_at(at, &mut target).is_ok(), inside);
        let inside = at.checked_add(8).is_some_and(|end| end <= span.bytes());
        assert_eq!(span.read::<u64>(at).is_ok(), inside);
        assert!(span.copy_to(&mut target).expect("a span") <= span.bytes());
    }
}

#[derive(Debug)]
struct Giver(MappedReturns);

impl GiveBack for Giver {
    fn give_back(&self, slot: Slot, loan: u64) {
        let _must_ring = self.0.give_back(slot, loan);
    }
}

/// Records of blocks, which are held for a while and dropped in any order.
pub(super) fn blocks(data: &[u8]) {
    let ((own, _), (_theirs, map)) = (outbox(), outbox());
    let controls = MappedControls::new(own, map.clone()).expect("control words");
    let giver = Arc::new(Giver(MappedReturns::new(controls.clone()).expect("words")));
    let mut borrowed = Borrowed::new(controls);
    let mut held: Vec<(u32, Block<Arc<Giver>>)> = Vec::new();
    let mut input = Input(data);
    while !input.is_empty() {
        if input.u8() % 3 == 0 && !held.is_empty() {
            held.swap_remove(usize::from(input.u8()) % held.len());
            continue;
        }
        let low = |number: u64| u32::try_from(number & 0xFFFF_FFFF).unwrap_or(0);
        let (segment, slot) = (low(input.number()), low(input.number()));
        let sent = Sent { segment, slot, loan: input.number(), bytes: input.number() };
        if let Ok(block) = borrowed.block(sent, &map, giver.clone()) {
            assert!(held.iter().all(|(taken, _)| *taken != slot), "slot {slot} is out twice");
            assert_eq!(block.bytes() as u64, sent.bytes);
            held.push((slot, block));
        }
    }
}
