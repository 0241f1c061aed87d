// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a client gets in: at once, or while it does something else.

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::AsFd;

use cabotage_alpc::{Client, ConnectError, Deadline, Identity, Status};

use super::{ClientEnd, ClientPort, Stage};
use crate::contexts::Contexts;
use crate::message::{Delivery, Extra};
use crate::sections::Sections;
use crate::settings::Settings;
use crate::status::Answer;
use crate::waiting::{Shared, copy_of};

/// LPC_CONNECTION_REPLY: the server's answer to a client that did not wait for it.
const CONNECTION_REPLY: u16 = 11;

/// How a client wants to connect.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) name: String,
    pub(crate) settings: Settings,
    /// What the server gets with the request.
    pub(crate) data: Vec<u8>,
    /// How many bytes of data the client takes with the acceptance.
    pub(crate) accept_bytes_max: usize,
    /// Who the server must be.
    pub(crate) required_uid: Option<u32>,
    pub(crate) deadline: Deadline,
}

/// Why there is no connection: a status, and how many bytes were needed.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: Status,
    pub(crate) bytes: Option<usize>,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self { status, bytes: None }
    }
}

impl From<ConnectError> for Refusal {
    fn from(error: ConnectError) -> Self {
        let bytes = match error {
            ConnectError::BufferTooSmall { bytes, .. } => Some(bytes),
            _ => None,
        };
        Self { status: error.status(), bytes }
    }
}

impl Wish {
    fn options(&self) -> cabotage_alpc::ConnectOptions {
        let options = self.settings.for_client().data(&self.data).deadline(self.deadline);
        let options = options.accept_bytes_max(self.accept_bytes_max);
        match self.required_uid {
            Some(uid) => options.required_uid(uid),
            None => options,
        }
    }

    /// Connects and waits for the server; answers the port, who the server is and what it said.
    pub(crate) fn connect(self) -> Result<(ClientPort, Identity, Vec<u8>), Refusal> {
        let client = self.options().connect(&self.name)?;
        let (server, data) = (client.server(), client.accept_data().to_vec());
        let descriptor = copy_of(client.as_fd())?;
        let end = ClientEnd::new(Stage::In(Box::new(client)), self.settings);
        Ok((Shared::new(end, descriptor)?, server, data))
    }

    /// Asks to be let in, and does not wait for the answer, which is a message.
    pub(crate) fn begin(self) -> Result<ClientPort, Refusal> {
        let asking = self.options().begin(&self.name)?;
        let descriptor = copy_of(asking.as_fd())?;
        let end = ClientEnd::new(Stage::Asking(Box::new(asking)), self.settings);
        Ok(Shared::new(end, descriptor)?)
    }
}

impl ClientEnd {
    fn new(stage: Stage, settings: Settings) -> Self {
        Self {
            stage,
            settings,
            waiting: VecDeque::new(),
            asked: BTreeMap::new(),
            callbacks: BTreeMap::new(),
            reserves: BTreeMap::new(),
            contexts: Contexts::default(),
            sections: Sections::default(),
            extra: Extra::default(),
            received: 0,
            is_end_told: false,
        }
    }

    /// Looks whether the server has answered a client that did not wait.
    pub(super) fn hear_answer(&mut self) -> Answer {
        let Stage::Asking(_) = self.stage else { return Ok(()) };
        let Stage::Asking(asking) =
            std::mem::replace(&mut self.stage, Stage::Over(Status::PORT_DISCONNECTED))
        else {
            return Ok(());
        };
        match asking.try_finish() {
            Ok(Ok(client)) => {
                self.waiting.push_back(admission(&client));
                self.stage = Stage::In(Box::new(client));
                Ok(())
            }
            Ok(Err(asking)) => {
                self.stage = Stage::Asking(Box::new(asking));
                Ok(())
            }
            Err(error) => {
                self.end(error.status());
                Err(error.status())
            }
        }
    }
}

fn admission(client: &Client) -> Delivery {
    let mut delivery = Delivery::new(CONNECTION_REPLY, 0, client.accept_data().to_vec());
    delivery.header.process = usize::try_from(client.server().pid).unwrap_or(0);
    delivery
}
