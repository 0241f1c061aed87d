// SPDX-License-Identifier: MIT OR Apache-2.0
//! Send-once rights as numbers of a link: those that this end granted, and those that it holds.

use super::Broken;
use crate::kernel::fresh::FreshMap;

/// The most send-once rights that are open in one direction of a link: what a port's queue holds of their messages.
pub(crate) const TOKENS_MAX: usize = 65_534;

/// Rights that this end granted to its own ports, each with what it stands for.
#[derive(Debug)]
pub(crate) struct Granted<T> {
    open: FreshMap<T>,
    last: u64,
}

/// Rights that the other end granted, each with what it is known by here.
#[derive(Debug)]
pub(crate) struct Held<T> {
    open: FreshMap<T>,
    last: u64,
}

impl<T> Default for Granted<T> {
    fn default() -> Self {
        Self { open: FreshMap::default(), last: 0 }
    }
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self { open: FreshMap::default(), last: 0 }
    }
}

impl<T> Granted<T> {
    /// A new number for a right that stands for `what`; `None` if there are too many, with `what` back.
    pub(crate) fn grant(&mut self, what: T) -> Result<u64, T> {
        if self.open.len() >= TOKENS_MAX {
            return Err(what);
        }
        self.last += 1;
        self.open.insert_new(self.last, what);
        Ok(self.last)
    }

    /// What a right that is open stands for.
    #[inline]
    pub(crate) fn get(&self, token: u64) -> Option<&T> {
        self.open.get(token)
    }

    /// The other end has used the right up.
    pub(crate) fn end(&mut self, token: u64) -> Result<T, Broken> {
        self.open.remove(token).ok_or(Broken::NoToken)
    }

    /// Those that are open, each with what it stands for.
    pub(crate) fn open(&self) -> impl Iterator<Item = (u64, &T)> {
        self.open.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The link is over, and these were never used.
    pub(crate) fn lose(&mut self) -> Vec<T> {
        self.open.drain().collect()
    }
}

impl<T> Held<T> {
    /// Whether the other end may grant a right under this number now; then [`Held::hold`] it.
    pub(crate) fn admit(&mut self, token: u64) -> Result<(), Broken> {
        if !self.may_hold(token) {
            return Err(Broken::Grant);
        }
        self.last = token;
        Ok(())
    }

    /// Whether [`Held::admit`] would say so.
    #[inline]
    pub(crate) fn may_hold(&self, token: u64) -> bool {
        token > self.last && self.open.len() < TOKENS_MAX
    }

    /// It is known as this here.
    pub(crate) fn hold(&mut self, token: u64, what: T) {
        self.open.insert_new(token, what);
    }

    /// Those that this end has, each with what it is known as here.
    pub(crate) fn open(&self) -> impl Iterator<Item = (u64, &T)> {
        self.open.iter()
    }

    /// What it is known as here, if this end has it.
    pub(crate) fn get(&self, token: u64) -> Option<&T> {
        self.open.get(token)
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, token: u64) -> Option<&mut T> {
        self.open.get_mut(token)
    }

    /// This end has used the right up.
    pub(crate) fn end(&mut self, token: u64) -> Option<T> {
        self.open.remove(token)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The link is over, and these have died.
    pub(crate) fn lose(&mut self) -> Vec<T> {
        self.open.drain().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_granted_right_ends_once() {
        let mut granted = Granted::default();
        let token = granted.grant("reply").unwrap();
        assert_eq!(granted.end(token + 1), Err(Broken::NoToken));
        assert_eq!(granted.end(token), Ok("reply"));
        assert_eq!(granted.end(token), Err(Broken::NoToken));
        assert_ne!(granted.grant("another").unwrap(), token);
    }

    #[test]
    fn no_number_is_granted_twice() {
        let mut held = Held::<()>::default();
        assert_eq!(held.admit(0), Err(Broken::Grant));
        assert_eq!(held.admit(2), Ok(()));
        assert_eq!(held.admit(2), Err(Broken::Grant));
        assert_eq!(held.admit(1), Err(Broken::Grant));
        assert_eq!(held.admit(3), Ok(()));
    }

    #[test]
    fn nobody_grants_more_than_a_queue_takes() {
        let (mut granted, mut held) = (Granted::default(), Held::default());
        for _ in 0..TOKENS_MAX {
            let token = granted.grant(()).unwrap();
            held.admit(token).unwrap();
            held.hold(token, ());
        }
        assert_eq!(granted.grant(()), Err(()));
        assert_eq!(held.admit(TOKENS_MAX as u64 + 1), Err(Broken::Grant));
        held.end(1).unwrap();
        assert_eq!(held.admit(TOKENS_MAX as u64 + 1), Ok(()));
        assert_eq!((granted.lose().len(), held.lose().len()), (TOKENS_MAX, TOKENS_MAX - 1));
        assert!(granted.is_empty() && held.is_empty());
    }
}
