// SPDX-License-Identifier: MIT OR Apache-2.0
//! The structures of `cabotage/alpc.h` as Rust, byte for byte. A test compares them with what a C compiler says.

#![allow(missing_docs, reason = "the names are Windows', and the header says what they are")]

use std::ffi::c_void;

/// A HANDLE: a number in our table, which C keeps in a pointer.
pub(crate) type Handle = usize;

/// What a message begins with.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct PortMessage {
    pub(crate) data_length: u16,
    pub(crate) total_length: u16,
    pub(crate) kind: u16,
    pub(crate) data_info_offset: u16,
    pub(crate) process: usize,
    pub(crate) thread: usize,
    pub(crate) message_id: u32,
    /// `ClientViewSize` of a request to connect, `CallbackId` of a request.
    pub(crate) last: usize,
}

/// UNICODE_STRING: lengths in bytes.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct UnicodeString {
    pub(crate) length: u16,
    pub(crate) maximum_length: u16,
    pub(crate) buffer: *const u16,
}

#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct ObjectAttributes {
    pub(crate) length: u32,
    pub(crate) root_directory: Handle,
    pub(crate) object_name: *const UnicodeString,
    pub(crate) attributes: u32,
    pub(crate) security_descriptor: *const c_void,
    pub(crate) security_quality_of_service: *const c_void,
}

#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct SecurityQualityOfService {
    pub(crate) length: u32,
    pub(crate) impersonation_level: u32,
    pub(crate) context_tracking_mode: u8,
    pub(crate) effective_only: u8,
}

#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct PortAttributes {
    pub(crate) flags: u32,
    pub(crate) security_qos: SecurityQualityOfService,
    pub(crate) max_message_length: usize,
    pub(crate) memory_bandwidth: usize,
    pub(crate) max_pool_usage: usize,
    pub(crate) max_section_size: usize,
    pub(crate) max_view_size: usize,
    pub(crate) max_total_section_size: usize,
    pub(crate) dup_object_types: u32,
    pub(crate) reserved: u32,
}

#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct DataView {
    pub(crate) flags: u32,
    pub(crate) section_handle: usize,
    pub(crate) view_base: usize,
    pub(crate) view_size: usize,
}

#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct SecurityAttribute {
    pub(crate) flags: u32,
    pub(crate) qos: *const SecurityQualityOfService,
    pub(crate) context_handle: usize,
}

#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct ContextAttribute {
    pub(crate) port_context: usize,
    pub(crate) message_context: usize,
    pub(crate) sequence: u32,
    pub(crate) message_id: u32,
    pub(crate) callback_id: u32,
}

/// One of many handles of a message.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct Handle32 {
    pub(crate) flags: u32,
    pub(crate) handle: u32,
    pub(crate) object_type: u32,
    pub(crate) desired_access: u32,
}

#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct BasicInformation {
    pub(crate) flags: u32,
    pub(crate) sequence_no: u32,
    pub(crate) port_context: usize,
}

#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct MessageHandleInformation {
    pub(crate) index: u32,
    pub(crate) flags: u32,
    pub(crate) handle: u32,
    pub(crate) object_type: u32,
    pub(crate) granted_access: u32,
}

/// PORT_VIEW.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct PortView {
    pub(crate) length: u32,
    pub(crate) section_handle: Handle,
    pub(crate) section_offset: u32,
    pub(crate) view_size: usize,
    pub(crate) view_base: usize,
    pub(crate) view_remote_base: usize,
}

/// PORT_DATA_ENTRY: memory that a request lends.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct DataEntry {
    pub(crate) base: usize,
    pub(crate) size: u32,
}

/// IO_STATUS_BLOCK.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct IoStatusBlock {
    pub(crate) status: i32,
    pub(crate) information: usize,
}

/// FILE_IO_COMPLETION_INFORMATION: one packet.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct IoCompletionInformation {
    pub(crate) key: *mut c_void,
    pub(crate) context: *mut c_void,
    pub(crate) io_status: IoStatusBlock,
}

/// ALPC_PORT_ASSOCIATE_COMPLETION_PORT.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct AssociateCompletionPort {
    pub(crate) key: *mut c_void,
    pub(crate) port: Handle,
}

/// ALPC_PORT_COMPLETION_LIST_INFORMATION: memory for messages.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct CompletionListInformation {
    pub(crate) list: *mut c_void,
    pub(crate) bytes: u32,
    pub(crate) concurrency: u32,
    pub(crate) attributes: u32,
}

/// How many bytes stand before the data of a message.
pub(crate) const HEADER_BYTES: usize = size_of::<PortMessage>();
/// The longest message, header included.
pub(crate) const TOTAL_BYTES_MAX: usize = 0xFFEF;

const _: () = assert!(HEADER_BYTES == 40 && size_of::<UnicodeString>() == 16);
const _: () = assert!(size_of::<PortAttributes>() == 72 && size_of::<ObjectAttributes>() == 48);
const _: () = assert!(size_of::<IoCompletionInformation>() == 32 && size_of::<IoStatusBlock>() == 16);
const _: () =
    assert!(size_of::<AssociateCompletionPort>() == 16 && size_of::<CompletionListInformation>() == 24);
const _: () = assert!(size_of::<DataView>() == 0x20 && size_of::<ContextAttribute>() == 0x20);
const _: () = assert!(size_of::<SecurityAttribute>() == 0x18 && size_of::<DataEntry>() == 16);

/// The numbers of flags, as in the header.
pub(crate) mod flags {
    pub(crate) const ALLOW_IMPERSONATION: u32 = 0x1_0000;
    pub(crate) const ALLOW_DUP_OBJECT: u32 = 0x8_0000;
    pub(crate) const REPLY_MESSAGE: u32 = 0x1;
    pub(crate) const SYNC_REQUEST: u32 = 0x2_0000;
    pub(crate) const VIEW_RELEASE: u32 = 0x2_0000;
    pub(crate) const HANDLE_INDIRECT: u32 = 0x4_0000;
}
