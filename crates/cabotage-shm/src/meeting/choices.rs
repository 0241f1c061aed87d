// SPDX-License-Identifier: MIT OR Apache-2.0
//! The choices that meetings of every kind have, and their setters: written once, and given to each options type by a
//! macro.

use cabotage_link::Wait;
use cabotage_link::names::{Registry, Scope};
use cabotage_link::quota::Quota;
use cabotage_os::map::MapOptions;
use cabotage_os::{Deadline, SystemError, sigbus};

use crate::directory::Directory;

const RING_BYTES_MIN: usize = 4096;
pub(crate) const RING_BYTES_MAX: usize = 1 << 30;

/// What may be chosen.
#[derive(Debug, Clone)]
pub(crate) struct Choices {
    pub(crate) capacity_bytes: usize,
    pub(crate) mode: u32,
    pub(crate) directory: Directory,
    pub(crate) wait: Wait,
    pub(crate) guards: bool,
    pub(crate) until_there: Deadline,
    pub(crate) membarrier: bool,
    /// Of the guarded form: where its name stands, in which scope, whose producer it must be, and who counts.
    pub(crate) registry: Option<Registry>,
    pub(crate) scope: Option<Scope>,
    /// The group that the mode of that name is about.
    pub(crate) group: Option<u32>,
    pub(crate) required_uid: Option<u32>,
    pub(crate) quota: Option<Quota>,
}

impl Choices {
    /// How many bytes a new ring has.
    pub(crate) fn ring_bytes(&self) -> usize {
        self.capacity_bytes.clamp(RING_BYTES_MIN, RING_BYTES_MAX).next_power_of_two()
    }

    /// How objects are mapped.
    pub(crate) fn map_options(&self) -> Result<MapOptions, SystemError> {
        let options = match self.guards {
            true => MapOptions::new().guarded(sigbus::install()?),
            false => MapOptions::new(),
        };
        Ok(options.not_in_children())
    }

    /// Where names stand.
    pub(crate) fn registry(&self) -> Registry {
        self.registry.clone().unwrap_or_else(Registry::from_environment)
    }
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            capacity_bytes: 64 << 10,
            mode: 0o600,
            directory: Directory::default(),
            wait: Wait::Adaptive,
            guards: false,
            until_there: Deadline::Now,
            membarrier: true,
            registry: None,
            scope: None,
            group: None,
            required_uid: None,
            quota: None,
        }
    }
}

/// Gives a type with a field `choices` the setters.
macro_rules! choice_setters {
    ($options:ty) => {
        impl $options {
            /// How many bytes the ring has, rounded up to a power of two from 4 KiB to 1 GiB; 64 KiB unless told
            /// otherwise. The longest record takes about three eighths of it.
            #[must_use]
            pub fn capacity_bytes(mut self, bytes: usize) -> Self {
                self.choices.capacity_bytes = bytes;
                self
            }

            /// Who may take part: the permission bits of what is made, exactly, whatever the umask; 0600 unless told
            /// otherwise.
            #[must_use]
            pub fn mode(mut self, bits: u32) -> Self {
                self.choices.mode = bits & 0o777;
                self
            }

            /// Named objects lie in `directory` instead of /dev/shm.
            #[must_use]
            pub fn directory(mut self, directory: &$crate::Directory) -> Self {
                self.choices.directory = directory.clone();
                self
            }

            /// How waiting calls wait.
            #[must_use]
            pub fn wait(mut self, wait: ::cabotage_link::Wait) -> Self {
                self.choices.wait = wait;
                self
            }

            /// Named objects are mapped under the guard: if another process shrinks one of them, calls answer
            /// `Truncated`, where this process would be killed by SIGBUS otherwise. The guard is a handler of that
            /// signal, the only one this library ever installs; and each record is copied once more.
            #[must_use]
            pub fn guard_against_shrinking(mut self) -> Self {
                self.choices.guards = true;
                self
            }

            /// Opening waits until then for whom it looks for, and taking an end that another process holds waits
            /// until then for that one to end.
            #[must_use]
            pub fn until_there(mut self, deadline: ::cabotage_os::Deadline) -> Self {
                self.choices.until_there = deadline;
                self
            }

            /// Without membarrier each record fences, and going to sleep costs less: for what mostly sleeps, and for
            /// processes of which one may not call it.
            #[must_use]
            pub fn without_membarrier(mut self) -> Self {
                self.choices.membarrier = false;
                self
            }
        }
    };
}

pub(crate) use choice_setters;
