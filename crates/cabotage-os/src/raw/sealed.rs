// SPDX-License-Identifier: MIT OR Apache-2.0
//! Immutable memory by hand: made, written, sealed, handed over, mapped and read with the fewest calls that do it.
//!
//! Nobody asks whether what comes is what it should be. Both ends spin, so that no sleep is measured.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};

use crate::seam::Errno;

/// A sealed memory object of `bytes` bytes, written with `piece` again and again.
///
/// # Errors
/// What memfd_create(2), write(2) or fcntl(2) answer.
pub fn sealed(bytes: usize, piece: &[u8]) -> Result<OwnedFd, Errno> {
    let memory = memfd_create("raw", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    for at in (0..bytes).step_by(piece.len()) {
        rustix::io::write(&memory, &piece[..piece.len().min(bytes - at)])?;
    }
    let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL;
    fcntl_add_seals(&memory, seals)?;
    Ok(memory)
}

/// Sends a descriptor, and closes it.
///
/// # Errors
/// What sendmsg(2) answers.
pub fn hand_over(socket: impl AsFd, memory: OwnedFd) -> Result<(), Errno> {
    let descriptors = [memory.as_fd()];
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut room);
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    sendmsg(socket, &[IoSlice::new(&[1])], &mut control, SendFlags::empty())?;
    Ok(())
}

/// Spins until a descriptor comes.
///
/// # Errors
/// What recvmsg(2) answers; `EBADMSG` if none came along.
pub fn spin_to_take_over(socket: impl AsFd) -> Result<OwnedFd, Errno> {
    loop {
        match receive_descriptor(&socket, RecvFlags::DONTWAIT) {
            Err(Errno::AGAIN) => std::hint::spin_loop(),
            answer => return answer,
        }
    }
}

/// Sleeps until a descriptor comes.
///
/// # Errors
/// As [`spin_to_take_over`].
pub fn take_over(socket: impl AsFd) -> Result<OwnedFd, Errno> {
    receive_descriptor(socket, RecvFlags::empty())
}

fn receive_descriptor(socket: impl AsFd, flags: RecvFlags) -> Result<OwnedFd, Errno> {
    let mut byte = [0];
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut room);
    recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut control, flags | RecvFlags::CMSG_CLOEXEC)?;
    let came = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    came.ok_or(Errno::BADMSG)
}

/// Spins until bytes come.
///
/// # Errors
/// What recvfrom(2) answers.
pub fn spin_to_read(socket: impl AsFd, target: &mut [u8]) -> Result<usize, Errno> {
    loop {
        match rustix::net::recv(&socket, &mut *target, RecvFlags::DONTWAIT) {
            Err(Errno::AGAIN) => std::hint::spin_loop(),
            answer => return answer.map(|(bytes, _)| bytes),
        }
    }
}

/// Maps sealed memory of `bytes` bytes, lets `see` see it, and unmaps it.
///
/// # Errors
/// What mmap(2) or munmap(2) answer.
pub fn with_sealed<T>(memory: OwnedFd, bytes: usize, see: impl FnOnce(&[u8]) -> T) -> Result<T, Errno> {
    // SAFETY: a null hint lets the kernel choose free addresses, so no memory of ours is replaced.
    let base = unsafe { mmap(std::ptr::null_mut(), bytes, ProtFlags::READ, MapFlags::SHARED, &memory, 0) }?;
    // SAFETY: the mapping just made; the other process of the benchmark, which is this very program, has sealed it.
    let seen = see(unsafe { std::slice::from_raw_parts(base.cast(), bytes) });
    // SAFETY: exactly the mapping made above; `see` has given the slice back.
    unsafe { munmap(base, bytes) }?;
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::{socket_pair, write};

    #[test]
    fn sealed_memory_that_is_handed_over_has_its_bytes() {
        let (near, far) = socket_pair().unwrap();
        hand_over(&near, sealed(10_000, &[7; 4096]).unwrap()).unwrap();
        let memory = spin_to_take_over(&far).unwrap();
        assert!(write(&memory, b"x").is_err());
        assert!(with_sealed(memory, 10_000, |bytes| bytes.iter().all(|byte| *byte == 7)).unwrap());
        write(&far, b"done").unwrap();
        let mut word = [0; 4];
        assert_eq!((spin_to_read(&near, &mut word), &word), (Ok(4), b"done"));
    }
}
