// SPDX-License-Identifier: MIT OR Apache-2.0
//! What comes to a server, as messages of C.

use cabotage_alpc::{ClientId, Identity, Incoming, Kind, Request, Status, Technique, Token};

use super::{Asked, SENDERS_MAX, Server};
use crate::layout::DataEntry;
use crate::message::Delivery;

impl Server {
    /// Files what came: as a message, or as the answer to a callback.
    pub(super) fn file(&mut self, incoming: Incoming) {
        let kind = incoming.kind().map_or(0, Kind::type_number);
        match incoming {
            Incoming::ConnectionRequest(asker) => {
                let number = self.next_message();
                let mut delivery = Delivery::new(kind, number, asker.data().to_vec());
                signed(&mut delivery, asker.identity());
                told(&mut delivery, asker.token(), asker.sequence(), 0);
                self.askers.insert(number, asker);
                self.waiting.push_back(delivery);
            }
            Incoming::Request(request) => self.file_request(kind, request),
            Incoming::Datagram(mut datagram) => {
                let number = self.next_message();
                let (channel, identity) = (datagram.context(), datagram.token().identity());
                let data = datagram.body().to_vec();
                let view = datagram.take_view();
                // A body of as many bytes as the view that came with it is the view.
                let is_in_view = view.as_ref().is_some_and(|view| view.bytes() == data.len());
                let data = if is_in_view { Vec::new() } else { data };
                let mut delivery = Delivery { view, is_in_view, ..Delivery::new(kind, number, data) };
                signed(&mut delivery, identity);
                told(&mut delivery, datagram.token(), datagram.sequence(), self.word(channel));
                delivery.take_handles(datagram.handles());
                self.note_sender(number, channel, identity);
                self.waiting.push_back(delivery);
            }
            Incoming::CallbackReply { id, reply } => {
                let mut delivery = Delivery::new(kind, 0, reply.body().to_vec());
                signed(&mut delivery, reply.token().identity());
                told(&mut delivery, reply.token(), reply.sequence(), self.word(reply.context()));
                self.file_callback(reply.client(), id, Ok(Box::new(delivery)));
            }
            Incoming::LostReply { client, id, loss, .. } => {
                self.file_callback(client, id, Err(loss.status()))
            }
            Incoming::Canceled { client, context, id } => {
                let asked = |asked: &Asked| asked.request.client() == client && asked.request.id() == id;
                let number = self.requests.iter().find(|(_, one)| asked(one)).map(|(number, _)| *number);
                if let Some(number) = number {
                    self.file_news(kind, number, context);
                }
            }
            Incoming::PortClosed { context, .. } | Incoming::ClientDied { context, .. } => {
                self.file_end(kind, context);
            }
            Incoming::Disconnected { context, .. } => {
                self.file_end(Kind::ClientDied.type_number(), context);
            }
            _ => {}
        }
    }

    fn file_request(&mut self, kind: u16, mut request: Request) {
        let number = self.next_message();
        let channel = request.context();
        let is_in_view = matches!(request.technique(), Technique::Section | Technique::SecureSection);
        let data = if is_in_view { Vec::new() } else { request.body().to_vec() };
        let view = request.take_view();
        let mut delivery = Delivery { view, is_in_view, ..Delivery::new(kind, number, data) };
        signed(&mut delivery, request.token().identity());
        told(&mut delivery, request.token(), request.sequence(), self.word(channel));
        delivery.brought.is_secured = request.attributes().contains(cabotage_alpc::AttributeSet::SECURITY);
        delivery.header.data_info_offset = data_info_offset(&request, &delivery.data);
        delivery.take_handles(request.handles());
        if let Some(channel) = self.channels.get_mut(&channel)
            && request.is_synchronous()
        {
            channel.newest = number;
        }
        self.requests.insert(number, Asked { request, channel });
        self.waiting.push_back(delivery);
    }

    /// What became of a callback, if anybody still waits for it.
    fn file_callback(&mut self, client: ClientId, id: u64, became: Result<Box<Delivery>, Status>) {
        if let Some(place) = self.callbacks.get_mut(&(client, id)) {
            *place = Some(became);
        }
    }

    /// News of a channel, which have no data.
    fn file_news(&mut self, kind: u16, message: u32, channel: u64) {
        let mut delivery = Delivery::new(kind, message, Vec::new());
        if let Some(channel) = self.channels.get(&channel) {
            delivery.brought.port_context = channel.context;
            signed(&mut delivery, channel.identity);
        }
        self.waiting.push_back(delivery);
    }

    fn file_end(&mut self, kind: u16, channel: u64) {
        self.file_news(kind, 0, channel);
        self.channels.remove(&channel);
        self.forget_requests(channel);
    }

    fn note_sender(&mut self, message: u32, channel: u64, identity: Identity) {
        if self.senders.len() >= SENDERS_MAX {
            self.senders.pop_front();
        }
        self.senders.push_back((message, channel, identity));
    }

    /// C's own word for a channel.
    fn word(&self, channel: u64) -> usize {
        self.channels.get(&channel).map_or(0, |channel| channel.context)
    }
}

/// Who sent it; which of its threads, the kernel does not tell.
fn signed(delivery: &mut Delivery, identity: Identity) {
    delivery.header.process = usize::try_from(identity.pid).unwrap_or(0);
}

fn told(delivery: &mut Delivery, token: &Token, sequence: u64, context: usize) {
    let identity = token.identity();
    delivery.brought.port_context = context;
    delivery.brought.sequence = u32::try_from(sequence & u64::from(u32::MAX)).unwrap_or(0);
    delivery.brought.token = Some([token.id(), identity.uid.into(), identity.gid.into()]);
}

/// Where the list of what a request lends stands in its data: there is no other list of so many entries of these sizes
/// that C would look at. The first place if there is none, since the ranges are what they are.
fn data_info_offset(request: &Request, data: &[u8]) -> u16 {
    let sizes: Vec<u64> = request.ranges().map(|(bytes, _)| bytes).collect();
    if sizes.is_empty() {
        return 0;
    }
    let number = |at: usize| {
        data.get(at..at + 4).map(|bytes| u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    };
    let is_list = |at: usize| {
        let entry = |index: usize| number(at + 8 + index * size_of::<DataEntry>() + 8).map(u64::from);
        number(at).map(|count| count as usize) == Some(sizes.len())
            && sizes.iter().enumerate().all(|(index, bytes)| entry(index) == Some(*bytes))
    };
    let at = (0..data.len()).step_by(8).find(|at| is_list(*at)).unwrap_or(0);
    u16::try_from(crate::layout::HEADER_BYTES + at).unwrap_or(0)
}
