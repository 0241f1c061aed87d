// SPDX-License-Identifier: MIT OR Apache-2.0
//! The FIFOs of this machine that some process holds open, as /proc tells.
//!
//! No list of all FIFOs exists: they are names in any directory. But one that is in use is a descriptor of some
//! process, and /proc shows it, with its path, without opening it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A FIFO that is open somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenFifo {
    /// Its path, as the process sees it that was found first.
    pub(crate) path: PathBuf,
    /// Its permission bits.
    pub(crate) mode: u32,
    /// Its owner.
    pub(crate) uid: u32,
    /// How many descriptors can read it.
    pub(crate) readers: usize,
    /// How many descriptors can write to it.
    pub(crate) writers: usize,
}

/// What a walk through /proc found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    by_inode: BTreeMap<(u64, u64), OpenFifo>,
    /// How many processes could not be looked into.
    pub(crate) unseen: usize,
}

impl Found {
    /// The FIFOs, by path.
    pub(crate) fn sorted(&self) -> Vec<&OpenFifo> {
        let mut fifos: Vec<_> = self.by_inode.values().collect();
        fifos.sort_by(|one, other| one.path.cmp(&other.path));
        fifos
    }

    fn add(&mut self, descriptor: &Path, flags: u32) -> io::Result<()> {
        let facts = fs::metadata(descriptor)?;
        let path = fs::read_link(descriptor)?;
        if !facts.file_type().is_fifo() || !path.is_absolute() {
            return Ok(()); // an anonymous pipe is a FIFO too, but its link reads `pipe:[…]`
        }
        let fresh = OpenFifo { path, mode: facts.mode() & 0o777, uid: facts.uid(), readers: 0, writers: 0 };
        let fifo = self.by_inode.entry((facts.dev(), facts.ino())).or_insert(fresh);
        fifo.readers += usize::from(flags & ACCESS != WRITE_ONLY);
        fifo.writers += usize::from(flags & ACCESS != READ_ONLY);
        Ok(())
    }
}

/// Walks through the processes. What ends or closes meanwhile is passed over.
pub(crate) fn find() -> io::Result<Found> {
    let mut found = Found::default();
    for process in fs::read_dir("/proc")? {
        let process = process?;
        if process.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            match walk(&process.path(), &mut found) {
                Err(refusal) if refusal.kind() == ErrorKind::PermissionDenied => found.unseen += 1,
                _ => {}
            }
        }
    }
    Ok(found)
}

fn walk(process: &Path, found: &mut Found) -> io::Result<()> {
    for descriptor in fs::read_dir(process.join("fd"))? {
        let descriptor = descriptor?;
        let info =
            fs::read_to_string(process.join("fdinfo").join(descriptor.file_name())).unwrap_or_default();
        if let Some(flags) = flags_in(&info).filter(|flags| flags & PATH_ONLY == 0) {
            let _ = found.add(&descriptor.path(), flags);
        }
    }
    Ok(())
}

/// The line `flags:` of a fdinfo file, which is octal.
fn flags_in(info: &str) -> Option<u32> {
    let octal = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
    u32::from_str_radix(octal.trim(), 8).ok()
}

/// Of open(2), the same on both processors.
const ACCESS: u32 = 0o3;
const READ_ONLY: u32 = 0;
const WRITE_ONLY: u32 = 1;
const PATH_ONLY: u32 = 0o10_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_of_a_descriptor_are_octal() {
        assert_eq!(flags_in("pos:\t0\nflags:\t0100001\nmnt_id:\t9\n"), Some(0o100_001));
        assert_eq!(flags_in("pos:\t0\n"), None);
    }
}
