// SPDX-License-Identifier: MIT OR Apache-2.0
//! The producer and the consumer of the textbook: a bounded buffer between them, of which each end waits for the other
//! when it is full or empty.
//!
//! The file goes through one channel, answers come back through another; neither end of them need trust the other. At
//! the end the parent leaves some numbers in a channel of the trusting form, which outlives its producer; the child
//! consumes them and removes the objects, as the figure's consumer does. All names lie in a directory of the tour's
//! own.

use std::error::Error;
use std::fs::File;
use std::path::Path;

use cabotage::Deadline;
use cabotage::link::names::Registry;
use cabotage::shm::{
    ChannelError, ChannelOptions, Consumer, Directory, Name, Producer, ReceiveError, SendError,
};
use sha2::{Digest, Sha256};

use super::journal::Journal;
use super::litter;
use super::mechanism::{FarEnd, Invitation, Mechanism, Message, NearEnd, Offer};
use super::page::{Answers, How, Page, Parties, Picture, Unit, Way};
use super::peer::{PATIENCE, Peer, gone};
use super::trips;
use super::window::Window;
use crate::address::Form;
use crate::exit::{Exit, Failure};

#[derive(Debug)]
pub(crate) struct ProducerConsumer;

static PAGE: Page = Page {
    name: "shm-producer-consumer",
    title: "Producer and consumer (a bounded buffer in shared memory)",
    copies: 2,
    answers: Answers {
        way: Way::OneDirection,
        parties: Parties::Unrelated,
        unit: Unit::Messages,
        lives: "as long as its ends; the trusting form until removed",
    },
    picture: Picture { object: "the producer's outbox", stuff: "the bounded buffer", how: How::Outboxes },
};

/// The bytes of the buffer, and of the records in it: it holds some of them.
const BUFFER_BYTES: usize = 256 << 10;
const RECORD_BYTES: usize = 32 << 10;

/// The numbers of the last channel: 1, 2, 3 and so on.
const NUMBERS: u32 = 10;

impl Mechanism for ProducerConsumer {
    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn offer(&self, _window_bytes: usize, journal: &mut Journal) -> Result<Offer, Failure> {
        let (path, litter) = litter::make_directory_in_memory(|path| Ok(path.to_owned()))?;
        let place = Place::at(&path)?;
        let producer =
            place.create(Form::Guarded, "there", "create the bounded buffer /there, guarded", journal)?;
        Ok(Offer {
            words: vec![path.into()],
            descriptors: Vec::new(),
            handles: Vec::new(),
            litter: Some(litter),
            connect: Box::new(move |peer, journal| {
                Ok(Box::new(Near::meet(place, producer, &peer, journal)?))
            }),
        })
    }

    fn join(&self, invitation: Invitation, journal: &mut Journal) -> Result<Box<dyn FarEnd>, Failure> {
        let place = Place::at(Path::new(invitation.word(0)?))?;
        Ok(Box::new(Far::meet(place, &invitation.peer, journal)?))
    }
}

/// Where both processes find their channels.
struct Place {
    options: ChannelOptions,
}

impl Place {
    fn at(path: &Path) -> Result<Self, Failure> {
        let registry = Registry::at(path.join("user"), path.join("system"));
        let options = ChannelOptions::new().directory(&Directory::open(path)?).registry(&registry);
        Ok(Self { options: options.capacity_bytes(BUFFER_BYTES) })
    }

    fn create(&self, form: Form, name: &str, step: &str, journal: &mut Journal) -> Result<Producer, Failure> {
        let name = Name::parse(name)?;
        Ok(journal.step(step, || match form {
            Form::Guarded => self.options.create(&name),
            Form::Trusting => self.options.create_trusting(&name),
        })?)
    }

    /// Opens a guarded channel once the other process has made it.
    fn open(&self, name: &str, step: &str, peer: &Peer, journal: &mut Journal) -> Result<Consumer, Failure> {
        let name = Name::parse(name)?;
        journal.step(step, || {
            loop {
                let options = self.options.clone().until_there(Deadline::within(PATIENCE));
                match options.open(&name) {
                    Err(
                        ChannelError::Missing { .. }
                        | ChannelError::NobodyCame { .. }
                        | ChannelError::NoAnswer { .. },
                    ) => peer.check()?,
                    outcome => return Ok(outcome?),
                }
            }
        })
    }
}

/// Waits until the other process has attached as the consumer.
fn welcome(producer: &mut Producer, peer: &Peer, journal: &mut Journal) -> Result<(), Failure> {
    journal.step("wait for the consumer", || {
        loop {
            match producer.wait_for_consumer(Deadline::within(PATIENCE)) {
                Err(SendError::Full) => peer.check()?,
                outcome => return outcome.map_err(ended),
            }
        }
    })
}

/// The parent's end: the file's producer, the answers' consumer.
struct Near {
    place: Place,
    producer: Producer,
    answers: Consumer,
    window: Window,
}

/// The child's end: the file's consumer, the answers' producer.
struct Far {
    place: Place,
    consumer: Consumer,
    answers: Producer,
}

impl Near {
    fn meet(
        place: Place,
        mut producer: Producer,
        peer: &Peer,
        journal: &mut Journal,
    ) -> Result<Self, Failure> {
        welcome(&mut producer, peer, journal)?;
        let answers = place.open("back", "attach to /back as its consumer", peer, journal)?;
        Ok(Self { place, producer, answers, window: Window::default() })
    }

    /// A channel that stays when its producer has ended.
    fn leave_numbers(place: &Place, journal: &mut Journal) -> Result<(), Failure> {
        let mut producer =
            place.create(Form::Trusting, "numbers", "create /numbers in the trusting form", journal)?;
        for number in 1..=NUMBERS {
            let produced = journal
                .step("produce a number into /numbers", || producer.send_value(&number, Deadline::Never));
            produced.map_err(ended)?;
        }
        journal.step("close /numbers: nobody has come yet, and the numbers stay", || producer.close());
        Ok(())
    }
}

impl Far {
    fn meet(place: Place, peer: &Peer, journal: &mut Journal) -> Result<Self, Failure> {
        let consumer = place.open("there", "attach to /there as its consumer", peer, journal)?;
        let mut answers =
            place.create(Form::Guarded, "back", "create /back for the answers, guarded", journal)?;
        welcome(&mut answers, peer, journal)?;
        Ok(Self { place, consumer, answers })
    }

    fn see_the_end(consumer: &mut Consumer) -> Result<(), Failure> {
        match consumer.receive(Deadline::Never).map(drop) {
            Err(ReceiveError::Closed) => Ok(()),
            Err(error) => Err(ended(error)),
            Ok(()) => Err(Failure::new(Exit::Failed, "a record came after the last one")),
        }
    }

    fn consume_numbers(&self, journal: &mut Journal) -> Result<(), Failure> {
        let name = Name::parse("numbers")?;
        let attached = journal
            .step("attach to /numbers, whose producer has ended", || self.place.options.open_trusting(&name));
        let mut consumer = attached?;
        for expected in 1..=NUMBERS {
            let consumed = journal
                .step("consume a number from /numbers", || consumer.receive_value::<u32>(Deadline::Never));
            if consumed.map_err(ended)? != expected {
                return Err(Failure::new(Exit::Failed, "the numbers came in another order"));
            }
        }
        journal.step("see the end of /numbers", || Self::see_the_end(&mut consumer))?;
        Ok(journal.step("remove /numbers and its objects", || consumer.remove())?)
    }
}

impl NearEnd for Near {
    fn fill(&mut self, file: &File, bytes: usize, _journal: &mut Journal) -> Result<usize, Failure> {
        Ok(self.window.fill(file, bytes)?)
    }

    fn digest(&self, digest: &mut Sha256) -> Result<(), Failure> {
        digest.update(&*self.window);
        Ok(())
    }

    fn hand_over(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        for record in self.window.chunks(RECORD_BYTES) {
            let sent =
                match journal.step("produce a record, if there is room", || self.producer.try_send(record)) {
                    Err(SendError::Full) => journal.step("find the buffer full: wait, then produce", || {
                        self.producer.send(record, Deadline::Never)
                    }),
                    outcome => outcome,
                };
            sent.map_err(ended)?;
        }
        Ok(())
    }

    fn exchange(&mut self, message: &mut Message) -> Result<(), Failure> {
        self.producer.send(message, Deadline::Never).map_err(ended)?;
        *message = receive(&mut self.answers)?;
        Ok(())
    }

    fn close(self: Box<Self>, journal: &mut Journal) {
        let Self { place, producer, .. } = *self;
        journal.step("close /there: the end of the stream", || producer.close());
        // If that fails, the child does not find them, and says so.
        let _ = Self::leave_numbers(&place, journal);
    }
}

impl FarEnd for Far {
    fn take(&mut self, target: &mut [u8], journal: &mut Journal) -> Result<(), Failure> {
        for piece in target.chunks_mut(RECORD_BYTES) {
            let consumed = journal.step("consume a record, if there is one", || {
                self.consumer.try_receive().map(|record| record.map(|record| record.copy_to(piece)))
            });
            let bytes = match consumed.map_err(ended)? {
                Some(bytes) => bytes,
                None => journal
                    .step("find the buffer empty: wait, then consume", || {
                        self.consumer.receive(Deadline::Never).map(|record| record.copy_to(piece))
                    })
                    .map_err(ended)?,
            };
            if bytes != piece.len() {
                return Err(Failure::new(Exit::Failed, "a record of the wrong size came"));
            }
        }
        Ok(())
    }

    fn receive(&mut self, message: &mut Message) -> Result<(), Failure> {
        *message = receive(&mut self.consumer)?;
        Ok(())
    }

    fn reply(&mut self, message: &Message) -> Result<(), Failure> {
        self.answers.send(message, Deadline::Never).map_err(ended)
    }

    fn see_it_closed(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        journal.step("see the end of /there", || Self::see_the_end(&mut self.consumer))?;
        self.consume_numbers(journal)
    }
}

/// One small message.
fn receive(consumer: &mut Consumer) -> Result<Message, Failure> {
    let mut message = trips::blank();
    consumer.receive(Deadline::Never).map_err(ended)?.copy_to(&mut message);
    Ok(message)
}

/// A channel that ends early tells that the other process did.
fn ended(error: impl Error + 'static) -> Failure {
    match Failure::from(error) {
        failure if failure.exit() == Exit::PeerGone => gone(),
        failure => failure,
    }
}
