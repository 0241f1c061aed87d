// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the server has of each service: its receive right, while nobody else has it, or a right to send to it.

use super::rules::{NamespaceId, ServiceId};
use super::{Of, Server, Space};
use crate::code::KernError;
use crate::rights::{ReceiveRight, SendOnceRight, SendRight};

/// What the server has of a service.
#[derive(Debug)]
pub(super) enum Custody {
    /// Its receive right.
    Here(ReceiveRight),
    /// A right to send, while its receive right is on its way or away.
    Away {
        right: SendRight,
        /// Where the receive right comes back, if it is to.
        rescue: Option<ReceiveRight>,
    },
}

impl Custody {
    /// A right for who looks the service up.
    pub(super) fn right(&self) -> Result<SendRight, KernError> {
        match self {
            Self::Here(port) => port.make_send(),
            Self::Away { right, .. } => right.copy(),
        }
    }
}

impl Server {
    /// A port that nobody has used is a service's from now on.
    pub(super) fn hold_fresh(&mut self, service: ServiceId) -> Result<(), KernError> {
        let port = ReceiveRight::new()?;
        self.hold(service, port)
    }

    /// The server has the receive right of a service.
    pub(super) fn hold(&mut self, service: ServiceId, port: ReceiveRight) -> Result<(), KernError> {
        if self.rules.service(service).is_some_and(|service| service.is_on_demand) {
            self.wanted.insert(&port)?;
        }
        self.let_go(service);
        self.custody.insert(service, Custody::Here(port));
        Ok(())
    }

    /// A port that somebody else has is a service's from now on.
    pub(super) fn note(
        &mut self,
        service: ServiceId,
        right: SendRight,
        rescue: Option<ReceiveRight>,
    ) -> Result<(), KernError> {
        self.let_go(service);
        // One that has died meanwhile is told of at once by the next who looks.
        let _ = right.notify_when_dead(self.news.make_send_once()?);
        self.custody.insert(service, Custody::Away { right, rescue });
        Ok(())
    }

    /// Where the receive right of a service is to come back, and the right by which.
    pub(super) fn rescue(&mut self, service: ServiceId) -> Result<(ReceiveRight, SendOnceRight), KernError> {
        let port = ReceiveRight::new()?;
        self.set.insert(&port)?;
        let notify = port.make_send_once()?;
        self.by_port.insert(port.name(), Of::Return(service));
        Ok((port, notify))
    }

    /// Gives back what the server has of a service. A receive right that was to come back here does not any more.
    pub(super) fn let_go(&mut self, service: ServiceId) {
        match self.custody.remove(&service) {
            Some(Custody::Away { rescue: Some(port), .. }) => {
                self.by_port.remove(&port.name());
            }
            Some(Custody::Here(_) | Custody::Away { .. }) | None => {}
        }
    }

    /// The ports of services have died whose right this was.
    pub(super) fn heed_deaths(&mut self) {
        let is_dead = |custody: &Custody| matches!(custody, Custody::Away { right, .. } if right.is_dead());
        let dead: Vec<ServiceId> =
            self.custody.iter().filter(|(_, custody)| is_dead(custody)).map(|(id, _)| *id).collect();
        for service in dead {
            // A check-in that is under way says itself what has become of it.
            if self.handing.has(service) {
                continue;
            }
            self.let_go(service);
            if self.rules.died(service) {
                let _ = self.hold_fresh(service);
            } else {
                self.jobs.forget(service);
            }
        }
        let is_over = |space: &Space| space.requestor.as_ref().is_some_and(SendRight::is_dead);
        let over: Vec<_> =
            self.spaces.iter().filter(|(_, space)| is_over(space)).map(|(id, _)| *id).collect();
        over.into_iter().for_each(|space| self.end(space));
    }

    /// A namespace ends with all that is in it.
    fn end(&mut self, space: NamespaceId) {
        let (spaces, services) = self.rules.end(space);
        for space in spaces {
            if let Some(space) = self.spaces.remove(&space) {
                self.by_port.remove(&space.port.name());
            }
        }
        for service in services {
            self.let_go(service);
            self.jobs.forget(service);
        }
    }
}
