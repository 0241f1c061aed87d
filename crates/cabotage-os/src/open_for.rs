// SPDX-License-Identifier: MIT OR Apache-2.0
//! Opening a file on behalf of somebody who may less than we do: only what that user may open too.
//!
//! A server that opens what its client names lends its own rights, unless it asks first. Asking and opening must be
//! about one file, so each step of the path is opened, and what was opened is looked at: a name that changes its
//! meaning meanwhile changes nothing. Without privilege nobody can ask the kernel "may *that* user?", so the mode bits
//! decide, and what they don't decide is refused: symbolic links, files with an access list, and what only a
//! capability would allow. A privileged server gets the exact answer by [`RunAs`](crate::process::RunAs) and an
//! ordinary `open`.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, getxattr, openat};

use crate::error::{Fault, SystemError, attempt, attempt_until_done};
use crate::process::{Ownership, Subject, Wish};
use crate::procfs;
use crate::seam::{self, Errno};

/// Why a file was not opened on somebody's behalf.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenForError {
    /// The mode bits refuse that user.
    #[error("user {uid} may not {verb} {path}")]
    Denied {
        /// Who.
        uid: u32,
        /// What it may not do: "search", "read"…
        verb: &'static str,
        /// Where on the way, or at its end.
        path: PathBuf,
    },
    /// Whether that user may can't be told from the mode bits.
    #[error("whether the user may open {path} can't be told without acting as it: it is {reason}")]
    Undecided {
        /// Where.
        path: PathBuf,
        /// What is in the way.
        reason: &'static str,
    },
    /// The path does not begin at the root, or goes up.
    #[error("{path} is no plain absolute path: begin with a slash and use no `..`")]
    Path {
        /// The path.
        path: PathBuf,
    },
    /// The kernel refuses ourselves.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl OpenForError {
    /// Whose fault it is: a refused user is the peer of whoever asks for it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Denied { .. } | Self::Undecided { .. } | Self::Path { .. } => Fault::Peer,
            Self::System(_) => Fault::System,
        }
    }
}

/// Opens the file at `path` as we may, if the mode bits let `subject` do so too, all the way from the root.
///
/// # Errors
/// [`OpenForError`].
///
/// # Source
/// path_resolution(7), open(2) `O_PATH`, acl(5).
pub fn open_for(subject: &Subject, path: &Path, wish: Wish) -> Result<OwnedFd, OpenForError> {
    let (names, mut at) = (names(path)?, open_step(CWD, Path::new("/"))?);
    let mut walked = PathBuf::from("/");
    for name in names {
        check(subject, Wish::Search, at.as_fd(), &walked)?;
        at = open_step(at.as_fd(), name)?;
        walked.push(name);
    }
    let stat = check(subject, wish, at.as_fd(), &walked)?;
    if !matches!(FileType::from_raw_mode(stat.st_mode), FileType::RegularFile | FileType::Directory) {
        let reason = "neither a file nor a directory";
        return Err(OpenForError::Undecided { path: walked, reason });
    }
    let access = match wish {
        Wish::Read | Wish::Search => OFlags::RDONLY,
        Wish::Write => OFlags::WRONLY,
        Wish::ReadWrite => OFlags::RDWR,
    };
    Ok(procfs::reopen(at.as_fd(), access | OFlags::NOCTTY | OFlags::CLOEXEC)?)
}

fn names(path: &Path) -> Result<Vec<&Path>, OpenForError> {
    let refused = || OpenForError::Path { path: path.into() };
    if !path.has_root() {
        return Err(refused());
    }
    let steps = path.components().skip(1).map(|component| match component {
        Component::Normal(name) => Ok(Path::new(name)),
        _ => Err(refused()),
    });
    steps.collect()
}

/// The next step, whatever it is: a symbolic link is opened as itself.
fn open_step(at: BorrowedFd<'_>, name: &Path) -> Result<OwnedFd, SystemError> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    attempt_until_done("openat", name.display(), || openat(at, name, flags, Mode::empty()))
}

fn check(subject: &Subject, wish: Wish, at: BorrowedFd<'_>, path: &Path) -> Result<Stat, OpenForError> {
    let stat = attempt("fstat", path.display(), || fstat(at))?;
    let undecided = |reason| OpenForError::Undecided { path: path.into(), reason };
    if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
        return Err(undecided("a symbolic link"));
    }
    if stat.st_uid != subject.uid && has_access_list(at, path)? {
        return Err(undecided("subject to an access list"));
    }
    let file = Ownership { uid: stat.st_uid, gid: stat.st_gid, mode: stat.st_mode };
    if subject.may(wish, file) {
        return Ok(stat);
    }
    let verb = match wish {
        Wish::Read => "read",
        Wish::Write => "write",
        Wish::ReadWrite => "read and write",
        Wish::Search => "search",
    };
    Err(OpenForError::Denied { uid: subject.uid, verb, path: path.into() })
}

/// An owner is judged by the owner's bits with or without a list; of the others the list says more than the bits.
fn has_access_list(at: BorrowedFd<'_>, path: &Path) -> Result<bool, SystemError> {
    let link = procfs::own_link(at);
    let ask = || getxattr(link.as_str(), c"system.posix_acl_access", &mut [0_u8; 0][..]);
    match seam::call("getxattr", ask) {
        Ok(_) | Err(Errno::RANGE) => Ok(true),
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(false),
        Err(errno) => Err(SystemError::new("getxattr", path.display(), errno)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, Permissions};
    use std::io::Read;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    /// A directory that everybody may search, with a file of the given mode in it; and a stranger to both.
    fn place(mode: u32) -> (tempfile::TempDir, PathBuf, Subject) {
        let directory = tempfile::tempdir_in("/dev/shm").unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "cargo").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let owner = fs::metadata(&path).unwrap();
        let stranger = Subject { uid: owner.uid() + 1, gid: owner.gid() + 1, groups: Vec::new() };
        (directory, path, stranger)
    }

    #[test]
    fn a_stranger_gets_what_everybody_may_read_and_nothing_else() {
        let (_directory, path, stranger) = place(0o644);
        let mut text = String::new();
        let opened = open_for(&stranger, &path, Wish::Read).unwrap();
        File::from(opened).read_to_string(&mut text).unwrap();
        assert_eq!(text, "cargo");
        let refused = open_for(&stranger, &path, Wish::ReadWrite).unwrap_err();
        assert!(matches!(&refused, OpenForError::Denied { verb: "read and write", .. }), "{refused}");
        assert_eq!(refused.fault(), Fault::Peer);
    }

    #[test]
    fn a_directory_on_the_way_that_the_user_may_not_search_is_the_end() {
        let (directory, path, stranger) = place(0o666);
        fs::set_permissions(directory.path(), Permissions::from_mode(0o700)).unwrap();
        let refused = open_for(&stranger, &path, Wish::Read).unwrap_err();
        let expected = directory.path().to_owned();
        assert!(matches!(&refused, OpenForError::Denied { verb: "search", path, .. } if *path == expected));
    }

    #[test]
    fn a_link_on_the_way_is_not_followed_for_others() {
        let (directory, path, stranger) = place(0o666);
        let link = directory.path().join("link");
        symlink(&path, &link).unwrap();
        let refused = open_for(&stranger, &link, Wish::Read).unwrap_err();
        assert!(matches!(&refused, OpenForError::Undecided { reason: "a symbolic link", .. }), "{refused}");
    }

    #[test]
    fn a_path_that_goes_up_or_begins_nowhere_is_refused() {
        let (_directory, path, stranger) = place(0o666);
        for path in [path.join("../file"), "file".into()] {
            let refused = open_for(&stranger, &path, Wish::Read);
            assert_eq!(refused.unwrap_err(), OpenForError::Path { path });
        }
    }

    #[test]
    fn a_fifo_is_not_opened_for_others() {
        let (directory, _path, stranger) = place(0o666);
        let fifo = directory.path().join("fifo");
        let made = std::process::Command::new("mkfifo").args(["-m", "666"]).arg(&fifo).status().unwrap();
        assert!(made.success());
        let refused = open_for(&stranger, &fifo, Wish::Read).unwrap_err();
        assert!(matches!(refused, OpenForError::Undecided { .. }));
    }
}
