// SPDX-License-Identifier: MIT OR Apache-2.0
//! A receive right that goes over a link, with messages in its queue and a holder of a link to it. Its port is at one
//! place with all that was sent, or dead, and then its holder is told.

use cabotage_mach::{Carried, Outgoing, ReceiveRight, SendRight};

use super::Answer;
use super::rights::{both, in_place, in_time, next_of};
use crate::rights::look;
use crate::scratch::Scratch;

/// The number of the message with the port, and of the first of those in its queue.
const PORT: i32 = 2_000;
const FIRST: i32 = 1_000;
const QUEUED: i32 = 3;

pub(super) fn a_receive_right_moves_with_its_queue(place: &Scratch) -> Answer {
    in_place(place, || {
        let (door, to_door) = both(place)?;
        let port = ReceiveRight::new()?;
        let holder = SendRight::from_end(port.make_send()?.to_end()?)?;
        for number in 0..QUEUED {
            holder.send_within(Outgoing::new(FIRST + number), in_time())?;
        }
        let sent = to_door.send_within(Outgoing::new(PORT).with(port), in_time());
        let (port, failed) = match sent {
            Ok(()) => (next_of(&door, &to_door).map(|mut message| port_in(message.take_carried())), None),
            Err(unsent) => {
                let error = unsent.error();
                (Ok(unsent.into_message().map(Outgoing::into_carried).and_then(port_in)), Some(error))
            }
        };
        let Ok(Some(port)) = port else {
            drop(door);
            (0..16).for_each(|_| look());
            assert!(holder.is_dead(), "the port is nowhere, and who has a right to it is not told");
            return Err(failed.map_or("the port is dead".into(), Into::into));
        };
        for number in 0..QUEUED {
            assert_eq!(next_of(&port, &holder)?.id(), FIRST + number, "lost or doubled");
        }
        holder.send_within(Outgoing::new(FIRST + QUEUED), in_time())?;
        assert_eq!(next_of(&port, &holder)?.id(), FIRST + QUEUED, "lost or doubled");
        failed.map_or(Ok(()), |error| Err(error.into()))
    })
}

fn port_in(carried: Vec<Carried>) -> Option<ReceiveRight> {
    carried.into_iter().find_map(|carried| match carried {
        Carried::Right(right) => right.into_receive(),
        _ => None,
    })
}
