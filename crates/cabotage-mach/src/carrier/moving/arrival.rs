// SPDX-License-Identifier: MIT OR Apache-2.0
//! The new owner of a port that moves: what has come of it, and when all of it is here.

use super::Broken;

/// A port on its way to this process. `E` is the end of a link that comes with it, `M` a message of its queue.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Arrival<E, M> {
    ends: Vec<(E, u64)>,
    messages: Vec<M>,
    is_whole: bool,
}

/// What a port came with: the ends of links to its holders, each with how many records were heard from it, and the
/// queue.
pub(crate) type Estate<E, M> = (Vec<(E, u64)>, Vec<M>);

impl<E, M> Default for Arrival<E, M> {
    fn default() -> Self {
        Self { ends: Vec::new(), messages: Vec::new(), is_whole: false }
    }
}

impl<E, M> Arrival<E, M> {
    /// The end of a link to a holder, from whom the old owner has heard so many records.
    pub(crate) fn end(&mut self, end: E, heard: u64) -> Result<(), Broken> {
        if self.is_whole {
            return Err(Broken::OutOfTurn);
        }
        self.ends.push((end, heard));
        Ok(())
    }

    /// The next message of the queue.
    pub(crate) fn message(&mut self, message: M) -> Result<(), Broken> {
        if self.is_whole {
            return Err(Broken::OutOfTurn);
        }
        self.messages.push(message);
        Ok(())
    }

    /// The old owner says that this was all: then it is told that all is here.
    pub(crate) fn whole(&mut self, ends: u64, messages: u64) -> Result<(), Broken> {
        if self.is_whole {
            return Err(Broken::OutOfTurn);
        }
        if (self.ends.len() as u64, self.messages.len() as u64) != (ends, messages) {
            return Err(Broken::Part);
        }
        self.is_whole = true;
        Ok(())
    }

    /// The move was taken back, or its old owner died before it was decided: what is to be closed.
    pub(crate) fn into_parts(self) -> Estate<E, M> {
        (self.ends, self.messages)
    }

    /// The message with the right has come: the port is ours, with all that came.
    pub(crate) fn decide(self) -> Result<Estate<E, M>, Broken> {
        if self.is_whole { Ok((self.ends, self.messages)) } else { Err(Broken::OutOfTurn) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_whole_when_everything_came_that_was_said() {
        let mut arrival = Arrival::default();
        arrival.end('a', 3).unwrap();
        arrival.message('m').unwrap();
        assert_eq!(arrival.clone().decide(), Err(Broken::OutOfTurn));
        assert_eq!(arrival.clone().whole(2, 1), Err(Broken::Part));
        assert_eq!(arrival.clone().whole(1, 0), Err(Broken::Part));
        arrival.whole(1, 1).unwrap();
        assert_eq!(arrival.end('b', 0), Err(Broken::OutOfTurn));
        assert_eq!(arrival.message('n'), Err(Broken::OutOfTurn));
        assert_eq!(arrival.whole(1, 1), Err(Broken::OutOfTurn));
        assert_eq!(arrival.decide(), Ok((vec![('a', 3)], vec!['m'])));
    }
}
