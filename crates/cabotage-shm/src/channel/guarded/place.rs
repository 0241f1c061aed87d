// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the name stands: the registry's answers in the words of channels.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use cabotage_link::names::{
    self, ConnectError, ConnectOptions, Kind, News, PublishError, PublishOptions, Published, RemoveError,
    Scope,
};
use cabotage_link::{End, EndError, Link, Options};
use cabotage_os::Deadline;
use cabotage_os::socket::AdmitError;

use crate::channel::error::{ChannelError, Role};
use crate::meeting::Presence;
use crate::meeting::choices::Choices;
use crate::name::Name;

/// The name of a channel, and where it is looked up.
#[derive(Debug, Clone)]
pub(super) struct Place {
    choices: Choices,
    name: Name,
    /// The name as the registry has it: without the slash.
    key: names::Name,
}

impl Place {
    pub(super) fn new(choices: &Choices, name: &Name) -> Result<Self, ChannelError> {
        let key = names::Name::parse(OsStr::from_bytes(name.file_name()))?;
        Ok(Self { choices: choices.clone(), name: name.clone(), key })
    }

    pub(super) fn name(&self) -> &Name {
        &self.name
    }

    pub(super) fn choices(&self) -> &Choices {
        &self.choices
    }

    /// How links of the channel are to be.
    pub(super) fn link_options(&self) -> Options {
        let options = Options::new().wait(self.choices.wait);
        let options = if self.choices.membarrier { options } else { options.without_membarrier() };
        match &self.choices.quota {
            Some(quota) => options.quota(quota),
            None => options,
        }
    }

    /// Takes the name, waiting for a living owner to end if that was asked for.
    pub(super) fn publish(&self) -> Result<Published, ChannelError> {
        /// Of the end of a name's owner nothing tells.
        const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_millis(20);
        let scope = self.choices.scope.unwrap_or(Scope::User);
        let how = PublishOptions::new().scope(scope).mode(self.choices.mode);
        let how = self.choices.group.map_or(how, |gid| how.group(gid));
        loop {
            match self.choices.registry().publish(Kind::Channel, &self.key, how, self.choices.until_there) {
                Ok(published) => return Ok(published),
                Err(PublishError::Taken { uid, pid, .. }) if self.choices.until_there.has_passed() => {
                    return Err(self.occupied(Role::Producer, Presence::Here { pid, uid }));
                }
                Err(PublishError::Taken { .. }) => {
                    let soon = self.choices.until_there.or_sooner(Deadline::within(LOOK_AGAIN));
                    crate::meeting::appear::pause(soon)?;
                }
                Err(refused) => return Err(refused.into()),
            }
        }
    }

    /// Connects to whoever has the name, waiting for somebody at most until `deadline`.
    pub(super) fn connect(&self, deadline: Deadline) -> Result<Link, ChannelError> {
        let mut how = ConnectOptions::new();
        if let Some(scope) = self.choices.scope {
            how = how.scope(scope);
        }
        if let Some(uid) = self.choices.required_uid {
            how = how.required_uid(uid);
        }
        if deadline != Deadline::Now {
            how = how.wait_for_name();
        }
        let connected = self.choices.registry().connect(Kind::Channel, &self.key, how, deadline);
        let socket = connected.map_err(|error| match error {
            ConnectError::Absent { .. } | ConnectError::Refused { .. } => {
                ChannelError::Missing { name: self.name.clone() }
            }
            error => error.into(),
        })?;
        let fd = socket.into_fd().ok_or(ChannelError::Forked)?;
        match End::received(fd) {
            Ok(end) => Ok(end.link(self.link_options())?),
            Err(EndError::Admit(AdmitError::System(refusal))) => Err(refusal.into()),
            // It was connected a moment ago.
            Err(_) => Err(ChannelError::Missing { name: self.name.clone() }),
        }
    }

    /// News of the name.
    pub(super) fn news(&self) -> News {
        self.choices.registry().news(Kind::Channel, self.choices.scope)
    }

    /// Removes what a killed producer has left of the name.
    pub(super) fn remove(&self) -> Result<(), ChannelError> {
        let scopes = self.choices.scope.map_or(vec![Scope::User, Scope::System], |scope| vec![scope]);
        for scope in scopes {
            match self.choices.registry().remove_stale(Kind::Channel, &self.key, scope, Deadline::Now) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(RemoveError::Living { uid, pid, .. }) => {
                    return Err(self.occupied(Role::Producer, Presence::Here { pid, uid }));
                }
                Err(refused) => return Err(refused.into()),
            }
        }
        Ok(())
    }

    pub(super) fn occupied(&self, role: Role, holder: Presence) -> ChannelError {
        ChannelError::Occupied { name: self.name.clone(), role, holder }
    }
}
