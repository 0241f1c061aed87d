// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory that came, as what its receiver needs: bytes that nobody can change, or memory of its own to write.

use std::ops::Deref;

use cabotage_os::Fault;
use cabotage_os::map::MapError;
use cabotage_os::sealed::{Region, Sealed, SealedPart};

use crate::kernel::message::Memory;

/// Bytes that nobody can change: a copy of one's own, or sealed memory. They can be sent on, sealed memory without a
/// copy.
#[derive(Debug)]
pub struct Immutable(Inner);

#[derive(Debug)]
enum Inner {
    Own(Vec<u8>),
    Sealed(Sealed, SealedPart),
}

/// Memory that could not be had in another form, and the memory.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct NotConverted {
    /// The refusal.
    #[source]
    pub error: MapError,
    /// The memory as it came.
    pub memory: Memory,
}

impl Memory {
    /// Its bytes, from now on safe from everybody: as they came where they were copied or sealed, and of a
    /// [block](Memory::Block) a copy, which is sealed.
    ///
    /// # Errors
    /// [`NotConverted`]: the system's refusal; [`MapError::Forked`] of a block in a forked child.
    pub fn into_immutable(self) -> Result<Immutable, Box<NotConverted>> {
        let part = match self {
            Self::Bytes(bytes) => return Ok(Immutable(Inner::Own(bytes))),
            Self::Sealed(part) => part,
            memory @ (Self::Block(_) | Self::Loan(_)) => {
                let region = match copy_of(&memory) {
                    Ok(region) => region,
                    Err(error) => return Err(Box::new(NotConverted { error, memory })),
                };
                match region.seal() {
                    Ok(part) => part,
                    Err(refused) => return Err(Box::new(NotConverted { error: refused.error, memory })),
                }
            }
        };
        match part.map() {
            Ok(map) => Ok(Immutable(Inner::Sealed(map, part))),
            Err(error) => Err(Box::new(NotConverted { error, memory: Self::Sealed(part) })),
        }
    }

    /// Its bytes as memory of one's own, to be written: of sealed memory each page is copied when it is written first,
    /// other memory is copied as a whole.
    ///
    /// # Errors
    /// As [`Memory::into_immutable`].
    pub fn into_region(self) -> Result<Region, Box<NotConverted>> {
        let refused = |error, memory| Box::new(NotConverted { error, memory });
        match self {
            Self::Sealed(part) => match part.map_private() {
                Ok(region) => Ok(region),
                Err(error) => Err(refused(error, Self::Sealed(part))),
            },
            memory => copy_of(&memory).map_err(|error| refused(error, memory)),
        }
    }
}

impl NotConverted {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self.error {
            MapError::System(_) => Fault::System,
            _ => Fault::Caller,
        }
    }
}

impl Deref for Immutable {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Inner::Own(bytes) => bytes,
            Inner::Sealed(map, _) => map,
        }
    }
}

impl From<Immutable> for Memory {
    fn from(immutable: Immutable) -> Self {
        match immutable.0 {
            Inner::Own(bytes) => Self::Bytes(bytes),
            Inner::Sealed(_, part) => Self::Sealed(part),
        }
    }
}

/// Memory of our own with the bytes that some memory has now.
fn copy_of(memory: &Memory) -> Result<Region, MapError> {
    let mut region = Region::create("cabotage-memory", memory.bytes())?;
    let copied = memory.copy_at(0, &mut region);
    if copied == region.bytes() { Ok(region) } else { Err(MapError::Forked) }
}
