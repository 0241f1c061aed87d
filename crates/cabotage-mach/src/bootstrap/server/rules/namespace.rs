// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the rules are about: a service, who has it, and the namespace that it is in.

use std::collections::BTreeMap;

use super::super::super::protocol::Status;
use super::{Caller, ROOT_USER};

/// The number of a user.
pub(in crate::bootstrap::server) type Uid = u32;

/// A namespace, for as long as it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::bootstrap::server) struct NamespaceId(pub(super) u64);

/// A service, for as long as its name is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::bootstrap::server) struct ServiceId(pub(super) u64);

/// Names that are looked up together.
#[derive(Debug)]
pub(super) struct Namespace {
    pub(super) parent: Option<NamespaceId>,
    pub(super) depth: u32,
    pub(super) owner: Uid,
    pub(super) services: BTreeMap<String, ServiceId>,
}

/// A name, and whose it is.
#[derive(Debug)]
pub(in crate::bootstrap::server) struct Service {
    pub(in crate::bootstrap::server) space: NamespaceId,
    pub(in crate::bootstrap::server) name: String,
    pub(in crate::bootstrap::server) owner: Uid,
    /// The process that brought it in.
    pub(super) maker: u32,
    pub(in crate::bootstrap::server) holder: Holder,
    /// Whether it is started when it is wanted.
    pub(in crate::bootstrap::server) is_on_demand: bool,
    /// Whether the name outlives its holder.
    pub(super) keeps_name: bool,
}

/// Where the receive right of a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::bootstrap::server) enum Holder {
    /// Here.
    Server,
    /// On its way to this process, which has checked in.
    OnItsWay(u32),
    /// With this process, which has checked in.
    Out(u32),
    /// With this process, whose own port it is.
    Registered(u32),
}

impl Namespace {
    pub(super) fn new(parent: Option<NamespaceId>, depth: u32, owner: Uid) -> Self {
        Self { parent, depth, owner, services: BTreeMap::new() }
    }
}

impl Service {
    /// One whose receive right is here.
    pub(super) fn held(space: NamespaceId, name: &str, (owner, maker): (Uid, u32)) -> Self {
        let (holder, name) = (Holder::Server, name.to_owned());
        Self { space, name, owner, maker, holder, is_on_demand: false, keeps_name: true }
    }

    /// Whether this caller may act as its owner.
    pub(super) fn is_of(&self, who: Caller) -> bool {
        who.uid == self.owner || who.uid == ROOT_USER
    }

    pub(super) fn status(&self) -> Status {
        match self.holder {
            Holder::Server if self.is_on_demand => Status::OnDemand,
            Holder::Server => Status::Inactive,
            Holder::OnItsWay(_) | Holder::Out(_) | Holder::Registered(_) => Status::Active,
        }
    }
}
