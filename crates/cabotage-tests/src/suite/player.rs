// SPDX-License-Identifier: MIT OR Apache-2.0
//! One process of a case, with what it has in hand while it plays: its end, its place, and a word to the other process.

use std::fmt;
use std::time::Duration;

use cabotage_os::{Deadline, limits, seam};

use super::{Case, shortly, soon};
use crate::process::Process;
use crate::record::{InOrder, Mark};
use crate::role;
use crate::scratch::Scratch;
use crate::transport::{Ability, End, Side, Told, Transport};

/// One process of a case, with what it has in hand. Its calls panic when something does not hold: they are for cases.
pub struct Player {
    pub(super) case: &'static Case,
    pub(super) transport: &'static dyn Transport,
    pub(super) side: Side,
    pub(super) place: Scratch,
    /// How many far processes were started at this place before this one; 0 in the near one.
    pub(super) number: usize,
    pub(super) end: Option<Box<dyn End>>,
    pub(super) partner: Partner,
}

/// Who plays the other part.
#[derive(Debug)]
pub(super) enum Partner {
    /// The far processes that this one has started; it speaks to the last.
    Far(Vec<Process>),
    /// The near process, which started this one.
    Near(role::Part),
}

impl Partner {
    pub(super) fn tell(&mut self, word: &str) {
        match self {
            Self::Far(processes) => processes.last_mut().expect("a far process").tell(word),
            Self::Near(part) => part.say(word),
        }
    }

    #[track_caller]
    pub(super) fn next_word(&mut self) -> String {
        match self {
            Self::Far(processes) => processes.last_mut().expect("a far process").hear(),
            Self::Near(part) => part.order(),
        }
    }
}

impl fmt::Debug for Player {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {:?} of {} over {}", self.side, self.case.name, self.transport.title())
    }
}

impl Player {
    /// Plays the side of this process.
    pub(super) fn play(&mut self) {
        match self.side {
            Side::Sender => (self.case.sender)(self),
            Side::Receiver => (self.case.receiver)(self),
        }
    }

    /// This process's end.
    #[track_caller]
    pub fn end(&mut self) -> &mut dyn End {
        &mut **self.end.as_mut().expect("the end is open")
    }

    /// This process's end, to be given away.
    #[track_caller]
    pub fn take_end(&mut self) -> Box<dyn End> {
        self.end.take().expect("the end is open")
    }

    /// Says a word to the other process.
    pub fn tell(&mut self, word: &str) {
        self.partner.tell(word);
    }

    /// Waits until the other process says this word.
    #[track_caller]
    pub fn hear(&mut self, word: &str) {
        let heard = self.next_word();
        assert_eq!(heard, word, "what the other process says");
    }

    /// The same in the near process, whose end does meanwhile what it owes to others.
    #[track_caller]
    pub(super) fn hear_tending(&mut self, word: &str) {
        let patience = soon();
        loop {
            let heard = self.far().hear_until(Deadline::Now);
            match heard {
                Some(heard) => return assert_eq!(heard, word, "what the other process says"),
                None => assert!(!patience.has_passed(), "the other process does not say {word:?}"),
            }
            self.end().tend();
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for a number that the other process says.
    #[track_caller]
    pub fn hear_number(&mut self) -> u64 {
        let heard = self.next_word();
        heard.parse().unwrap_or_else(|_| panic!("{heard:?} is no number"))
    }

    /// The next word of the other process.
    #[track_caller]
    pub(super) fn next_word(&mut self) -> String {
        self.partner.next_word()
    }

    /// Ends this process as `kill -9` would.
    pub fn die(&self) -> ! {
        let _plan = seam::kill_nth(0);
        let answer = limits::descriptors();
        unreachable!("a killed process goes on: {answer:?}");
    }

    /// Sends a record that must go.
    #[track_caller]
    pub fn send(&mut self, record: &[u8]) {
        if let Err(told) = self.end().send(record, soon()) {
            panic!("a record of {} bytes was not sent: {told:?}", record.len());
        }
    }

    /// Receives a record that must come.
    #[track_caller]
    pub fn receive(&mut self) -> Vec<u8> {
        self.end().receive(soon()).unwrap_or_else(|told| panic!("no record came: {told:?}"))
    }

    /// Sends the records of these numbers.
    #[track_caller]
    pub fn send_numbers(&mut self, numbers: std::ops::Range<u64>) {
        for number in numbers {
            self.send(&body(number));
            self.catch_up_after(number);
        }
    }

    /// Receives the records of these numbers, each whole and once and in order.
    #[track_caller]
    pub fn receive_numbers(&mut self, numbers: std::ops::Range<u64>) {
        let mut order = InOrder::from(STREAM, numbers.start);
        for number in numbers {
            let record = self.receive();
            if let Err(damage) = order.take(&record) {
                panic!("{damage}");
            }
            self.catch_up_after(number);
        }
    }

    /// Catches up after so many records that a ring holds them all.
    #[track_caller]
    pub(super) fn catch_up_after(&mut self, number: u64) {
        const AT_ONCE: u64 = 64;
        if number % AT_ONCE == AT_ONCE - 1 {
            self.catch_up();
        }
    }

    /// Where the slow lose records, the sender waits here until its receiver is here as well.
    #[track_caller]
    pub(super) fn catch_up(&mut self) {
        match self.side {
            _ if self.transport.lacks(Ability::WaitsForTheSlow).is_none() => {}
            Side::Sender => self.hear("go on"),
            Side::Receiver => self.tell("go on"),
        }
    }

    /// Checks that nothing comes any more but this news, again and again.
    #[track_caller]
    pub fn receive_news(&mut self, news: Told) {
        let news = self.as_told_here(news);
        assert_eq!(self.end().receive(soon()).unwrap_err(), news);
        for _ in 0..3 {
            let again = self.end().receive(Deadline::Now).unwrap_err();
            assert_eq!(again, news, "the news has changed");
        }
    }

    /// Sends until it is told something; that must be this news, and the same record is refused by it again and again.
    /// (Where records are kept for the next receiver, a shorter one may find room yet.)
    #[track_caller]
    pub fn send_until_news(&mut self, news: Told) {
        const RECORD: &[u8] = b"is anybody there?";
        let news = self.as_told_here(news);
        let told = loop {
            if let Err(told) = self.end().send(RECORD, soon()) {
                break told;
            }
        };
        assert_eq!(told, news);
        for _ in 0..3 {
            let again = self.end().send(RECORD, Deadline::Now);
            assert_eq!(again, Err(news.clone()), "the news has changed");
        }
    }

    /// Where a death looks like a close there is one word for both.
    fn as_told_here(&self, news: Told) -> Told {
        if self.transport.lacks(Ability::TellsDeath).is_some() { Told::Closed } else { news }
    }

    /// Sends records from number 0 on until there is no room, also not for one who waits a moment some times, for
    /// whom some transports make more; answers how many went.
    #[track_caller]
    pub fn fill(&mut self) -> u64 {
        const MANY: u64 = 1_000_000;
        const FULLS: u32 = 4;
        let (mut number, mut fulls) = (0, 0);
        while number < MANY {
            let patience = if fulls == 0 { Deadline::Now } else { shortly() };
            match self.end().send(&body(number), patience) {
                Ok(()) => (number, fulls) = (number + 1, 0),
                Err(Told::Full) if fulls < FULLS => fulls += 1,
                Err(Told::Full) => return number,
                Err(told) => panic!("{told:?} after {number} records that nobody received"),
            }
        }
        panic!("{MANY} records that nobody received found room");
    }
}

/// The stream that cases with one sender use.
const STREAM: u64 = 1;

/// The record of this number; its length follows from the number.
pub(super) fn body(number: u64) -> Vec<u8> {
    let bytes = 24 + usize::try_from(number * 37 % 700).expect("a small number");
    Mark { stream: STREAM, number }.record(bytes)
}
