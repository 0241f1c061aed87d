// SPDX-License-Identifier: MIT OR Apache-2.0
//! A bootstrap port: what a task asks a server of names by.

use std::time::Duration;

use cabotage_os::Deadline;

use super::protocol::{self, Request, Status};
use super::{BootstrapCode, LookUp, SERVER_NAME};
use crate::error::{BootstrapError, OutsideError, RequestError};
use crate::message::{Carried, Message, Outgoing};
use crate::right::SpecialPort;
use crate::rights::{AnyRight, ReceiveRight, SendOnceRight, SendRight};
use crate::task::Task;

/// How long a call waits for its answer when nothing else is said. A check-in moves a receive right, for which each of
/// its senders has to be told.
const PATIENCE: Duration = Duration::from_secs(30);

/// A bootstrap port: the right to ask a server of names, and through it one namespace.
///
/// ```no_run
/// use cabotage_mach::bootstrap::Bootstrap;
///
/// // In the service; `log` is its own port.
/// # let log = cabotage_mach::ReceiveRight::new()?;
/// Bootstrap::current()?.register("com.example.log", log.make_send()?)?;
/// // In a client:
/// Bootstrap::current()?.look_up("com.example.log")?.send("hello")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Bootstrap {
    right: SendRight,
    /// How it was found, if by its name: one that has ended can be found anew.
    found_by: Option<LookUp>,
}

impl Bootstrap {
    /// The bootstrap port of this task; without one, the server of this user or this machine.
    ///
    /// # Errors
    /// [`BootstrapError`]: there is no server.
    pub fn current() -> Result<Self, BootstrapError> {
        let task = Task::current().map_err(OutsideError::from)?;
        match task.special_port(SpecialPort::Bootstrap).map_err(OutsideError::from)? {
            Some(right) if !right.is_dead() => Ok(right.into()),
            _ => Self::find(LookUp::new()),
        }
    }

    /// A server by its name, in the scopes that `how` says, waiting for it as `how` says.
    ///
    /// # Errors
    /// [`BootstrapError`]: there is none.
    pub fn find(how: LookUp) -> Result<Self, BootstrapError> {
        let right = how.clone().look_up(SERVER_NAME)?;
        Ok(Self { right, found_by: Some(how) })
    }

    /// The right itself, to pass it on or set it as a task's [`SpecialPort::Bootstrap`].
    pub fn right(&self) -> &SendRight {
        &self.right
    }

    /// The right itself, to keep.
    pub fn into_right(self) -> SendRight {
        self.right
    }

    /// The receive right of a service, with what is in its queue. When its holder destroys it, drops it or ends by
    /// itself, it goes back to the server, and the next one has it: names outlive a planned restart.
    ///
    /// # Errors
    /// [`BootstrapError`], with 1102 for an unknown service, 1100 for another user's or one whose job runs elsewhere,
    /// 1103 for one that a process has.
    pub fn check_in(&self, name: &str) -> Result<ReceiveRight, BootstrapError> {
        match one_right(self.ask(Request::CheckIn(name), None, self.patience())?)? {
            AnyRight::Receive(port) => Ok(port),
            _ => Err(BootstrapError::BadAnswer),
        }
    }

    /// Gives a name to a port, until that dies or the name is [taken back](Bootstrap::unregister).
    ///
    /// # Errors
    /// [`BootstrapError`], with 1103 if the name is in use by a process of this user, 1100 if by another's, or for
    /// checking in with.
    pub fn register(&self, name: &str, port: SendRight) -> Result<(), BootstrapError> {
        self.ask(Request::Register(name), Some(port), self.patience()).map(drop)
    }

    /// Takes a name back that this process has registered, or that nobody has.
    ///
    /// # Errors
    /// [`BootstrapError`], with 1100 for another user's, 1103 for one that another process has.
    pub fn unregister(&self, name: &str) -> Result<(), BootstrapError> {
        self.ask(Request::Unregister(name), None, self.patience()).map(drop)
    }

    /// A right to send to a service of this namespace, or of one around it. One that is started on demand is started.
    ///
    /// # Errors
    /// [`BootstrapError`], with 1102 for an unknown service.
    pub fn look_up(&self, name: &str) -> Result<SendRight, BootstrapError> {
        self.ask(Request::LookUp(name, 0), None, self.patience()).and_then(found)
    }

    /// [`Bootstrap::look_up`], waiting until `deadline` for a service that is not there yet, and for a server that has
    /// ended and is started anew, if this one was found by its name.
    ///
    /// # Errors
    /// As [`Bootstrap::look_up`].
    pub fn look_up_within(
        &mut self,
        name: &str,
        deadline: impl Into<Deadline>,
    ) -> Result<SendRight, BootstrapError> {
        let deadline = deadline.into();
        loop {
            let left = deadline.remaining().unwrap_or(WAIT_MAX).min(WAIT_MAX);
            let millis = u32::try_from(left.as_millis()).unwrap_or(u32::MAX);
            let answered = self.ask(Request::LookUp(name, millis), None, Deadline::within(left + PATIENCE));
            let error = match answered.and_then(found) {
                Ok(right) => return Ok(right),
                Err(error) => error,
            };
            match error {
                _ if deadline.has_passed() => return Err(error),
                BootstrapError::Request(_) if self.right.is_dead() => self.find_again(deadline)?,
                BootstrapError::Request(RequestError::NoAnswer) => self.right.names().look_on(deadline),
                BootstrapError::Refused(BootstrapCode::UnknownService) => {}
                error => return Err(error),
            }
        }
    }

    /// Finds the server anew after it has ended.
    fn find_again(&mut self, deadline: Deadline) -> Result<(), BootstrapError> {
        let how = self.found_by.clone().ok_or(BootstrapError::ServerGone)?;
        self.right = how.wait(deadline).look_up(SERVER_NAME)?;
        Ok(())
    }

    /// Rights to up to 20 services at once, in the order of their names; `None` for an unknown one.
    ///
    /// # Errors
    /// [`BootstrapError`], with 1104 for more names.
    pub fn look_up_all(&self, names: &[&str]) -> Result<Vec<Option<SendRight>>, BootstrapError> {
        if names.iter().any(|name| name.contains('\0')) {
            return Err(BootstrapCode::UnknownService.into());
        }
        let mut answer = self.ask(Request::LookUpAll(&names.join("\0")), None, self.patience())?;
        match answer.take_carried().pop() {
            Some(Carried::Rights(_, rights)) if rights.len() == names.len() => {
                Ok(rights.into_iter().map(AnyRight::into_send).collect())
            }
            _ => Err(BootstrapError::BadAnswer),
        }
    }

    /// A service that nobody has yet, and a right to send to it: messages wait until a process of this user checks in.
    ///
    /// # Errors
    /// [`BootstrapError`], with 1101 if there is one of this name.
    pub fn create_service(&self, name: &str) -> Result<SendRight, BootstrapError> {
        self.ask_for_port(Request::Create(name), None)
    }

    /// How it is with a service, which is not started for that.
    ///
    /// # Errors
    /// [`BootstrapError`], with 1102 for an unknown service.
    pub fn status(&self, name: &str) -> Result<Status, BootstrapError> {
        let answer = self.ask(Request::Status(name), None, self.patience())?;
        rest_of(&answer)?.and_then(protocol::parse_status).ok_or(BootstrapError::BadAnswer)
    }

    /// The names of this namespace, and how it is with each.
    ///
    /// # Errors
    /// [`BootstrapError`]
    pub fn list(&self) -> Result<Vec<(String, Status)>, BootstrapError> {
        let answer = self.ask(Request::List, None, self.patience())?;
        rest_of(&answer)?.and_then(protocol::parse_list).ok_or(BootstrapError::BadAnswer)
    }

    /// A namespace in this one: names that are registered there are found there only, and those of this one as well. It
    /// ends, with its names and all namespaces in it, when the port of `requestor` dies.
    ///
    /// # Errors
    /// [`BootstrapError`], with 1105 for the 101st in one another.
    pub fn subset(&self, requestor: &SendRight) -> Result<Self, BootstrapError> {
        let requestor = requestor.copy().map_err(OutsideError::from)?;
        Ok(self.ask_for_port(Request::Subset, Some(requestor))?.into())
    }

    /// The bootstrap port of the namespace around; of the outermost, its own.
    ///
    /// # Errors
    /// [`BootstrapError`], with 1100 for a namespace that another user made.
    pub fn parent(&self) -> Result<Self, BootstrapError> {
        Ok(self.ask_for_port(Request::Parent, None)?.into())
    }

    /// Says that a service is this process's since before this server. One that was checked in for is answered with the
    /// right by which the server wants to have its receive right back.
    pub(super) fn renew(
        &self,
        name: &str,
        port: SendRight,
        keeps_name: bool,
    ) -> Result<Option<SendOnceRight>, BootstrapError> {
        let mut answer = self.ask(Request::Renew(name, keeps_name), Some(port), self.patience())?;
        Ok(match answer.take_carried().pop() {
            Some(Carried::Right(right)) => right.into_send_once(),
            _ => None,
        })
    }

    fn patience(&self) -> Deadline {
        Deadline::within(PATIENCE)
    }

    /// Asks for a right to a port that the server has.
    fn ask_for_port(
        &self,
        request: Request<'_>,
        right: Option<SendRight>,
    ) -> Result<SendRight, BootstrapError> {
        match one_right(self.ask(request, right, self.patience())?)? {
            AnyRight::Send(right) => Ok(right),
            AnyRight::Dead => Err(BootstrapError::ServerGone),
            _ => Err(BootstrapError::BadAnswer),
        }
    }

    fn ask(
        &self,
        request: Request<'_>,
        right: Option<SendRight>,
        deadline: Deadline,
    ) -> Result<Message, BootstrapError> {
        let question = Outgoing::new(request.id()).body(request.body());
        let question = right.into_iter().fold(question, |question, right| question.with(right));
        let answer = self.right.request_within(question, deadline)?;
        rest_of(&answer)?;
        Ok(answer)
    }
}

/// The longest that one look-up waits at the server; then it is asked anew.
const WAIT_MAX: Duration = Duration::from_secs(60);

impl From<SendRight> for Bootstrap {
    fn from(right: SendRight) -> Self {
        Self { right, found_by: None }
    }
}

/// What the answer says beside its code.
fn rest_of(answer: &Message) -> Result<Option<&[u8]>, BootstrapError> {
    let told = protocol::parse_answer(answer.body()).ok_or(BootstrapError::BadAnswer)?;
    Ok(Some(told?))
}

/// The right that a look-up has brought. A service that died meanwhile is none.
fn found(answer: Message) -> Result<SendRight, BootstrapError> {
    match one_right(answer)? {
        AnyRight::Send(right) => Ok(right),
        AnyRight::Dead => Err(BootstrapCode::UnknownService.into()),
        _ => Err(BootstrapError::BadAnswer),
    }
}

fn one_right(mut answer: Message) -> Result<AnyRight, BootstrapError> {
    match answer.take_carried().pop() {
        Some(Carried::Right(right)) => Ok(right),
        _ => Err(BootstrapError::BadAnswer),
    }
}
