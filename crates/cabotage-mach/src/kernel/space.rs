// SPDX-License-Identifier: MIT OR Apache-2.0
//! A space: what the names of one task stand for.

use std::collections::VecDeque;

use super::ids::{PortId, SetId, make_way};
use super::number_map::NumberMap;
use super::port::OnceRight;
use super::task_self::{SpecialPorts, TaskSelf};
use crate::code::KernError;
use crate::name::Name;

/// The most user references that a name has; one that got so many keeps them until all are taken away at once.
pub const REFERENCES_MAX: u16 = u16::MAX;
/// The most names of one space, the reserved first place counted.
///
/// # Source
/// XNU, config/MASTER: the limit of the tables of a large configuration.
pub const NAMES_MAX: u32 = 305_834;

/// The most send-once rights to the ports of one task that are open at once: as many as it could have names for. Each
/// stands for a message that no queue limit keeps out.
pub const SEND_ONCE_RIGHTS_MAX: u32 = NAMES_MAX;

/// The names of one task.
#[derive(Debug)]
pub struct Space {
    /// By the index of the name; the first place is never given away.
    places: Vec<Place>,
    /// Places that stand for nothing: the one that has been free for longest is given away first.
    free: VecDeque<u32>,
    /// The one name of each port to which the space has send rights, but not the receive right.
    by_port: NumberMap<PortId, Name>,
    /// Send-once rights to its ports, whoever has them.
    pub(crate) send_once_rights: u32,
    /// The port by which the kernel answers for it, if that was asked for.
    pub(crate) task_self: Option<TaskSelf>,
    pub(crate) special: SpecialPorts,
}

#[derive(Debug)]
struct Place {
    /// The low byte of the place's next, or present, name.
    generation: u8,
    entry: Option<Entry>,
}

/// The two lowest bits of every generation are set, so that many of them differ.
const GENERATION_FIRST: u8 = 0b11;
const GENERATION_STEP: u8 = 0b100;

/// What one name stands for.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) held: Held,
    /// Of the send right or of the dead name; 1 for whatever has no count.
    pub(crate) references: u16,
    /// The dead-name or send-possible notification that is registered: boxed, since few have one.
    pub(crate) request: Option<Box<Request>>,
}

/// The right itself. A port that has died is noticed by whoever looks at the entry, which then becomes
/// [`Held::Dead`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// Send rights.
    Send(PortId),
    /// The receive right.
    Receive(PortId),
    /// Both, under one name.
    SendReceive(PortId),
    SendOnce(PortId),
    Set(SetId),
    Dead,
}

/// A notification that is owed when the port of this name dies, or can be sent to.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) notify: OnceRight,
    /// Whether it asks for send-possible too; and whether a send has failed since, so that it is owed.
    pub(crate) send_possible: Option<bool>,
}

impl Held {
    /// The port, if it is a right to one.
    pub(crate) fn port(self) -> Option<PortId> {
        match self {
            Self::Send(port) | Self::Receive(port) | Self::SendReceive(port) | Self::SendOnce(port) => {
                Some(port)
            }
            Self::Set(_) | Self::Dead => None,
        }
    }

    /// The port, if it is, or goes with, its receive right.
    pub(crate) fn receives(self) -> Option<PortId> {
        match self {
            Self::Receive(port) | Self::SendReceive(port) => Some(port),
            _ => None,
        }
    }

    /// The port, if it is, or goes with, a send right to it.
    pub(crate) fn sends(self) -> Option<PortId> {
        match self {
            Self::Send(port) | Self::SendReceive(port) => Some(port),
            _ => None,
        }
    }
}

impl Entry {
    /// One reference to it.
    pub(crate) fn new(held: Held) -> Self {
        Self { held, references: 1, request: None }
    }

    /// One user reference more, as long as they are counted.
    pub(crate) fn refer(&mut self) {
        self.references = self.references.saturating_add(1);
    }

    /// Whether there were ever so many references that they are counted no more.
    pub(crate) fn is_pegged(&self) -> bool {
        self.references == REFERENCES_MAX
    }
}

impl Default for Space {
    fn default() -> Self {
        let reserved = Place { generation: 0, entry: None };
        Self {
            places: vec![reserved],
            free: VecDeque::new(),
            by_port: NumberMap::default(),
            send_once_rights: 0,
            task_self: None,
            special: SpecialPorts::default(),
        }
    }
}

impl Space {
    /// What the space takes up, in bytes, when it has no send rights.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<Place>() + self.free.capacity() * size_of::<u32>()
    }

    pub(crate) fn get(&self, name: Name) -> Option<&Entry> {
        self.places.get(name.index()).filter(|place| place.generation == name.generation())?.entry.as_ref()
    }

    pub(crate) fn get_mut(&mut self, name: Name) -> Option<&mut Entry> {
        let place = self.places.get_mut(name.index())?;
        if place.generation == name.generation() { place.entry.as_mut() } else { None }
    }

    /// A new name for `entry`; gives it back when the space is full.
    pub(crate) fn enter(&mut self, entry: Entry) -> Result<Name, Entry> {
        let Some(index) = self.free.pop_front().or_else(|| self.grow()) else { return Err(entry) };
        let generation = self.places[index as usize].generation;
        let name = Name::new(index, generation);
        self.fill(name, entry);
        Ok(name)
    }

    /// Whether [`Space::enter`] has a name to give.
    pub(crate) fn has_room(&self) -> bool {
        !self.free.is_empty() || self.places.len() < NAMES_MAX as usize
    }

    fn grow(&mut self) -> Option<u32> {
        let index = u32::try_from(self.places.len()).ok().filter(|index| *index < NAMES_MAX)?;
        make_way(&mut self.places);
        self.places.push(Place { generation: GENERATION_FIRST, entry: None });
        Some(index)
    }

    /// Whether [`Space::enter_as`] can take this name now.
    pub(crate) fn can_enter_as(&self, name: Name) -> Result<(), KernError> {
        if !name.is_valid() || name.generation() & GENERATION_FIRST != GENERATION_FIRST {
            return Err(KernError::InvalidValue);
        }
        match u32::try_from(name.index()) {
            Ok(0) => Err(KernError::Failure),
            Ok(index) if index < NAMES_MAX => self.is_free(name),
            _ => Err(KernError::NoSpace),
        }
    }

    fn is_free(&self, name: Name) -> Result<(), KernError> {
        match self.places.get(name.index()) {
            Some(place) if place.entry.is_some() && place.generation == name.generation() => {
                Err(KernError::NameExists)
            }
            Some(place) if place.entry.is_some() => Err(KernError::Failure),
            _ => Ok(()),
        }
    }

    /// Lets `name`, which the caller chose, stand for `entry`. [`Space::can_enter_as`] was asked.
    pub(crate) fn enter_as(&mut self, name: Name, entry: Entry) {
        while self.places.len() <= name.index() {
            let Some(index) = self.grow() else { return };
            self.free.push_back(index);
        }
        self.free.retain(|index| *index as usize != name.index());
        self.places[name.index()].generation = name.generation();
        self.fill(name, entry);
    }

    fn fill(&mut self, name: Name, entry: Entry) {
        if let Held::Send(port) = entry.held {
            self.by_port.insert(port, name);
        }
        self.places[name.index()].entry = Some(entry);
    }

    /// `name` stands for nothing any more.
    pub(crate) fn leave(&mut self, name: Name) -> Option<Entry> {
        let place =
            self.places.get_mut(name.index()).filter(|place| place.generation == name.generation())?;
        let entry = place.entry.take()?;
        place.generation = place.generation.wrapping_add(GENERATION_STEP);
        self.free.push_back(u32::try_from(name.index()).ok()?);
        if let Held::Send(port) = entry.held {
            self.by_port.remove(&port);
        }
        Some(entry)
    }

    /// Lets the name stand for another kind of right, to the same port or to none.
    pub(crate) fn turn(&mut self, name: Name, held: Held) {
        let Some(entry) = self.get_mut(name) else { return };
        let before = std::mem::replace(&mut entry.held, held);
        if let Held::Send(port) = before {
            self.by_port.remove(&port);
        }
        if let Held::Send(port) = held {
            self.by_port.insert(port, name);
        }
    }

    /// The name under which the space has send rights to a port whose receive right it lacks.
    pub(crate) fn sender_name(&self, port: PortId) -> Option<Name> {
        self.by_port.get(&port).copied()
    }

    /// All names that stand for something.
    pub(crate) fn names(&self) -> impl Iterator<Item = (Name, &Entry)> {
        let name_of = |(index, place): (usize, &'_ Place)| {
            Name::new(u32::try_from(index).unwrap_or(0), place.generation)
        };
        self.places.iter().enumerate().filter_map(move |(index, place)| {
            place.entry.as_ref().map(|entry| (name_of((index, place)), entry))
        })
    }
}
