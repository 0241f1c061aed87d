// SPDX-License-Identifier: MIT OR Apache-2.0
//! The numbers by which Windows programmers know what became of a call, for those who compare and for C callers.
//!
//! No call of this library answers with one: each error tells its own with `status()`.

use std::fmt;

/// An NTSTATUS code.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u32);

macro_rules! statuses {
    ($($(#[doc = $text:literal])* $name:ident = $code:literal;)*) => {
        impl Status {
            $($(#[doc = $text])* pub const $name: Self = Self($code);)*

            /// The name as Windows headers have it, without `STATUS_`; `None` for a code that is not used here.
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

statuses! {
    /// Done.
    SUCCESS = 0x0000_0000;
    /// The deadline passed.
    TIMEOUT = 0x0000_0102;
    /// Only a part could be copied.
    PARTIAL_COPY = 0x8000_000D;
    /// A table of handles, a port among them, belongs to another process.
    INVALID_HANDLE = 0xC000_0008;
    /// An argument can't be.
    INVALID_PARAMETER = 0xC000_000D;
    /// The caller may not.
    ACCESS_DENIED = 0xC000_0022;
    /// The message is larger than the buffer; it waits for a larger one.
    BUFFER_TOO_SMALL = 0xC000_0023;
    /// The message is longer than the port takes.
    PORT_MESSAGE_TOO_LONG = 0xC000_002F;
    /// It is no name.
    OBJECT_NAME_INVALID = 0xC000_0033;
    /// Nobody has the name.
    OBJECT_NAME_NOT_FOUND = 0xC000_0034;
    /// Somebody has the name.
    OBJECT_NAME_COLLISION = 0xC000_0035;
    /// The other end is gone.
    PORT_DISCONNECTED = 0xC000_0037;
    /// The server refused the connection.
    PORT_CONNECTION_REFUSED = 0xC000_0041;
    /// A quota or a cap is used up.
    INSUFFICIENT_RESOURCES = 0xC000_009A;
    /// The request was canceled by its asker.
    REQUEST_CANCELED = 0xC000_0703;
    /// The system refused.
    UNSUCCESSFUL = 0xC000_0001;
    /// There is no pending request of this number.
    REPLY_MESSAGE_MISMATCH = 0xC000_021F;
    /// No reply will come.
    LPC_REPLY_LOST = 0xC000_0253;
    /// The server is not who was asked for.
    SERVER_SID_MISMATCH = 0xC000_02A0;
    /// The message was canceled.
    MESSAGE_LOST = 0xC000_0701;
    /// The port takes no such request now.
    LPC_REQUESTS_NOT_ALLOWED = 0xC000_0707;
    /// The reserve is in use.
    RESOURCE_IN_USE = 0xC000_0708;
    /// There is no reserve of this number.
    OBJECTID_NOT_FOUND = 0xC000_02F0;
    /// The message was taken before it could be canceled.
    MESSAGE_RETRIEVED = 0xC000_070A;
    /// There are more handles than allowed.
    LPC_HANDLE_COUNT_EXCEEDED = 0xC000_0722;
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({:#010X})", self.0),
            None => write!(f, "{:#010X}", self.0),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_tells_its_name_and_its_code() {
        assert_eq!(Status::LPC_REPLY_LOST.to_string(), "LPC_REPLY_LOST (0xC0000253)");
        assert_eq!(Status(7).to_string(), "0x00000007");
    }
}
