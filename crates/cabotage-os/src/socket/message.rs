// SPDX-License-Identifier: MIT OR Apache-2.0
//! One message: bytes, descriptors, and the kernel's stamp of who sent it.
//!
//! rustix drops control messages that it does not know (a pidfd would leak) and takes a pid of 0 for impossible
//! (it is what an unstamped message carries), so the one `recvmsg` of the project is here. Every descriptor is
//! owned before anything else is looked at: whatever is wrong with a message, dropping it closes them.

use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::IoSlice;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};

use crate::seam::{self, Errno};
use crate::socket::Credentials;

/// The most descriptors one message can carry.
///
/// # Source
/// unix(7), `SCM_MAX_FD`.
pub const MESSAGE_DESCRIPTORS_MAX: usize = 253;

/// Room for 253 descriptors, credentials and a pidfd (1,088 bytes), and for what a peer that once held a copy of
/// our end may have switched on: time stamps, a security label.
const CONTROL_BYTES: usize = 2048;

/// The head of a control message as the kernel writes it: a 64-bit length, a level, a type.
const HEAD_BYTES: usize = 16;

/// A pidfd of the sender; libc does not name it yet.
const SCM_PIDFD: i32 = 4;

/// A message that has arrived; its bytes lie in the caller's buffer.
#[derive(Debug, Default)]
pub struct Arrival {
    /// How many bytes of the buffer were filled. 0 only if the peer broke the rule that no message is empty.
    pub bytes: usize,
    /// How many bytes more the message had than the buffer has room for; they are lost (`MSG_TRUNC`).
    pub lost_bytes: usize,
    /// Whether descriptors or a stamp are lost (`MSG_CTRUNC`). There is always room for what one message can
    /// carry, so this means that our descriptor table is full.
    pub lost_control: bool,
    /// The descriptors that came along, in the sender's order, close-on-exec.
    pub descriptors: Vec<OwnedFd>,
    /// Who sent it, in the kernel's words.
    pub sender: Option<Credentials>,
    /// A pidfd of the sender, where [asked for](crate::socket::Socket::ask_for_pidfds).
    pub sender_pidfd: Option<OwnedFd>,
    /// Whether the kernel sent control messages of a kind that we never asked for.
    pub unknown_control: bool,
}

impl Arrival {
    /// Whether the message is here as it was sent: neither bytes nor control data lost.
    pub fn is_whole(&self) -> bool {
        self.lost_bytes == 0 && !self.lost_control
    }
}

#[repr(align(8))]
struct Control([u8; CONTROL_BYTES]);

/// Receives one message without waiting. `None` means that the peer has hung up and nothing of it is left.
pub(super) fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<Option<Arrival>, Errno> {
    receive_with(socket, buffer, libc::MSG_DONTWAIT)
}

/// Receives one message, and sleeps until there is one; with `EAGAIN` if the open file says that nobody sleeps.
pub(super) fn receive_or_sleep(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<Option<Arrival>, Errno> {
    receive_with(socket, buffer, 0)
}

/// The kernel looks for a message first and for the hang-up afterwards. A peer that sends and closes in between is
/// gone, and its last message is there: so an end of file is asked for twice. Nothing comes after a hang-up, so the
/// second answer holds.
fn receive_with(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    waiting: libc::c_int,
) -> Result<Option<Arrival>, Errno> {
    match receive_once(socket, buffer, waiting)? {
        Some(arrival) => Ok(Some(arrival)),
        None => receive_once(socket, buffer, libc::MSG_DONTWAIT),
    }
}

fn receive_once(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    waiting: libc::c_int,
) -> Result<Option<Arrival>, Errno> {
    let mut control = Control([0; CONTROL_BYTES]);
    let mut piece = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: a msghdr is integers and pointers, for all of which zero is a value.
    let mut head: libc::msghdr = unsafe { std::mem::zeroed() };
    head.msg_iov = &raw mut piece;
    head.msg_iovlen = 1;
    head.msg_control = control.0.as_mut_ptr().cast();
    head.msg_controllen = CONTROL_BYTES as _;
    let flags = waiting | libc::MSG_CMSG_CLOEXEC | libc::MSG_TRUNC;
    let bytes = seam::call_until_done("recvmsg", || {
        // SAFETY: `head` points to `piece` and `control`, both alive and as long as it says; `piece` spans
        // `buffer`, which we borrow mutably.
        let answer = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut head, flags) };
        usize::try_from(answer).map_err(|_| seam::last_errno())
    })?;
    #[allow(clippy::useless_conversion, reason = "32 bits wide with musl")]
    let control_bytes = usize::try_from(head.msg_controllen).unwrap_or(0).min(CONTROL_BYTES);
    // SAFETY: recvmsg succeeded on this buffer, which nothing has looked into since.
    let mut arrival = unsafe { take_control(&control.0[..control_bytes]) };
    if bytes == 0 && control_bytes == 0 {
        return Ok(None);
    }
    arrival.bytes = bytes.min(buffer.len());
    arrival.lost_bytes = bytes - arrival.bytes;
    arrival.lost_control = head.msg_flags & libc::MSG_CTRUNC != 0;
    Ok(Some(arrival))
}

/// Sorts out what the kernel wrote beside a message.
///
/// # Safety
/// The kernel filled `control` in a recvmsg that succeeded, and this is the first and only look at it: every
/// descriptor number in it is open and nobody's.
unsafe fn take_control(control: &[u8]) -> Arrival {
    let mut arrival = Arrival::default();
    for (kind, data) in records(control) {
        match kind {
            (libc::SOL_SOCKET, libc::SCM_RIGHTS) => {
                // SAFETY: the caller's promise: these are fresh descriptors of ours, seen once.
                arrival
                    .descriptors
                    .extend(numbers(data).map(|number| unsafe { OwnedFd::from_raw_fd(number) }));
            }
            (libc::SOL_SOCKET, libc::SCM_CREDENTIALS) => {
                arrival.sender = data.first_chunk().copied().map(Credentials::from_kernel);
            }
            (libc::SOL_SOCKET, SCM_PIDFD) => {
                // SAFETY: as above. A second pidfd would replace, and so close, the first.
                arrival.sender_pidfd =
                    numbers(data).next().map(|number| unsafe { OwnedFd::from_raw_fd(number) });
            }
            _ => arrival.unknown_control = true,
        }
    }
    arrival
}

/// The descriptor numbers in a control message. A pidfd that could not be made is an error number below zero.
fn numbers(data: &[u8]) -> impl Iterator<Item = RawFd> {
    data.as_chunks().0.iter().map(|number| RawFd::from_ne_bytes(*number)).filter(|number| *number >= 0)
}

/// The control messages in a buffer: kind (level and type) and data of each, as far as they are whole.
fn records(mut rest: &[u8]) -> impl Iterator<Item = ((i32, i32), &[u8])> {
    std::iter::from_fn(move || {
        let (head, _) = rest.split_first_chunk::<HEAD_BYTES>()?;
        let (length, kind) = head.split_at(size_of::<u64>());
        let length = usize::try_from(u64::from_ne_bytes(length.try_into().ok()?)).ok()?;
        let (level, kind) = kind.split_at(size_of::<i32>());
        let kind = (i32::from_ne_bytes(level.try_into().ok()?), i32::from_ne_bytes(kind.try_into().ok()?));
        let data = rest.get(HEAD_BYTES..length)?;
        rest = rest.get(length.next_multiple_of(size_of::<u64>())..).unwrap_or(&[]);
        Some((kind, data))
    })
}

/// Sends one message without waiting.
pub(super) fn send(
    socket: BorrowedFd<'_>,
    bytes: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> Result<(), Errno> {
    let parts = [descriptors];
    send_in_parts(socket, bytes, if descriptors.is_empty() { &[] } else { &parts })
}

/// Sends one message without waiting, each part of its descriptors in a control message of its own: two at most.
pub(super) fn send_in_parts(
    socket: BorrowedFd<'_>,
    bytes: &[u8],
    parts: &[&[BorrowedFd<'_>]],
) -> Result<(), Errno> {
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    let sent = if parts.is_empty() {
        seam::call_until_done("sendto", || rustix::net::send(socket, bytes, flags))?
    } else {
        const ROOM_BYTES: usize = rustix::cmsg_space!(ScmRights(MESSAGE_DESCRIPTORS_MAX), ScmRights(1));
        let mut room = [MaybeUninit::uninit(); ROOM_BYTES];
        let mut control = SendAncillaryBuffer::new(&mut room);
        if !parts.iter().all(|part| control.push(SendAncillaryMessage::ScmRights(part))) {
            return Err(Errno::INVAL);
        }
        let pieces = [IoSlice::new(bytes)];
        seam::call_until_done("sendmsg", || rustix::net::sendmsg(socket, &pieces, &mut control, flags))?
    };
    debug_assert_eq!(sent, bytes.len(), "a SEQPACKET message goes whole or not at all");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(level: i32, kind: i32, data: &[u8]) -> Vec<u8> {
        let mut bytes = ((HEAD_BYTES + data.len()) as u64).to_ne_bytes().to_vec();
        bytes.extend(level.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    #[test]
    fn every_record_is_seen_with_its_own_data() {
        let mut control = record(1, 2, b"twelve bytes");
        control.extend(record(3, 4, b""));
        control.extend(record(5, 6, b"12345678"));
        let seen: Vec<_> = records(&control).collect();
        assert_eq!(seen, [((1, 2), &b"twelve bytes"[..]), ((3, 4), b""), ((5, 6), b"12345678")]);
    }

    #[test]
    fn a_last_record_without_padding_is_whole() {
        let mut control = record(1, 1, &7_i32.to_ne_bytes());
        control.truncate(HEAD_BYTES + size_of::<i32>());
        assert_eq!(records(&control).count(), 1);
    }

    #[test]
    fn nonsense_lengths_end_the_walk() {
        for length in [0_u64, 15, 17, 1 << 40, u64::MAX] {
            let mut control = record(1, 1, b"");
            control[..8].copy_from_slice(&length.to_ne_bytes());
            assert_eq!(records(&control).count(), 0, "length {length}");
        }
        assert_eq!(records(&[0; HEAD_BYTES - 1]).count(), 0);
    }

    #[test]
    fn a_pidfd_that_could_not_be_made_is_none() {
        let control = record(libc::SOL_SOCKET, SCM_PIDFD, &(-24_i32).to_ne_bytes());
        // SAFETY: the buffer holds no descriptor at all.
        let arrival = unsafe { take_control(&control) };
        assert!(arrival.sender_pidfd.is_none() && !arrival.unknown_control);
    }

    #[test]
    fn a_kind_we_never_asked_for_is_told() {
        // SAFETY: the buffer holds no descriptor at all.
        let arrival = unsafe { take_control(&record(libc::SOL_SOCKET, 99, &[0; 16])) };
        assert!(arrival.unknown_control && arrival.descriptors.is_empty());
    }

    #[test]
    fn an_unstamped_sender_is_process_zero() {
        // SAFETY: the buffer holds no descriptor at all.
        let arrival = unsafe { take_control(&record(libc::SOL_SOCKET, libc::SCM_CREDENTIALS, &[0; 12])) };
        assert!(!arrival.sender.unwrap().names_a_process());
    }
}
