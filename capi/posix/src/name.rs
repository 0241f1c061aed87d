// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which file of /dev/shm a name means to glibc, which is more generous than Cabotage's own names are: any number of
//! leading slashes, and none of the names that belong to unfinished objects is refused.

/// Longer names don't fit where glibc puts a path together; up to there the kernel has the word (`ENAMETOOLONG` beyond
/// 255). Found by comparing: the tests try each length around it.
const BYTES_MAX: usize = 259;

/// The file name behind `name`; `None` if glibc does not take it to the kernel.
pub(crate) fn file_name(name: &[u8]) -> Option<&[u8]> {
    let start = name.iter().position(|&byte| byte != b'/')?;
    let flat = &name[start..];
    (flat.len() <= BYTES_MAX && !flat.contains(&b'/')).then_some(flat)
}
