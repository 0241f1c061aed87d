// SPDX-License-Identifier: MIT OR Apache-2.0
//! The life of one victim, as its survivor sees it.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cabotage_os::Deadline;

use crate::Wrong;
use crate::notes::Notes;
use crate::role::{Part, Role};
use crate::scratch::Scratch;
use crate::times::Times;

/// How long one call of a survivor waits at most: then it looks whether its victim is dead.
const SLICE: Duration = Duration::from_millis(10);
/// How long after a victim's death its survivor may still not know of it. What is usual is measured, not asserted.
const TOLD_WITHIN: Duration = Duration::from_secs(20);

/// What a victim does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// It sends.
    Sender,
    /// It receives.
    Receiver,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sender => "sender",
            Self::Receiver => "receiver",
        })
    }
}

impl Side {
    /// The side of this name.
    ///
    /// # Panics
    /// There is none.
    #[must_use]
    pub fn of(text: &str) -> Self {
        match text {
            "sender" => Self::Sender,
            "receiver" => Self::Receiver,
            _ => panic!("there is no side {text:?}"),
        }
    }
}

/// A transport whose ends are killed.
pub trait Transport: Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Makes what a process makes once and keeps, before anything is counted.
    ///
    /// # Errors
    /// The system's refusal.
    fn prepare(&self) -> Result<(), Wrong> {
        Ok(())
    }

    /// A survivor opposite to victims of this side.
    ///
    /// # Errors
    /// What it needs was refused.
    fn survivor(&self, victims: Side, place: &Scratch) -> Result<Box<dyn Survivor>, Wrong>;

    /// Whether a victim goes on where the one before it was. If not, each one's notes begin anew.
    fn has_successors(&self) -> bool {
        false
    }

    /// The life of a victim, in a process of its own; it ends only when its survivor does.
    ///
    /// # Errors
    /// A broken promise.
    fn victim(&self, life: &Life<'_>) -> Result<(), Wrong>;
}

/// The side that lives on.
pub trait Survivor: Send {
    /// Gives the next victim what it needs besides the place.
    ///
    /// # Errors
    /// The system's refusal.
    fn equip(&mut self, role: Role) -> Result<Role, Wrong> {
        Ok(role)
    }

    /// Talks with one victim until its death is known, and holds what it knows against the notes.
    ///
    /// # Errors
    /// A broken promise.
    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong>;

    /// Ends, and gives back all it has. Nobody of the other side is there any more.
    ///
    /// # Errors
    /// A broken promise.
    fn leave(self: Box<Self>, place: &Scratch) -> Result<(), Wrong>;
}

/// What a victim has to live with.
#[derive(Debug)]
pub struct Life<'part> {
    /// What it does.
    pub side: Side,
    /// Where.
    pub place: Scratch,
    /// Which victim of its survivor it is, from 0.
    pub number: u64,
    /// What it notes.
    pub notes: Notes,
    /// What its role was given.
    pub part: &'part Part,
}

/// The life of one victim, as its survivor sees it.
#[derive(Debug)]
pub struct Session<'run> {
    /// Which victim of its survivor it is, from 0.
    pub number: u64,
    /// Where.
    pub place: &'run Scratch,
    /// What the victim notes; final once it is dead.
    pub notes: &'run Notes,
    is_dead: AtomicBool,
    told_at: Mutex<Option<Instant>>,
    died_at: Mutex<Option<Instant>>,
    late: Mutex<Times>,
}

impl<'run> Session<'run> {
    pub(super) fn new(number: u64, place: &'run Scratch, notes: &'run Notes) -> Self {
        Self {
            number,
            place,
            notes,
            is_dead: AtomicBool::new(false),
            told_at: Mutex::default(),
            died_at: Mutex::default(),
            late: Mutex::default(),
        }
    }

    /// Whether the victim is dead and reaped.
    pub fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Acquire)
    }

    /// Runs one call of the survivor with a deadline, and takes down by how much it missed it.
    pub fn slice<T>(&self, act: impl FnOnce(Deadline) -> T) -> T {
        let begin = Instant::now();
        let answer = act(Deadline::within(SLICE));
        if let Some(late) = begin.elapsed().checked_sub(SLICE) {
            self.late.lock().expect("no panic").add(late);
        }
        answer
    }

    /// The survivor was told of the death.
    pub fn told(&self) {
        self.told_at.lock().expect("no panic").get_or_insert_with(Instant::now);
    }

    /// Complains when the victim has been dead for so long that the survivor should have been told.
    ///
    /// # Errors
    /// It is so.
    pub fn still_waits(&self) -> Result<(), Wrong> {
        match *self.died_at.lock().expect("no panic") {
            Some(died) if died.elapsed() > TOLD_WITHIN => {
                Err(format!("the survivor is not told within {TOLD_WITHIN:?}").into())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn strikes(&self) {
        *self.died_at.lock().expect("no panic") = Some(Instant::now());
    }

    pub(super) fn has_died(&self) {
        self.is_dead.store(true, Ordering::Release);
    }

    /// How long after the blow the survivor was told, if there was anything to tell.
    ///
    /// # Errors
    /// It was told before.
    pub(super) fn told_after(&self) -> Result<Option<Duration>, Wrong> {
        let [told, died] = [&self.told_at, &self.died_at].map(|at| *at.lock().expect("no panic"));
        let (Some(told), Some(died)) = (told, died) else { return Ok(None) };
        let after = told.checked_duration_since(died);
        after.map(Some).ok_or_else(|| "the survivor is told of a death that has not come".into())
    }

    pub(super) fn late(&self) -> Times {
        self.late.lock().expect("no panic").clone()
    }
}
