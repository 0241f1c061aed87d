// SPDX-License-Identifier: MIT OR Apache-2.0
//! The records of Mach's links, written by hand from their description and not by the library's code.

/// How many bytes the header of a record has, and an entry.
pub const HEADER_BYTES: usize = 40;
/// See there.
pub const ENTRY_BYTES: usize = 40;

/// What records say: the numbers of their words.
pub mod word {
    /// Which port this is, as its owner says first.
    pub const WELCOME: u8 = 1;
    /// A message.
    pub const MESSAGE: u8 = 2;
    /// Descriptors of a message that follows.
    pub const AHEAD: u8 = 3;
    /// Another link to the port.
    pub const FORK: u8 = 4;
    /// No send right is left here.
    pub const RELEASE: u8 = 5;
    /// A send-once right was destroyed.
    pub const UNUSED: u8 = 6;
    /// A send-once right has a link of its own from now on.
    pub const MATERIALISE: u8 = 7;
    /// How many messages may wait.
    pub const TAKEN: u8 = 8;
    /// The port is dead.
    pub const DIED: u8 = 9;
    /// A receive right is to move.
    pub const OFFER: u8 = 10;
    /// The port is about to move.
    pub const PAUSE: u8 = 12;
    /// It stays where it is.
    pub const RESUME: u8 = 13;
    /// It has moved.
    pub const MOVED: u8 = 14;
    /// The port is here now.
    pub const HERE: u8 = 15;
    /// An end of a port that moves.
    pub const GIVE: u8 = 16;
    /// That was all of it.
    pub const WHOLE: u8 = 17;
    /// A send-once right becomes the end that comes along.
    pub const DETACH: u8 = 19;
    /// It has.
    pub const DETACHED: u8 = 20;
    /// A message with the short header.
    pub const BRIEF: u8 = 21;
}

/// How the header tells the right to reply by.
pub mod reply {
    /// By a token of the sender's.
    pub const TOKEN: u8 = 1;
    /// By a token of the receiver's.
    pub const HOME: u8 = 2;
    /// By the first entry.
    pub const ENTRY: u8 = 3;
}

/// What an entry stands for.
pub mod kind {
    /// No right.
    pub const NULL: u16 = 1;
    /// A send right.
    pub const SEND: u16 = 3;
    /// A send-once right of a third party.
    pub const ONCE: u16 = 4;
    /// A send-once right of the sender's.
    pub const TOKEN: u16 = 5;
    /// A send-once right that the receiver granted.
    pub const HOME: u16 = 6;
    /// A send-once right to the port that moves.
    pub const OWN_ONCE: u16 = 14;
    /// An array of rights.
    pub const PORTS: u16 = 8;
    /// Memory in the record.
    pub const INLINE: u16 = 9;
    /// Memory in a block.
    pub const BLOCK: u16 = 10;
    /// An open file.
    pub const FILE: u16 = 11;
    /// A receive right.
    pub const RECEIVE: u16 = 12;
    /// Sealed memory.
    pub const SEALED: u16 = 13;
}

/// A record.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Of [`word`].
    pub word: u8,
    /// 1 if it is complex.
    pub flags: u8,
    /// Of [`reply`], and the token.
    pub reply: (u8, u64),
    /// By which send-once right, or about which.
    pub token: u64,
    /// How many messages its sender says it has taken.
    pub taken: u32,
    /// How many descriptors it says it has.
    pub descriptors: u32,
    /// What it carries.
    pub entries: Vec<Entry>,
    /// What it says.
    pub body: Vec<u8>,
    /// Memory behind that.
    pub memory: Vec<u8>,
}

/// What stands for one thing that is carried.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entry {
    /// Of [`kind`].
    pub kind: u16,
    /// Of an array: the disposition of its rights.
    pub detail: u16,
    /// Its token, its fork, its bytes.
    pub number: u64,
    /// The owner's number of the port, or how long an object of memory is.
    pub port: u64,
    /// The port's secret, or where memory begins in its object.
    pub secret: u64,
    /// The owner's process and user.
    pub owner: (u32, u32),
}

/// A message with the short header, to be answered by this token; 0 for none.
pub fn brief(token: u32, body: &[u8]) -> Vec<u8> {
    let kind = u8::from(token != 0);
    let (id, taken) = ([0; 4], [0; 4]);
    [&[word::BRIEF, kind, 0, 0][..], &id, &token.to_ne_bytes(), &taken, body].concat()
}

impl Record {
    /// This word, and nothing with it.
    pub fn of(word: u8) -> Self {
        Self { word, ..Self::default() }
    }

    /// A message by the send right.
    pub fn message(body: &[u8]) -> Self {
        Self { body: body.to_vec(), ..Self::of(word::MESSAGE) }
    }

    /// One that carries this.
    pub fn carrying(entries: &[Entry]) -> Self {
        Self { flags: 1, entries: entries.to_vec(), ..Self::message(b"") }
    }

    /// To be answered by this token.
    #[must_use]
    pub fn answered_by(self, token: u64) -> Self {
        Self { reply: (reply::TOKEN, token), ..self }
    }

    /// About this token, or by it.
    #[must_use]
    pub fn token(self, token: u64) -> Self {
        Self { token, ..self }
    }

    /// With so many descriptors, as it says.
    #[must_use]
    pub fn descriptors(self, descriptors: u32) -> Self {
        Self { descriptors, ..self }
    }

    /// Saying this.
    #[must_use]
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        let mut bytes = vec![self.word, self.flags, self.reply.0, 0];
        bytes.extend([0; 4]);
        bytes.extend(self.token.to_le_bytes());
        bytes.extend(self.reply.1.to_le_bytes());
        bytes.extend(self.taken.to_le_bytes());
        bytes.extend(length(self.body.len()));
        bytes.extend(length(self.entries.len()));
        bytes.extend(self.descriptors.to_le_bytes());
        self.entries.iter().for_each(|entry| bytes.extend(entry.bytes()));
        bytes.extend(&self.body);
        bytes.extend(&self.memory);
        bytes
    }
}

impl Entry {
    /// One thing of this kind.
    pub fn of(kind: u16, number: u64) -> Self {
        Self { kind, number, ..Self::default() }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(ENTRY_BYTES);
        for number in [self.number, self.port, self.secret] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(self.owner.0.to_le_bytes());
        bytes.extend(self.owner.1.to_le_bytes());
        bytes.extend(self.kind.to_le_bytes());
        bytes.extend(self.detail.to_le_bytes());
        bytes.extend([0; 4]);
        bytes
    }
}
