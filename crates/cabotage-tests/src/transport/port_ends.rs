// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ends of a channel of ALPC, in the words of all transports: a client that says and hears, one that asks, and a
//! port with its one client.

use std::os::fd::{AsFd, BorrowedFd};

use cabotage_alpc::{Client, Incoming, Loss, Outgoing, Ready, Received, View, ViewMut};
use cabotage_os::Deadline;

use super::{End, Parcel, Told, other};
use crate::ports::{Served, end_of};

/// A client that sends and receives datagrams.
#[derive(Debug)]
pub(super) struct ClientEnd(pub(super) Client);

impl End for ClientEnd {
    fn send(&mut self, record: &[u8], deadline: Deadline) -> Result<(), Told> {
        Ok(self.0.send_datagram(record, deadline)?)
    }

    fn receive(&mut self, deadline: Deadline) -> Result<Vec<u8>, Told> {
        match self.0.receive(deadline)? {
            Received::Datagram(body) => Ok(body.to_vec()),
            other => Err(Told::Other(format!("no datagram, but {other:?}"))),
        }
    }

    fn send_parcel(&mut self, parcel: Parcel, deadline: Deadline) -> Result<(), Told> {
        let mut view = None;
        if let Some(bytes) = parcel.blocks.first() {
            view = Some(filled(self.0.view(bytes.len(), deadline)?, bytes)?);
        }
        Ok(self.0.send_datagram_as(&mut outgoing(&parcel, view), deadline)?)
    }

    fn receive_parcel(&mut self, deadline: Deadline) -> Result<Parcel, Told> {
        let bytes = self.receive(deadline)?;
        Ok(Parcel { bytes, blocks: blocks(self.0.take_view().as_ref())?, ..Parcel::default() })
    }

    fn must_wait(&mut self) -> Result<bool, Told> {
        Ok(self.0.ready()? == Ready::Armed)
    }

    fn descriptor(&self) -> Result<BorrowedFd<'_>, Told> {
        Ok(self.0.as_fd())
    }

    fn close(self: Box<Self>) {
        self.0.close();
    }
}

/// A view with this in it.
fn filled(mut view: ViewMut, bytes: &[u8]) -> Result<ViewMut, Told> {
    view.write_at(0, bytes).map_err(other)?;
    Ok(view)
}

fn outgoing(parcel: &Parcel, view: Option<ViewMut>) -> Outgoing<'_> {
    let message = Outgoing::new(&parcel.bytes);
    match view {
        Some(view) => message.with_view(view),
        None => message,
    }
}

fn blocks(view: Option<&View>) -> Result<Vec<Vec<u8>>, Told> {
    view.map(View::to_vec).into_iter().collect::<Result<_, _>>().map_err(other)
}

/// How many records may be on their way to a port before the first of them is answered.
const UNANSWERED_MAX: usize = 64;

/// A client that sends each record as a request. The port replies when the record is taken.
#[derive(Debug)]
pub(super) struct Asking(Client);

impl Asking {
    pub(super) fn new(client: Client) -> Self {
        Self(client)
    }

    /// Hears one reply.
    fn hear(&mut self, deadline: Deadline) -> Result<(), Told> {
        match self.0.receive(deadline)? {
            Received::Reply { body: b"", .. } => Ok(()),
            // The end is told next.
            Received::LostReply { loss: Loss::Gone(error), .. } => Err(error.into()),
            other => Err(Told::Other(format!("no reply, but {other:?}"))),
        }
    }
}

impl End for Asking {
    fn send(&mut self, record: &[u8], deadline: Deadline) -> Result<(), Told> {
        while self.0.requests_waiting() > 0 {
            let is_full = self.0.requests_waiting() >= UNANSWERED_MAX;
            match self.hear(if is_full { deadline } else { Deadline::Now }) {
                Ok(()) => {}
                Err(Told::Nothing) if is_full => return Err(Told::Full),
                Err(Told::Nothing) => break,
                Err(told) => return Err(told),
            }
        }
        Ok(self.0.send_request(record, deadline).map(drop)?)
    }

    fn receive(&mut self, _deadline: Deadline) -> Result<Vec<u8>, Told> {
        Err(self.cannot("receive at the end that asks"))
    }

    fn close(self: Box<Self>) {
        self.0.close();
    }
}

/// A port with one client, whose end is told again and again.
#[derive(Debug)]
pub(super) struct ServerEnd {
    served: Served,
    /// What is told after the record that came.
    after: Option<Told>,
    /// What was found when it was asked whether to wait.
    found: Option<Incoming>,
    ended: Option<Told>,
}

impl ServerEnd {
    pub(super) fn new(served: Served) -> Self {
        Self { served, after: None, found: None, ended: None }
    }

    /// What comes next, unless there is something to be told before.
    fn next(&mut self, deadline: Deadline) -> Result<Incoming, Told> {
        if let Some(told) = self.ended.clone().or_else(|| self.after.take()) {
            return Err(told);
        }
        match self.found.take() {
            Some(found) => Ok(found),
            None => Ok(self.served.port.receive(deadline)?),
        }
    }

    fn take(&mut self, incoming: Incoming) -> Result<Vec<u8>, Told> {
        if let Some(error) = end_of(&incoming) {
            return Err(self.ended.insert(error.into()).clone());
        }
        match incoming {
            Incoming::Datagram(datagram) => Ok(datagram.body().to_vec()),
            Incoming::Request(request) => {
                let record = request.body().to_vec();
                if let Err(unanswered) = self.served.port.reply(request, b"") {
                    self.after = Some(Told::of_reply(&unanswered.error)).filter(|told| !told.is_end());
                }
                Ok(record)
            }
            other => Err(Told::Other(format!("no record, but {other:?}"))),
        }
    }
}

impl Told {
    fn of_reply(error: &cabotage_alpc::ReplyError) -> Self {
        match error {
            cabotage_alpc::ReplyError::NotSent(error) => error.clone().into(),
            other => Self::Other(other.to_string()),
        }
    }
}

impl End for ServerEnd {
    fn send(&mut self, record: &[u8], deadline: Deadline) -> Result<(), Told> {
        match &self.ended {
            Some(told) => Err(told.clone()),
            None => Ok(self.served.port.send_datagram(self.served.client, record, deadline)?),
        }
    }

    fn receive(&mut self, deadline: Deadline) -> Result<Vec<u8>, Told> {
        let incoming = self.next(deadline)?;
        self.take(incoming)
    }

    fn send_parcel(&mut self, parcel: Parcel, deadline: Deadline) -> Result<(), Told> {
        let Served { port, client } = &mut self.served;
        let mut view = None;
        if let Some(bytes) = parcel.blocks.first() {
            view = Some(filled(port.view(*client, bytes.len(), deadline)?, bytes)?);
        }
        Ok(port.send_datagram_as(*client, &mut outgoing(&parcel, view), deadline)?)
    }

    fn receive_parcel(&mut self, deadline: Deadline) -> Result<Parcel, Told> {
        match self.next(deadline)? {
            Incoming::Datagram(mut datagram) => {
                let bytes = datagram.body().to_vec();
                Ok(Parcel { bytes, blocks: blocks(datagram.take_view().as_ref())?, ..Parcel::default() })
            }
            other => self.take(other).map(|bytes| Parcel { bytes, ..Parcel::default() }),
        }
    }

    fn must_wait(&mut self) -> Result<bool, Told> {
        if self.ended.is_some() || self.found.is_some() {
            return Ok(false);
        }
        // What the port is ready for may concern nobody but the port.
        while self.served.port.ready()? == Ready::Ready {
            self.found = self.served.port.try_receive()?;
            if self.found.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn descriptor(&self) -> Result<BorrowedFd<'_>, Told> {
        Ok(self.served.port.as_fd())
    }

    fn close(self: Box<Self>) {
        drop(self.served.port);
    }
}
