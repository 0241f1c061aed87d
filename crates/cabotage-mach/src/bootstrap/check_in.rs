// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checking in: a port under a name.

use std::time::Duration;

use cabotage_link::names::{Kind, PublishOptions, Registry};
use cabotage_link::quota::{Limits, Quota};
use cabotage_link::{Deadline, Listener, Options};
use cabotage_os::SystemError;

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

cabotage_link::publish_choices!(CheckIn);

impl CheckIn {
    /// In the user scope, for this user alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a quota for a table of so many descriptors, unless there is one.
    pub(super) fn with_quota(mut self, descriptors: u64) -> Result<Self, SystemError> {
        if self.quota.is_none() {
            self.quota = Some(Quota::new(Limits::within(descriptors))?);
        }
        Ok(self)
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
        let registry = self.names_at();
        let options = match &self.quota {
            Some(quota) => Options::new().quota(quota),
            None => Options::new(),
        };
        let soon = Deadline::within(SOON);
        let listener = Listener::publish_as(Kind::Mach, &registry, &name, self.publish, options, soon)?;
        Ok(port.names().publish(port.name(), listener)?)
    }
}
