// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ends of a channel of ALPC, in the words of all transports: a client that says and hears, one that asks, and a
//! port with its one client.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use cabotage_alpc::{Client, Handles, Incoming, Loss, Outgoing, Ready, Received, View, ViewMut};
use cabotage_os::Deadline;

use super::port_shared::Locked;
use super::{End, Parcel, SplitEnds, Told, other};
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
            Received::Datagram(body) => {
                let record = body.to_vec();
                // Nobody takes them later.
                drop(taken(self.0.handles_received()));
                Ok(record)
            }
            other => Err(Told::Other(format!("no datagram, but {other:?}"))),
        }
    }

    fn send_parcel(&mut self, parcel: Parcel, deadline: Deadline) -> Result<(), Told> {
        let mut view = None;
        if let Some(bytes) = parcel.blocks.first() {
            view = Some(filled(self.0.view(bytes.len(), deadline)?, bytes)?);
        }
        let Parcel { bytes, descriptors, .. } = parcel;
        Ok(self.0.send_datagram_as(&mut outgoing(&bytes, view, descriptors), deadline)?)
    }

    fn receive_parcel(&mut self, deadline: Deadline) -> Result<Parcel, Told> {
        let bytes = match self.0.receive(deadline)? {
            Received::Datagram(body) => body.to_vec(),
            other => return Err(Told::Other(format!("no datagram, but {other:?}"))),
        };
        let blocks = blocks(self.0.take_view().as_ref())?;
        Ok(Parcel { bytes, blocks, descriptors: taken(self.0.handles_received()) })
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

fn outgoing(bytes: &[u8], view: Option<ViewMut>, descriptors: Vec<OwnedFd>) -> Outgoing<'_> {
    let message = descriptors.into_iter().fold(Outgoing::new(bytes), Outgoing::with_handle);
    match view {
        Some(view) => message.with_view(view),
        None => message,
    }
}

/// All handles that came.
pub(super) fn taken(handles: Option<&mut Handles>) -> Vec<OwnedFd> {
    let take = |handles: &mut Handles| (0..handles.len()).filter_map(|at| handles.take_at(at)).collect();
    handles.map(take).unwrap_or_default()
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
        self.hear_what_is_answered(deadline)?;
        Ok(self.0.send_request(record, deadline).map(drop)?)
    }

    fn send_parcel(&mut self, parcel: Parcel, deadline: Deadline) -> Result<(), Told> {
        self.hear_what_is_answered(deadline)?;
        let mut message = outgoing(&parcel.bytes, None, parcel.descriptors);
        Ok(self.0.send_request_as(&mut message, deadline).map(drop)?)
    }

    fn receive(&mut self, _deadline: Deadline) -> Result<Vec<u8>, Told> {
        Err(self.cannot("receive at the end that asks"))
    }

    fn close(self: Box<Self>) {
        self.0.close();
    }
}

impl Asking {
    /// Hears the replies that are here, and waits for one if too many are not.
    fn hear_what_is_answered(&mut self, deadline: Deadline) -> Result<(), Told> {
        while self.0.requests_waiting() > 0 {
            let is_full = self.0.requests_waiting() >= UNANSWERED_MAX;
            match self.hear(if is_full { deadline } else { Deadline::Now }) {
                Ok(()) => {}
                Err(Told::Nothing) if is_full => return Err(Told::Full),
                Err(Told::Nothing) => break,
                Err(told) => return Err(told),
            }
        }
        Ok(())
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
        let Parcel { bytes, descriptors, .. } = parcel;
        Ok(port.send_datagram_as(*client, &mut outgoing(&bytes, view, descriptors), deadline)?)
    }

    fn receive_parcel(&mut self, deadline: Deadline) -> Result<Parcel, Told> {
        match self.next(deadline)? {
            Incoming::Datagram(mut datagram) => {
                let bytes = datagram.body().to_vec();
                let blocks = blocks(datagram.take_view().as_ref())?;
                Ok(Parcel { bytes, blocks, descriptors: taken(datagram.handles()) })
            }
            Incoming::Request(mut request) => {
                let descriptors = taken(request.handles());
                let bytes = self.take(Incoming::Request(request))?;
                Ok(Parcel { bytes, descriptors, ..Parcel::default() })
            }
            other => self.take(other).map(|bytes| Parcel { bytes, ..Parcel::default() }),
        }
    }

    fn split(self: Box<Self>) -> Result<SplitEnds, Told> {
        Ok(Locked::halves(*self))
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
