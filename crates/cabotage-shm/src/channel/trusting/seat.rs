// SPDX-License-Identifier: MIT OR Apache-2.0
//! An end of a channel, held by this process alone: the lock, both maps, the bells, and what is known of the other
//! end.

use std::sync::Arc;

use cabotage_lane::{Fencing, MappedControls};
use cabotage_os::Deadline;
use cabotage_os::fork::{Origin, SoleFd};
use cabotage_os::map::{Map, MapError, MapMut};
use cabotage_os::object::{self, Access};

use super::create::{BESIDE, CONSUMER_BELL, PRODUCER_BELL};
use crate::channel::error::{ChannelError, Role};
use crate::meeting::Presence;
use crate::meeting::appear::pause;
use crate::meeting::bells::{Bells, Heard};
use crate::meeting::choices::Choices;
use crate::meeting::head::{CONTROL_AT, HEAD_BYTES, Head, Kind};
use crate::meeting::occupant;
use crate::meeting::opening::Attempt;
use crate::meeting::parts;
use crate::meeting::place::{self, Place};
use crate::name::Name;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Seat {
    origin: Origin,
    choices: Choices,
    head: Head,
    pub(super) own: Arc<MapMut>,
    pub(super) other: Arc<Map>,
    /// The other's object, to ask for its lock.
    other_file: SoleFd,
    /// Released before the bells are closed, so that who is told of a hang-up finds it free.
    place: Option<Place>,
    pub(super) bells: Bells,
    /// How many processes have held this end, this one included.
    pub(super) incarnation: u64,
    found: Found,
    pub(super) fencing: Fencing,
}

/// What is known of the other end, after asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Other {
    /// A process holds it.
    Here,
    /// Nobody has come yet.
    Nobody,
    /// A process is about to take it, or to be gone: ask again in a moment.
    Between,
    /// The last one has closed it.
    Closed,
    /// The last one has died.
    Died,
}

/// The other end as it was when we came, before anybody could know of us.
#[derive(Debug, Clone, Copy)]
struct Found {
    /// Which was the last of its holders that had written itself down.
    last: u64,
    /// Whether one was there, or about to be.
    is_here: bool,
}

/// Both objects of a channel, open and known to be what they should be.
pub(super) struct Opened {
    pub(super) head: Head,
    /// The caller's name.
    pub(super) main: SoleFd,
    /// The consumer's object.
    pub(super) reader: SoleFd,
}

impl Seat {
    /// Takes this end of the channel `name`.
    pub(super) fn take(choices: &Choices, name: &Name, role: Role) -> Attempt<Self, ChannelError> {
        match Self::try_take(choices, name, role) {
            Ok(Ok(seat)) => Attempt::Done(seat),
            Ok(Err((bell, error))) => Attempt::Occupied(bell, error),
            Err(error @ ChannelError::Missing { .. }) => Attempt::Missing(error),
            Err(error) => Attempt::Failed(error),
        }
    }

    /// The inner error: the end is occupied, and its holder has this bell.
    fn try_take(
        choices: &Choices,
        name: &Name,
        role: Role,
    ) -> Result<Result<Self, (Name, ChannelError)>, ChannelError> {
        let (main_access, reader_access) = match role {
            Role::Producer => (Access::ReadWrite, Access::ReadOnly),
            Role::Consumer => (Access::ReadOnly, Access::ReadWrite),
        };
        let Opened { head, main, reader } = open(choices, name, main_access, reader_access)?;
        let identity = object::facts(&main, name)?.identity;
        let main_bytes = head.ring_at + head.ring_bytes;
        let (own, own_bytes, own_bell, other_file, other_bytes, other_bell) = match role {
            Role::Producer => (main, main_bytes, PRODUCER_BELL, reader, HEAD_BYTES, CONSUMER_BELL),
            Role::Consumer => (reader, HEAD_BYTES, CONSUMER_BELL, main, main_bytes, PRODUCER_BELL),
        };
        let fencing = head.fencing().map_err(|refusal| ChannelError::of(name, refusal))?;
        let options = choices.map_options()?.populated();
        let of_map = |error: MapError| ChannelError::of(name, error);
        let own_map = options.read_write(&own, own_bytes).map_err(of_map)?;
        let other = options.read_only(&other_file, other_bytes).map_err(of_map)?;
        let Some(place) = Place::take(own)? else {
            let holder = occupant::presence(&own_map, || Ok(true)).map_err(of_map)?;
            let bell = head.companions.file(own_bell);
            return Ok(Err((bell, ChannelError::Occupied { name: name.clone(), role, holder })));
        };
        let is_still = parts::is_still(&choices.directory, name, identity);
        if !is_still.map_err(|refusal| ChannelError::of(name, refusal))? {
            return Err(ChannelError::Missing { name: name.clone() });
        }
        let incarnation = occupant::write_down(&own_map).map_err(of_map)?;
        // Before the bells are open, by which the other end learns of us.
        let found = Found {
            last: occupant::incarnation(&other).map_err(of_map)?,
            is_here: place::is_taken(&other_file)?,
        };
        let bells = Bells::open(
            &choices.directory,
            &head.companions.file(own_bell),
            &head.companions.file(other_bell),
        )?;
        Ok(Ok(Self {
            origin: Origin::here()?,
            choices: choices.clone(),
            head,
            own: Arc::new(own_map),
            other: Arc::new(other),
            other_file,
            place: Some(place),
            bells,
            incarnation,
            found,
            fencing,
        }))
    }

    /// Whether this process may use the end: false in a forked child.
    #[inline(always)]
    pub(super) fn is_here(&self) -> bool {
        self.origin.is_here()
    }

    pub(super) fn name(&self) -> &Name {
        &self.head.name
    }

    pub(super) fn choices(&self) -> &Choices {
        &self.choices
    }

    /// Where the ring begins, and how many words it has.
    pub(super) fn ring(&self) -> (usize, u64) {
        (self.head.ring_at, self.head.ring_bytes as u64 / 8)
    }

    pub(super) fn controls(&self) -> Option<MappedControls> {
        MappedControls::at(CONTROL_AT, self.own.clone(), self.other.clone())
    }

    /// Whether an object was shrunk under the guard.
    #[inline]
    pub(super) fn is_truncated(&self) -> bool {
        self.choices.guards && (self.own.is_truncated() || self.other.is_truncated())
    }

    /// What of the other end is known from its bell, and where that is silent from its lock.
    pub(super) fn ask(&self) -> Result<Other, MapError> {
        if self.bells.hear()? == Heard::Somebody {
            return Ok(Other::Here);
        }
        // In this order: a newcomer must not be taken for the one before it, nor a close for a death.
        let last = occupant::incarnation(&*self.other)?;
        if place::is_taken(&self.other_file)? {
            return Ok(Other::Between);
        }
        Ok(match last {
            0 => Other::Nobody,
            last if occupant::has_closed(&*self.other, last)? => Other::Closed,
            _ => Other::Died,
        })
    }

    /// Whether the last holder of the other end that had written itself down was gone when we came. One who is about to
    /// take the end is waited for, which takes a few system calls, unless it is stopped in the middle of them.
    pub(super) fn found_last_gone(&self) -> Result<bool, MapError> {
        let Found { last, is_here } = self.found;
        let patience = Deadline::within(std::time::Duration::from_millis(200));
        while last > 0 && is_here && self.ask()? == Other::Between && !patience.has_passed() {
            pause(moment(patience))?;
        }
        Ok(last > 0 && (!is_here || occupant::incarnation(&*self.other)? > last))
    }

    /// Who holds the other end, now.
    pub(super) fn presence(&self) -> Result<Presence, MapError> {
        if !self.is_here() {
            return Err(MapError::Forked);
        }
        occupant::presence(&*self.other, || place::is_taken(&self.other_file))
    }

    /// Waits until a process holds the other end; answers whether one does before `deadline`.
    pub(super) fn wait_for_other(&mut self, deadline: Deadline) -> Result<bool, MapError> {
        self.wait_for_other_after(u64::MAX, deadline)
    }

    /// Waits until a process has held the other end since we came, though it may be gone again.
    pub(super) fn wait_for_a_visit(&mut self, deadline: Deadline) -> Result<bool, MapError> {
        Ok(self.found.is_here || self.wait_for_other_after(self.found.last, deadline)?)
    }

    /// The same, and any holder after that of this number counts, also one who is gone again.
    fn wait_for_other_after(&mut self, number: u64, deadline: Deadline) -> Result<bool, MapError> {
        let mut is_fresh = false;
        loop {
            match self.ask()? {
                Other::Here => return Ok(true),
                Other::Closed | Other::Died if occupant::incarnation(&*self.other)? > number => {
                    return Ok(true);
                }
                _ if deadline.has_passed() => return Ok(false),
                Other::Between => pause(moment(deadline))?,
                // Opened anew, the bell is silent until somebody comes; who came before that is found by asking again.
                _ if !is_fresh => {
                    self.bells.renew()?;
                    is_fresh = true;
                }
                _ => {
                    self.bells.sleep(deadline)?;
                    is_fresh = false;
                }
            }
        }
    }

    /// Removes the channel's files, if its name still means this channel.
    pub(super) fn remove(&self) -> Result<(), ChannelError> {
        parts::remove(&self.choices.directory, &BESIDE, &self.head, Kind::Producer)
            .map_err(|refusal| ChannelError::of(self.name(), refusal))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if !self.is_here() {
            return;
        }
        // In this order: whoever finds the place free must find that it was closed.
        let _ = occupant::write_off(&self.own, self.incarnation);
        self.place = None;
    }
}

pub(super) fn open(
    choices: &Choices,
    name: &Name,
    main_access: Access,
    reader_access: Access,
) -> Result<Opened, ChannelError> {
    let told = |refusal| ChannelError::of(name, refusal);
    let (head, main) =
        parts::open_main(&choices.directory, name, Kind::Producer, main_access).map_err(told)?;
    let reader = BESIDE.open(&choices.directory, &head, reader_access).map_err(told)?;
    Ok(Opened { head, main, reader })
}

/// How long one waits for who is about to come or go.
pub(super) fn moment(deadline: Deadline) -> Deadline {
    deadline.or_sooner(Deadline::within(std::time::Duration::from_millis(1)))
}
