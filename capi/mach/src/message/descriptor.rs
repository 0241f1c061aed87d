// SPDX-License-Identifier: MIT OR Apache-2.0
//! Descriptors of what a complex message takes along, as 64-bit tasks lay them out: `mach_msg_descriptor_t`.

use super::{long_at, number_at, put};

/// One descriptor, as C has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Descriptor {
    /// `mach_msg_port_descriptor_t`
    Port { name: u32, disposition: u32 },
    /// `mach_msg_ool_descriptor_t`
    Memory { address: u64, bytes: u32, deallocate: bool, copy: u8 },
    /// `mach_msg_ool_ports_descriptor_t`
    Ports { address: u64, count: u32, disposition: u32, deallocate: bool, copy: u8 },
    /// `mach_msg_guarded_port_descriptor_t`
    Guarded { context: u64, flags: u16, disposition: u32, name: u32 },
}

/// Why there is no descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DescriptorError {
    /// The message ends before it does.
    TooShort,
    /// There is no such kind.
    UnknownType,
}

const PORT: u8 = 0;
const MEMORY: u8 = 1;
const PORTS: u8 = 2;
const VOLATILE_MEMORY: u8 = 3;
const GUARDED_PORT: u8 = 4;
/// Where every kind says which it is.
const TYPE_AT: usize = 11;
/// `MACH_MSG_VIRTUAL_COPY`
pub(super) const VIRTUAL_COPY: u8 = 1;

impl Descriptor {
    /// The descriptor at the start of `bytes`.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, DescriptorError> {
        let kind = *bytes.get(TYPE_AT).ok_or(DescriptorError::TooShort)?;
        let disposition = u32::from(bytes[10]);
        let this = match kind {
            PORT => Self::Port { name: number_at(bytes, 0), disposition },
            MEMORY | VOLATILE_MEMORY => Self::Memory {
                address: long_at(bytes, 0),
                bytes: number_at(bytes, 12),
                deallocate: bytes[8] != 0,
                copy: bytes[9],
            },
            PORTS => Self::Ports {
                address: long_at(bytes, 0),
                count: number_at(bytes, 12),
                disposition,
                deallocate: bytes[8] != 0,
                copy: bytes[9],
            },
            GUARDED_PORT => Self::Guarded {
                context: long_at(bytes, 0),
                flags: u16::from_ne_bytes([bytes[8], bytes[9]]),
                disposition,
                name: number_at(bytes, 12),
            },
            _ => return Err(DescriptorError::UnknownType),
        };
        if bytes.len() < this.size() { Err(DescriptorError::TooShort) } else { Ok(this) }
    }

    /// How long it is.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Port { .. } => 12,
            Self::Memory { .. } | Self::Ports { .. } | Self::Guarded { .. } => 16,
        }
    }

    /// Writes it at `at`.
    pub(crate) fn write(&self, message: &mut [u8], at: usize) {
        let mut bytes = [0; 16];
        let number = |disposition: u32| u8::try_from(disposition).unwrap_or(0);
        match *self {
            Self::Port { name, disposition } => {
                put(&mut bytes, 0, &name.to_ne_bytes());
                put(&mut bytes, 10, &[number(disposition), PORT]);
            }
            Self::Memory { address, bytes: size, deallocate, copy } => {
                put(&mut bytes, 0, &address.to_ne_bytes());
                put(&mut bytes, 8, &[u8::from(deallocate), copy, 0, MEMORY]);
                put(&mut bytes, 12, &size.to_ne_bytes());
            }
            Self::Ports { address, count, disposition, deallocate, copy } => {
                put(&mut bytes, 0, &address.to_ne_bytes());
                put(&mut bytes, 8, &[u8::from(deallocate), copy, number(disposition), PORTS]);
                put(&mut bytes, 12, &count.to_ne_bytes());
            }
            Self::Guarded { context, flags, disposition, name } => {
                put(&mut bytes, 0, &context.to_ne_bytes());
                put(&mut bytes, 8, &flags.to_ne_bytes());
                put(&mut bytes, 10, &[number(disposition), GUARDED_PORT]);
                put(&mut bytes, 12, &name.to_ne_bytes());
            }
        }
        put(message, at, &bytes[..self.size()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_as_it_was_written() {
        let kinds = [
            Descriptor::Port { name: 0x203, disposition: 19 },
            Descriptor::Memory { address: 1 << 40, bytes: 77, deallocate: true, copy: 1 },
            Descriptor::Ports { address: 4096, count: 3, disposition: 17, deallocate: false, copy: 0 },
            Descriptor::Guarded { context: 5, flags: 3, disposition: 16, name: 0x303 },
        ];
        for kind in kinds {
            let mut bytes = [0xEE; 20];
            kind.write(&mut bytes, 2);
            assert_eq!(Descriptor::read(&bytes[2..]), Ok(kind));
            assert_eq!(Descriptor::read(&bytes[2..][..kind.size() - 1]), Err(DescriptorError::TooShort));
            assert_eq!(bytes[2 + kind.size()], 0xEE, "and nothing behind it is touched");
        }
    }

    #[test]
    fn a_kind_that_does_not_exist_is_told() {
        let mut bytes = [0; 16];
        bytes[TYPE_AT] = 5;
        assert_eq!(Descriptor::read(&bytes), Err(DescriptorError::UnknownType));
    }
}
