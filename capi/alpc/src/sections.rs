// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sections and views as C has them: memory at an address.
//!
//! A view that is sent is copied into a block of the channel, and one that comes is copied out of it: what C looks at
//! can't be rewritten by the other side while it looks, and what C writes after sending is its own affair.

use std::collections::BTreeMap;

use cabotage_alpc::{Status, VIEW_GRANULE_BYTES, View, ViewMut};
use cabotage_c_support::region::Region;

use crate::status::{Answer, INVALID_PARAMETER_2, NO_MEMORY, NOT_FOUND};

/// Of one port.
#[derive(Debug, Default)]
pub(crate) struct Sections {
    last: usize,
    /// By their handles, which are the port's own.
    sections: BTreeMap<usize, Section>,
    /// Views that have come, by their addresses.
    received: BTreeMap<usize, Received>,
}

#[derive(Debug)]
struct Section {
    region: Region,
    views: usize,
    is_deleted: bool,
}

#[derive(Debug)]
struct Received {
    /// Counts among those that may be held, until it is let go of.
    _view: View,
    _region: Region,
}

impl Sections {
    /// Makes a section; answers its handle and how many bytes it has.
    pub(crate) fn create(&mut self, bytes: usize, bytes_max: u64) -> Answer<(usize, usize)> {
        let rounded = bytes.checked_next_multiple_of(VIEW_GRANULE_BYTES).filter(|bytes| *bytes > 0);
        let rounded = rounded.ok_or(Status::INVALID_PARAMETER)?;
        if rounded as u64 > bytes_max {
            return Err(crate::status::SECTION_TOO_BIG);
        }
        let region = Region::new(rounded).ok_or(NO_MEMORY)?;
        self.last += 1;
        self.sections.insert(self.last, Section { region, views: 0, is_deleted: false });
        Ok((self.last, rounded))
    }

    /// The section goes with its last view.
    pub(crate) fn delete(&mut self, section: usize) -> Answer {
        let found = self.sections.get_mut(&section).filter(|section| !section.is_deleted);
        found.ok_or(Status::INVALID_HANDLE)?.is_deleted = true;
        self.tidy(section);
        Ok(())
    }

    /// A view of the section's first `bytes` bytes, or of all of it; answers where it is and how long.
    pub(crate) fn view(&mut self, section: usize, bytes: usize) -> Answer<(usize, usize)> {
        let found = self.sections.get_mut(&section).filter(|section| !section.is_deleted);
        let section = found.ok_or(Status::INVALID_HANDLE)?;
        let whole = section.region.bytes();
        let wanted =
            if bytes == 0 { Some(whole) } else { bytes.checked_next_multiple_of(VIEW_GRANULE_BYTES) };
        let bytes = wanted.filter(|bytes| *bytes <= whole).ok_or(INVALID_PARAMETER_2)?;
        section.views += 1;
        Ok((section.region.base().addr(), bytes))
    }

    /// Lets go of a view, of our own or one that came.
    pub(crate) fn delete_view(&mut self, base: usize) -> Answer {
        if self.received.remove(&base).is_some() {
            return Ok(());
        }
        let (&number, section) = self.own(base).ok_or(NOT_FOUND)?;
        section.views -= 1;
        self.tidy(number);
        Ok(())
    }

    fn own(&mut self, base: usize) -> Option<(&usize, &mut Section)> {
        self.sections
            .iter_mut()
            .find(|(_, section)| section.region.base().addr() == base && section.views > 0)
    }

    fn tidy(&mut self, section: usize) {
        if self.sections.get(&section).is_some_and(|section| section.is_deleted && section.views == 0) {
            self.sections.remove(&section);
        }
    }

    /// Copies `bytes` bytes of our own view at `base` into one that `make` gives for the channel.
    pub(crate) fn send(
        &mut self,
        base: usize,
        bytes: usize,
        make: impl FnOnce() -> Answer<ViewMut>,
    ) -> Answer<ViewMut> {
        let (_, section) = self.own(base).ok_or(NOT_FOUND)?;
        if bytes > section.region.bytes() {
            return Err(Status::INVALID_PARAMETER);
        }
        let mut view = make()?;
        let copied = section.region.with(bytes, |source| view.write_at(0, source));
        copied.ok_or(Status::INVALID_PARAMETER)?.map_err(|_| Status::INVALID_HANDLE)?;
        Ok(view)
    }

    /// Takes in a view that came; answers where it is and how many bytes were sent.
    pub(crate) fn receive(&mut self, view: View) -> Answer<(usize, usize)> {
        let bytes = view.bytes();
        let mut region = Region::new(view.view_bytes()).ok_or(NO_MEMORY)?;
        let copied = region.with_mut(bytes, |target| view.copy_at(0, target));
        copied.ok_or(NO_MEMORY)?.map_err(|_| Status::INVALID_HANDLE)?;
        let base = region.base().addr();
        self.received.insert(base, Received { _view: view, _region: region });
        Ok((base, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_have_whole_multiples_of_64_kib() {
        let mut sections = Sections::default();
        for bytes in [1, 0x1000, 0x1001, 0x1234, 0x1_0000] {
            assert_eq!(sections.create(bytes, 1 << 20).unwrap().1, 0x1_0000);
        }
        assert_eq!(sections.create(0x1_0001, 1 << 20).unwrap().1, 0x2_0000);
        assert_eq!(sections.create(0, 1 << 20), Err(Status::INVALID_PARAMETER));
        assert_eq!(sections.create((1 << 20) + 1, 1 << 20), Err(crate::status::SECTION_TOO_BIG));
    }

    #[test]
    fn a_section_goes_with_its_last_view() {
        let mut sections = Sections::default();
        let (section, _) = sections.create(1, 1 << 20).unwrap();
        let (base, bytes) = sections.view(section, 0).unwrap();
        assert_eq!(bytes, 0x1_0000);
        assert_eq!(sections.view(section, 0x1_0001), Err(INVALID_PARAMETER_2));
        sections.delete(section).unwrap();
        assert_eq!(sections.delete(section), Err(Status::INVALID_HANDLE));
        sections.delete_view(base).unwrap();
        assert_eq!(sections.delete_view(base), Err(NOT_FOUND));
        assert!(sections.sections.is_empty());
    }
}
