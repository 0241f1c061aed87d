// SPDX-License-Identifier: MIT OR Apache-2.0
//! What each message to the server leads to.

use std::time::{Duration, Instant};

use cabotage_os::process::{Pid, group_of};

use super::super::BootstrapCode;
use super::super::protocol::{self, Request};
use super::custody::Custody;
use super::handing::{HANDED_ID, Handed, Outcome};
use super::loose::Pending;
use super::rules::{Caller, Found, LOOK_UPS_MAX, NamespaceId, ServiceId};
use super::{Of, QUEUE_LIMIT, Server, Space};
use crate::code::KernError;
use crate::message::{Carried, Message, Outgoing};
use crate::right::Right;
use crate::rights::{AnyRight, ReceiveRight, SendOnceRight, SendRight};

/// What is answered at once.
type Told = Result<Outgoing, BootstrapCode>;

impl Server {
    pub(super) fn heed(&mut self, message: Message) {
        match self.by_port.get(&message.port()).copied() {
            Some(Of::Namespace(space)) => self.heed_request(space, message),
            Some(Of::Return(service)) => self.heed_return(service, message),
            None if message.port() == self.news.name() => self.heed_news(message),
            None => {}
        }
    }

    /// Somebody has died, or a check-in has come to its end.
    fn heed_news(&mut self, message: Message) {
        if message.id() == HANDED_ID {
            for handed in self.handing.ended() {
                self.heed_handed(handed);
            }
        }
        // A notification owns a reference of its dead name.
        drop(message.into_notification());
        self.heed_deaths();
    }

    fn heed_handed(&mut self, Handed { service, outcome }: Handed) {
        let is_fresh_given = match outcome {
            Outcome::Arrived => return self.rules.arrived(service),
            Outcome::Refused(reply) => {
                self.hold_fresh(service).is_ok() && self.give_out(service, reply, true)
            }
            Outcome::Failed => false,
        };
        if !is_fresh_given {
            self.rules.returned(service);
            if self.rules.service(service).is_some() {
                let _ = self.hold_fresh(service);
            }
        }
    }

    /// A receive right comes back, or nobody will send it any more.
    fn heed_return(&mut self, service: ServiceId, mut message: Message) {
        const PORT_DESTROYED: i32 = 69;
        let Some(Carried::Right(AnyRight::Receive(port))) = message.take_carried().pop() else {
            return self.heed_deaths();
        };
        if message.id() == PORT_DESTROYED && self.rules.service(service).is_some() {
            self.rules.returned(service);
            let _ = self.hold(service, port);
        }
    }

    fn heed_request(&mut self, space: NamespaceId, mut message: Message) {
        let Some(who) = caller(&message) else { return };
        let AnyRight::SendOnce(reply) = message.take_reply_right() else { return };
        let mut rights = message.take_carried();
        let right = match (rights.pop(), rights.is_empty()) {
            (Some(Carried::Right(AnyRight::Send(right))), true) => Some(right),
            _ => None,
        };
        let body = message.body().to_vec();
        let request = Request::parse(message.id(), &body).filter(|request| request.is_sound());
        let Some(request) = request else {
            return self.refuse(who, reply, BootstrapCode::UnknownService);
        };
        let id = request.id() + protocol::REPLY_ID_OFFSET;
        let told = match (request, right) {
            (Request::LookUp(name, millis), None) => {
                let until = Instant::now() + Duration::from_millis(u64::from(millis));
                return self.look_up(Pending { space, name: name.to_owned(), who, until, reply });
            }
            (Request::CheckIn(name), None) => return self.check_in(space, who, name, reply),
            (Request::Register(name), Some(right)) => self.register(space, who, name, right),
            (Request::Renew(name, keeps_name), Some(right)) => {
                self.renew(space, who, (name, keeps_name), right)
            }
            (Request::Subset, Some(right)) => self.subset(space, who, right),
            (Request::Unregister(name), None) => self.unregister(space, who, name),
            (Request::LookUpAll(names), None) => self.look_up_all(space, &protocol::names_of(names)),
            (Request::Create(name), None) => self.create(space, who, name),
            (Request::Parent, None) => self.parent(space, who),
            (Request::Status(name), None) => {
                self.declare(space, name);
                let status = self.rules.status(space, name);
                status.map(|status| say(&protocol::status_bytes(status)))
            }
            (Request::List, None) => Ok(say(&protocol::list_bytes(&self.rules.list(space)))),
            _ => Err(BootstrapCode::UnknownService),
        };
        match told {
            Ok(answer) => self.answer(who, reply, answer.numbered(id)),
            Err(code) => self.refuse(who, reply, code),
        }
    }

    /// Answers a look-up, or lets it wait.
    pub(super) fn look_up(&mut self, pending: Pending) {
        let now = Instant::now();
        self.declare(pending.space, &pending.name);
        let found = self.rules.look_up(pending.space, &pending.name);
        let service = match found {
            Ok(Found::There(service)) if !self.may_yet_be_renewed(service, now) => service,
            // A check-in ends, and so does the time after a start.
            Ok(_) => return self.let_wait(pending),
            Err(_) if now < pending.until => return self.let_wait(pending),
            Err(code) => return self.refuse(pending.who, pending.reply, code),
        };
        if self.rules.service(service).is_some_and(|service| service.is_on_demand) {
            self.want(service);
        }
        match self.right_to(service) {
            Some(right) => {
                let id = Request::LookUp("", 0).id() + protocol::REPLY_ID_OFFSET;
                self.answer(pending.who, pending.reply, say(&[]).with(right).numbered(id));
            }
            None => self.refuse(pending.who, pending.reply, BootstrapCode::UnknownService),
        }
    }

    /// Whether a process that ran before this server was started may still say that the service is its own.
    fn may_yet_be_renewed(&self, service: ServiceId, now: Instant) -> bool {
        let is_here = matches!(self.custody.get(&service), Some(Custody::Here(_)));
        let is_on_demand = self.rules.service(service).is_some_and(|service| service.is_on_demand);
        is_here && is_on_demand && !self.is_settled(now)
    }

    fn right_to(&self, service: ServiceId) -> Option<SendRight> {
        self.custody.get(&service)?.right().ok()
    }

    fn look_up_all(&mut self, space: NamespaceId, names: &[&str]) -> Told {
        if names.len() > LOOK_UPS_MAX {
            return Err(BootstrapCode::BadCount);
        }
        let mut rights = Vec::new();
        for name in names {
            self.declare(space, name);
            let right = match self.rules.look_up(space, name) {
                Ok(Found::There(service) | Found::OnItsWay(service)) => self.right_to(service),
                Err(_) => None,
            };
            rights.push(right.map_or(AnyRight::Null, AnyRight::Send));
        }
        Ok(say(&[]).with(Carried::Rights(Right::Send, rights)))
    }

    fn check_in(&mut self, space: NamespaceId, who: Caller, name: &str, reply: SendOnceRight) {
        self.declare(space, name);
        if self.handing.is_full() {
            return self.refuse(who, reply, BootstrapCode::NoMemory);
        }
        let service = match self.rules.check_in(space, who, name, |service| self.jobs.group(service)) {
            Ok(service) => service,
            Err(code) => return self.refuse(who, reply, code),
        };
        if !self.give_out(service, reply, false) {
            self.rules.returned(service);
        }
    }

    /// Sends the receive right of a service to who has checked in; it comes back when its new owner lets go of it.
    fn give_out(&mut self, service: ServiceId, reply: SendOnceRight, is_fresh: bool) -> bool {
        let Some(Custody::Here(port)) = self.custody.remove(&service) else { return false };
        let noted = port.make_send().and_then(|right| {
            let (rescue, notify) = self.rescue(service)?;
            port.rescue_to(notify)?;
            self.note(service, right, Some(rescue))
        });
        if noted.is_err() {
            self.custody.insert(service, Custody::Here(port));
            return false;
        }
        self.handing.hand(service, (port, is_fresh), reply);
        true
    }

    fn register(&mut self, space: NamespaceId, who: Caller, name: &str, right: SendRight) -> Told {
        self.declare(space, name);
        let service = self.rules.register(space, who, name)?;
        self.noted(service, right, None)
    }

    fn renew(
        &mut self,
        space: NamespaceId,
        who: Caller,
        (name, keeps_name): (&str, bool),
        right: SendRight,
    ) -> Told {
        self.declare(space, name);
        let service = self.rules.renew(space, who, name, keeps_name)?;
        if !keeps_name {
            return self.noted(service, right, None);
        }
        let (rescue, notify) = self.rescue(service).map_err(|_| BootstrapCode::NoMemory)?;
        Ok(self.noted(service, right, Some(rescue))?.with(notify))
    }

    fn noted(&mut self, service: ServiceId, right: SendRight, rescue: Option<ReceiveRight>) -> Told {
        match self.note(service, right, rescue) {
            Ok(()) => Ok(say(&[])),
            Err(_) => {
                self.rules.remove(service);
                Err(BootstrapCode::NoMemory)
            }
        }
    }

    fn unregister(&mut self, space: NamespaceId, who: Caller, name: &str) -> Told {
        let service = self.rules.unregister(space, who, name)?;
        self.rules.remove(service);
        self.let_go(service);
        self.jobs.forget(service);
        Ok(say(&[]))
    }

    fn create(&mut self, space: NamespaceId, who: Caller, name: &str) -> Told {
        self.declare(space, name);
        let service = self.rules.create(space, who, name)?;
        if self.hold_fresh(service).is_err() {
            self.rules.remove(service);
        }
        let right = self.right_to(service).ok_or(BootstrapCode::NoMemory)?;
        Ok(say(&[]).with(right))
    }

    fn subset(&mut self, space: NamespaceId, who: Caller, requestor: SendRight) -> Told {
        let inner = self.rules.subset(space, who)?;
        match self.open(inner, requestor) {
            Ok(right) => Ok(say(&[]).with(right)),
            Err(_) => {
                self.rules.end(inner);
                Err(BootstrapCode::NoMemory)
            }
        }
    }

    /// The port of a namespace, which ends with that of `requestor`.
    fn open(&mut self, space: NamespaceId, requestor: SendRight) -> Result<SendRight, KernError> {
        let port = ReceiveRight::new()?;
        port.set_queue_limit(QUEUE_LIMIT)?;
        self.set.insert(&port)?;
        requestor.notify_when_dead(self.news.make_send_once()?)?;
        let right = port.make_send()?;
        self.by_port.insert(port.name(), Of::Namespace(space));
        self.spaces.insert(space, Space { port, requestor: Some(requestor) });
        Ok(right)
    }

    fn parent(&mut self, space: NamespaceId, who: Caller) -> Told {
        let parent = self.rules.parent(space, who)?;
        let right = self.spaces.get(&parent).and_then(|space| space.port.make_send().ok());
        Ok(say(&[]).with(right.ok_or(BootstrapCode::NoMemory)?))
    }
}

/// An answer that says what was done, and this.
fn say(rest: &[u8]) -> Outgoing {
    Outgoing::from(protocol::answer(Ok(rest)))
}

/// Who has sent a message, in the kernel's word.
fn caller(message: &Message) -> Option<Caller> {
    let token = message.audit_token()?;
    let pid = Pid::from_raw(i32::try_from(token.pid()).ok()?)?;
    Some(Caller { uid: token.effective_uid(), pid: token.pid(), group: group_of(pid).ok().flatten() })
}
