// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looking for a pipe, and again and again for what is wanted of it, until the time is up.
//!
//! Where no instance is free, we begin to watch, look once more, and sleep: what enters listening after that look is
//! told. While we wait the pipe stays open here, and a look is one at its queue; only when the instance goes whose sign
//! tells that the pipe exists, we look for the pipe itself again.

use std::time::Duration;

use cabotage_link::names::{Kind, News, Registry, Scope};
use cabotage_os::Deadline;
use cabotage_os::directory::Directory;
use cabotage_os::poll::{self, Readiness};

use super::connect::Patience;
use super::definition::Definition;
use super::folder::Folder;
use super::queue::{Errand, Vain, first};
use super::sign::any_living;
use super::waiting::Waiting;
use crate::named::error::PipeError;
use crate::named::name::PipeName;

/// How long until the next look where nothing tells of a name that appears.
const PAUSE: Duration = Duration::from_millis(20);

/// What was found, and where.
pub(super) struct Found<T> {
    pub(super) got: T,
    pub(super) definition: Definition,
    pub(super) scope: Scope,
}

/// What a look for a pipe gives.
enum Look<T> {
    Found(Found<T>),
    /// It exists, but has none free.
    Busy(Busy),
    /// There is no such pipe.
    Absent,
}

/// A pipe that has no instance free.
struct Busy {
    waiting: Waiting,
    vain: Vain,
    definition: Definition,
    scope: Scope,
}

/// One who looks for a pipe.
pub(super) struct Seeker<'a> {
    registry: &'a Registry,
    name: &'a PipeName,
    scope: Option<Scope>,
    /// `None` until the pipe says how long.
    deadline: Option<Deadline>,
    /// Where an absent name is waited for; and whether what appears is told already.
    news: Option<News>,
    is_told: Option<bool>,
}

impl<'a> Seeker<'a> {
    pub(super) fn new(
        registry: &'a Registry,
        name: &'a PipeName,
        scope: Option<Scope>,
        patience: Patience,
    ) -> Self {
        let deadline = match patience {
            Patience::Until(deadline) => Some(deadline),
            Patience::Default => None,
        };
        Self { registry, name, scope, deadline, news: None, is_told: None }
    }

    /// Waits for a pipe that does not exist yet, too.
    pub(super) fn wait_for_name(self) -> Self {
        Self { news: Some(self.registry.news(Kind::Pipe, self.scope)), ..self }
    }

    pub(super) fn seek<E: Errand>(mut self, errand: &mut E) -> Result<Found<E::Got>, PipeError> {
        loop {
            match self.look(errand)? {
                Look::Found(found) => return Ok(found),
                Look::Busy(busy) => {
                    if let Some(found) = self.await_instance(busy, errand)? {
                        return Ok(found);
                    }
                }
                Look::Absent => self.await_name()?,
            }
        }
    }

    /// Waits for an instance of a pipe; `None` when the pipe has to be looked for again.
    fn await_instance<E: Errand>(
        &mut self,
        mut busy: Busy,
        errand: &mut E,
    ) -> Result<Option<Found<E::Got>>, PipeError> {
        let patience = Duration::from_millis(busy.definition.default_timeout_ms.into());
        let deadline = *self.deadline.get_or_insert_with(|| Deadline::within(patience));
        if deadline == Deadline::Now {
            return Err(PipeError::AllBusy);
        }
        busy.waiting.begin();
        loop {
            if let Some(got) = first(busy.waiting.listening(), &mut busy.vain, errand)? {
                return Ok(Some(Found { got, definition: busy.definition, scope: busy.scope }));
            }
            if deadline.has_passed() {
                return Err(PipeError::TimedOut);
            }
            if !busy.waiting.wait(deadline)? {
                return Ok(None);
            }
        }
    }

    /// Waits for a name that appears.
    fn await_name(&mut self) -> Result<(), PipeError> {
        let deadline = self.deadline.unwrap_or(Deadline::Now);
        let Some(news) = self.news.as_mut().filter(|_| !deadline.has_passed()) else {
            return Err(PipeError::NotFound);
        };
        match (self.is_told, news.fd()) {
            (None, _) => {}
            (Some(true), Some(fd)) => drop(poll::wait([(fd, Readiness::IN)], deadline)?),
            _ => drop(poll::wait([], deadline.or_sooner(Deadline::within(PAUSE)))?),
        }
        self.is_told = Some(news.renew()?);
        Ok(())
    }

    /// Looks in the user's scope and then in the system's. The first pipe that exists counts, busy or not.
    fn look<E: Errand>(&self, errand: &mut E) -> Result<Look<E::Got>, PipeError> {
        for scope in [Scope::User, Scope::System] {
            if self.scope.is_some_and(|only| only != scope) {
                continue;
            }
            for (_, names) in self.registry.directories(Kind::Pipe, Some(scope))? {
                match self.look_in(&names, scope, errand)? {
                    Look::Absent => {}
                    look => return Ok(look),
                }
            }
        }
        Ok(Look::Absent)
    }

    fn look_in<E: Errand>(
        &self,
        names: &Directory,
        scope: Scope,
        errand: &mut E,
    ) -> Result<Look<E::Got>, PipeError> {
        let file = self.name.file().as_file();
        loop {
            let Some(folder) = Folder::find(names, file)? else { return Ok(Look::Absent) };
            let (Some(definition), Some(listening)) = (folder.definition()?, folder.listening()?) else {
                folder.check_removed(names, file)?;
                continue;
            };
            let mut vain = Vain::new();
            let got = errand.fits(&definition).and_then(|()| first(&listening, &mut vain, errand));
            if let Ok(Some(got)) = got {
                return Ok(Look::Found(Found { got, definition, scope }));
            }
            let Some(instances) = folder.instances()? else {
                folder.check_removed(names, file)?;
                continue;
            };
            match any_living(&instances)? {
                Some(living) => {
                    got?;
                    let waiting = Waiting::for_post(folder, listening, living);
                    return Ok(Look::Busy(Busy { waiting, vain, definition, scope }));
                }
                // Nobody lives there, so it does not exist, unless another has come meanwhile.
                None if folder.has_name(names, file)? => return Ok(Look::Absent),
                None => {}
            }
        }
    }
}
