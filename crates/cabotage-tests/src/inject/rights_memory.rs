// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages of Mach that are long, or bring memory out of line: in blocks, lent, sealed. What arrives is whole.

use cabotage_mach::{Carried, Memory, Message, Outgoing, Region};

use super::Answer;
use super::rights::{both, in_place, in_time, next_of};
use crate::Wrong;
use crate::scratch::Scratch;

const BYTES: usize = 40_000;

/// The one piece of memory of a message.
fn memory_in(mut message: Message) -> Result<Memory, Wrong> {
    match message.take_carried().pop() {
        Some(Carried::Memory(memory)) => Ok(memory),
        other => panic!("memory was sent, and there is {other:?}"),
    }
}

pub(super) fn long_messages_of_mach_arrive_whole(place: &Scratch) -> Answer {
    in_place(place, || {
        let (port, right) = both(place)?;
        for number in 0..3_u8 {
            let bytes = 3_000 << (2 * number);
            right.send_within(Outgoing::new(1_000).body(vec![number; bytes]), in_time())?;
            let message = next_of(&port, &right)?;
            assert!(message.body().len() == bytes && message.body().iter().all(|byte| *byte == number));
        }
        Ok(())
    })
}

pub(super) fn memory_of_mach_goes_in_blocks_and_is_lent(place: &Scratch) -> Answer {
    in_place(place, || {
        let (port, right) = both(place)?;
        for number in 0..2_u8 {
            right.send_within(Outgoing::new(1_000).memory(vec![number; BYTES]), in_time())?;
            assert_eq!(memory_in(next_of(&port, &right)?)?.to_vec(), vec![number; BYTES]);
            let mut loan = right.loan(BYTES, in_time())?.ok_or("no room for a loan")?;
            assert!(loan.write_at(0, &[number; BYTES]));
            right.send_within(Outgoing::new(1_000).lend(loan), in_time())?;
            let lent = memory_in(next_of(&port, &right)?)?;
            assert_eq!(*lent.into_immutable()?, [number; BYTES]);
        }
        Ok(())
    })
}

pub(super) fn sealed_memory_of_mach_is_sent_and_becomes_ones_own(place: &Scratch) -> Answer {
    in_place(place, || {
        let (port, right) = both(place)?;
        // So that the next ones need not wait until both ends have met.
        right.send_within(Outgoing::new(1_000).body(vec![0; 3_000]), in_time())?;
        next_of(&port, &right)?;
        let mut region = Region::create("test", BYTES)?;
        region.fill(7);
        let snapshot = region.snapshot()?;
        region.fill(8);
        right.send_within(Outgoing::new(1_000).memory(snapshot), in_time())?;
        right.send_within(Outgoing::new(1_000).memory(region.seal()?), in_time())?;
        let first = memory_in(next_of(&port, &right)?)?.into_immutable()?;
        assert!(first.len() == BYTES && first.iter().all(|byte| *byte == 7));
        let mut own = memory_in(next_of(&port, &right)?)?.into_region()?;
        own[0] += 1;
        assert!(own[0] == 9 && own[1..].iter().all(|byte| *byte == 8));
        right.send_within(Outgoing::new(1_000).memory(Memory::from(first)), in_time())?;
        let again = memory_in(next_of(&port, &right)?)?.into_immutable()?;
        assert_eq!(*again, [7; BYTES]);
        Ok(())
    })
}
