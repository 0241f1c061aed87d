// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checking in: a port under a name.

use std::time::Duration;

use cabotage_link::names::{Kind, PublishOptions, Registry, Scope};
use cabotage_link::quota::Quota;
use cabotage_link::{Deadline, Listener, Options};

use crate::error::{BootstrapError, OutsideError};
use crate::rights::ReceiveRight;
use crate::task::Task;

/// Others who publish the same name at this moment take a few system calls for it.
const SOON: Duration = Duration::from_secs(1);

/// How a service checks in.
#[derive(Debug, Clone, Default)]
pub struct CheckIn {
    publish: PublishOptions,
    registry: Option<Registry>,
    quota: Option<Quota>,
}

impl CheckIn {
    /// In the user scope, for this user alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Who finds the name.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.publish = self.publish.scope(scope);
        self
    }

    /// Who may look it up: the permission bits of the name. Write permission is what a client needs.
    #[must_use]
    pub fn mode(mut self, bits: u32) -> Self {
        self.publish = self.publish.mode(bits);
        self
    }

    /// The group that the middle digit of the mode is about.
    #[must_use]
    pub fn group(mut self, gid: u32) -> Self {
        self.publish = self.publish.group(gid);
        self
    }

    /// Where names are, if not where the environment says.
    #[must_use]
    pub fn registry(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// What clients take of this process is charged here, and whoever takes too much is refused.
    #[must_use]
    pub fn quota(mut self, quota: &Quota) -> Self {
        self.quota = Some(quota.clone());
        self
    }

    /// Checks in with a new port of the current task.
    ///
    /// # Errors
    /// [`BootstrapError`]
    pub fn check_in(self, name: &str) -> Result<ReceiveRight, BootstrapError> {
        let task = Task::current().map_err(OutsideError::from)?;
        let port = task.allocate().map_err(OutsideError::from)?;
        self.publish(name, &port)?;
        Ok(port)
    }

    /// Gives a name to a port that there is already. It may have one name; the last one counts.
    ///
    /// # Errors
    /// [`BootstrapError`]
    pub fn publish(self, name: &str, port: &ReceiveRight) -> Result<(), BootstrapError> {
        let name = super::parse(name)?;
        let registry = self.registry.unwrap_or_else(Registry::from_environment);
        let options = match &self.quota {
            Some(quota) => Options::new().quota(quota),
            None => Options::new(),
        };
        let soon = Deadline::within(SOON);
        let listener = Listener::publish_as(Kind::Mach, &registry, &name, self.publish, options, soon)?;
        Ok(port.names().publish(port.name(), listener)?)
    }
}
