// SPDX-License-Identifier: MIT OR Apache-2.0
//! Handles that go with a message: descriptors, of kinds that the receiver has asked for.
//!
//! A message with more of them than one record carries is preceded by records that carry the others. Whoever receives
//! has them in [`Custody`] until the message comes that says how many there are; those of a message that never came
//! are closed when others come. What a handle is the kernel says, not
//! its sender; those of a kind that was not asked for are closed at once, those that nobody takes when the message is
//! let go of.

use std::os::fd::OwnedFd;

pub use cabotage_os::descriptor::{Access, Kind as HandleKind, Nature};

use crate::wire::{HandlesNote, WireError};

/// The most handles that one message brings.
pub const HANDLES_MAX: usize = 512;

const UNKNOWN: Nature = Nature { kind: HandleKind::Unknown, access: Access { read: false, write: false } };

/// Kinds of handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KindSet(u32);

impl KindSet {
    pub(crate) fn of(kinds: &[HandleKind]) -> Self {
        Self(kinds.iter().fold(0, |bits, kind| bits | 1 << *kind as u32))
    }

    fn contains(self, kind: HandleKind) -> bool {
        self.0 & 1 << kind as u32 != 0
    }
}

/// One handle.
#[derive(Debug)]
struct Handle {
    nature: Nature,
    /// `None` once it was taken, or when its kind was not asked for.
    fd: Option<OwnedFd>,
}

/// The handles that came with a message, in its sender's order.
#[derive(Debug, Default)]
pub struct Handles {
    all: Vec<Handle>,
}

impl Handles {
    /// How many came, those included that were taken or refused.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether none came.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether any can be taken.
    pub(crate) fn has_some(&self) -> bool {
        self.all.iter().any(|handle| handle.fd.is_some())
    }

    /// What each is, in the kernel's words.
    pub fn natures(&self) -> impl Iterator<Item = Nature> {
        self.all.iter().map(|handle| handle.nature)
    }

    /// Takes the next handle of this kind. `None` when there is none left, or this kind was not asked for.
    pub fn take(&mut self, kind: HandleKind) -> Option<OwnedFd> {
        self.all.iter_mut().filter(|handle| handle.nature.kind == kind).find_map(|handle| handle.fd.take())
    }

    /// Takes the handle at this place. `None` when it was taken, or its kind was not asked for.
    pub fn take_at(&mut self, place: usize) -> Option<OwnedFd> {
        self.all.get_mut(place)?.fd.take()
    }

    fn look(descriptors: Vec<OwnedFd>, kinds: KindSet) -> Self {
        let look = |fd: OwnedFd| match Nature::of(&fd) {
            Ok(nature) => Handle { nature, fd: kinds.contains(nature.kind).then_some(fd) },
            // What the kernel does not tell about is not taken.
            Err(_) => Handle { nature: UNKNOWN, fd: None },
        };
        Self { all: descriptors.into_iter().map(look).collect() }
    }
}

/// The handles of one sender whose message has not come yet, and what is taken of it.
#[derive(Debug)]
pub(crate) struct Custody {
    handles_max: usize,
    kinds: KindSet,
    pending: Vec<OwnedFd>,
    /// Of which message these are, by the sender's count.
    group: u64,
}

impl Custody {
    pub(crate) fn new(handles_max: usize, kinds: KindSet) -> Self {
        Self { handles_max, kinds, pending: Vec::new(), group: 0 }
    }

    /// Some of the handles of a message that follows.
    ///
    /// # Errors
    /// There are more than are taken.
    pub(crate) fn add(&mut self, group: u64, mut came: Vec<OwnedFd>) -> Result<(), WireError> {
        self.turn_to(group);
        let handles = self.pending.len() + came.len();
        if handles > self.handles_max {
            return Err(WireError::TooManyHandles { handles, handles_max: self.handles_max });
        }
        self.pending.append(&mut came);
        Ok(())
    }

    /// From now on this group is meant.
    fn turn_to(&mut self, group: u64) {
        if self.group != group {
            self.pending.clear();
            self.group = group;
        }
    }

    /// The handles of a message that says that it has so many, of which these came with it.
    ///
    /// # Errors
    /// There are more than are taken, or not as many as it says.
    pub(crate) fn settle(
        &mut self,
        note: &HandlesNote,
        mut descriptors: Vec<OwnedFd>,
    ) -> Result<Handles, WireError> {
        let told = usize::try_from(note.handles).unwrap_or(usize::MAX);
        self.turn_to(note.group);
        let mut all = std::mem::take(&mut self.pending);
        all.append(&mut descriptors);
        if all.len() != told {
            return Err(WireError::Handles { told, came: all.len() });
        }
        if told > self.handles_max {
            return Err(WireError::TooManyHandles { handles: told, handles_max: self.handles_max });
        }
        Ok(Handles::look(all, self.kinds))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn descriptors(count: usize) -> Vec<OwnedFd> {
        (0..count).map(|_| File::open("/dev/null").unwrap().into()).collect()
    }

    fn note(handles: usize) -> HandlesNote {
        HandlesNote { handles: handles as u64, group: 1 }
    }

    fn custody(handles_max: usize) -> Custody {
        Custody::new(handles_max, KindSet::of(&[HandleKind::Device]))
    }

    #[test]
    fn as_many_handles_come_as_the_message_says() {
        for (told, came) in [(2, 1), (1, 2), (0, 1)] {
            let refused = custody(8).settle(&note(told), descriptors(came)).unwrap_err();
            assert_eq!(refused, WireError::Handles { told, came });
        }
        assert_eq!(custody(8).settle(&note(2), descriptors(2)).unwrap().len(), 2);
    }

    #[test]
    fn more_handles_than_are_taken_are_refused() {
        let refused = custody(2).settle(&note(3), descriptors(3)).unwrap_err();
        assert_eq!(refused, WireError::TooManyHandles { handles: 3, handles_max: 2 });
    }

    #[test]
    fn a_kind_that_was_not_asked_for_is_told_and_closed() {
        let mut mixed = descriptors(1);
        mixed.push(std::io::pipe().unwrap().0.into());
        let mut handles = custody(8).settle(&note(2), mixed).unwrap();
        let kinds: Vec<_> = handles.natures().map(|nature| nature.kind).collect();
        assert_eq!(kinds, [HandleKind::Device, HandleKind::Pipe]);
        assert!(handles.take(HandleKind::Pipe).is_none() && handles.take_at(1).is_none());
        assert!(handles.take(HandleKind::Device).is_some());
        assert!(handles.take(HandleKind::Device).is_none(), "once");
    }
}
