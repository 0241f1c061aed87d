// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looking a service up: a connection by its name, which is a send right.

use cabotage_link::names::{ConnectOptions, Kind, Registry};
use cabotage_link::{Deadline, Link, Options};

use crate::error::{BootstrapError, OutsideError};
use crate::rights::SendRight;
use crate::task::Task;

/// How a service is looked up.
#[derive(Debug, Clone)]
pub struct LookUp {
    find: ConnectOptions,
    registry: Option<Registry>,
    deadline: Deadline,
}

impl Default for LookUp {
    fn default() -> Self {
        Self { find: ConnectOptions::new(), registry: None, deadline: Deadline::Now }
    }
}

cabotage_link::find_choices!(LookUp);

impl LookUp {
    /// In both scopes, and a name that is not there is told at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until the deadline for a service that is not there yet.
    #[must_use]
    pub fn wait(mut self, deadline: impl Into<Deadline>) -> Self {
        self.deadline = deadline.into();
        self.find = self.find.wait_for_name();
        self
    }

    /// A send right of the current task.
    ///
    /// # Errors
    /// [`BootstrapError`]
    pub fn look_up(self, name: &str) -> Result<SendRight, BootstrapError> {
        let task = Task::current().map_err(OutsideError::from)?;
        self.look_up_for(task, name)
    }

    /// A send right of this task.
    ///
    /// # Errors
    /// [`BootstrapError`]
    pub fn look_up_for(self, task: &Task, name: &str) -> Result<SendRight, BootstrapError> {
        let name = super::parse(name)?;
        let registry = self.names_at();
        let link = Link::connect_to(Kind::Mach, &registry, &name, self.find, Options::new(), self.deadline)?;
        let right = task.names().take_link(link)?;
        Ok(SendRight::own(task.names(), right))
    }
}
