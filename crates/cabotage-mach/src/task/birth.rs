// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a process has from its creator: send rights, each under a label, and the bootstrap port among them.
//!
//! They come as descriptors, each the end of a link that nobody has used. Which descriptor is which stands in one
//! variable of the environment, with the inode of each: one that was handed on to a grandchild by mistake, or closed
//! meanwhile, is seen to be none. A forked child has none of them, as it has no other right of its parent's.

use std::fmt::Write;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::{Mutex, PoisonError};

use cabotage_os::object::facts;
use cabotage_os::{SystemError, inherited};

use super::Task;
use crate::message::Outgoing;
use crate::right::SpecialPort;
use crate::rights::{SendRight, WhenFull};

/// Where a process finds which rights its creator gave it.
pub(crate) const VARIABLE: &str = "CABOTAGE_RIGHTS";
/// The label of the bootstrap port.
pub(super) const BOOTSTRAP: &str = "bootstrap";
/// The label of the port at which the creator wants to have the task's own.
pub(super) const CREATOR: &str = "creator";
/// The number of the message that brings it.
pub(super) const TASK_PORT_ID: i32 = 3400;
/// How many rights a creator gives.
pub(super) const RIGHTS_MAX: usize = 64;
/// The longest label, in bytes.
pub(super) const LABEL_BYTES_MAX: usize = 64;

/// Rights that were given and not yet asked for, in the creator's order.
#[derive(Debug, Default)]
pub(super) struct Given {
    rights: Mutex<Vec<(String, SendRight)>>,
}

impl Given {
    pub(super) fn take(&self, label: &str) -> Option<SendRight> {
        let mut rights = self.rights.lock().unwrap_or_else(PoisonError::into_inner);
        let at = rights.iter().position(|(known, _)| known == label)?;
        Some(rights.remove(at).1)
    }

    pub(super) fn labels(&self) -> Vec<String> {
        let rights = self.rights.lock().unwrap_or_else(PoisonError::into_inner);
        rights.iter().map(|(label, _)| label.clone()).collect()
    }
}

impl Task {
    /// Takes what the creator gave. What is none of it is left alone.
    pub(super) fn take_birth(&self) {
        let Some(listed) = std::env::var_os(VARIABLE) else { return };
        let entries = listed.to_str().into_iter().flat_map(parse).take(RIGHTS_MAX);
        for (number, inode, label) in entries {
            let Some(end) = take(number, inode) else { continue };
            let Ok(name) = self.names.take_end(end) else { continue };
            let right = SendRight::own(self.names, name);
            // What fails here, the task finds out when it wants the port.
            let _ = match label {
                BOOTSTRAP => self.set_special_port(SpecialPort::Bootstrap, Some(right)).is_ok(),
                CREATOR => self.introduce(&right).is_ok(),
                label => {
                    let mut rights = self.given.rights.lock().unwrap_or_else(PoisonError::into_inner);
                    rights.push((label.to_owned(), right));
                    true
                }
            };
        }
    }

    /// Lets the creator have the right to this task.
    fn introduce(&self, creator: &SendRight) -> Result<(), Box<dyn std::error::Error>> {
        let news = Outgoing::new(TASK_PORT_ID).with(self.port.right().copy()?);
        // The creator's library may not have answered yet: then it goes with the next call after it has.
        Ok(creator.send_when_full(news, WhenFull::Cache(&self.notices)).map(drop)?)
    }
}

/// What stands in the variable for these descriptors.
pub(super) fn list<'list>(
    ends: impl IntoIterator<Item = (&'list str, &'list OwnedFd)>,
) -> Result<String, SystemError> {
    let mut listed = String::new();
    for (label, end) in ends {
        let inode = facts(end, label)?.identity.inode;
        let _ = write!(listed, "{}:{inode}:{label},", end.as_raw_fd());
    }
    Ok(listed)
}

fn parse(listed: &str) -> impl Iterator<Item = (RawFd, u64, &str)> {
    listed.split(',').filter_map(|entry| {
        let (number, rest) = entry.split_once(':')?;
        let (inode, label) = rest.split_once(':')?;
        let is_label = label.len() <= LABEL_BYTES_MAX;
        Some((number.parse().ok()?, inode.parse().ok()?, label)).filter(|_| is_label)
    })
}

/// The descriptor of this number, if it came from outside and is the one that was meant. Another one that came under
/// the number is somebody else's to take.
fn take(number: RawFd, inode: u64) -> Option<OwnedFd> {
    if inherited::inode(number) != Some(inode) {
        return None;
    }
    inherited::take(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_it_was_written_and_nonsense_is_passed_over() {
        let (one, other) = std::os::unix::net::UnixStream::pair().unwrap();
        let ends = [OwnedFd::from(one), OwnedFd::from(other)];
        let listed = list([("log", &ends[0]), ("bootstrap", &ends[1])]).unwrap();
        let read: Vec<_> = parse(&listed).map(|(number, _, label)| (number, label)).collect();
        assert_eq!(read, [(ends[0].as_raw_fd(), "log"), (ends[1].as_raw_fd(), "bootstrap")]);
        let long = format!("3:4:{}", "x".repeat(LABEL_BYTES_MAX + 1));
        for nonsense in ["", ",,", "3", "3:4", "x:4:log", "3:x:log", &long] {
            assert_eq!(parse(nonsense).count(), 0, "{nonsense}");
        }
    }

    #[test]
    fn a_descriptor_that_is_ours_or_another_than_was_meant_is_not_taken() {
        let (own, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let own = OwnedFd::from(own);
        let inode = facts(&own, "own").unwrap().identity.inode;
        assert!(take(own.as_raw_fd(), inode).is_none(), "it is close-on-exec");
        assert!(take(0, u64::MAX).is_none());
    }
}
