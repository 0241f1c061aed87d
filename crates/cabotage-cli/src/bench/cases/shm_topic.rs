// SPDX-License-Identifier: MIT OR Apache-2.0
//! `shm.topic`: 64 bytes a record from a publisher, whose pace is measured, to one subscriber or to four; the limit is
//! the same stream through a trusting channel.
//!
//! The near end publishes, and every subscriber is a process of its own. A round ends with a record that says so, and
//! with the word of each that it has seen it.

use std::cell::OnceCell;
use std::hint::black_box;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cabotage::Deadline;
use cabotage::shm::{Directory, Name, Publisher, Subscriber, TopicOptions, WhenSlow};

use super::channel_ends::{Trusting, unmet};
use super::shm_stream::{Sink, Source};
use crate::bench::case::{Case, Far, Measured, Near, NearEnd, Place, Result, Setting, Subject};
use crate::bench::descriptors::expect;
use crate::bench::meeting::{Invitation, Meeting};
use crate::bench::note::Note;
use crate::bench::peer::Peer;

pub(super) const WAIT: Case = Case {
    name: "shm.topic.wait",
    about: "64 bytes a record to one subscriber, for whom the publisher waits, held against a channel",
    bytes: BYTES,
    subject: Subject { near: near::<1, true>, far, place: Place::Apart },
    limit: Some(Subject::stream::<Sink<Trusting>, Source<Trusting>>()),
};

pub(super) const DROP: Case = Case {
    name: "shm.topic.drop",
    about: "the same to one that loses records when it is slow",
    subject: Subject { near: near::<1, false>, far, place: Place::Apart },
    ..WAIT
};

pub(super) const WAIT_FOR_FOUR: Case = Case {
    name: "shm.topic.wait.four",
    about: "the same to four subscribers, for whom the publisher waits",
    subject: Subject { near: near::<4, true>, far, place: Place::Apart },
    ..WAIT
};

pub(super) const DROP_FOR_FOUR: Case = Case {
    name: "shm.topic.drop.four",
    about: "the same to four that lose records when they are slow",
    subject: Subject { near: near::<4, false>, far, place: Place::Apart },
    ..WAIT
};

fn near<const SUBSCRIBERS: usize, const WAITS: bool>(setting: Setting) -> Result<NearEnd> {
    let Setting { case, role, plan } = setting;
    let (invitation, descriptor) = Invitation::in_memory()?;
    let path = invitation.path().to_path_buf();
    let words = path.to_string_lossy().into_owned();
    let processors = plan.processors(case.subject(role)?.place);
    let others = (1..SUBSCRIBERS).map(|_| {
        let (_, place) = Note::leave(&words)?;
        Peer::start(case, role, &processors, vec![place, Note::leave(GUEST)?.1])
    });
    let others = others.collect::<Result<_>>()?;
    let when_slow = if WAITS { WhenSlow::Wait } else { WhenSlow::Drop };
    let source = Announcer { _invitation: invitation, path, when_slow, others, publisher: OnceCell::new() };
    Ok((Box::new(source), vec![descriptor, Note::leave(HOST)?.1]))
}

struct Announcer {
    _invitation: Invitation,
    path: PathBuf,
    when_slow: WhenSlow,
    others: Vec<Peer>,
    publisher: OnceCell<Publisher>,
}

impl Announcer {
    /// The publisher, once everybody has come.
    fn meet(&self) -> Result<Publisher> {
        let options = TopicOptions::new().directory(&Directory::open(&self.path)?).when_slow(self.when_slow);
        let mut publisher = options.create_trusting(&Name::parse(NAME)?)?;
        while publisher.subscribers()? <= self.others.len() {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(publisher)
    }
}

impl Near for Announcer {
    fn round(&mut self, operations: u32, peer: &Peer) -> Result<Measured> {
        self.others.iter_mut().try_for_each(|other| other.begin(operations))?;
        if self.publisher.get().is_none() {
            let _ = self.publisher.set(self.meet()?);
        }
        let publisher = self.publisher.get_mut().ok_or_else(unmet)?;
        let start = Instant::now();
        for _ in 0..operations {
            publisher.publish(black_box(&[0; BYTES]), Deadline::Never)?;
        }
        // Where the slow lose records the publisher's pace is its own; else it is that of the slowest.
        if self.when_slow == WhenSlow::Wait {
            publisher.wait_until_consumed(Deadline::Never)?;
        }
        let pace = start.elapsed().as_secs_f64() * 1e9 / f64::from(operations);
        publisher.publish(&[LAST; BYTES], Deadline::Never)?;
        for subscriber in self.others.iter().chain([peer]) {
            subscriber.answer()?;
        }
        Ok(Measured::Pace(pace))
    }
}

fn far(descriptors: Vec<OwnedFd>) -> Result<Box<dyn Far>> {
    let [place, part] = expect(descriptors)?;
    let (path, meeting) = match Note::read(part)?.words() {
        HOST => {
            let meeting = Meeting::hold(place)?;
            (meeting.path().to_path_buf(), Some(meeting))
        }
        _ => (PathBuf::from(Note::read(place)?.words()), None),
    };
    Ok(Box::new(Listener { path, _meeting: meeting, subscriber: OnceCell::new() }))
}

struct Listener {
    path: PathBuf,
    /// One of them has made the directory.
    _meeting: Option<Meeting>,
    subscriber: OnceCell<Subscriber>,
}

impl Far for Listener {
    fn round(&mut self, _operations: u32) -> Result<Vec<u32>> {
        if self.subscriber.get().is_none() {
            let options = TopicOptions::new().directory(&Directory::open(&self.path)?);
            let options = options.until_there(Deadline::within(PATIENCE));
            let _ = self.subscriber.set(options.subscribe_trusting(&Name::parse(NAME)?)?);
        }
        let subscriber = self.subscriber.get_mut().ok_or_else(unmet)?;
        while subscriber.receive(Deadline::Never)?.as_slice().first() != Some(&LAST) {}
        Ok(vec![1])
    }
}

const BYTES: usize = 64;
const NAME: &str = "/topic";
const LAST: u8 = 1;
const HOST: &str = "host";
const GUEST: &str = "guest";
/// How long a subscriber waits for the publisher's first round.
const PATIENCE: Duration = Duration::from_secs(20);
