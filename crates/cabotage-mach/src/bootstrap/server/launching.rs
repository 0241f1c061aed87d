// SPDX-License-Identifier: MIT OR Apache-2.0
//! Services on demand: which there are, and when one is started.

use std::time::Instant;

use cabotage_os::Deadline;
use cabotage_os::process::own_uid;

use super::Server;
use super::custody::Custody;
use super::files::ServiceFileError;
use super::rules::{NamespaceId, Rules, ServiceId};

impl Server {
    /// Takes all services in that have a file.
    pub(super) fn declare_all(&mut self) -> Result<(), ServiceFileError> {
        let names = self.files.as_ref().map_or(Ok(Vec::new()), super::Files::names)?;
        // A file with a mistake is its service's loss alone.
        names.iter().for_each(|name| self.declare(Rules::ROOT, name));
        Ok(())
    }

    /// Takes a service in that may have got a file since the server looked, if it is not known.
    pub(super) fn declare(&mut self, space: NamespaceId, name: &str) {
        if self.rules.own(space, name).is_some() || self.rules.own(Rules::ROOT, name).is_some() {
            return;
        }
        let Some(Ok(Some(launch))) = self.files.as_ref().map(|files| files.read(name)) else { return };
        if let Some(service) = self.rules.declare(name, launch.uid.unwrap_or(own_uid()), true)
            && self.hold_fresh(service).is_err()
        {
            self.rules.remove(service);
        }
    }

    /// Whether services that ran before this server have had their time to say so.
    pub(super) fn is_settled(&self, now: Instant) -> bool {
        now.duration_since(self.started) >= self.grace
    }

    /// Starts those services to which messages have come; answers when to look again.
    pub(super) fn launch_wanted(&mut self, now: Instant) -> Deadline {
        if !self.is_settled(now) {
            return Deadline::At(self.started + self.grace);
        }
        let mut next = Deadline::Never;
        for service in self.wanted_now() {
            match self.jobs.free_at(service, now) {
                Some(free_at) if free_at <= now => self.launch(service),
                Some(free_at) => next = next.or_sooner(Deadline::At(free_at)),
                None => {}
            }
        }
        next
    }

    /// Whether there is one that would be started now.
    pub(super) fn may_launch(&self, now: Instant) -> bool {
        let is_free = |service| self.jobs.free_at(service, now).is_some_and(|free_at| free_at <= now);
        self.is_settled(now) && self.wanted_now().into_iter().any(is_free)
    }

    /// Services on demand whose port is here and has messages.
    fn wanted_now(&self) -> Vec<ServiceId> {
        let is_wanted = |(id, custody): (&ServiceId, &Custody)| match custody {
            Custody::Here(port) if self.rules.service(*id).is_some_and(|service| service.is_on_demand) => {
                port.status().is_ok_and(|status| status.queued > 0).then_some(*id)
            }
            _ => None,
        };
        self.custody.iter().filter_map(is_wanted).collect()
    }

    /// Starts a service that is wanted, unless its job runs or has died too often.
    pub(super) fn want(&mut self, service: ServiceId) {
        let now = Instant::now();
        let is_here = matches!(self.custody.get(&service), Some(Custody::Here(_)));
        if is_here && self.jobs.free_at(service, now).is_some_and(|free_at| free_at <= now) {
            self.launch(service);
        }
    }

    /// What its file says counts now: one that has none any more is not started, and its name goes.
    fn launch(&mut self, service: ServiceId) {
        let Some(name) = self.rules.service(service).map(|service| service.name.clone()) else { return };
        let launch = self.files.as_ref().map(|files| files.read(&name));
        match launch {
            Some(Ok(Some(launch))) => {
                let root = self.spaces.get(&Rules::ROOT).and_then(|root| root.port.make_send().ok());
                self.jobs.start(service, launch.command().into(), root);
            }
            Some(Err(_)) => self.jobs.failed(service),
            _ => {
                self.rules.remove(service);
                self.let_go(service);
                self.jobs.forget(service);
            }
        }
    }
}
