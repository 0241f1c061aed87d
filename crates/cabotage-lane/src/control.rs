// SPDX-License-Identifier: MIT OR Apache-2.0
//! The control words of one outbox: its owner writes them, the peer maps them read-only. Layout version 1.
//!
//! Positions and epochs only: sizes live in private memory, since a number that a peer can rewrite must not form
//! an address. Each word has lines of its own, so that two words never share a cache line.

use std::ops::Deref;

use cabotage_os::SystemError;

use crate::fencing::Fencing;
use crate::sync::{AtomicU64, Ordering, fence};
use crate::violation::Violation;

/// A word alone on its cache lines; x86 fetches 64-byte lines in pairs.
#[derive(Debug, Default)]
#[repr(C, align(128))]
pub struct Line<T>(pub T);

impl<T> Deref for Line<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// How many blocks of one outbox may be out with the peer at a time.
pub const BLOCK_SLOTS: usize = 64;

/// The control words, as they lie at the start of an outbox. Those of the first lines go with the lane that the
/// owner receives, or say how the owner is; those of `withdrawal` go with the lane that it sends.
#[derive(Debug)]
#[repr(C)]
pub struct Control {
    /// How many words of the peer's ring the owner has consumed, over the life of the lane.
    pub(crate) consumed: Line<AtomicU64>,
    /// What the peer looks at after each publication.
    pub(crate) calls: Line<Calls>,
    /// Not zero while the owner sleeps until its own ring has room: the number of that sleep.
    pub(crate) wants_room: Line<AtomicU64>,
    /// What the owner tells once in a while.
    pub(crate) state: Line<State>,
    /// How a record that is already visible is taken back.
    pub(crate) withdrawal: Line<Withdrawal>,
    /// For each slot of the peer's blocks, the number of the loan that the owner gave back last.
    pub(crate) returned: [AtomicU64; BLOCK_SLOTS],
}

/// See [`Control::calls`].
#[derive(Debug, Default)]
#[repr(C)]
pub(crate) struct Calls {
    /// Not zero while the owner sleeps until a record comes: the number of that sleep.
    pub(crate) armed: AtomicU64,
    /// Not zero while the owner wants the peer to look at its ring after each publication.
    pub(crate) attention: AtomicU64,
}

/// See [`Control::state`].
#[derive(Debug, Default)]
#[repr(C)]
pub(crate) struct State {
    /// How many messages with descriptors the owner has taken from the socket.
    pub(crate) filed: AtomicU64,
    /// Not zero once the owner has closed: nothing follows what is published. [`DISCARDED`]: nor is that to be read.
    pub(crate) closed: AtomicU64,
    /// Not zero while the owner sleeps until one of its blocks comes back: the number of that sleep.
    pub(crate) wants_block: AtomicU64,
    /// How many words the owner has consumed, told at each record by those who are asked to. It stands apart from
    /// `consumed`, which the sender polls: a line that changes with each record is no good to poll.
    pub(crate) taken: AtomicU64,
}

/// In [`State::closed`]: the owner has closed, and what is unread in both directions is destroyed.
const DISCARDED: u64 = 2;

/// See [`Control::withdrawal`].
#[derive(Debug, Default)]
#[repr(C)]
pub(crate) struct Withdrawal {
    /// As a reader: up to which byte the owner takes, or has taken.
    pub(crate) taking: AtomicU64,
    /// As a writer: the end of the last withdrawal.
    pub(crate) withdrawn: AtomicU64,
    /// As a writer: from where on nothing stands, up to the end of the last withdrawal.
    pub(crate) last: AtomicU64,
    /// As a reader: how many words of the peer's ring the owner has consumed, told at each record. A writer looks at it
    /// only when it lacks room.
    pub(crate) freed: AtomicU64,
}

impl Default for Control {
    fn default() -> Self {
        Self {
            consumed: Line::default(),
            calls: Line::default(),
            wants_room: Line::default(),
            state: Line::default(),
            withdrawal: Line::default(),
            returned: std::array::from_fn(|_| AtomicU64::default()),
        }
    }
}

#[cfg(not(loom))] // loom's atomics are larger than real ones
const _: () = assert!(
    size_of::<Control>() == 5 * 128 + 8 * BLOCK_SLOTS
        && std::mem::offset_of!(Control, wants_room) == 256
        && std::mem::offset_of!(Control, returned) == 640
);

impl Control {
    /// At which byte the word lies that says how much the owner has consumed, told once in a while.
    #[cfg(not(loom))]
    pub const CONSUMED_AT: usize = std::mem::offset_of!(Self, consumed);
    /// At which byte the one lies that says the same at each record, for those whose ends are asked to. The larger of
    /// the two is how much was consumed.
    #[cfg(not(loom))]
    pub const TAKEN_AT: usize = std::mem::offset_of!(Self, state) + std::mem::offset_of!(State, taken);

    /// What counts before the peer's words are mapped: it sleeps, and has consumed nothing.
    #[cfg(not(loom))]
    pub(crate) const fn absent() -> Self {
        Self {
            consumed: Line(AtomicU64::new(0)),
            calls: Line(Calls { armed: AtomicU64::new(ALWAYS), attention: AtomicU64::new(1) }),
            wants_room: Line(AtomicU64::new(0)),
            state: Line(State {
                filed: AtomicU64::new(0),
                closed: AtomicU64::new(0),
                wants_block: AtomicU64::new(0),
                taken: AtomicU64::new(0),
            }),
            withdrawal: Line(Withdrawal {
                taking: AtomicU64::new(0),
                withdrawn: AtomicU64::new(0),
                last: AtomicU64::new(0),
                freed: AtomicU64::new(0),
            }),
            returned: [const { AtomicU64::new(0) }; BLOCK_SLOTS],
        }
    }

    /// Asks the peer to look at our ring after each publication of its own, or asks no more. The peer that publishes
    /// and is not asked afterwards did so before the next sleep that is announced after this: a look that follows the
    /// announcement sees what it published.
    pub fn ask_for_attention(&self, asks: bool) {
        self.calls.attention.store(u64::from(asks), Ordering::Relaxed);
    }

    /// Whether the owner, our peer, asks for that. Call after a publication, which has fenced as its sleeps need.
    #[inline]
    pub fn asks_for_attention(&self) -> bool {
        self.calls.attention.load(Ordering::Relaxed) != 0
    }

    /// Says that nothing follows what is published.
    pub fn close(&self) {
        self.state.closed.store(1, Ordering::Release);
    }

    /// Whether the owner says that nothing follows. Look at its ring once more after this.
    #[inline]
    pub fn is_closed(&self) -> bool {
        let closed = self.state.closed.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        closed != 0
    }

    /// Says that nothing follows, and that of both directions nothing is to be read any more.
    pub fn discard(&self) {
        self.state.closed.store(DISCARDED, Ordering::Release);
    }

    /// Whether the owner says that nothing is to be read any more.
    #[inline]
    pub fn is_discarded(&self) -> bool {
        self.state.closed.load(Ordering::Relaxed) == DISCARDED
    }

    /// Says how many messages with descriptors the owner has taken from the socket.
    pub fn tell_filed(&self, messages: u64) {
        self.state.filed.store(messages, Ordering::Release);
    }

    /// How many messages with descriptors the owner, our peer, has taken: at least `least`, at most `most`.
    ///
    /// # Errors
    /// Its count is impossible.
    pub fn admit_filed(&self, least: u64, most: u64) -> Result<u64, Violation> {
        let count = self.state.filed.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        match (least..=most).contains(&count) {
            true => Ok(count),
            false => Err(Violation::Filed { count, least, most }),
        }
    }

    /// How far the owner, our peer, says that it has consumed, if it tells that at each record and it can be true.
    pub(crate) fn taken(&self, least: u64, most: u64) -> Option<u64> {
        let count = self.state.taken.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        (least..=most).contains(&count).then_some(count)
    }

    /// Says how many words of the peer's ring the owner has consumed, at each record.
    #[inline]
    pub(crate) fn tell_freed(&self, words: u64) {
        self.withdrawal.freed.store(words, Ordering::Release);
    }

    /// How far the owner, our peer, says at each record that it has consumed: at least `least`, at most `most`.
    pub(crate) fn admit_freed(&self, least: u64, most: u64) -> Result<u64, Violation> {
        let count = self.withdrawal.freed.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        match (least..=most).contains(&count) {
            true => Ok(count),
            false => Err(Violation::Count { count, least, most }),
        }
    }

    /// Whether the owner, our peer, says that it sleeps for room: in its ring, or for descriptors. Call after the
    /// store that it may wait for.
    pub fn wants_room(&self) -> bool {
        fence(Ordering::SeqCst);
        self.wants_room.load(Ordering::Relaxed) != 0
    }

    /// How far the owner, our peer, has consumed our ring: at least `least`, at most `most`.
    #[inline]
    pub(crate) fn admit_consumed(&self, least: u64, most: u64) -> Result<u64, Violation> {
        // Relaxed: what std guarantees for a word in read-only memory; the fence pairs with the peer's Release,
        // so that nothing written into the freed words can overtake the peer's reading of them.
        let count = self.consumed.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        match (least..=most).contains(&count) {
            true => Ok(count),
            false => Err(Violation::Count { count, least, most }),
        }
    }
}

/// The control words of both ends, as one of them sees them.
pub trait Controls {
    /// Ours: only this end writes them.
    fn own(&self) -> &Control;
    /// The peer's: only it writes them, at any time.
    fn peer(&self) -> &Control;
}

/// In the word of a sleep: its owner sleeps so often that it wants the other side to fence at each publication, also
/// while it is awake, rather than issue a barrier at each sleep.
const FENCE: u64 = 1 << 63;

/// The number of a sleep that never ends: what counts before the peer's control words are mapped.
pub(crate) const ALWAYS: u64 = FENCE - 1;

/// One side of a sleep: which sleep of the peer was answered with a bell last.
///
/// The owner of a word stores the number of its sleep, fences, looks once more at what it waits for, and only
/// then sleeps. The peer makes what it waits for, fences, and reads the word: of the two looks at least one
/// succeeds. The word may lie: a wrong one costs a fence or a bell too many, or costs the liar a bell.
#[derive(Debug, Default)]
pub(crate) struct Answered(u64);

impl Answered {
    /// Whether the peer sleeps and was not rung for this sleep yet. Call after the store that the peer waits
    /// for.
    #[inline]
    pub(crate) fn must_ring(&mut self, sleep: &AtomicU64, fencing: Fencing) -> bool {
        fencing.often();
        let word = sleep.load(Ordering::Relaxed);
        word != 0 && self.look_closely(sleep, word)
    }

    #[cold]
    fn look_closely(&mut self, sleep: &AtomicU64, mut word: u64) -> bool {
        if word & FENCE != 0 {
            fence(Ordering::SeqCst);
            word = sleep.load(Ordering::Relaxed) & !FENCE;
        }
        let is_new = word != self.0 || word == ALWAYS;
        if word != 0 {
            self.0 = word;
        }
        word != 0 && is_new
    }
}

/// The other side of a sleep: the numbers we give to ours, and who fences for them.
///
/// Where the sleeper pays ([`Fencing::Sleeper`]), each announcement issues a barrier, unless fences are asked for:
/// then the first one does, and the bit stays in the word from there on. Whoever published without seeing the bit
/// did so before that barrier, so its store is visible to every later look; whoever sees it fences. Asking no more
/// costs nothing, since the next announcement issues a barrier again.
#[derive(Debug, Default)]
pub(crate) struct Sleeps {
    number: u64,
    is_announced: bool,
    /// Whether the bit stands in the word, and a barrier was issued since it does.
    has_asked: bool,
}

impl Sleeps {
    /// The sleeps of the `incarnation`-th process at this end: the other side has answered some of the earlier ones'
    /// and takes none of theirs for one of these.
    pub(crate) fn of(incarnation: u32, word: &AtomicU64) -> Self {
        /// So many bits are for the sleeps of one incarnation: weeks of them, one every ten microseconds.
        const SLEEP_BITS: u32 = 39;
        word.store(0, Ordering::Relaxed);
        Self { number: u64::from(incarnation % (1 << 24)) << SLEEP_BITS, ..Self::default() }
    }

    /// Announces a sleep, one of many in a short time or not. Look once more after this, and [`Sleeps::cancel`] if
    /// there is something.
    pub(crate) fn announce(
        &mut self,
        word: &AtomicU64,
        fencing: Fencing,
        is_frequent: bool,
    ) -> Result<(), SystemError> {
        let asks = is_frequent && fencing != Fencing::Both;
        (self.number, self.is_announced) = (self.number + 1, true);
        word.store(self.number | if asks { FENCE } else { 0 }, Ordering::Relaxed);
        if asks && self.has_asked {
            fence(Ordering::SeqCst);
            return Ok(());
        }
        self.has_asked = false;
        fencing.seldom()?;
        self.has_asked = asks;
        Ok(())
    }

    /// Takes the announcement back.
    #[inline]
    pub(crate) fn cancel(&mut self, word: &AtomicU64) {
        self.is_announced = false;
        word.store(if self.has_asked { FENCE } else { 0 }, Ordering::Relaxed);
    }

    /// Asks for fences no more, after a while without a sleep.
    #[inline]
    pub(crate) fn relax(&mut self, word: &AtomicU64) {
        if self.has_asked && !self.is_announced {
            self.has_asked = false;
            word.store(0, Ordering::Relaxed);
        }
    }
}
