// SPDX-License-Identifier: MIT OR Apache-2.0
//! A supervisor and its workers: it holds a send right to each, is told when one dies, and starts another in its place.
//!
//! `cargo run -p cabotage --example mach_supervisor`
//! Who has a send right can ask for a dead-name notification. It comes as a message, to any port, so one port set is
//! where the supervisor waits for everything: workers that report for work, results, deaths. A job in the queue of a
//! worker that dies is destroyed with it; the right to answer that was in it is then told that no answer comes.

use std::collections::BTreeMap;
use std::error::Error;
use std::thread;

use cabotage::mach::{
    AnyRight, Carried, Name, Notification, Outgoing, PortSet, ReceiveRight, SendRight, Task,
};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

const WORKERS: u32 = 3;
const JOBS: u32 = 60;
/// What nobody can work on.
const POISON: u32 = 13;

/// A worker: a task of its own, with a right to the desk as its creator gave it. Its end is the end of all its rights.
fn work(task: Task, desk: SendRight) -> Outcome {
    let jobs = task.allocate()?;
    desk.send(Outgoing::new(0).body("ready").with(jobs.make_send()?))?;
    drop(desk);
    for job in jobs.messages() {
        let mut job = job?;
        match job.text()?.parse()? {
            POISON => return Ok(()), // It drops everything and dies.
            0 => return Ok(job.reply("gone home")?),
            number => job.reply(format!("{number} squared is {}", number * number))?,
        }
    }
    Ok(())
}

/// What an event tells about the job that was given.
#[derive(PartialEq)]
enum Told {
    Nothing,
    Done,
    Lost,
}

struct Supervisor {
    set: PortSet,
    /// Where workers report for work.
    desk: ReceiveRight,
    /// Where the kernel tells who has died.
    news: ReceiveRight,
    /// Where results come, and the news that none will.
    results: ReceiveRight,
    workers: BTreeMap<Name, SendRight>,
    threads: Vec<thread::JoinHandle<Outcome>>,
}

impl Supervisor {
    fn new() -> Result<Self, Box<dyn Error>> {
        let (desk, news, results) = (ReceiveRight::new()?, ReceiveRight::new()?, ReceiveRight::new()?);
        let set = PortSet::new()?;
        [&desk, &news, &results].into_iter().try_for_each(|port| set.insert(port))?;
        Ok(Self { set, desk, news, results, workers: BTreeMap::new(), threads: Vec::new() })
    }

    /// Starts a worker. A thread with a task of its own here, so that the example is one file.
    fn hire(&mut self) -> Result<(), Box<dyn Error>> {
        let task = Task::create()?;
        let desk = self.desk.make_send()?.move_to(&task)?;
        self.threads.push(thread::spawn(move || work(task, desk)));
        Ok(())
    }

    fn give(&self, number: u32) -> Result<(), Box<dyn Error>> {
        let worker = self.workers.values().nth(number as usize % self.workers.len()).ok_or("nobody works")?;
        let job = Outgoing::new(0).body(number.to_string()).reply_to(self.results.make_send_once()?);
        // One who has died a moment ago does not get it: then the right to answer tells that it is lost.
        let _ = worker.send(job);
        Ok(())
    }

    /// Waits for one thing to happen, and answers what it tells about the job that was given.
    fn attend(&mut self) -> Result<Told, Box<dyn Error>> {
        let mut message = self.set.receive()?;
        if message.port() == self.desk.name() {
            let Some(Carried::Right(AnyRight::Send(worker))) = message.take_carried().pop() else {
                return Err("a worker without a port".into());
            };
            worker.notify_when_dead(self.news.make_send_once()?)?;
            self.workers.insert(worker.name(), worker);
            return Ok(Told::Nothing);
        }
        match message.into_notification() {
            Ok(Notification::DeadName(dead)) => {
                self.workers.remove(&dead.name());
                println!("a worker has died: another takes its place");
                self.hire()?;
                Ok(Told::Nothing)
            }
            Ok(Notification::SendOnce) => Ok(Told::Lost), // It went with its worker.
            Ok(other) => Err(format!("unexpected: {other:?}").into()),
            Err(_result) => Ok(Told::Done),
        }
    }

    /// Gives a job until it is done; answers `false` for one that takes its worker with it.
    fn settle(&mut self, number: u32) -> Result<bool, Box<dyn Error>> {
        loop {
            self.await_workers()?;
            self.give(number)?;
            let told = loop {
                match self.attend()? {
                    Told::Nothing => {}
                    told => break told,
                }
            };
            if told == Told::Done || number == POISON {
                return Ok(told == Told::Done);
            }
        }
    }

    fn await_workers(&mut self) -> Result<(), Box<dyn Error>> {
        while self.workers.len() < WORKERS as usize {
            self.attend()?;
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut supervisor = Supervisor::new()?;
    (0..WORKERS).try_for_each(|_| supervisor.hire())?;
    let mut done = 0;
    for number in 1..=JOBS {
        done += u32::from(supervisor.settle(number)?);
    }
    supervisor.await_workers()?;
    for worker in supervisor.workers.values() {
        worker.request("0")?;
    }
    for thread in supervisor.threads {
        thread.join().map_err(|_| "a worker panicked")?.map_err(|error| error.to_string())?;
    }
    println!("{done} of {JOBS} jobs are done; the others took their worker with them");
    Ok(())
}
