// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looking a service up: a connection by its name, which is a send right.

use cabotage_link::names::{ConnectOptions, Kind, Registry, Scope};
use cabotage_link::{Deadline, Link, Options};

use crate::error::{BootstrapError, OutsideError};
use crate::rights::SendRight;
use crate::task::Task;

/// How a service is looked up.
#[derive(Debug, Clone)]
pub struct LookUp {
    how: ConnectOptions,
    registry: Option<Registry>,
    deadline: Deadline,
}

impl Default for LookUp {
    fn default() -> Self {
        Self { how: ConnectOptions::new(), registry: None, deadline: Deadline::Now }
    }
}

impl LookUp {
    /// In both scopes, and a name that is not there is told at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// In this scope alone.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.how = self.how.scope(scope);
        self
    }

    /// Takes a service of this user only, in the kernel's word. In the system scope every user may give names.
    #[must_use]
    pub fn required_uid(mut self, uid: u32) -> Self {
        self.how = self.how.required_uid(uid);
        self
    }

    /// Where names are, if not where the environment says.
    #[must_use]
    pub fn registry(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Waits until the deadline for a service that is not there yet.
    #[must_use]
    pub fn wait(mut self, deadline: impl Into<Deadline>) -> Self {
        self.deadline = deadline.into();
        self.how = self.how.wait_for_name();
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
        let registry = self.registry.unwrap_or_else(Registry::from_environment);
        let link = Link::connect_to(Kind::Mach, &registry, &name, self.how, Options::new(), self.deadline)?;
        let right = task.names().take_link(link)?;
        Ok(SendRight::own(task.names(), right))
    }
}
