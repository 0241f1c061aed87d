// SPDX-License-Identifier: MIT OR Apache-2.0
//! Blocks: large payloads come with their record, and their memory is used again.

use super::{Case, body};
use crate::record::{InOrder, Mark};
use crate::suite::soon;
use crate::transport::{Ability, Parcel, Told};

/// More than there are places for blocks, so that each is used several times.
const ROUNDS: u64 = 80;
const BYTES: usize = 40_000;

pub(super) const fn blocks_come_with_their_record_and_are_used_again() -> Case {
    Case {
        needs: &[Ability::Blocks],
        sender: |player| {
            for number in 0..ROUNDS {
                let bytes = BYTES << (number % 2);
                let blocks = vec![Mark { stream: 2, number }.record(bytes)];
                let parcel = Parcel { bytes: body(number), blocks, ..Parcel::default() };
                player.end().send_parcel(parcel, soon()).expect("room");
            }
        },
        receiver: |player| {
            let (mut records, mut blocks) = (InOrder::from(1, 0), InOrder::from(2, 0));
            for number in 0..ROUNDS {
                let parcel = player.end().receive_parcel(soon()).expect("a record");
                records.take(&parcel.bytes).expect("the next record");
                assert_eq!(parcel.blocks.len(), 1, "blocks of record {number}");
                blocks.take(&parcel.blocks[0]).expect("its block");
            }
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}
