// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a link with quotas ends, and what is left then.

use cabotage_link::metered::{Begun, Framing, ReadError, ReadMode, WriteError};
use cabotage_link::{Deadline, LinkError};

use crate::support::soon;
use crate::{message, pairs, pattern};

#[test]
fn what_was_complete_stays_readable_after_a_close_and_what_was_not_is_gone() {
    for (mut writer, mut reader) in pairs(Framing::Messages, 100) {
        writer.write(b"complete", soon()).unwrap();
        assert!(matches!(writer.begin_write(&pattern(200)), Ok(Begun::Pending(_))));
        writer.close();
        assert_eq!(message(&mut reader), b"complete");
        let read = reader.read(&mut [0; 300], ReadMode::Message, soon());
        assert_eq!(read, Err(ReadError::Link(LinkError::Closed)));
        assert_eq!(reader.write(b"late", soon()), Err(WriteError::Link(LinkError::Closed)));
    }
}

#[test]
fn a_disconnect_destroys_what_is_unread_both_ways() {
    for (mut server, mut client) in pairs(Framing::Messages, 100) {
        server.write(b"never read", soon()).unwrap();
        client.write(b"nor this", soon()).unwrap();
        server.discard().unwrap();
        let read = client.read(&mut [0; 300], ReadMode::Message, Deadline::Now);
        assert_eq!(read, Err(ReadError::Link(LinkError::Discarded)));
        assert_eq!(client.peek(&mut []), Err(LinkError::Discarded));
        assert_eq!(client.write(b"late", soon()), Err(WriteError::Link(LinkError::Discarded)));
    }
}
