// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a subscriber comes: it takes a seat, opens its ears, and finds its start in the ring, in this order.

use std::sync::Arc;

use cabotage_lane::Pace;
use cabotage_lane::topic::{self, Sight};
use cabotage_link::Patience;
use cabotage_os::Deadline;
use cabotage_os::fork::Origin;
use cabotage_os::map::MapError;
use cabotage_os::object::Access;

use super::end::Other;
use super::{Lane, Subscriber};
use crate::channel::ReceiveError;
use crate::meeting::occupant;
use crate::meeting::place::{Seat, is_taken};
use crate::name::Name;
use crate::topic::bells::Ear;
use crate::topic::opening::{Opened, is_still, open, open_roster};
use crate::topic::{TopicError, TopicOptions};

impl Subscriber {
    pub(super) fn join(options: &TopicOptions, name: &Name) -> Result<Self, TopicError> {
        let choices = options.choices();
        let directory = &choices.directory;
        let Opened { shape, main, roster } = open(directory, name, Access::ReadOnly, Access::ReadWrite)?;
        let fencing = shape.head.fencing().map_err(|refusal| TopicError::of(name, refusal))?;
        let (map, of_map) = (choices.map_options()?, |error: MapError| TopicError::of(name, error));
        let main_map = map.populated().read_only(&main, shape.main_bytes()).map_err(of_map)?;
        // Of another opening, since a map keeps its opening, and so the lock, for as long as it lasts.
        let roster_map = open_roster(directory, &shape, Access::ReadWrite)?;
        let roster_map = map.read_write(&roster_map, shape.roster_bytes()).map_err(of_map)?;
        let main_map = Arc::new(main_map);
        let not_whole = |why| TopicError::NotATopic { name: name.clone(), why };
        let (ring, memory) = shape
            .subscribing(&main_map, roster_map)
            .ok_or_else(|| not_whole("its parts do not fit into it"))?;
        // Who was there last first: those that look free are most likely to be.
        let (free, taken) = topic::places(&memory.roster, shape.places);
        let Ok(seat) = Seat::take(roster, free.into_iter().chain(taken))? else {
            return Err(TopicError::Crowded { name: name.clone(), places: shape.places });
        };
        if !is_still(directory, name, &main)? {
            return Err(TopicError::Missing { name: name.clone() });
        }
        // From here on a publisher counts us, and may go as soon as it has done so.
        let last = occupant::incarnation(&*main_map).map_err(of_map)?;
        let is_published = is_taken(&seat)?;
        let ear = Ear::open(directory, shape.head.companions)?;
        let generation = occupant::incarnation(&*main_map).map_err(of_map)?;
        let lane = Lane::join(ring, memory, shape.when_slow, seat.number(), fencing, options.records_kept())
            .map_err(|_| not_whole("its index was written by somebody else"))?;
        ear.ring()?;
        Ok(Self {
            lane,
            origin: Origin::here()?,
            main: main_map,
            is_guarded: choices.guards,
            body: Vec::new(),
            lost_now: 0,
            lost: 0,
            generation,
            // Before the first publisher there is no end to tell.
            has_told_end: generation == 0,
            found_publisher: is_published || generation > last,
            asked_at: None,
            untold: None,
            patience: Patience::new(choices.wait),
            pace: Pace::default(),
            shape,
            directory: directory.clone(),
            seat,
            ear,
        })
    }

    /// Waits for a publisher, or something to read, if that was asked for.
    pub(super) fn wait_until_there(&mut self, deadline: Deadline) -> Result<(), TopicError> {
        let has_news = !matches!(self.lane.look(), Ok(Sight::Empty));
        if deadline == Deadline::Now || self.found_publisher || has_news {
            return Ok(());
        }
        // The end of one who is gone, and who left nothing to read, is none of ours: we were told to wait for the next.
        if self.ask().is_ok_and(|other| matches!(other, Other::Gone(last) if last == self.generation)) {
            self.has_told_end = true;
        }
        match self.wait_for_publisher(deadline) {
            Ok(()) => Ok(()),
            Err(ReceiveError::System(refusal)) => Err(refusal.into()),
            Err(ReceiveError::Nothing) => Err(TopicError::NobodyCame { name: self.name().clone() }),
            Err(_) => Err(TopicError::Truncated { name: self.name().clone() }),
        }
    }
}
