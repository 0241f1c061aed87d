// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client's communication port as C uses it, by several threads.

mod answers;
pub(crate) mod asking;
pub(crate) mod connecting;

use std::collections::{BTreeMap, VecDeque};

use cabotage_alpc::{Client, Connecting, Deadline, Identity, Ready, ReserveId, Status};

use crate::contexts::Contexts;
use crate::layout::HEADER_BYTES;
use crate::message::{Delivery, Extra};
use crate::sections::Sections;
use crate::settings::Settings;
use crate::status::Answer;
use crate::waiting::{End, Shared};

/// A port that threads share.
pub(crate) type ClientPort = Shared<ClientEnd>;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct ClientEnd {
    stage: Stage,
    pub(crate) settings: Settings,
    /// What nobody waits for by its number.
    waiting: VecDeque<Delivery>,
    /// Requests, by the numbers that C knows.
    asked: BTreeMap<u32, Asked>,
    /// Callbacks without their answer: the number for C, the channel's, and the request that each is about.
    callbacks: BTreeMap<u32, (u64, u32)>,
    reserves: BTreeMap<u32, ReserveId>,
    pub(crate) contexts: Contexts,
    pub(crate) sections: Sections,
    pub(crate) extra: Extra,
}

/// How far the connection is.
#[derive(Debug)]
enum Stage {
    Asking(Box<Connecting>),
    In(Box<Client>),
    /// It is over, or was never.
    Over(Status),
}

/// A request of ours.
#[derive(Debug)]
struct Asked {
    /// Its number on the channel.
    id: u64,
    /// Whether a thread waits for just this one.
    is_awaited: bool,
    /// C's own word for it.
    context: usize,
    /// Callbacks about it.
    callbacks: VecDeque<Delivery>,
    became: Option<Answer<Box<Delivery>>>,
}

impl End for ClientEnd {
    fn ready(&mut self) -> Answer<Ready> {
        match &mut self.stage {
            Stage::Asking(asking) => asking.ready().map_err(|error| error.status()),
            Stage::In(client) => client.ready().map_err(|error| error.status()),
            Stage::Over(_) => Ok(Ready::Ready),
        }
    }

    fn wake_by(&self) -> Deadline {
        Deadline::Never
    }
}

impl ClientEnd {
    /// The channel, once it is there.
    fn channel(&mut self) -> Answer<&mut Client> {
        match &mut self.stage {
            Stage::In(client) => Ok(client),
            Stage::Asking(_) => Err(Status::LPC_REQUESTS_NOT_ALLOWED),
            Stage::Over(status) => Err(*status),
        }
    }

    /// Who the server is.
    pub(crate) fn server(&mut self) -> Answer<Identity> {
        Ok(self.channel()?.server())
    }

    /// The longest message, header included.
    pub(crate) fn total_bytes_max(&mut self) -> Answer<usize> {
        Ok(HEADER_BYTES + self.channel()?.message_bytes_max())
    }

    /// Ends the channel: what waits is told that it is disconnected.
    pub(crate) fn disconnect(&mut self) {
        self.end(Status::PORT_DISCONNECTED);
    }

    fn end(&mut self, status: Status) {
        self.stage = Stage::Over(status);
        for asked in self.asked.values_mut().filter(|asked| asked.became.is_none()) {
            asked.became = Some(Err(Status::LPC_REPLY_LOST));
        }
    }

    /// Arranges for the descriptor to become readable; whether there is something already.
    pub(crate) fn arm(&mut self) -> Answer<bool> {
        let has_news = self.asked.values().any(|asked| asked.became.is_some() && !asked.is_awaited);
        Ok(!self.waiting.is_empty() || has_news || self.ready()? == Ready::Ready)
    }
}
