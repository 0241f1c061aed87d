// SPDX-License-Identifier: MIT OR Apache-2.0
//! A chat: one instance of a named pipe for each guest, all served by one thread, and what one says goes to all.
//!
//! ```text
//! cargo run -p cabotage --example chat_server -- harbour                # the server
//! cargo run -p cabotage --example chat_server -- harbour as Ahab        # a guest, who says what is typed
//! ```
//! The rule of all loops over links and pipes: **before every wait, ask `ready()`**, and sleep only if all are armed. A
//! guest who does not read is thrown out: the server never waits for anybody.

use std::env;
use std::error::Error;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use cabotage::Deadline;
use cabotage::os::epoll::{Events, Poller, Trigger};
use cabotage::os::poll::{self, Readiness};
use cabotage::pipe::named::{
    ClientOptions, Interest, NamedPipeClient, NamedPipeServer, PipeError, Ready, ServerOptions,
};

const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [name] => Chat::open(name)?.serve(usize::MAX),
        [name, guests] => Chat::open(name)?.serve(guests.parse()?),
        [name, "as", nick, ref words @ ..] => visit(name, nick, words),
        _ => Err("usage: chat_server NAME [GUESTS], or chat_server NAME as NICK [WORDS]".into()),
    }
}

/// The server's side.
struct Chat {
    /// The instance that listens.
    door: NamedPipeServer,
    guests: Vec<NamedPipeServer>,
    poller: Poller,
}

impl Chat {
    fn open(name: &str) -> Result<Self, Box<dyn Error>> {
        let door = ServerOptions::messages().first_pipe_instance(true).create(name)?;
        let chat = Self { door, guests: Vec::new(), poller: Poller::new()? };
        chat.watch(&chat.door)?; // for life, whichever instance stands there
        Ok(chat)
    }

    /// An end that goes leaves the set by itself: its descriptor is closed.
    fn watch(&self, end: &NamedPipeServer) -> Result<(), Box<dyn Error>> {
        Ok(self.poller.add(end.fd()?, 0, Readiness::IN, Trigger::Level)?)
    }

    /// Serves until so many guests have come and gone.
    fn serve(mut self, guests: usize) -> Result<(), Box<dyn Error>> {
        let mut events = Events::with_capacity(64);
        let mut gone = 0;
        loop {
            self.welcome()?;
            gone += self.listen();
            if gone >= guests {
                break;
            }
            if self.may_sleep()? {
                self.poller.wait(&mut events, Deadline::Never)?;
            }
        }
        println!("{gone} guests have come and gone");
        Ok(())
    }

    fn may_sleep(&mut self) -> Result<bool, PipeError> {
        let mut ends = std::iter::once(&mut self.door).chain(&mut self.guests);
        ends.try_fold(true, |armed, end| Ok(armed && end.ready(Interest::Read)? == Ready::Armed))
    }

    fn welcome(&mut self) -> Result<(), Box<dyn Error>> {
        loop {
            match self.door.accept(Deadline::Now) {
                Ok(guest) => {
                    self.watch(&guest)?;
                    self.guests.push(guest);
                }
                Err(PipeError::Listening) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Passes on what the guests have said; answers how many have gone.
    fn listen(&mut self) -> usize {
        let mut said = Vec::new();
        let before = self.guests.len();
        self.guests.retain_mut(|guest| {
            loop {
                let mut words = Vec::new();
                match guest.receive(&mut words, Deadline::Now) {
                    Ok(()) => said.push(words),
                    Err(PipeError::Empty) => return true,
                    Err(_) => return false,
                }
            }
        });
        // The quota is what a guest may leave unread.
        self.guests.retain_mut(|guest| said.iter().all(|words| guest.send(words, Deadline::Now).is_ok()));
        before - self.guests.len()
    }
}

/// A guest: says `words` or what is typed, and prints what is said until it has heard its own last words.
fn visit(name: &str, nick: &str, words: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut chat = ClientOptions::messages().wait_for_server(true).open_within(name, PATIENCE)?;
    if words.is_empty() {
        return converse(&mut chat, nick);
    }
    for word in words {
        chat.send(format!("{nick}: {word}").as_bytes(), PATIENCE)?;
    }
    let last = format!("{nick}: {}", words[words.len() - 1]);
    let mut heard = Vec::new();
    while heard != last.as_bytes() {
        chat.receive(&mut heard, PATIENCE)?;
        println!("{}", String::from_utf8_lossy(&heard));
    }
    Ok(())
}

/// Until nothing more is typed.
fn converse(chat: &mut NamedPipeClient, nick: &str) -> Result<(), Box<dyn Error>> {
    let (typed, mut line, mut heard) = (io::stdin(), String::new(), Vec::new());
    loop {
        while chat.ready(Interest::Read)? == Ready::Ready {
            chat.receive(&mut heard, Deadline::Now)?;
            println!("{}", String::from_utf8_lossy(&heard));
        }
        let watched = [(chat.as_fd(), Readiness::IN), (typed.as_fd(), Readiness::IN)];
        let [_, is_typed] = poll::wait(watched, Deadline::Never)?;
        if !is_typed.is_empty() {
            line.clear();
            if typed.read_line(&mut line)? == 0 {
                return Ok(());
            }
            chat.send(format!("{nick}: {}", line.trim_end()).as_bytes(), PATIENCE)?;
        }
    }
}
