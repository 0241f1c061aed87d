// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who may do what with a name: namespaces, the services in them, and Mach's answers. Pure state: no port, no process, no
//! clock. Whoever runs it keeps the rights and tells it what becomes of them.
//!
//! A service is its owner's, which is a user: that of the process that brought it in, or of the file that declares it.
//! Root may act for everybody.
//!
//! # Source
//! launchd, src/core.c: `job_mig_check_in2`, `job_mig_register2`, `job_mig_look_up2`, `job_mig_subset`.

mod namespace;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::super::BootstrapCode;
use super::super::protocol::Status;
pub(super) use namespace::{Holder, NamespaceId, Service, ServiceId};
use namespace::{Namespace, Uid};

/// How deep subsets may lie in one another.
///
/// # Source
/// launchd, src/core.c: `job_mig_subset`.
pub(super) const DEPTH_MAX: u32 = 100;
/// How many names one call looks up.
///
/// # Source
/// launchd, servers/bootstrap.h: `BOOTSTRAP_MAX_LOOKUP_COUNT`.
pub(super) const LOOK_UPS_MAX: usize = 20;
/// How many services one user brings in at most, however many descriptors there are.
pub(super) const SERVICES_MAX: usize = 1024;
/// How many subsets one user makes, likewise.
pub(super) const SUBSETS_MAX: usize = 256;

/// Who asks, in the kernel's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) uid: Uid,
    pub(super) pid: u32,
    /// Its process group, if it could be told: a job is one.
    pub(super) group: Option<i32>,
}

/// Every namespace there is. The first is the root, which everything else lies in.
#[derive(Debug)]
pub(super) struct Rules {
    namespaces: HashMap<NamespaceId, Namespace>,
    services: HashMap<ServiceId, Service>,
    last: u64,
    /// How many services one user brings in; a process, half as many.
    share: usize,
}

/// What a look-up has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Its port can be sent to.
    There(ServiceId),
    /// Its receive right is on its way to its owner: ask again when it has arrived.
    OnItsWay(ServiceId),
}

impl Rules {
    pub(super) const ROOT: NamespaceId = NamespaceId(0);

    /// The root namespace, empty. Each service that somebody has may cost one of so many descriptors.
    pub(super) fn new(owner: Uid, descriptors: u64) -> Self {
        let root = Namespace::new(None, 0, owner);
        let share = descriptors.saturating_sub(DESCRIPTORS_KEPT) / 4;
        let share = usize::try_from(share).unwrap_or(SERVICES_MAX).clamp(SHARE_MIN, SERVICES_MAX);
        Self { namespaces: HashMap::from([(Self::ROOT, root)]), services: HashMap::new(), last: 0, share }
    }

    fn next_number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub(super) fn service(&self, id: ServiceId) -> Option<&Service> {
        self.services.get(&id)
    }

    /// The service of this name in this very namespace.
    pub(super) fn own(&self, space: NamespaceId, name: &str) -> Option<ServiceId> {
        self.namespaces.get(&space)?.services.get(name).copied()
    }

    /// The service of this name here, or in the nearest namespace around that has it.
    fn find(&self, mut space: NamespaceId, name: &str) -> Option<ServiceId> {
        loop {
            if let Some(service) = self.own(space, name) {
                return Some(service);
            }
            space = self.namespaces.get(&space)?.parent?;
        }
    }

    /// A service that is there though nobody has it: the server holds its receive right until somebody checks in.
    pub(super) fn declare(&mut self, name: &str, owner: Uid, is_on_demand: bool) -> Option<ServiceId> {
        if self.own(Self::ROOT, name).is_some() {
            return None;
        }
        let service = Service { is_on_demand, ..Service::held(Self::ROOT, name, (owner, 0)) };
        Some(self.add(service))
    }

    fn add(&mut self, service: Service) -> ServiceId {
        let id = ServiceId(self.next_number());
        if let Some(namespace) = self.namespaces.get_mut(&service.space) {
            namespace.services.insert(service.name.clone(), id);
        }
        self.services.insert(id, service);
        id
    }

    fn has_room(&self, who: Caller) -> bool {
        let own =
            || self.services.values().filter(|service| service.owner == who.uid && !service.is_on_demand);
        own().count() < self.share
            && own().filter(|service| service.maker == who.pid).count() < self.share / 2
    }

    /// A process registers a port of its own under a name.
    pub(super) fn register(
        &mut self,
        space: NamespaceId,
        who: Caller,
        name: &str,
    ) -> Result<ServiceId, BootstrapCode> {
        match self.own(space, name).and_then(|id| self.service(id)) {
            None if !self.has_room(who) => Err(BootstrapCode::NoMemory),
            None => {
                let service = Service::held(space, name, (who.uid, who.pid));
                Ok(self.add(Service { holder: Holder::Registered(who.pid), keeps_name: false, ..service }))
            }
            Some(service) if !service.is_of(who) => Err(BootstrapCode::NotPrivileged),
            Some(service) if service.holder != Holder::Server => Err(BootstrapCode::ServiceActive),
            // Its receive right is here, to be checked in for.
            Some(_) => Err(BootstrapCode::NotPrivileged),
        }
    }

    /// A process that has a service already, which a server before this one gave it or noted, says so: its port counts
    /// instead of the one that is held here.
    pub(super) fn renew(
        &mut self,
        space: NamespaceId,
        who: Caller,
        name: &str,
        keeps_name: bool,
    ) -> Result<ServiceId, BootstrapCode> {
        let Some(id) = self.own(space, name) else {
            let id = self.register(space, who, name)?;
            if let Some(service) = self.services.get_mut(&id).filter(|_| keeps_name) {
                (service.keeps_name, service.holder) = (true, Holder::Out(who.pid));
            }
            return Ok(id);
        };
        let service = self.services.get_mut(&id).ok_or(BootstrapCode::UnknownService)?;
        match service.holder {
            _ if !service.is_of(who) => Err(BootstrapCode::NotPrivileged),
            Holder::Server => {
                service.holder = if keeps_name { Holder::Out(who.pid) } else { Holder::Registered(who.pid) };
                Ok(id)
            }
            _ => Err(BootstrapCode::ServiceActive),
        }
    }

    /// A name is taken back: by the process that registered it, or while nobody has it by its owner.
    pub(super) fn unregister(
        &mut self,
        space: NamespaceId,
        who: Caller,
        name: &str,
    ) -> Result<ServiceId, BootstrapCode> {
        let id = self.own(space, name).ok_or(BootstrapCode::UnknownService)?;
        match self.service(id) {
            Some(service) if !service.is_of(who) => Err(BootstrapCode::NotPrivileged),
            Some(Service { holder: Holder::Registered(pid), .. }) if *pid == who.pid => Ok(id),
            Some(Service { holder: Holder::Server, .. }) => Ok(id),
            _ => Err(BootstrapCode::ServiceActive),
        }
    }

    /// A service comes to be, which nobody has yet.
    pub(super) fn create(
        &mut self,
        space: NamespaceId,
        who: Caller,
        name: &str,
    ) -> Result<ServiceId, BootstrapCode> {
        if self.own(space, name).is_some() {
            return Err(BootstrapCode::NameInUse);
        }
        if !self.has_room(who) {
            return Err(BootstrapCode::NoMemory);
        }
        Ok(self.add(Service::held(space, name, (who.uid, who.pid))))
    }

    /// A process wants the receive right of a service; from here on it is on its way. While a job of the service runs
    /// (`job` is its process group), nobody else gets it.
    pub(super) fn check_in(
        &mut self,
        space: NamespaceId,
        who: Caller,
        name: &str,
        job: impl FnOnce(ServiceId) -> Option<i32>,
    ) -> Result<ServiceId, BootstrapCode> {
        let id = self.own(space, name).ok_or(BootstrapCode::UnknownService)?;
        let service = self.services.get_mut(&id).ok_or(BootstrapCode::UnknownService)?;
        if !service.is_of(who) || job(id).is_some_and(|job| who.group != Some(job)) {
            return Err(BootstrapCode::NotPrivileged);
        }
        if service.holder != Holder::Server {
            return Err(BootstrapCode::ServiceActive);
        }
        service.holder = Holder::OnItsWay(who.pid);
        Ok(id)
    }

    /// The receive right has arrived at whom it was sent to.
    pub(super) fn arrived(&mut self, id: ServiceId) {
        if let Some(service) = self.services.get_mut(&id)
            && let Holder::OnItsWay(pid) = service.holder
        {
            service.holder = Holder::Out(pid);
        }
    }

    /// The receive right is the server's again, or a fresh one is.
    pub(super) fn returned(&mut self, id: ServiceId) {
        if let Some(service) = self.services.get_mut(&id) {
            service.holder = Holder::Server;
        }
    }

    /// The port of a service has died with its holder. Answers whether the name stays, and wants a port.
    pub(super) fn died(&mut self, id: ServiceId) -> bool {
        let keeps_name = self.service(id).is_some_and(|service| service.keeps_name);
        if keeps_name {
            self.returned(id);
        } else {
            self.remove(id);
        }
        keeps_name
    }

    pub(super) fn remove(&mut self, id: ServiceId) {
        if let Some(service) = self.services.remove(&id)
            && let Some(namespace) = self.namespaces.get_mut(&service.space)
        {
            namespace.services.remove(&service.name);
        }
    }

    /// A service by its name, here or further up.
    pub(super) fn look_up(&self, space: NamespaceId, name: &str) -> Result<Found, BootstrapCode> {
        let id = self.find(space, name).ok_or(BootstrapCode::UnknownService)?;
        match self.service(id).map(|service| service.holder) {
            Some(Holder::OnItsWay(_)) => Ok(Found::OnItsWay(id)),
            _ => Ok(Found::There(id)),
        }
    }

    /// Whether somebody has the service, or would be started for it.
    pub(super) fn status(&self, space: NamespaceId, name: &str) -> Result<Status, BootstrapCode> {
        let id = self.find(space, name).ok_or(BootstrapCode::UnknownService)?;
        Ok(self.service(id).map_or(Status::Inactive, Service::status))
    }

    /// The names of a namespace in order, and how it is with each.
    pub(super) fn list(&self, space: NamespaceId) -> Vec<(String, Status)> {
        let services = self.namespaces.get(&space).into_iter().flat_map(|namespace| &namespace.services);
        services
            .map(|(name, id)| (name.clone(), self.service(*id).map_or(Status::Inactive, Service::status)))
            .collect()
    }

    /// A namespace in another one.
    pub(super) fn subset(&mut self, space: NamespaceId, who: Caller) -> Result<NamespaceId, BootstrapCode> {
        let depth = self.namespaces.get(&space).ok_or(BootstrapCode::NoMemory)?.depth + 1;
        let made = self.namespaces.values().filter(|namespace| namespace.owner == who.uid).count();
        if depth > DEPTH_MAX || made > self.share.min(SUBSETS_MAX) {
            return Err(BootstrapCode::NoMemory);
        }
        let id = NamespaceId(self.next_number());
        self.namespaces.insert(id, Namespace::new(Some(space), depth, who.uid));
        Ok(id)
    }

    /// The namespace around; that of the root is the root.
    pub(super) fn parent(&self, space: NamespaceId, who: Caller) -> Result<NamespaceId, BootstrapCode> {
        match self.namespaces.get(&space) {
            Some(namespace) if who.uid == namespace.owner || who.uid == ROOT_USER => {
                Ok(namespace.parent.unwrap_or(Self::ROOT))
            }
            _ => Err(BootstrapCode::NotPrivileged),
        }
    }

    /// A namespace ends, with all that is in it: answers which namespaces and services those were.
    pub(super) fn end(&mut self, space: NamespaceId) -> (Vec<NamespaceId>, Vec<ServiceId>) {
        let mut spaces = vec![space];
        let mut at = 0;
        while let Some(&outer) = spaces.get(at) {
            let inside = self.namespaces.iter().filter(|(_, inner)| inner.parent == Some(outer));
            spaces.extend(inside.map(|(id, _)| *id));
            at += 1;
        }
        let mut services = Vec::new();
        for space in &spaces {
            if let Some(namespace) = self.namespaces.remove(space) {
                services.extend(namespace.services.into_values());
            }
        }
        services.iter().for_each(|service| drop(self.services.remove(service)));
        (spaces, services)
    }
}

/// What the server needs for itself, and for rights that are under way.
const DESCRIPTORS_KEPT: u64 = 256;
/// A user's share is no smaller than this.
const SHARE_MIN: usize = 8;

/// The user who may act for everybody.
const ROOT_USER: Uid = 0;
