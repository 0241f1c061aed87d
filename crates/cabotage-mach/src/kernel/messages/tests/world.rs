// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two tasks with ports, for the tests.

use crate::error::{ReceiveError, SendError};
use crate::kernel::calls::Notice;
use crate::kernel::ids::{SpaceId, Ticket};
use crate::kernel::message::{Item, Letter};
use crate::kernel::messages::{BareHeader, Receipt, ReceiveOptions, Received, SendFailed, SendOptions, Sent};
use crate::kernel::port::Port;
use crate::kernel::space::Held;
use crate::kernel::{Kernel, PortId, Step};
use crate::name::Name;
use crate::right::Disposition::{self, MakeSend, MakeSendOnce};

pub(super) struct World {
    pub(super) kernel: Kernel,
    pub(super) client: SpaceId,
    pub(super) server: SpaceId,
}

/// A message without anything, to `name`.
pub(super) fn letter(id: i32, name: Name, disposition: Disposition) -> Letter {
    Letter {
        id,
        destination: (name, Some(disposition)),
        reply: (Name::NULL, None),
        body: Vec::new(),
        items: Vec::new(),
        complex: false,
    }
}

/// The same with things.
pub(super) fn with(mut letter: Letter, items: Vec<Item>) -> Letter {
    letter.items = items;
    letter
}

/// The same with a reply right.
pub(super) fn replied(mut letter: Letter, name: Name, disposition: Disposition) -> Letter {
    letter.reply = (name, Some(disposition));
    letter
}

/// To wait for room.
pub(super) fn waiting() -> SendOptions {
    SendOptions { wait: true, ..SendOptions::default() }
}

impl World {
    pub(super) fn new() -> Self {
        let mut kernel = Kernel::new();
        let (client, server) = (kernel.create_space(), kernel.create_space());
        Self { kernel, client, server }
    }

    /// A receive right of the space.
    pub(super) fn port(&mut self, space: SpaceId) -> Name {
        self.kernel.allocate(space, crate::Right::Receive).unwrap()
    }

    /// A right to the port that `from` receives from as `name`, for `to`.
    pub(super) fn right(&mut self, from: SpaceId, name: Name, made: Disposition, to: SpaceId) -> Name {
        let right = self.kernel.copy_in(from, name, made).unwrap();
        self.kernel.copy_out(to, right).unwrap()
    }

    /// A port of the server and the client's send right to it.
    pub(super) fn service(&mut self) -> (Name, Name) {
        let port = self.port(self.server);
        (port, self.right(self.server, port, MakeSend, self.client))
    }

    /// A port of the server and a send-once right of the client.
    pub(super) fn once(&mut self) -> (Name, Name) {
        let port = self.port(self.server);
        (port, self.right(self.server, port, MakeSendOnce, self.client))
    }

    pub(super) fn send(&mut self, letter: Letter) -> Result<Sent, Box<SendFailed>> {
        self.kernel.send(self.client, letter, &SendOptions::default())
    }

    /// Fills the queue of a port of the server by messages 0, 1, ….
    pub(super) fn fill(&mut self, right: Name) {
        for id in 0..5 {
            self.send(letter(id, right, Disposition::CopySend)).unwrap();
        }
    }

    pub(super) fn send_waiting(&mut self, letter: Letter) -> Ticket {
        match self.kernel.send(self.client, letter, &waiting()) {
            Ok(Sent::Waits(ticket)) => ticket,
            other => panic!("did not wait: {other:?}"),
        }
    }

    pub(super) fn try_receive(&mut self, space: SpaceId, name: Name) -> Option<Received> {
        match self.kernel.receive(space, name, &ReceiveOptions::default()).unwrap() {
            Receipt::Letter(received) => Some(received),
            Receipt::Nothing => None,
            other => panic!("not a letter: {other:?}"),
        }
    }

    pub(super) fn receive(&mut self, name: Name) -> Received {
        self.try_receive(self.server, name).expect("no message")
    }

    /// Receives with room for no message: it is destroyed.
    pub(super) fn receive_small(&mut self, name: Name) -> BareHeader {
        let options = ReceiveOptions { bytes_max: 0, leave_large: false, ..ReceiveOptions::default() };
        match self.kernel.receive(self.server, name, &options).unwrap() {
            Receipt::Destroyed(ReceiveError::TooLarge, header) => header,
            other => panic!("not destroyed: {other:?}"),
        }
    }

    /// Lets a space have as many names as there can be.
    pub(super) fn use_all_names(&mut self, space: SpaceId) {
        while self.kernel.allocate(space, crate::Right::DeadName).is_ok() {}
    }

    /// The numbers of all messages in a queue of the server, which is empty then.
    pub(super) fn drain(&mut self, name: Name) -> Vec<i32> {
        std::iter::from_fn(|| self.try_receive(self.server, name))
            .map(|received| received.header.id)
            .collect()
    }

    /// Who is woken by what has happened since the last time.
    pub(super) fn woken(&mut self) -> Vec<Ticket> {
        let wake = |step| if let Step::Wake(ticket) = step { Some(ticket) } else { None };
        self.kernel.take_steps().into_iter().filter_map(wake).collect()
    }

    pub(super) fn held(&mut self, space: SpaceId, name: Name) -> Option<(Held, u16)> {
        self.kernel.look(space, name).ok().map(|entry| (entry.held, entry.references))
    }

    /// A port of the server to be told by, and what is to be told of `name`.
    pub(super) fn ask(&mut self, name: Name, notice: Notice) -> Name {
        let notify = self.port(self.server);
        let right = self.kernel.copy_in(self.server, notify, MakeSendOnce).unwrap();
        self.kernel.request_notification(self.server, name, notice, 0, right).unwrap();
        notify
    }

    /// A set of the server with one port in it.
    pub(super) fn set_with(&mut self, port: Name) -> Name {
        let set = self.kernel.allocate(self.server, crate::Right::PortSet).unwrap();
        self.kernel.insert_member(self.server, port, set).unwrap();
        set
    }

    pub(super) fn set_limit(&mut self, port: Name, limit: u32) {
        let id = self.id(self.server, port);
        self.kernel.ports.get_mut(id).unwrap().queue_limit = limit;
        self.kernel.make_room(id);
    }

    /// The port behind a receive right.
    pub(super) fn id(&mut self, space: SpaceId, name: Name) -> PortId {
        self.kernel.receive_right(space, name).unwrap()
    }

    pub(super) fn port_of(&mut self, space: SpaceId, name: Name) -> &Port {
        let id = self.id(space, name);
        self.kernel.ports.get(id).unwrap()
    }
}

pub(super) fn error(sent: Result<Sent, Box<SendFailed>>) -> SendError {
    sent.expect_err("was sent").error
}

/// The names and dispositions of the rights that a message brought.
pub(super) fn rights(received: &Received) -> Vec<(Name, Disposition)> {
    let right = |item: &Item| {
        if let Item::Port(name, as_what) = item { (*name, *as_what) } else { panic!("no right") }
    };
    received.items.iter().map(right).collect()
}
