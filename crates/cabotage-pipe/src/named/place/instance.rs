// SPDX-License-Identifier: MIT OR Apache-2.0
//! An instance of a pipe, seen by its server: it listens, takes a client, listens again, and goes.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::time::Duration;

use cabotage_link::names::{Kind, Registry, Scope};
use cabotage_os::Deadline;
use cabotage_os::directory::{self, Directory};
use cabotage_os::socket::Socket;

use super::definition::{Definition, Shape};
use super::folder::Folder;
use super::post::Post;
use super::remove::remove;
use super::sign::{Sign, any_living, count_living};
use super::turn::Turn;
use crate::named::error::PipeError;

/// How long who closes the last instance waits for its turn to take the name back.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where a pipe is.
#[derive(Debug, Clone)]
pub(super) struct Home {
    pub(super) registry: Registry,
    pub(super) scope: Scope,
    pub(super) name: directory::Name,
}

/// One instance of a pipe. It exists until it is dropped, or its process ends; with the last one the name goes. A forked
/// child has no part in it.
#[derive(Debug)]
pub struct Instance {
    home: Home,
    folder: Folder,
    id: u64,
    /// `None` when it is closed.
    sign: Option<Sign>,
    /// While it listens, and until its client is accepted.
    post: Option<Post>,
    definition: Definition,
    shape: Shape,
}

impl Instance {
    pub(super) fn new(
        home: Home,
        folder: Folder,
        id: u64,
        sign: Sign,
        post: Post,
        definition: Definition,
        shape: Shape,
    ) -> Self {
        Self { home, folder, id, sign: Some(sign), post: Some(post), definition, shape }
    }

    /// Waits for a client at most until `deadline`, and takes it. The instance does not listen any more then. What the
    /// client wrote before this call is there, and the client may be gone already.
    ///
    /// # Errors
    /// [`PipeError::Listening`] when no client was there, with [`Deadline::Now`], and [`PipeError::TimedOut`] when none
    /// came; [`PipeError::AlreadyConnected`] when the instance does not listen; [`PipeError::Forked`], or the system's
    /// refusal: the client, if there is one, stays and can be accepted later.
    pub fn accept(&mut self, deadline: Deadline) -> Result<Socket, PipeError> {
        self.check_here()?;
        let Some(post) = &mut self.post else { return Err(PipeError::AlreadyConnected) };
        match post.accept(deadline)? {
            Some(client) => {
                self.leave_post();
                Ok(client)
            }
            None if deadline == Deadline::Now => Err(PipeError::Listening),
            None => Err(PipeError::TimedOut),
        }
    }

    /// Waits for a client at most until `deadline`, and leaves it where it is.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub fn wait_for_client(&self, deadline: Deadline) -> Result<(), PipeError> {
        self.check_here()?;
        let Some(post) = &self.post else { return Err(PipeError::AlreadyConnected) };
        match post.wait_for_client(deadline)? {
            true => Ok(()),
            false if deadline == Deadline::Now => Err(PipeError::Listening),
            false => Err(PipeError::TimedOut),
        }
    }

    /// Enters listening, behind all instances that listen already. Nothing changes when it listens.
    ///
    /// # Errors
    /// [`PipeError::TimedOut`] when others were changing the pipe until `deadline`; [`PipeError::NotFound`] when somebody
    /// has removed the name by hand; [`PipeError::Forked`], or the system's refusal.
    pub fn listen(&mut self, deadline: Deadline) -> Result<(), PipeError> {
        self.check_here()?;
        if self.post.is_some() {
            return Ok(());
        }
        let Some(turn) = Turn::of(&self.folder, deadline)? else { return Err(PipeError::NotFound) };
        let Some(listening) = self.folder.listening()? else { return Err(PipeError::NotFound) };
        self.post = Some(Post::enter(&listening, &turn, self.id, self.shape, self.definition.rights)?);
        Ok(())
    }

    /// Whether it listens: its client, if one has come, is not accepted yet.
    pub fn is_listening(&self) -> bool {
        self.post.is_some()
    }

    /// Whether it has had a client since it listened last, accepted or not. Nothing changes.
    ///
    /// # Errors
    /// [`PipeError::Forked`], or the system's refusal.
    pub fn has_client(&self) -> Result<bool, PipeError> {
        self.check_here()?;
        self.post.as_ref().map_or(Ok(true), Post::has_client)
    }

    /// While it listens: readable when a client has come.
    pub fn listening_fd(&self) -> Option<BorrowedFd<'_>> {
        self.post.as_ref().map(AsFd::as_fd)
    }

    /// What the first instance fixed for all.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// What this instance has of its own.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Which instance of its pipe it is: a number that no other of them has had.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Who finds it.
    pub fn scope(&self) -> Scope {
        self.home.scope
    }

    /// Where it is; for messages.
    pub fn path(&self) -> PathBuf {
        self.folder.directory().path().into()
    }

    /// How many instances the pipe has now, this one included.
    ///
    /// # Errors
    /// [`PipeError::Forked`], or the system's refusal.
    pub fn instances(&self) -> Result<usize, PipeError> {
        self.check_here()?;
        match self.folder.instances()? {
            Some(instances) => count_living(&instances),
            None => Ok(0),
        }
    }

    /// Closes it, as dropping does, and tells what was refused. A client that was not accepted is hung up on. The name
    /// goes when no other instance is left.
    ///
    /// # Errors
    /// The system's refusal. What stays then counts as left behind: it is in nobody's way.
    pub fn close(mut self) -> Result<(), PipeError> {
        self.withdraw()
    }

    /// The same in a folder that has got its name.
    pub(super) fn in_named_folder(mut self, names: &Directory) -> Self {
        self.folder.note_name(names, &self.home.name);
        self
    }

    /// Lets go of what has no name yet: whoever made its folder removes it.
    pub(super) fn forget(mut self) {
        self.sign = None;
        self.post = None;
    }

    fn check_here(&self) -> Result<(), PipeError> {
        let is_here = self.sign.as_ref().is_some_and(Sign::is_here);
        if is_here { Ok(()) } else { Err(PipeError::Forked) }
    }

    /// The post of a client that was accepted. Its name may stay where it can't be removed: nobody gets in there.
    fn leave_post(&mut self) {
        if let Some(post) = self.post.take()
            && let Ok(Some(listening)) = self.folder.listening()
        {
            let _ = post.leave(&listening);
        }
    }

    /// First nobody finds it, then it is no more, then the name goes if it was the last. The last two are one turn, so
    /// that a sweep finds nothing between them.
    fn withdraw(&mut self) -> Result<(), PipeError> {
        let (Ok(()), Some(sign)) = (self.check_here(), self.sign.take()) else { return Ok(()) };
        self.leave_post();
        let place = self.turn_to_close();
        let Some(instances) = self.folder.instances()? else { return Ok(()) };
        sign.take_down(&instances)?;
        if let Some((names, turn)) = place?
            && any_living(&instances)?.is_none()
        {
            remove(&names, &self.home.name, &self.folder, &turn)?;
        }
        Ok(())
    }

    /// The turn to take the name back; `None` when it is another user's, or gone.
    fn turn_to_close(&self) -> Result<Option<(Directory, Turn)>, PipeError> {
        let Home { registry, scope, name } = &self.home;
        // What is another's is not ours to remove; without an instance that lives it does not exist either.
        if !self.folder.is_ours() {
            return Ok(None);
        }
        for (_, names) in registry.directories(Kind::Pipe, Some(*scope))? {
            if self.folder.has_name(&names, name)?
                && let Some(turn) = Turn::take(&names, name, &self.folder, Deadline::within(PATIENCE))?
            {
                return Ok(Some((names, turn)));
            }
        }
        Ok(None)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // There is nobody to tell of a failure: what stays counts as left behind.
        let _ = self.withdraw();
    }
}
