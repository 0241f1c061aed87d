// SPDX-License-Identifier: MIT OR Apache-2.0
//! What processes left in a directory of objects that have ended: what is stale there, why, and how it is put in order.
//!
//! There are two kinds of things, and a file for each: objects that were killed makers' and removers' work
//! (`unfinished`), and channels and topics that nobody takes part in (`meetings`). An object of the caller's that has
//! its name is somebody's, whoever made it, and never looked at.

mod meetings;
mod unfinished;

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cabotage_os::object::Facts;
use cabotage_os::{Errno, SystemError};

use crate::directory::Directory;
use crate::error::ObjectError;
use crate::name::Name;

/// Something that no living process needs as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leaving {
    /// Where it is; of several files that belong together, the first.
    pub path: PathBuf,
    /// What it is, and why it is stale.
    pub what: What,
    /// Whose it is: the user.
    pub uid: u32,
    /// The process, as it wrote itself down: by its number in its own pid namespace, which may be another process's
    /// by now.
    pub pid: Option<i32>,
    /// The memory it uses, in bytes.
    pub real_bytes: usize,
}

/// What was left.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// An object that was being made.
    Unfinished,
    /// An object that was being removed.
    HalfRemoved,
    /// An object that came to have a name just when another one was removed from it, and lost it. It may be in use,
    /// so it is never removed.
    Displaced {
        /// The name it should have, if it is known.
        name: Option<Name>,
    },
    /// What lies beside the name of a channel or a topic that does not have the name: it was being made, or removed.
    Beside {
        /// The name it should have had, if it is known.
        name: Option<Name>,
    },
    /// A channel that nobody holds an end of.
    Channel {
        /// Its name.
        name: Name,
        /// Whether a record waits in it for a consumer that comes later.
        has_unread: bool,
    },
    /// A topic that nobody publishes and nobody subscribes to. Its last records wait for subscribers that come later.
    Topic {
        /// Its name.
        name: Name,
    },
}

impl What {
    /// Whether it holds records that somebody may come for later. [`Directory::remove_leaving`] removes such a thing
    /// only when told to.
    pub fn may_be_wanted(&self) -> bool {
        matches!(self, Self::Channel { has_unread: true, .. } | Self::Topic { .. })
    }
}

impl fmt::Display for What {
    /// Why it is stale.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfinished => f.write_str("its maker ended before it was complete: nobody holds its lock"),
            Self::HalfRemoved => f.write_str("its remover ended between taking its name and removing it"),
            Self::Displaced { name: Some(name) } => {
                write!(f, "its remover ended, or was kept from giving the name {name} back to it")
            }
            Self::Displaced { name: None } => f.write_str("its remover ended before giving its name back"),
            Self::Beside { name: Some(name) } => {
                write!(f, "nobody makes or holds the channel or topic {name} that it was part of")
            }
            Self::Beside { name: None } => {
                f.write_str("nobody holds the channel or topic that it was part of")
            }
            Self::Channel { has_unread: false, .. } => {
                f.write_str("nobody holds an end of this channel, and nothing in it is unread")
            }
            Self::Channel { has_unread: true, .. } => {
                f.write_str("nobody holds an end of this channel; what is unread waits for a consumer")
            }
            Self::Topic { .. } => {
                f.write_str("nobody takes part in this topic; its last records wait for subscribers")
            }
        }
    }
}

/// What happens to things that hold records which somebody may come for later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unread {
    /// They stay.
    #[default]
    Keep,
    /// They go too.
    Remove,
}

/// What became of a leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Swept {
    /// It was removed.
    Removed,
    /// It has its name again.
    PutBack,
    /// It was left alone: it may be in use or wanted, or its name is somebody else's by now, or not known.
    Kept,
    /// Somebody else was quicker, or has taken it up again.
    Gone,
}

impl Directory {
    /// What processes that have ended left in this directory. Other users' things are passed over, except by root.
    ///
    /// # Errors
    /// The system's refusal to list the directory.
    pub fn leavings(&self) -> Result<Vec<Leaving>, SystemError> {
        let names = self.calls().names()?;
        let mut found: Vec<_> = names.iter().filter_map(|name| unfinished::look(self, name)).collect();
        found.extend(meetings::look(self, &names));
        found.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }

    /// Puts in order what [`leavings`](Directory::leavings) has found, if it is still that. Many may do it at once, and
    /// whoever is killed at it leaves what the next one finds.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn remove_leaving(&self, leaving: &Leaving, unread: Unread) -> Result<Swept, ObjectError> {
        let file_name = file_name(&leaving.path);
        let answer = match &leaving.what {
            What::Unfinished | What::HalfRemoved | What::Displaced { .. } => {
                unfinished::remove(self, file_name).map_err(ObjectError::from)
            }
            What::Beside { .. } | What::Channel { .. } | What::Topic { .. } => {
                meetings::remove(self, leaving, unread)
            }
        };
        match answer {
            Err(ObjectError::System(refusal)) if refusal.errno() == Errno::NOENT => Ok(Swept::Gone),
            answer => answer,
        }
    }

    /// Puts in order all that killed processes left behind while they made or removed an object, a channel or a topic;
    /// answers how many things that were. What has its name stays.
    ///
    /// # Errors
    /// The system's refusal to list the directory. What may not be removed is left alone.
    pub fn clean(&self) -> Result<usize, SystemError> {
        let has_a_name =
            |leaving: &&Leaving| matches!(leaving.what, What::Channel { .. } | What::Topic { .. });
        let leavings = self.leavings()?;
        let nameless = leavings.iter().filter(|leaving| !has_a_name(leaving));
        let swept = nameless.map(|leaving| self.remove_leaving(leaving, Unread::Keep));
        Ok(swept.filter(|swept| matches!(swept, Ok(Swept::Removed | Swept::PutBack))).count())
    }

    /// The file of this name, as a leaving.
    fn leaving(&self, file_name: &[u8], what: What, facts: &Facts) -> Leaving {
        let path = self.path().join(OsStr::from_bytes(file_name));
        Leaving { path, what, uid: facts.uid, pid: None, real_bytes: facts.real_bytes }
    }
}

/// Root cleans up for everybody.
fn is_ours(facts: &Facts) -> bool {
    let own = cabotage_os::fifo::own_user();
    facts.uid == own || own == 0
}

fn file_name(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_bytes()
}
