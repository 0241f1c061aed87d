// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a child learns which handles it has inherited: a variable names each by its value and its descriptor.
//!
//! The variable may reach a program that it was not written for, as it is handed on by those in between. So an entry
//! counts only if the descriptor came through execve and is the very pipe that is named.

use std::fs;
use std::os::unix::fs::MetadataExt;

use cabotage_os::inherited;
use cabotage_os::pipe::{self, Direction};

use crate::object::{Handles, Object};
use crate::runtime::Runtime;
use crate::stream::Stream;
use crate::table::Entry;

/// The variable.
pub(super) const VARIABLE: &str = "CABOTAGE_WIN32_HANDLES";

/// One inherited handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Legacy {
    pub(super) value: usize,
    pub(super) number: i32,
    /// The pipe, as the kernel numbers it.
    pub(super) inode: u64,
    pub(super) size_bytes: u32,
}

impl Legacy {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let legacy = Self {
            value: parts.next()?.parse().ok()?,
            number: parts.next()?.parse().ok()?,
            inode: parts.next()?.parse().ok()?,
            size_bytes: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(legacy)
    }

    fn text(self) -> String {
        let Self { value, number, inode, size_bytes } = self;
        format!("{value}:{number}:{inode}:{size_bytes}")
    }

    /// Takes the descriptor, if it is the one that is meant.
    fn take(self) -> Option<Stream> {
        if inode_of(self.number)? != self.inode {
            return None;
        }
        let fd = inherited::take(self.number).ok()?;
        let direction: Direction = pipe::direction(&fd).ok()??;
        Stream::of_pipe(fd, direction, self.size_bytes).ok()
    }
}

/// What stands in the variable.
pub(super) fn text_of(legacies: &[Legacy]) -> String {
    legacies.iter().map(|legacy| legacy.text()).collect::<Vec<_>>().join(",")
}

/// The number of the file behind a descriptor of this process.
pub(super) fn inode_of(number: i32) -> Option<u64> {
    fs::metadata(format!("/proc/self/fd/{number}")).ok().map(|metadata| metadata.ino())
}

/// Takes into the table what the parent has let this process inherit. The handles are inheritable, as theirs were.
pub(crate) fn adopt(runtime: &'static Runtime) {
    let Ok(text) = std::env::var(VARIABLE) else { return };
    for legacy in text.split(',').filter_map(Legacy::parse) {
        if let Some(stream) = legacy.take() {
            let object = Object::Stream(Handles::new(stream, runtime));
            runtime.table.insert_as(legacy.value, Entry { object, inherit: true, protect: false });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let legacies = [
            Legacy { value: 4, number: 7, inode: 99, size_bytes: 4096 },
            Legacy { value: 8, number: 9, inode: 100, size_bytes: 1 },
        ];
        let text = text_of(&legacies);
        let read: Vec<_> = text.split(',').filter_map(Legacy::parse).collect();
        assert_eq!(read, legacies);
        for wrong in ["", "4", "4:7:99", "4:7:99:1:r", "x:7:99:1", "4:7:99:-1"] {
            assert_eq!(Legacy::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_descriptor_that_is_another_file_is_left_alone() {
        let (reader, _writer) = std::io::pipe().unwrap();
        let number = std::os::fd::AsRawFd::as_raw_fd(&reader);
        let inode = inode_of(number).unwrap();
        assert!(Legacy { value: 4, number, inode: inode + 1, size_bytes: 1 }.take().is_none());
        assert!(
            Legacy { value: 4, number, inode, size_bytes: 1 }.take().is_none(),
            "opened here, not inherited"
        );
    }
}
