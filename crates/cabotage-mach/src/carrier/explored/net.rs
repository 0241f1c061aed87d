// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel does: links with two ends, each held by processes or on its way in a record; what was sent stays
//! readable when its sender is gone; an end that nobody has any more is a hang-up at the other.

/// The processes, by number.
pub(super) type Process = u8;

/// One end of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct End {
    pub(super) link: u8,
    side: u8,
}

impl End {
    fn other(self) -> Self {
        Self { side: 1 - self.side, ..self }
    }
}

/// How a message is to be answered, as whoever has the message knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Once {
    /// By this token of this link.
    Token(End, u8),
    /// By a link of its own.
    Link(End),
}

/// A message in a queue: the `number`-th of its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Message {
    pub(super) from: Process,
    pub(super) number: u8,
    pub(super) reply: Option<Once>,
}

/// What is said over links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Record {
    /// A message, perhaps with a token to answer it by, which has its number.
    Message {
        from: Process,
        number: u8,
        asks: bool,
    },
    /// By this token, or by the link itself.
    Reply(Option<u8>),
    Materialise(u8, End),
    /// A message by a send-once right to the port: by this one's number, or by the link itself.
    Answer(Option<u8>),
    /// The send-once right of this number was destroyed.
    Unused(u8),
    /// It is to be this end.
    Detach(u8, End),
    Detached(u8),
    Fork(End),
    Release,
    /// A right that is passed to a third party.
    Right(End),
    Pause(End),
    Resume,
    /// So many records were heard on this link.
    Moved(u64),
    Welcome(u64),
    Offer(End),
    Ready,
    Give(End, u64),
    /// The end of the link of a send-once right, with its number.
    GiveOnce(u8, End),
    /// The end of the old owner's own link, on which it keeps the send-once rights of these numbers.
    GiveOwn(End, &'static [u8]),
    Carry(Message),
    Whole(u64, u64),
    Custody,
    /// The message with the receive right.
    Decide,
}

impl Record {
    fn end(self) -> Option<End> {
        match self {
            Self::Materialise(_, end)
            | Self::Fork(end)
            | Self::Right(end)
            | Self::Pause(end)
            | Self::Offer(end)
            | Self::Give(end, _)
            | Self::GiveOnce(_, end)
            | Self::GiveOwn(end, _)
            | Self::Detach(_, end)
            | Self::Carry(Message { reply: Some(Once::Link(end)), .. }) => Some(end),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Side {
    /// Who holds it, a bit each.
    holders: u8,
    /// In how many records it is on its way.
    flying: u8,
    /// What is to be read here.
    queue: Vec<Record>,
}

impl Side {
    fn is_gone(&self) -> bool {
        self.holders == 0 && self.flying == 0
    }
}

/// All links there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Net {
    links: Vec<[Side; 2]>,
}

impl Net {
    /// A new link, both ends of which are held by these.
    pub(super) fn pair(&mut self, one: Process, other: Process) -> (End, End) {
        let side = |process: Process| Side { holders: 1 << process, ..Side::default() };
        self.links.push([side(one), side(other)]);
        let link = u8::try_from(self.links.len() - 1).unwrap();
        (End { link, side: 0 }, End { link, side: 1 })
    }

    fn side(&mut self, end: End) -> &mut Side {
        &mut self.links[usize::from(end.link)][usize::from(end.side)]
    }

    fn side_of(&self, end: End) -> &Side {
        &self.links[usize::from(end.link)][usize::from(end.side)]
    }

    /// Says something to whoever reads the other end; an end that goes along is held by the sayer too until it closes
    /// it.
    pub(super) fn say(&mut self, end: End, record: Record) {
        if self.side_of(end.other()).is_gone() {
            return;
        }
        self.side(end.other()).queue.push(record);
        if let Some(flown) = record.end() {
            self.side(flown).flying += 1;
        }
    }

    /// What is to be read next at this end.
    pub(super) fn next(&self, end: End) -> Option<Record> {
        self.side_of(end).queue.first().copied()
    }

    /// Everything that is still to be read at this end.
    pub(super) fn unread(&self, end: End) -> &[Record] {
        &self.side_of(end).queue
    }

    /// Takes it; an end that came along is held by the reader from now on.
    pub(super) fn take(&mut self, reader: Process, end: End) -> Option<Record> {
        let record = self.next(end)?;
        self.side(end).queue.remove(0);
        if let Some(landed) = record.end() {
            let side = self.side(landed);
            side.flying -= 1;
            side.holders |= 1 << reader;
        }
        Some(record)
    }

    /// Whether everything was read, and nothing will follow.
    pub(super) fn is_hung_up(&self, end: End) -> bool {
        self.is_deserted(end) && self.side_of(end).queue.is_empty()
    }

    /// Whether the other end is gone; there may be something to read.
    pub(super) fn is_deserted(&self, end: End) -> bool {
        self.side_of(end.other()).is_gone()
    }

    /// Whether this process holds the end.
    pub(super) fn holds(&self, process: Process, end: End) -> bool {
        self.side_of(end).holders & (1 << process) != 0
    }

    /// Whether a right is on its way to a third party, from whoever it was sent by.
    pub(super) fn has_right_flying(&self) -> bool {
        self.links
            .iter()
            .flatten()
            .flat_map(|side| &side.queue)
            .any(|record| matches!(record, Record::Right(_)))
    }

    pub(super) fn close(&mut self, process: Process, end: End) {
        self.side(end).holders &= !(1 << process);
        self.sweep();
    }

    /// Everything that this process holds is closed.
    pub(super) fn die(&mut self, process: Process) {
        for side in self.links.iter_mut().flatten() {
            side.holders &= !(1 << process);
        }
        self.sweep();
    }

    /// Destroys what nobody can read any more, with the ends in it.
    fn sweep(&mut self) {
        let is_lost = |side: &Side| side.is_gone() && !side.queue.is_empty();
        while let Some(lost) = self.links.iter_mut().flatten().find(|side| is_lost(side)) {
            for record in std::mem::take(&mut lost.queue) {
                if let Some(end) = record.end() {
                    self.side(end).flying -= 1;
                }
            }
        }
    }
}
