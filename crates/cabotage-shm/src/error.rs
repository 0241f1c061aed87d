// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why something could not be done with a shared memory object, and whose fault it was.

use cabotage_os::map::MapError;
use cabotage_os::object::Kind;
use cabotage_os::{Fault, SystemError};

use crate::name::Name;

/// Why something could not be done with a shared memory object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// There is no object of this name.
    #[error("no shared memory is named {name}; start its creator first, or create it")]
    Missing {
        /// The name.
        name: Name,
    },
    /// The name is taken.
    #[error("{name} exists already; open it, remove it, or choose another name")]
    Exists {
        /// The name.
        name: Name,
    },
    /// An object has at least one byte.
    #[error("{name} cannot have 0 bytes; ask for at least one")]
    ZeroSize {
        /// The name.
        name: Name,
    },
    /// More bytes than can be.
    #[error(
        "{name} cannot have {bytes} bytes: that is more than the file system or this process' file size limit \
         (ulimit -f) allows"
    )]
    TooLarge {
        /// The name.
        name: Name,
        /// How many bytes were asked for.
        bytes: usize,
    },
    /// Something else than a regular file stands where the object should be.
    #[error("{name} is {kind}, not shared memory; remove it, or choose another name")]
    NotAnObject {
        /// The name.
        name: Name,
        /// What stands there.
        kind: Kind,
    },
    /// The bytes asked for do not lie within the object as it is now.
    #[error("{name} has {bytes_now} bytes now; {bytes} bytes from {at} reach beyond its end")]
    BeyondEnd {
        /// The name.
        name: Name,
        /// The first byte asked for.
        at: usize,
        /// How many were asked for.
        bytes: usize,
        /// The object's size when the call noticed.
        bytes_now: usize,
    },
    /// This end was opened for reading alone.
    #[error("{name} was opened read-only; open it again for writing")]
    ReadOnly {
        /// The name.
        name: Name,
    },
    /// An object is never made shorter: that would pull the memory from under the maps of others.
    #[error(
        "{name} has {bytes_now} bytes and is never made shorter ({bytes} were asked for); create a new one"
    )]
    Shrink {
        /// The name.
        name: Name,
        /// How many bytes were asked for.
        bytes: usize,
        /// The object's size now.
        bytes_now: usize,
    },
    /// Another object has the name by now; it was left alone.
    #[error("{name} names another object by now, which was left alone")]
    NotMine {
        /// The name.
        name: Name,
    },
    /// The name was exchanged while it was being removed, and the other object has lost it.
    #[error(
        "{name} came to name another object while it was being removed; that object is {}",
        now_named(kept_as)
    )]
    Displaced {
        /// The name.
        name: Name,
        /// The file name under which the other object still is in the directory, until somebody moves it or the name
        /// is free again at a [`Directory::clean`](crate::Directory::clean); `None` if it has none.
        kept_as: Option<String>,
    },
    /// Its creator has not given it a size yet. Objects of this library are never seen so, those of other programs
    /// for a moment, or for ever if the creator died.
    #[error("{name} exists but has no size yet; wait for its creator, or remove it if that is dead")]
    NotYetSized {
        /// The name.
        name: Name,
    },
    /// Others created and removed the name faster than it could be opened or created.
    #[error("{name} was created and removed by others {tries} times while it was to be opened; try again")]
    Unsettled {
        /// The name.
        name: Name,
        /// How often.
        tries: u32,
    },
    /// The file system has no room for it.
    #[error(
        "no room for the {wanted_bytes} bytes of {name}: its file system has {free_bytes} left; remove objects \
         that nobody uses, or in a container give /dev/shm more (--shm-size)"
    )]
    NoSpace {
        /// The name.
        name: Name,
        /// How many bytes were missing in memory.
        wanted_bytes: u64,
        /// How many were left just afterwards.
        free_bytes: u64,
    },
    /// Rights are missing.
    #[error("{name} belongs to user {uid} and has mode {mode:04o}, which keeps this process out ({source})")]
    Denied {
        /// The name.
        name: Name,
        /// Its owner.
        uid: u32,
        /// Its permission bits.
        mode: u32,
        /// What the kernel said.
        source: SystemError,
    },
    /// It could not be mapped.
    #[error("{name} cannot be mapped: {source}")]
    Map {
        /// The name.
        name: Name,
        /// Why not.
        source: MapError,
    },
    /// The kernel refused for another reason.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl ObjectError {
    /// Whose fault it was.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Missing { .. }
            | Self::Exists { .. }
            | Self::ZeroSize { .. }
            | Self::TooLarge { .. }
            | Self::BeyondEnd { .. }
            | Self::ReadOnly { .. }
            | Self::Shrink { .. } => Fault::Caller,
            Self::NotAnObject { .. }
            | Self::NotMine { .. }
            | Self::Displaced { .. }
            | Self::NotYetSized { .. }
            | Self::Unsettled { .. } => Fault::Peer,
            Self::NoSpace { .. } | Self::Map { .. } | Self::Denied { .. } | Self::System(_) => Fault::System,
        }
    }
}

fn now_named(kept_as: &Option<String>) -> String {
    match kept_as {
        Some(file_name) => format!("now {file_name} in the same directory; move it to where it belongs"),
        None => "nameless now; its creator has to create it again".to_owned(),
    }
}
