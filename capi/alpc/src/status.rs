// SPDX-License-Identifier: MIT OR Apache-2.0
//! NTSTATUS codes beside those that `cabotage_alpc::Status` has, and the answer of every call.

use cabotage_alpc::Status;

/// What a call answers in C.
pub(crate) type NtStatus = i32;
/// What a call answers inside.
pub(crate) type Answer<T = ()> = Result<T, Status>;

/// The call came to what is not here; docs/c.md says what to use instead.
pub(crate) const NOT_SUPPORTED: Status = Status(0xC000_00BB);
/// The kind of information is none.
pub(crate) const INVALID_INFO_CLASS: Status = Status(0xC000_0003);
/// A buffer has another size than its kind of information.
pub(crate) const INFO_LENGTH_MISMATCH: Status = Status(0xC000_0004);
/// A required pointer is null, misaligned or impossibly long.
pub(crate) const ACCESS_VIOLATION: Status = Status(0xC000_0005);
/// The handle is of another kind of object.
pub(crate) const OBJECT_TYPE_MISMATCH: Status = Status(0xC000_0024);
/// A parameter can't be, by its place.
pub(crate) const INVALID_PARAMETER_2: Status = Status(0xC000_00F0);
/// A synchronous request needs a buffer for its reply.
pub(crate) const LPC_RECEIVE_BUFFER_EXPECTED: Status = Status(0xC000_0705);
/// There is no memory.
pub(crate) const NO_MEMORY: Status = Status(0xC000_0017);
/// Who is told of a port's messages can be said once.
pub(crate) const PORT_ALREADY_SET: Status = Status(0xC000_0048);
/// The port has a completion list.
pub(crate) const PORT_ALREADY_HAS_COMPLETION_LIST: Status = Status(0xC000_071A);
/// The completion port was closed while somebody waited there.
pub(crate) const ABANDONED_WAIT: Status = Status(0x0000_0080);
/// The section is larger than the port takes.
pub(crate) const SECTION_TOO_BIG: Status = Status(0xC000_0040);
/// A fault of ours.
pub(crate) const INTERNAL_ERROR: Status = Status(0xC000_00E5);
/// The message has no such view, handle or attribute.
pub(crate) const NOT_FOUND: Status = Status(0xC000_0225);

/// As C has it.
pub(crate) fn number(answer: Answer) -> NtStatus {
    answer.err().unwrap_or(Status::SUCCESS).0.cast_signed()
}
