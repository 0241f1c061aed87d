// SPDX-License-Identifier: MIT OR Apache-2.0
//! The publisher: one look at who we are before each record, one look whether somebody sleeps after it, and waits where
//! the topic waits for the slow.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Instant;

use cabotage_lane::ring::StageError;
use cabotage_lane::topic::{self, Place as Number};
use cabotage_lane::{MappedRing, Plain, bytes_of};
use cabotage_link::{LOOKS_BETWEEN_CHECKS, Patience};
use cabotage_os::Deadline;
use cabotage_os::fork::Origin;
use cabotage_os::map::{MapError, MapMut};
use cabotage_os::object::Access;

use super::bells::Tower;
use super::opening::{self, Opened, is_still, open, open_roster};
use super::room::{Departures, hold_dead};
use super::shape::Shape;
use super::succession::Succession;
use super::waiting;
use super::{Loan, TopicError, TopicOptions};
use crate::channel::batch;
use crate::channel::{BatchError, SendError};
use crate::directory::Directory;
use crate::meeting::companion::Companions;
use crate::meeting::occupant;
use crate::meeting::place::Place;
use crate::name::Name;

type Lane = topic::Publisher<MappedRing, MappedRing, MappedRing>;

/// The one that publishes. Dropping it closes it: subscribers get what was published, and then are told.
#[derive(Debug)]
pub struct Publisher {
    lane: Lane,
    origin: Origin,
    /// Whether a shrink of the memory is an error, and so to be looked for.
    is_guarded: bool,
    main: Arc<MapMut>,
    generation: u64,
    patience: Patience,
    departures: Departures,
    shape: Shape,
    directory: Directory,
    /// Released before the bell is closed, so that who is told of a hang-up finds it free.
    place: Option<Place>,
    tower: Tower,
}

impl Publisher {
    /// Choices for a topic; the function below makes the default ones.
    pub fn options() -> TopicOptions {
        TopicOptions::new()
    }

    /// The publisher of the topic `name` among processes that trust each other: see
    /// [`TopicOptions::create_trusting`].
    ///
    /// # Errors
    /// [`TopicError::Name`], and as [`TopicOptions::create_trusting`].
    pub fn create_trusting(name: impl AsRef<[u8]>) -> Result<Self, TopicError> {
        TopicOptions::new().create_trusting(&Name::parse(name)?)
    }

    pub(super) fn create(options: &TopicOptions, name: &Name) -> Result<Self, TopicError> {
        waiting::publish(options, name, || Self::try_take(options, name))
    }

    /// The inner error: another publishes.
    fn try_take(
        options: &TopicOptions,
        name: &Name,
    ) -> Result<Result<Self, (Companions, TopicError)>, TopicError> {
        let choices = options.choices();
        let directory = &choices.directory;
        let Opened { shape, main, roster } = open(directory, name, Access::ReadWrite, Access::ReadWrite)?;
        let fencing = shape.head.fencing().map_err(|refusal| TopicError::of(name, refusal))?;
        let (map, of_map) = (choices.map_options()?, |error: MapError| TopicError::of(name, error));
        let main_map = map.populated().read_write(&main, shape.main_bytes()).map_err(of_map)?;
        // Of another opening, since a map keeps its opening, and so the lock, for as long as it lasts.
        let roster_map = open_roster(directory, &shape, Access::ReadWrite)?;
        let roster_map = map.read_write(&roster_map, shape.roster_bytes()).map_err(of_map)?;
        let Some(place) = Place::take(roster)? else {
            let holder = occupant::presence(&main_map, || Ok(true)).map_err(of_map)?;
            let occupied = TopicError::Occupied { name: name.clone(), holder };
            return Ok(Err((shape.head.companions, occupied)));
        };
        if !is_still(directory, name, &main)? {
            return Err(TopicError::Missing { name: name.clone() });
        }
        let generation = occupant::write_down(&main_map).map_err(of_map)?;
        let has_closed = occupant::has_closed(&main_map, generation - 1).map_err(of_map)?;
        let main_map = Arc::new(main_map);
        let not_whole = |why| TopicError::NotATopic { name: name.clone(), why };
        let (ring, memory) = shape
            .publishing(&main_map, roster_map)
            .ok_or_else(|| not_whole("its parts do not fit into it"))?;
        let news = Succession { generation, has_closed }.port();
        let lane = Lane::resume(ring, memory, shape.when_slow, shape.places, fencing, news)
            .map_err(|_| not_whole("its ring was written by somebody else"))?;
        let publisher = Self {
            lane,
            origin: Origin::here()?,
            is_guarded: choices.guards,
            main: main_map,
            generation,
            patience: Patience::new(choices.wait),
            departures: Departures::default(),
            tower: Tower::open(directory, shape.head.companions)?,
            shape,
            directory: directory.clone(),
            place: Some(place),
        };
        publisher.tower.ring()?;
        Ok(Ok(publisher))
    }

    /// Publishes a record; it is there for everybody at once. Where the topic waits for the slow and there is no room,
    /// this waits until `deadline`; where it drops for them, it never waits.
    ///
    /// # Errors
    /// [`SendError::Full`] at the deadline, [`SendError::TooLong`], and others of [`SendError`]. Nothing was published
    /// then.
    #[inline]
    pub fn publish(&mut self, record: &[u8], deadline: Deadline) -> Result<(), SendError> {
        if !self.is_guarded
            && self.origin.is_here()
            && let Ok(must_ring) = self.lane.send(record)
        {
            self.lane.expect_more();
            return if must_ring { self.ring() } else { Ok(()) };
        }
        self.publish_otherwise(record, deadline)
    }

    /// As [`Self::publish`], without waiting.
    ///
    /// # Errors
    /// As [`Self::publish`].
    #[inline]
    pub fn try_publish(&mut self, record: &[u8]) -> Result<(), SendError> {
        self.publish(record, Deadline::Now)
    }

    /// Publishes the bytes of a plain value.
    ///
    /// # Errors
    /// As [`Self::publish`].
    #[inline]
    pub fn publish_value<T: Plain>(&mut self, value: &T, deadline: Deadline) -> Result<(), SendError> {
        self.publish(bytes_of(value), deadline)
    }

    /// Publishes records together: as long as there is room all become visible at once. Answers how many there were.
    ///
    /// # Errors
    /// [`BatchError`], which says how many of the first were published.
    pub fn publish_all<R: AsRef<[u8]>>(
        &mut self,
        records: impl IntoIterator<Item = R>,
        deadline: Deadline,
    ) -> Result<usize, BatchError> {
        batch::send_all(self, records, |end, record| end.stage(record, deadline), Self::publish_staged)
    }

    /// Room for a record of `bytes` bytes, to be written in place; waits for it as [`Self::publish`] does.
    ///
    /// # Errors
    /// As [`Self::publish`].
    pub fn loan(&mut self, bytes: usize, deadline: Deadline) -> Result<Loan<'_>, SendError> {
        while let Err(error) = self.lane_here()?.loan(bytes).map(drop) {
            self.overcome(error, deadline)?;
        }
        let guarded = self.is_guarded.then_some(&**self.main);
        // The room that was found a moment ago.
        let loan = self.lane.loan(bytes).map_err(|_| SendError::Full)?;
        Ok(Loan { loan, origin: self.origin, guarded, tower: &self.tower })
    }

    /// How many living subscribers there are: the kernel is asked about each.
    ///
    /// # Errors
    /// [`SendError::Forked`], or the system's refusal.
    pub fn subscribers(&mut self) -> Result<usize, SendError> {
        let taken = self.lane_here()?.taken();
        let buried = self.bury_dead(&taken)?;
        Ok(taken.len() - buried)
    }

    /// Waits until there is a subscriber.
    ///
    /// # Errors
    /// [`SendError::Full`] if none has come before `deadline`; as [`Self::subscribers`].
    pub fn wait_for_subscriber(&mut self, deadline: Deadline) -> Result<(), SendError> {
        self.watch_departures();
        while self.subscribers()? == 0 {
            if deadline.has_passed() {
                return Err(SendError::Full);
            }
            self.departures.sleep(&self.tower, deadline)?;
        }
        Ok(())
    }

    /// Waits until every living subscriber has read everything that was published, or lost it. A subscriber tells how
    /// far it is when it finds nothing more to read.
    ///
    /// # Errors
    /// [`SendError::Full`] if some have not before `deadline`; as [`Self::subscribers`].
    pub fn wait_until_consumed(&mut self, deadline: Deadline) -> Result<(), SendError> {
        self.wait_for(deadline, |lane| lane.lagging().is_empty(), Lane::lagging)
    }

    /// Which publisher of the topic this is, counted from 1.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// How many records were published over the life of the topic, and so the number of the last one.
    pub fn published(&self) -> u64 {
        self.lane.published()
    }

    /// The longest record, in bytes.
    pub fn record_bytes_max(&self) -> usize {
        usize::try_from(self.lane.bytes_max()).unwrap_or(usize::MAX)
    }

    /// How many bytes the ring has.
    pub fn capacity_bytes(&self) -> usize {
        self.shape.head.ring_bytes
    }

    /// The topic's name.
    pub fn name(&self) -> &Name {
        &self.shape.head.name
    }

    /// Says that nothing follows, as dropping does.
    pub fn close(self) {}

    /// Closes, and removes the topic's files if its name still means this topic. Subscribers read on what is there.
    ///
    /// # Errors
    /// [`TopicError::Forked`], [`TopicError::Object`], or the system's refusal.
    pub fn remove(self) -> Result<(), TopicError> {
        if !self.origin.is_here() {
            return Err(TopicError::Forked);
        }
        opening::remove(&self.directory, &self.shape)
    }

    #[cold]
    fn ring(&self) -> Result<(), SendError> {
        Ok(self.tower.ring()?)
    }

    /// The lane, if it may be used.
    fn lane_here(&mut self) -> Result<&mut Lane, SendError> {
        if !self.origin.is_here() {
            return Err(SendError::Forked);
        }
        match self.is_guarded && self.main.is_truncated() {
            true => Err(SendError::Truncated),
            false => Ok(&mut self.lane),
        }
    }

    #[cold]
    fn publish_otherwise(&mut self, record: &[u8], deadline: Deadline) -> Result<(), SendError> {
        self.stage(record, deadline)?;
        self.publish_staged()
    }

    fn stage(&mut self, record: &[u8], deadline: Deadline) -> Result<(), SendError> {
        while let Err(error) = self.lane_here()?.stage(record) {
            self.overcome(error, deadline)?;
        }
        Ok(())
    }

    fn publish_staged(&mut self) -> Result<(), SendError> {
        if self.lane_here()?.publish() {
            self.ring()?;
        }
        self.lane_here().map(drop)
    }

    fn overcome(&mut self, error: StageError, deadline: Deadline) -> Result<(), SendError> {
        match error {
            StageError::Full(_) => {
                self.publish_staged()?;
                self.wait_for(deadline, Lane::make_some_room, Lane::blocking)
            }
            StageError::TooLong(error) => {
                Err(SendError::TooLong { bytes: error.bytes, bytes_max: self.record_bytes_max() })
            }
            StageError::Violation(violation) => Err(violation.into()),
        }
    }

    /// Looks for a while whether it is so, then sleeps until it is; `whom` it waits for may be dead.
    fn wait_for(
        &mut self,
        deadline: Deadline,
        mut is_so: impl FnMut(&mut Lane) -> bool,
        whom: impl Fn(&Lane) -> Vec<Number>,
    ) -> Result<(), SendError> {
        loop {
            for looks in 0..=self.patience.looks().unwrap_or(LOOKS_BETWEEN_CHECKS) {
                if is_so(self.lane_here()?) {
                    self.patience.paid(looks);
                    return Ok(());
                }
                if deadline == Deadline::Now {
                    break;
                }
                std::hint::spin_loop();
            }
            self.watch_departures();
            if self.bury_dead(&whom(&self.lane))? > 0 {
                continue;
            }
            if deadline.has_passed() {
                return Err(SendError::Full);
            }
            if self.patience.looks().is_some() {
                self.sleep_unless(deadline, &mut is_so)?;
            }
        }
    }

    /// Has to be before the locks are asked: then whoever ends after that is seen.
    fn watch_departures(&mut self) {
        if let Some(place) = &self.place {
            self.departures.begin(place.as_fd());
        }
    }

    fn sleep_unless(
        &mut self,
        deadline: Deadline,
        is_so: &mut impl FnMut(&mut Lane) -> bool,
    ) -> Result<(), SendError> {
        let began = Instant::now();
        self.lane.announce();
        let slept = if is_so(&mut self.lane) { Ok(()) } else { self.departures.sleep(&self.tower, deadline) };
        self.lane.awake();
        self.patience.slept(began.elapsed());
        Ok(slept?)
    }

    /// Passes over those of the subscribers that are dead; answers how many.
    fn bury_dead(&mut self, places: &[Number]) -> Result<usize, SendError> {
        let Some(roster) = &self.place else { return Ok(0) };
        let mut buried = 0;
        for place in places {
            if let Some(held) = hold_dead(roster.as_fd(), *place)? {
                self.lane.bury(held.number());
                buried += 1;
            }
        }
        Ok(buried)
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        if !self.origin.is_here() {
            return;
        }
        // In this order: whoever finds the place free must find that it was closed.
        let _ = occupant::write_off(&self.main, self.generation);
        self.place = None;
    }
}
