// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which attributes go with a message, by the numbers of Windows.
//!
//! The sender sets those that it has, and what its receiver does not take does not come. So view, handle and direct are
//! said of what came, whatever the sender has set; security is the sender's word, since it gives nothing but its own
//! consent. Context and token are the receiver's own: they are always there, and no sender can withhold or forge them.

use std::fmt;
use std::ops::BitOr;

/// Some attributes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AttributeSet(u32);

impl AttributeSet {
    /// The sender lets the receiver act as it.
    pub const SECURITY: Self = Self(0x8000_0000);
    /// A view of a section.
    pub const VIEW: Self = Self(0x4000_0000);
    /// The receiver's own word for the sender, the number of the message, its place among the sender's.
    pub const CONTEXT: Self = Self(0x2000_0000);
    /// Descriptors.
    pub const HANDLE: Self = Self(0x1000_0000);
    /// Who the sender is.
    pub const TOKEN: Self = Self(0x0800_0000);
    /// Memory of the sender that the receiver may reach.
    pub const DIRECT: Self = Self(0x0400_0000);

    const NAMES: [(Self, &'static str); 6] = [
        (Self::SECURITY, "SECURITY"),
        (Self::VIEW, "VIEW"),
        (Self::CONTEXT, "CONTEXT"),
        (Self::HANDLE, "HANDLE"),
        (Self::TOKEN, "TOKEN"),
        (Self::DIRECT, "DIRECT"),
    ];

    /// What comes with every message.
    pub(crate) const ALWAYS: Self = Self(Self::CONTEXT.0 | Self::TOKEN.0);

    /// What is said of a message whose sender has set these bits, and with which this came.
    pub(crate) fn received(valid: u32, came: Self) -> Self {
        Self(valid & Self::SECURITY.0) | came | Self::ALWAYS
    }

    /// This, if it holds that it came.
    pub(crate) fn when(self, came: bool) -> Self {
        if came { self } else { Self::default() }
    }

    /// As the numbers that Windows programmers know, added up.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of these are among them.
    pub fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }
}

impl BitOr for AttributeSet {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for AttributeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> =
            Self::NAMES.iter().filter(|(set, _)| self.contains(*set)).map(|(_, name)| *name).collect();
        write!(f, "AttributeSet({})", names.join(" | "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_and_token_are_always_there_and_no_sender_sets_them() {
        let always = AttributeSet::CONTEXT | AttributeSet::TOKEN;
        let nothing = AttributeSet::default();
        assert_eq!(AttributeSet::received(0, nothing), always);
        assert_eq!(AttributeSet::received(0x8000_0000, nothing), always | AttributeSet::SECURITY);
    }

    #[test]
    fn what_a_sender_sets_and_does_not_send_is_cleared() {
        let always = AttributeSet::ALWAYS;
        let nothing = AttributeSet::default();
        assert_eq!(AttributeSet::received(u32::MAX, nothing), always | AttributeSet::SECURITY);
        assert_eq!(AttributeSet::received(0, AttributeSet::VIEW), always | AttributeSet::VIEW);
    }

    #[test]
    fn the_bits_are_those_of_windows_and_ordered_from_the_highest() {
        let bits = AttributeSet::NAMES.map(|(set, _)| set.bits());
        assert_eq!(bits, [0x8000_0000, 0x4000_0000, 0x2000_0000, 0x1000_0000, 0x0800_0000, 0x0400_0000]);
    }

    #[test]
    fn a_set_shows_its_names() {
        let set = AttributeSet::VIEW | AttributeSet::DIRECT;
        assert_eq!(format!("{set:?}"), "AttributeSet(VIEW | DIRECT)");
    }
}
