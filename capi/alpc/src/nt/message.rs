// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages: sent, received, canceled.

use std::ffi::c_void;

use cabotage_alpc::Status;
use cabotage_c_support::pointers;

use super::status;
use crate::border;
use crate::exchange::exchange;
use crate::layout::{ContextAttribute, Handle, PortMessage};
use crate::message::Got;
use crate::status::{ACCESS_VIOLATION, Answer, NtStatus, OBJECT_TYPE_MISMATCH};
use crate::table::{self, Object};
use crate::time;

/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAlpcSendWaitReceivePort(
    port: Handle,
    flags: u32,
    send: *mut PortMessage,
    send_attributes: *const c_void,
    receive: *mut PortMessage,
    length: *mut usize,
    receive_attributes: *mut c_void,
    timeout: *const i64,
) -> NtStatus {
    let call = Call { port, flags, send, send_attributes, receive, length, receive_attributes };
    status(|| {
        // SAFETY: the caller's word.
        let timeout = unsafe { pointers::read(timeout) };
        // SAFETY: the caller's word.
        unsafe { call.run(timeout) }
    })
}

/// What a call that sends and receives is given.
pub(crate) struct Call {
    pub(crate) port: Handle,
    pub(crate) flags: u32,
    pub(crate) send: *mut PortMessage,
    pub(crate) send_attributes: *const c_void,
    pub(crate) receive: *mut PortMessage,
    pub(crate) length: *mut usize,
    pub(crate) receive_attributes: *mut c_void,
}

impl Call {
    /// # Safety
    /// Each pointer is null or points to what it names.
    pub(crate) unsafe fn run(&self, timeout: Option<i64>) -> Answer {
        let (mut sending, lent) = match self.send.is_null() {
            true => (None, Vec::new()),
            false => {
                // SAFETY: the caller's word.
                let (sending, lent) =
                    unsafe { border::sending(self.send, self.send_attributes, self.flags) }?;
                (Some(sending), lent)
            }
        };
        // SAFETY: the caller's word.
        let room = unsafe { border::room(self.receive, self.length, self.receive_attributes) }?;
        let deadline = time::deadline(timeout);
        let exchanged = exchange(self.port, self.flags, sending.as_mut(), room, deadline)?;
        if let (Some(number), Some(sending)) = (exchanged.sent, &sending) {
            // The number by which a request is canceled; the buffer may be the one that receives.
            let header = PortMessage { message_id: number, ..sending.header };
            // SAFETY: the caller's word.
            unsafe { border::give(self.send, header) }?;
        }
        match exchanged.got {
            None => Ok(()),
            Some(Got::TooSmall(bytes)) => {
                // SAFETY: the caller's word.
                unsafe { border::give(self.length, bytes) }?;
                Err(Status::BUFFER_TOO_SMALL)
            }
            Some(Got::Message(delivery)) => {
                // SAFETY: the caller's word: the message fits into the room that was told.
                unsafe { border::deliver(&delivery, self.receive, &lent) };
                // SAFETY: the caller's word.
                unsafe { border::give(self.length, delivery.header.total_length.into()) }?;
                // SAFETY: the caller's word.
                unsafe { border::fill(&delivery.brought, self.receive_attributes) }
            }
        }
    }
}

/// # Safety
/// `context` is null or points to a context attribute.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAlpcCancelMessage(
    port: Handle,
    _flags: u32,
    context: *const ContextAttribute,
) -> NtStatus {
    status(|| {
        // SAFETY: the caller's word.
        let context = unsafe { pointers::read(context) }.ok_or(ACCESS_VIOLATION)?;
        match table::get(port)? {
            Object::Client(client) => client.change(|end| end.cancel(context.message_id)),
            Object::Connection(server) | Object::Communication(server, _) => {
                server.change(|server| server.drop_request(context.message_id))
            }
            Object::Descriptor(_) | Object::Packets(_) => Err(OBJECT_TYPE_MISMATCH),
        }
    })
}
