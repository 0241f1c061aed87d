// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes beside a message in C: a header with two sets of bits, and behind it one structure for each bit that is
//! allocated, from the highest bit to the lowest.
//!
//! Everything here is about copies of those bytes, in private memory; the border copies them in and out.

use std::mem::offset_of;

use crate::layout::{ContextAttribute, DataView, Handle32, SecurityAttribute};

/// ALPC_MESSAGE_SECURITY_ATTRIBUTE and the others.
pub(crate) const SECURITY: u32 = 0x8000_0000;
pub(crate) const VIEW: u32 = 0x4000_0000;
pub(crate) const CONTEXT: u32 = 0x2000_0000;
pub(crate) const HANDLE: u32 = 0x1000_0000;
pub(crate) const TOKEN: u32 = 0x0800_0000;
pub(crate) const DIRECT: u32 = 0x0400_0000;
pub(crate) const WORK_ON_BEHALF: u32 = 0x0200_0000;

/// Each attribute and how many bytes its structure has, in their order.
const SIZES: [(u32, usize); 7] = [
    (SECURITY, size_of::<SecurityAttribute>()),
    (VIEW, size_of::<DataView>()),
    (CONTEXT, size_of::<ContextAttribute>()),
    (HANDLE, 0x18),
    (TOKEN, 0x18),
    (DIRECT, 8),
    (WORK_ON_BEHALF, 8),
];
/// {AllocatedAttributes, ValidAttributes}.
const HEAD_BYTES: usize = 8;

/// How many bytes a buffer for these attributes has.
pub(crate) fn bytes_for(allocated: u32) -> usize {
    let sizes = SIZES.iter().filter(|(bit, _)| allocated & bit != 0).map(|(_, bytes)| bytes);
    HEAD_BYTES + sizes.sum::<usize>()
}

/// Where the structure of an attribute begins; `None` if it is not allocated, or no single attribute.
pub(crate) fn place_of(allocated: u32, attribute: u32) -> Option<usize> {
    if allocated & attribute == 0 || !attribute.is_power_of_two() {
        return None;
    }
    Some(bytes_for(allocated & !(attribute | (attribute - 1))))
}

/// A copy of a buffer of attributes.
#[derive(Debug, Clone)]
pub(crate) struct Attributes {
    bytes: Vec<u8>,
}

/// What a message brings beside its data.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Brought {
    pub(crate) port_context: usize,
    pub(crate) message_context: usize,
    pub(crate) sequence: u32,
    pub(crate) message_id: u32,
    pub(crate) callback_id: u32,
    /// Its channel, its user, its group.
    pub(crate) token: Option<[u64; 3]>,
    /// Where the view lies, and how many bytes were sent.
    pub(crate) view: Option<(usize, usize)>,
    /// The handle if it is one alone, how many there are, and what the first is.
    pub(crate) handles: Option<(usize, u32, u32)>,
    pub(crate) is_secured: bool,
}

impl Attributes {
    /// A buffer's copy; the bytes are as many as [`bytes_for`] says.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn allocated(&self) -> u32 {
        self.number(0)
    }

    /// Whether its sender has filled in the attribute.
    pub(crate) fn has(&self, attribute: u32) -> bool {
        self.number::<u32>(4) & self.allocated() & attribute != 0
    }

    /// {Flags, SectionHandle, ViewBase, ViewSize}.
    pub(crate) fn view(&self) -> Option<DataView> {
        let at = self.valid(VIEW)?;
        Some(DataView {
            flags: self.number(at),
            section_handle: self.number(at + offset_of!(DataView, section_handle)),
            view_base: self.number(at + offset_of!(DataView, view_base)),
            view_size: self.number(at + offset_of!(DataView, view_size)),
        })
    }

    /// Flags, the handle or where an array of them lies, and their count if it does.
    pub(crate) fn handle(&self) -> Option<(u32, usize, u32)> {
        let at = self.valid(HANDLE)?;
        Some((self.number(at), self.number(at + 8), self.number(at + 16)))
    }

    /// The security context with which it goes.
    pub(crate) fn security_context(&self) -> Option<usize> {
        let at = self.valid(SECURITY)?;
        Some(self.number(at + offset_of!(SecurityAttribute, context_handle)))
    }

    /// The context that its asker gives a request.
    pub(crate) fn message_context(&self) -> Option<usize> {
        let at = self.valid(CONTEXT)?;
        Some(self.number(at + offset_of!(ContextAttribute, message_context)))
    }

    fn valid(&self, attribute: u32) -> Option<usize> {
        self.has(attribute).then(|| place_of(self.allocated(), attribute)).flatten()
    }

    /// Fills in what was brought, as far as there is room; the others are marked as not valid.
    pub(crate) fn fill(&mut self, brought: &Brought) {
        let mut valid = 0;
        let allocated = self.allocated();
        let mut place = |attribute| {
            let at = place_of(allocated, attribute)?;
            valid |= attribute;
            Some(at)
        };
        if let Some(at) = place(CONTEXT) {
            let &Brought { port_context, message_context, sequence, message_id, callback_id, .. } = brought;
            self.put(at, &port_context.to_ne_bytes());
            self.put(at + 8, &message_context.to_ne_bytes());
            for (number, value) in [sequence, message_id, callback_id].into_iter().enumerate() {
                self.put(at + 16 + 4 * number, &value.to_ne_bytes());
            }
        }
        if let Some(token) = brought.token
            && let Some(at) = place(TOKEN)
        {
            for (number, value) in token.into_iter().enumerate() {
                self.put(at + 8 * number, &value.to_ne_bytes());
            }
        }
        if let Some((base, bytes)) = brought.view
            && let Some(at) = place(VIEW)
        {
            self.put(at, &[0; size_of::<DataView>()]);
            self.put(at + offset_of!(DataView, view_base), &base.to_ne_bytes());
            self.put(at + offset_of!(DataView, view_size), &bytes.to_ne_bytes());
        }
        if let Some((handle, count, kind)) = brought.handles
            && let Some(at) = place(HANDLE)
        {
            let is_alone = count == 1;
            let flags = if is_alone { 0 } else { crate::layout::flags::HANDLE_INDIRECT };
            self.put(at, &[0; 0x18]);
            self.put(at, &flags.to_ne_bytes());
            self.put(at + 8, &handle.to_ne_bytes());
            self.put(at + 16, &(if is_alone { kind } else { count }).to_ne_bytes());
        }
        if brought.is_secured
            && let Some(at) = place(SECURITY)
        {
            self.put(at, &[0; size_of::<SecurityAttribute>()]);
        }
        self.put(4, &valid.to_ne_bytes());
    }

    fn put(&mut self, at: usize, value: &[u8]) {
        self.bytes[at..at + value.len()].copy_from_slice(value);
    }

    fn number<T: Number>(&self, at: usize) -> T {
        T::read(&self.bytes[at..])
    }
}

/// Numbers as C has them.
trait Number {
    fn read(bytes: &[u8]) -> Self;
}

macro_rules! number {
    ($($kind:ty),*) => {
        $(impl Number for $kind {
            fn read(bytes: &[u8]) -> Self {
                let mut value = [0; size_of::<Self>()];
                value.copy_from_slice(&bytes[..size_of::<Self>()]);
                Self::from_ne_bytes(value)
            }
        })*
    };
}
number!(u32, usize);

/// The handles of an array as C has it.
pub(crate) fn many(entries: &[Handle32]) -> impl Iterator<Item = usize> {
    entries.iter().map(|entry| entry.handle as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(allocated: u32, valid: u32) -> Attributes {
        let mut bytes = vec![0; bytes_for(allocated)];
        bytes[..4].copy_from_slice(&allocated.to_ne_bytes());
        bytes[4..8].copy_from_slice(&valid.to_ne_bytes());
        Attributes::new(bytes)
    }

    #[test]
    fn structures_stand_from_the_highest_bit_to_the_lowest() {
        let all = SECURITY | VIEW | CONTEXT | HANDLE | TOKEN | DIRECT | WORK_ON_BEHALF;
        assert_eq!(bytes_for(all), 8 + 0x18 + 0x20 + 0x20 + 0x18 + 0x18 + 8 + 8);
        assert_eq!(place_of(all, SECURITY), Some(8));
        assert_eq!(place_of(all, VIEW), Some(8 + 0x18));
        assert_eq!(place_of(VIEW | TOKEN, TOKEN), Some(8 + 0x20));
        assert_eq!(place_of(VIEW, TOKEN), None);
        assert_eq!(place_of(all, VIEW | TOKEN), None, "one at a time");
    }

    #[test]
    fn only_what_its_sender_marked_as_valid_counts() {
        assert!(buffer(VIEW, 0).view().is_none());
        assert!(buffer(0, VIEW).view().is_none(), "there is no room for it");
        assert!(buffer(VIEW, VIEW).view().is_some());
    }

    #[test]
    fn what_is_not_brought_is_not_valid() {
        let mut room = buffer(CONTEXT | TOKEN | HANDLE, HANDLE);
        room.fill(&Brought { message_id: 7, message_context: 9, ..Brought::default() });
        assert!(room.has(CONTEXT) && !room.has(TOKEN) && !room.has(HANDLE));
        assert_eq!(room.message_context(), Some(9));
    }
}
