// SPDX-License-Identifier: MIT OR Apache-2.0
//! The names that a task knows its rights by.

use std::fmt;

/// A name of a right, in the space of one task: it means nothing in another. The upper 24 bits say which place of the
/// space's table, the lower 8 how often that place was given away, so that a name which has gone is not soon another's.
///
/// # Source
/// XNU, osfmk/mach/port.h: `mach_port_name_t`, `MACH_PORT_MAKE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(u32);

impl Name {
    /// No right: `MACH_PORT_NULL`.
    pub const NULL: Self = Self(0);
    /// What a right to a port that has died arrives as: `MACH_PORT_DEAD`.
    pub const DEAD: Self = Self(u32::MAX);
    /// The most places a space's table has, the reserved first one counted.
    pub const INDEX_MAX: u32 = (1 << 24) - 1;

    /// The name of place `index`, given away the `generation`-th time. The two lowest bits of every name are set, as
    /// XNU's are.
    pub(crate) fn new(index: u32, generation: u8) -> Self {
        Self(index << 8 | u32::from(generation) | 0b11)
    }

    /// As C code has it.
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// As C code has it.
    pub fn as_raw(self) -> u32 {
        self.0
    }

    /// Whether it names something at all: it is neither [`Name::NULL`] nor [`Name::DEAD`].
    pub fn is_valid(self) -> bool {
        self != Self::NULL && self != Self::DEAD
    }

    pub(crate) fn index(self) -> usize {
        (self.0 >> 8) as usize
    }

    pub(crate) fn generation(self) -> u8 {
        (self.0 & 0xFF) as u8
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NULL => f.write_str("MACH_PORT_NULL"),
            Self::DEAD => f.write_str("MACH_PORT_DEAD"),
            Self(raw) => write!(f, "{raw:#x}"),
        }
    }
}
