// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the hidden file beside a name says: who wrote it, under which hidden name it was making its socket, and how
//! many owners in a row the name has had.
//!
//! One line of fixed length, so that one write changes it. It is for those who tell and tidy up; who lives is the
//! lock's word alone.

use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;

use cabotage_os::{directory, object};

#[derive(Debug, Default)]
pub(super) struct Record {
    /// As numbered in the pid namespace in which it runs.
    pub(super) pid: Option<i32>,
    pub(super) detour: Option<directory::Name>,
    /// 1 for the first owner since the name was free, and one more for each that took it over from a dead one.
    pub(super) generation: u64,
}

const RECORD_BYTES: usize = 64;
const DETOUR: &str = ".new-";

impl Record {
    /// This process, which makes its socket under the name `detour`.
    pub(super) fn of_own(detour: &directory::Name, generation: u64) -> Self {
        Self { pid: i32::try_from(std::process::id()).ok(), detour: Some(detour.clone()), generation }
    }

    /// What the file says; nothing, where it makes no sense.
    pub(super) fn read(file: impl AsFd, file_name: &directory::Name) -> Self {
        let mut bytes = [0; RECORD_BYTES];
        match object::read_at(file, 0, &mut bytes, file_name) {
            Ok(count) => Self::of_bytes(&bytes[..count]),
            Err(_) => Self::default(),
        }
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let mut words = text.split_whitespace();
        let pid = words.next().and_then(|word| word.parse().ok()).filter(|pid| *pid > 0);
        let detour = words.next().filter(|word| word.starts_with(DETOUR));
        let detour = detour.and_then(|word| directory::Name::parse(word).ok());
        let generation = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        Self { pid, detour, generation }
    }

    pub(super) fn to_bytes(&self) -> [u8; RECORD_BYTES] {
        let mut bytes = [b' '; RECORD_BYTES];
        let detour = self.detour.as_ref().map_or(&b"-"[..], |name| name.as_path().as_os_str().as_bytes());
        let pid = self.pid.unwrap_or(0).to_string();
        let generation = self.generation.to_string();
        let words = [pid.as_bytes(), b" ", detour, b" ", generation.as_bytes()].concat();
        for (place, byte) in bytes.iter_mut().zip(words) {
            *place = byte;
        }
        bytes[RECORD_BYTES - 1] = b'\n';
        bytes
    }
}

/// Whether a file may be a socket in the making, by its name.
pub(super) fn is_detour(file: &directory::Name) -> bool {
    file.as_path().as_os_str().as_bytes().starts_with(DETOUR.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_read_back_and_nonsense_says_nothing() {
        let detour = directory::hidden_name().unwrap();
        assert!(is_detour(&detour));
        let record = Record { pid: Some(i32::MAX), detour: Some(detour.clone()), generation: u64::MAX };
        let read = Record::of_bytes(&record.to_bytes());
        assert_eq!((read.pid, read.detour, read.generation), (Some(i32::MAX), Some(detour), u64::MAX));
        for nonsense in [&b""[..], b"\xff", b"-1 x", b"0 ../up", b"x .lock", b"0 - -1"] {
            let read = Record::of_bytes(nonsense);
            assert_eq!((read.pid, read.detour, read.generation), (None, None, 0), "{nonsense:?}");
        }
    }
}
