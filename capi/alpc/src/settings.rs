// SPDX-License-Identifier: MIT OR Apache-2.0
//! What ALPC_PORT_ATTRIBUTES ask for, as Cabotage's options.

use cabotage_alpc::{
    CONNECT_BYTES_MAX, ConnectOptions, HANDLES_MAX, HandleKind, INLINE_BYTES, PortOptions, SECTION_BYTES_MAX,
    Status, VIEWS_MAX,
};

use crate::layout::{HEADER_BYTES, PortAttributes, TOTAL_BYTES_MAX, flags};
use crate::status::Answer;

/// What a port was made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) flags: u32,
    /// The longest message, header included.
    pub(crate) total_bytes_max: usize,
    pub(crate) section_bytes_max: u64,
    /// The most data with a request to connect.
    pub(crate) connect_bytes_max: usize,
}

/// What a receiver lets in: all that the kernel tells the kind of.
const KINDS: [HandleKind; 10] = [
    HandleKind::File,
    HandleKind::Directory,
    HandleKind::Pipe,
    HandleKind::Socket,
    HandleKind::Memory,
    HandleKind::Event,
    HandleKind::Process,
    HandleKind::Timer,
    HandleKind::Poller,
    HandleKind::Device,
];

impl Settings {
    /// # Errors
    /// [`Status::INVALID_PARAMETER`] for messages that no port takes.
    pub(crate) fn new(attributes: Option<&PortAttributes>) -> Answer<Self> {
        let given = attributes.copied().unwrap_or_default();
        let total_bytes_max = match given.max_message_length {
            0 => HEADER_BYTES + INLINE_BYTES,
            bytes if bytes <= HEADER_BYTES || bytes > TOTAL_BYTES_MAX => {
                return Err(Status::INVALID_PARAMETER);
            }
            bytes => bytes,
        };
        let section_bytes_max = match (given.max_section_size, given.max_view_size) {
            (0, 0) => SECTION_BYTES_MAX,
            (0, bytes) | (bytes, 0) => bytes as u64,
            (section, view) => section.min(view) as u64,
        };
        let connect_bytes_max = CONNECT_BYTES_MAX.min(total_bytes_max - HEADER_BYTES);
        Ok(Self { flags: given.flags, total_bytes_max, section_bytes_max, connect_bytes_max })
    }

    /// The longest data of a message.
    pub(crate) fn data_bytes_max(&self) -> usize {
        self.total_bytes_max - HEADER_BYTES
    }

    fn takes_handles(&self) -> usize {
        if self.flags & flags::ALLOW_DUP_OBJECT == 0 { 0 } else { HANDLES_MAX }
    }

    /// A server's.
    pub(crate) fn for_server(&self) -> PortOptions {
        PortOptions::new()
            .message_bytes_max(self.data_bytes_max())
            .inline_bytes_max(self.data_bytes_max())
            .connect_bytes_max(self.connect_bytes_max)
            .section_bytes_max(self.section_bytes_max)
            .views_max(VIEWS_MAX as usize)
            .take_handles(self.takes_handles(), &KINDS)
    }

    /// A client's.
    pub(crate) fn for_client(&self) -> ConnectOptions {
        let options = ConnectOptions::new()
            .section_bytes_max(self.section_bytes_max)
            .take_handles(self.takes_handles(), &KINDS);
        if self.flags & flags::ALLOW_IMPERSONATION == 0 { options } else { options.consent() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_takes_256_bytes_unless_it_says_otherwise_and_no_more_than_0xffef() {
        assert_eq!(Settings::new(None).unwrap().data_bytes_max(), 256);
        let with = |bytes| {
            Settings::new(Some(&PortAttributes { max_message_length: bytes, ..PortAttributes::default() }))
        };
        assert_eq!(with(0xFFEF).unwrap().data_bytes_max(), 0xFFEF - 40);
        for bytes in [40, 0xFFF0, 0x1_0000] {
            assert_eq!(with(bytes).map(drop), Err(Status::INVALID_PARAMETER));
        }
    }
}
