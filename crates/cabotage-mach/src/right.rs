// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kinds of right, and the ways in which a message takes one along.

/// A kind of right.
///
/// # Source
/// XNU, osfmk/mach/port.h: `mach_port_right_t`; the numbers are its.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Right {
    /// To send any number of messages.
    Send = 0,
    /// To receive; one task at a time has it.
    Receive = 1,
    /// To send one message.
    SendOnce = 2,
    /// A set of ports to receive from.
    PortSet = 3,
    /// What a send or send-once right has become whose port died.
    DeadName = 4,
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Send, Self::Receive, Self::SendOnce, Self::PortSet, Self::DeadName];

    /// The kind of this number; `None` if there is none.
    pub fn from_raw(raw: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|right| *right as u32 == raw)
    }
}

/// What a name stands for: a mask of rights and of registered requests.
///
/// # Source
/// XNU, osfmk/mach/port.h: `mach_port_type_t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RightTypes(u32);

impl RightTypes {
    /// A dead-name notification is registered for the name: `MACH_PORT_TYPE_DNREQUEST`.
    pub const DEAD_NAME_REQUEST: Self = Self(0x8000_0000);

    /// One kind of right.
    pub const fn of(right: Right) -> Self {
        Self(1 << (right as u32 + 16))
    }

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the name stands for this kind of right, perhaps beside another.
    pub fn has(self, right: Right) -> bool {
        self.0 & Self::of(right).0 != 0
    }

    /// Whether a dead-name notification is registered.
    pub fn has_dead_name_request(self) -> bool {
        self.0 & Self::DEAD_NAME_REQUEST.0 != 0
    }

    /// As C code has it.
    pub fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// As C code has it.
    pub fn as_raw(self) -> u32 {
        self.0
    }
}

/// What happens to the sender's right that goes along with a message.
///
/// # Source
/// XNU, osfmk/mach/message.h: `mach_msg_type_name_t`; the numbers are its.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Disposition {
    /// The receive right goes, with its queue.
    MoveReceive = 16,
    /// One user reference of a send right goes.
    MoveSend = 17,
    /// The send-once right goes.
    MoveSendOnce = 18,
    /// A send right more comes to be; the sender keeps its own.
    CopySend = 19,
    /// The holder of the receive right makes a send right.
    MakeSend = 20,
    /// The holder of the receive right makes a send-once right.
    MakeSendOnce = 21,
}

impl Disposition {
    /// The disposition of this number; `None` if there is none.
    pub fn from_raw(raw: u32) -> Option<Self> {
        Some(match raw {
            16 => Self::MoveReceive,
            17 => Self::MoveSend,
            18 => Self::MoveSendOnce,
            19 => Self::CopySend,
            20 => Self::MakeSend,
            21 => Self::MakeSendOnce,
            _ => return None,
        })
    }

    /// The disposition as the receiver of such a right sees it: as if it had been moved.
    #[must_use]
    pub fn received(self) -> Self {
        match self.gives() {
            Right::Receive => Self::MoveReceive,
            Right::SendOnce => Self::MoveSendOnce,
            _ => Self::MoveSend,
        }
    }

    /// Which right arrives.
    pub fn gives(self) -> Right {
        match self {
            Self::MoveReceive => Right::Receive,
            Self::MoveSend | Self::CopySend | Self::MakeSend => Right::Send,
            Self::MoveSendOnce | Self::MakeSendOnce => Right::SendOnce,
        }
    }
}

/// A port that every task can ask for without knowing a name.
///
/// # Source
/// XNU, osfmk/mach/task_special_ports.h; the numbers are its.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum SpecialPort {
    /// The task itself, as others may act on it: task self, unless somebody has set another.
    Kernel = 1,
    /// The host's: none, unless somebody has set one, since no right to the machine is needed here.
    Host = 2,
    /// The task's name: whoever has it may ask who the task is, and nothing else. It can't be set.
    Name = 3,
    /// Where the task asks for services by name; children that it starts have it too.
    Bootstrap = 4,
}

impl SpecialPort {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Kernel, Self::Host, Self::Name, Self::Bootstrap];

    /// The port of this number; `None` if there is none.
    pub fn from_raw(raw: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|which| *which as u32 == raw)
    }
}
