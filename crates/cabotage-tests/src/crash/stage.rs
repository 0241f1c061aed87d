// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an operation needs to be tried: a victim that performs it, a survivor that knows what must be true then.

use std::time::Duration;

use super::traced::stop_here;
use crate::Wrong;
use crate::notes::Notes;
use crate::scratch::Scratch;

/// One operation of one transport, in one role.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// Its name: the transport, a dot, and what is done.
    pub name: &'static str,
    /// Sets the stage for one kill.
    pub set: fn(&Ground<'_>) -> Result<Stage, Wrong>,
}

/// What a stage stands on.
#[derive(Debug)]
pub struct Ground<'run> {
    /// A place for names and objects, empty at the beginning and at the end.
    pub place: &'run Scratch,
    /// Notes of the victim, clear at the beginning.
    pub notes: &'run Notes,
}

/// A victim about to be forked, and its survivor.
pub struct Stage {
    /// What the victim does, in a process of its own: it prepares, then calls [`Gate::operation`] once.
    pub victim: Box<dyn FnOnce(&Gate<'_>)>,
    /// What lives on, in this process.
    pub survivor: Box<dyn Survivor>,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stage")
    }
}

/// The side that lives on.
pub trait Survivor {
    /// Its part of the preparation, while the victim does its own.
    ///
    /// # Errors
    /// What went wrong.
    fn prepare(&mut self, _ground: &Ground<'_>) -> Result<(), Wrong> {
        Ok(())
    }

    /// What must be true now that the victim is dead. Whatever it holds is given back when this returns.
    ///
    /// # Errors
    /// The broken promise, in words.
    fn check(self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong>;
}

/// What a check found besides that all is well.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How long after the kill the survivor was told, where there was somebody to be told.
    pub told_after: Option<Duration>,
}

impl Outcome {
    /// Runs the call by which a survivor is told, and takes down how long that took.
    pub fn told<T>(&mut self, act: impl FnOnce() -> T) -> T {
        let begin = std::time::Instant::now();
        let answer = act();
        self.told_after = Some(self.told_after.unwrap_or_default().max(begin.elapsed()));
        answer
    }
}

/// Where a victim tells that the operation begins and ends.
#[derive(Debug)]
pub struct Gate<'run> {
    /// Its notes.
    pub notes: &'run Notes,
    /// The place it shares with its survivor.
    pub place: &'run Scratch,
}

impl Gate<'_> {
    /// Performs the operation, every instruction of which is a point to be killed at. What it answers is kept until
    /// the very end, so that nothing is dropped before.
    pub fn operation<T>(&self, act: impl FnOnce() -> T) {
        stop_here();
        let kept = act();
        stop_here();
        drop(kept);
    }
}

/// A survivor that only checks.
pub struct After<F>(pub F);

impl<F> Survivor for After<F>
where
    F: FnOnce(&Ground<'_>, &mut Outcome) -> Result<(), Wrong>,
{
    fn check(self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
        (self.0)(ground, outcome)
    }
}

impl<F> std::fmt::Debug for After<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("After")
    }
}
