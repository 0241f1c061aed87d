// SPDX-License-Identifier: MIT OR Apache-2.0
//! An end in two halves for two threads: one reads while the other writes, and neither waits for the other.

use std::fmt;
use std::io;
use std::sync::Arc;

use cabotage_link::Wait;
use cabotage_link::metered::{Metered, Peeked, Read, ReadHalf, WriteHalf};
use cabotage_os::Deadline;

use super::conduit::Conduit;
use super::error::{PipeError, WriteError};
use super::methods::{reading_methods, state_methods, writing_methods};
use super::rules::{HandleState, PipeMode, State};

/// An end that can be taken apart.
pub(super) trait Splits: Sized {
    /// What it has beside its data path.
    type Rest;

    /// Its data path, and the rest.
    fn take_apart(self) -> Result<Apart<Self>, Box<Unsplit<Self>>>;

    fn put_together(end: Conduit<Metered>, rest: Self::Rest) -> Self;
}

/// The data path of an end, and what it has beside it.
pub(super) type Apart<E> = (Conduit<Metered>, <E as Splits>::Rest);

/// The two halves of an end.
pub type Halves<E> = (PipeReader<E>, PipeWriter<E>);

/// An end that could not be split, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Unsplit<E> {
    /// The end.
    pub end: E,
    /// Why.
    pub error: PipeError,
}

/// The half of an end that reads: see [`NamedPipeClient::split`](super::NamedPipeClient::split). It reads bytes or
/// messages as its end did, and keeps a mode of its own from then on. The end is closed when both halves are.
#[allow(private_bounds, reason = "the two ends, and no others")]
pub struct PipeReader<E: Splits> {
    end: Conduit<ReadHalf>,
    rest: Arc<E::Rest>,
}

/// The half of an end that writes. Dropping it takes nothing back that was complete; the other end is told of no end
/// before the reading half is dropped, too.
#[allow(private_bounds, reason = "the two ends, and no others")]
pub struct PipeWriter<E: Splits> {
    end: Conduit<WriteHalf>,
    rest: Arc<E::Rest>,
}

pub(super) fn split<E: Splits>(end: E) -> Result<Halves<E>, Box<Unsplit<E>>> {
    let (end, rest) = end.take_apart()?;
    let (reader, writer) = end.split();
    let rest = Arc::new(rest);
    Ok((PipeReader { end: reader, rest: rest.clone() }, PipeWriter { end: writer, rest }))
}

#[allow(private_bounds, reason = "the two ends, and no others")]
impl<E: Splits> PipeReader<E> {
    /// The whole end again, with its other half. It reads and waits as this half did.
    ///
    /// # Errors
    /// The halves, when they are of different ends.
    pub fn unite(self, writer: PipeWriter<E>) -> Result<E, Box<(Self, PipeWriter<E>)>> {
        let Self { end, rest } = self;
        let PipeWriter { end: other, rest: others } = writer;
        match Conduit::unite(end, other) {
            Ok(end) => {
                drop(others);
                let rest = Arc::into_inner(rest).unwrap_or_else(|| unreachable!("there are two halves"));
                Ok(E::put_together(end, rest))
            }
            Err(halves) => {
                let (end, other) = *halves;
                Err(Box::new((Self { end, rest }, PipeWriter { end: other, rest: others })))
            }
        }
    }

    #[inline]
    #[allow(clippy::unnecessary_wraps, reason = "a server's end may find no client here")]
    fn data(&mut self) -> Result<&mut Conduit<ReadHalf>, PipeError> {
        Ok(&mut self.end)
    }

    fn conduit(&mut self) -> &mut Conduit<ReadHalf> {
        &mut self.end
    }
}

#[allow(private_bounds, reason = "the two ends, and no others")]
impl<E: Splits> PipeWriter<E> {
    #[inline]
    #[allow(clippy::unnecessary_wraps, reason = "a server's end may find no client here")]
    fn data(&mut self) -> Result<&mut Conduit<WriteHalf>, PipeError> {
        Ok(&mut self.end)
    }

    fn conduit(&mut self) -> &mut Conduit<WriteHalf> {
        &mut self.end
    }
}

impl<E: Splits> fmt::Debug for PipeReader<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipeReader").field("end", &self.end).finish_non_exhaustive()
    }
}

impl<E: Splits> fmt::Debug for PipeWriter<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipeWriter").field("end", &self.end).finish_non_exhaustive()
    }
}

reading_methods!(PipeReader<E>, E: Splits);
state_methods!(PipeReader<E>, E: Splits);
writing_methods!(PipeWriter<E>, E: Splits);
state_methods!(PipeWriter<E>, E: Splits);
