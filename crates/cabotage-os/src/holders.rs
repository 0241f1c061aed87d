// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who else holds a kernel object: which processes, under which descriptors, with which access.
//!
//! "Why does the end of file not come?" "Who still maps this object?" The answer stands in /proc: every
//! descriptor and every map of every process, compared by device and inode. It is a picture of the past by the
//! time it is read, and as complete as /proc lets the caller see; how many processes refused is counted.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use rustix::fs::{AtFlags, FileType, OFlags, Statx, StatxFlags};

use crate::error::{SystemError, attempt};
use crate::procfs;

/// What [`of`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holders {
    /// The processes that hold the object, by ascending process id.
    pub processes: Vec<Holder>,
    /// How many processes could not be looked into: they belong to somebody else, and may hold it too.
    pub unseen: usize,
}

/// One process that holds the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process id, as the caller's pid namespace numbers it.
    pub pid: u32,
    /// Its command name, up to 15 bytes.
    pub command: String,
    /// Its descriptors of the object.
    pub descriptors: Vec<Descriptor>,
    /// Its maps of the object.
    pub maps: Vec<Mapping>,
}

/// A descriptor of the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// Its number in that process.
    pub number: RawFd,
    /// What it was opened for.
    pub access: Access,
}

/// A map of the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// How many bytes of addresses it covers.
    pub bytes: u64,
    /// What the pages may be used for now.
    pub access: Access,
    /// Whether its writes reach the object; otherwise they are copies of its own.
    pub is_shared: bool,
}

/// What a descriptor or a map may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// It can read.
    pub read: bool,
    /// It can write.
    pub write: bool,
}

impl Holders {
    /// Only the processes with a descriptor or a map that `wanted` accepts, and of those only these.
    pub fn only(mut self, wanted: impl Fn(Access) -> bool) -> Self {
        for process in &mut self.processes {
            process.descriptors.retain(|descriptor| wanted(descriptor.access));
            process.maps.retain(|map| wanted(map.access));
        }
        self.processes.retain(|process| !process.descriptors.is_empty() || !process.maps.is_empty());
        self
    }
}

/// Who holds what `fd` stands for, besides `fd` itself: other descriptors of this process are listed too.
///
/// # Errors
/// The system's refusal: /proc is missing, or this process is out of descriptors.
///
/// # Source
/// proc(5): `/proc/pid/fd`, `fdinfo`, `maps`, `comm`.
pub fn of(fd: impl AsFd) -> Result<Holders, SystemError> {
    let fd = fd.as_fd();
    let wanted = Identity::of(fd)?;
    let proc = procfs::open_directory(c"/proc")?;
    let mut holders = Holders::default();
    let mut pids: Vec<u32> = procfs::names(proc.as_fd(), "/proc")?.iter().filter_map(number).collect();
    pids.sort_unstable();
    for pid in pids {
        match look_into(proc.as_fd(), pid, &wanted) {
            Ok(Some(mut found)) => {
                if pid == std::process::id() {
                    found.descriptors.retain(|descriptor| descriptor.number != fd.as_raw_fd());
                }
                if !found.descriptors.is_empty() || !found.maps.is_empty() {
                    holders.processes.push(found);
                }
            }
            Ok(None) => {}
            Err(Unseen::Hidden) => holders.unseen += 1,
            Err(Unseen::Refused(error)) => return Err(error),
        }
    }
    Ok(holders)
}

/// Why a process was not looked into.
enum Unseen {
    Hidden,
    Refused(SystemError),
}

/// `None`: it has ended meanwhile, or it is a thread of the kernel.
fn look_into(proc: BorrowedFd<'_>, pid: u32, wanted: &Identity) -> Result<Option<Holder>, Unseen> {
    let seen = (|| {
        let process = procfs::open(proc, &c_number(pid), OFlags::DIRECTORY)?;
        let descriptors = descriptors_of(process.as_fd(), wanted)?;
        let maps = if wanted.is_mappable { maps_of(process.as_fd(), wanted)? } else { Vec::new() };
        if descriptors.is_empty() && maps.is_empty() {
            return Ok(None);
        }
        let command = procfs::read(process.as_fd(), c"comm")?;
        let command = String::from_utf8_lossy(&command).trim_end().to_owned();
        Ok(Some(Holder { pid, command, descriptors, maps }))
    })();
    seen.or_else(|error: SystemError| match error.errno() {
        rustix::io::Errno::ACCESS | rustix::io::Errno::PERM if is_kernel_thread(proc, pid) => Ok(None),
        rustix::io::Errno::ACCESS | rustix::io::Errno::PERM => Err(Unseen::Hidden),
        errno if procfs::is_absence(errno) => Ok(None),
        _ => Err(Unseen::Refused(error)),
    })
}

fn descriptors_of(process: BorrowedFd<'_>, wanted: &Identity) -> Result<Vec<Descriptor>, SystemError> {
    let links = procfs::open(process, c"fd", OFlags::DIRECTORY)?;
    let mut found = Vec::new();
    for name in procfs::names(links.as_fd(), "/proc/pid/fd")? {
        match Identity::at(links.as_fd(), &name) {
            Ok(identity) if identity == *wanted => {}
            Ok(_) => continue,
            Err(error) if procfs::is_absence(error.errno()) => continue,
            // A file system that does not answer about one of its files says nothing about ours.
            Err(error) if !is_shortage(&error) => continue,
            Err(error) => return Err(error),
        }
        let (Some(number), Some(access)) = (number(&name), access_of(process, &name)?) else { continue };
        found.push(Descriptor { number, access });
    }
    found.sort_unstable_by_key(|descriptor| descriptor.number);
    Ok(found)
}

fn access_of(process: BorrowedFd<'_>, name: &CStr) -> Result<Option<Access>, SystemError> {
    let path = [b"fdinfo/", name.to_bytes()].concat();
    let Ok(path) = CString::new(path) else { return Ok(None) };
    match procfs::read(process, &path) {
        Ok(content) => Ok(Some(access_in(&String::from_utf8_lossy(&content)))),
        Err(error) if procfs::is_absence(error.errno()) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads the line `flags:` of a fdinfo file, which is octal.
fn access_in(fdinfo: &str) -> Access {
    let flags = fdinfo.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|octal| u32::from_str_radix(octal.trim(), 8).ok()).unwrap_or(0);
    let flags = OFlags::from_bits_retain(flags);
    let mode = flags & OFlags::ACCMODE;
    let usable = !flags.contains(OFlags::PATH);
    Access { read: usable && mode != OFlags::WRONLY, write: usable && mode != OFlags::RDONLY }
}

fn maps_of(process: BorrowedFd<'_>, wanted: &Identity) -> Result<Vec<Mapping>, SystemError> {
    let content = procfs::read(process, c"maps")?;
    Ok(String::from_utf8_lossy(&content).lines().filter_map(|line| map_in(line, wanted)).collect())
}

/// Reads a line like `7f00-7f10 rw-s 00000000 00:1a 1234 /dev/shm/x`, if it is about the wanted object.
fn map_in(line: &str, wanted: &Identity) -> Option<Mapping> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let rights = fields.next()?.as_bytes();
    let (major, minor) = fields.nth(1)?.split_once(':')?;
    let inode: u64 = fields.next()?.parse().ok()?;
    let device = (u32::from_str_radix(major, 16).ok()?, u32::from_str_radix(minor, 16).ok()?);
    let bytes = u64::from_str_radix(end, 16).ok()? - u64::from_str_radix(start, 16).ok()?;
    (inode == wanted.inode && device == wanted.device).then(|| Mapping {
        bytes,
        access: Access { read: rights.first() == Some(&b'r'), write: rights.get(1) == Some(&b'w') },
        is_shared: rights.get(3) == Some(&b's'),
    })
}

/// Kernel threads hold nothing; /proc refuses to show it all the same. Field 9 of `stat` has the flag.
fn is_kernel_thread(proc: BorrowedFd<'_>, pid: u32) -> bool {
    const PF_KTHREAD: u64 = 0x0020_0000;
    let path = [c_number(pid).to_bytes(), b"/stat"].concat();
    let content = CString::new(path).ok().and_then(|path| procfs::read(proc, &path).ok()).unwrap_or_default();
    let content = String::from_utf8_lossy(&content);
    // The command name, field 2, stands in parentheses and may hold anything.
    let flags = content.rsplit_once(')').and_then(|(_, rest)| rest.split_ascii_whitespace().nth(6));
    flags.and_then(|flags| flags.parse::<u64>().ok()).is_some_and(|flags| flags & PF_KTHREAD != 0)
}

/// Which object a descriptor or a link stands for.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    device: (u32, u32),
    inode: u64,
    is_mappable: bool,
}

impl Identity {
    fn of(fd: BorrowedFd<'_>) -> Result<Self, SystemError> {
        let answer = attempt("statx", format_args!("descriptor {}", fd.as_raw_fd()), || {
            rustix::fs::statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::TYPE | StatxFlags::INO)
        })?;
        Ok(Self::from(&answer))
    }

    /// Follows a link of /proc/pid/fd. A remote file system is not asked: what is known here is enough.
    fn at(links: BorrowedFd<'_>, name: &CStr) -> Result<Self, SystemError> {
        let answer = attempt("statx", "a descriptor of a process", || {
            rustix::fs::statx(links, name, AtFlags::STATX_DONT_SYNC, StatxFlags::TYPE | StatxFlags::INO)
        })?;
        Ok(Self::from(&answer))
    }
}

impl From<&Statx> for Identity {
    fn from(answer: &Statx) -> Self {
        Self {
            device: (answer.stx_dev_major, answer.stx_dev_minor),
            inode: answer.stx_ino,
            is_mappable: FileType::from_raw_mode(answer.stx_mode.into()) == FileType::RegularFile,
        }
    }
}

fn is_shortage(error: &SystemError) -> bool {
    use rustix::io::Errno;
    matches!(error.errno(), Errno::MFILE | Errno::NFILE | Errno::NOMEM)
}

fn number<N: std::str::FromStr>(name: impl AsRef<CStr>) -> Option<N> {
    name.as_ref().to_str().ok()?.parse().ok()
}

fn c_number(number: u32) -> CString {
    CString::new(number.to_string()).unwrap_or_default()
}
