// SPDX-License-Identifier: MIT OR Apache-2.0
//! A producer is killed in the middle: the consumer loses nothing that was sent, is told of the death, and goes on
//! with the one that takes its place.
//!
//! `cargo run -p cabotage --example channel_takeover`

use std::env;
use std::error::Error;
use std::io::{Read, stdin};
use std::process::{Child, Stdio};

use cabotage::Deadline;
use cabotage::pipe::Spawn;
use cabotage::shm::{Consumer, Name, Producer, ReceiveError};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let name = Name::parse(arguments.next().as_deref().unwrap_or("/OS-takeover"))?;
    if let Some(cargo) = arguments.next() { produce(&name, &cargo) } else { consume(&name) }
}

fn consume(name: &Name) -> Result<(), Box<dyn Error>> {
    let mut first = start_producer(name, "tea")?;
    let mut channel = Consumer::options().until_there(Deadline::Never).open_trusting(name)?;
    tell_two(&mut channel)?;
    first.kill()?; // SIGKILL: it closes nothing.
    first.wait()?;
    match channel.receive(Deadline::Never).map(|record| record.to_vec()) {
        Err(ReceiveError::Died) => println!("the producer has died without closing its end"),
        other => return Err(format!("a death was to be told, not {other:?}").into()),
    }

    let mut second = start_producer(name, "silk")?; // It takes the place of the dead one.
    channel.wait_for_producer(Deadline::Never)?;
    tell_two(&mut channel)?;
    second.kill()?;
    second.wait()?;
    Ok(channel.remove()?)
}

fn tell_two(channel: &mut Consumer) -> Result<(), Box<dyn Error>> {
    for _ in 0..2 {
        let text = channel.receive(Deadline::Never)?.to_vec();
        println!("producer {}: {}", channel.generation(), String::from_utf8_lossy(&text));
    }
    Ok(())
}

fn start_producer(name: &Name, cargo: &str) -> Result<Child, Box<dyn Error>> {
    Ok(Spawn::new(env::current_exe()?).args([&name.to_string(), cargo]).stdin(Stdio::piped()).spawn()?)
}

fn produce(name: &Name, cargo: &str) -> Result<(), Box<dyn Error>> {
    let mut channel = Producer::options().create_trusting(name)?;
    for number in 1..=2 {
        channel.send(format!("chest {number} of {cargo}").as_bytes(), Deadline::Never)?;
    }
    stdin().read_to_end(&mut Vec::new())?; // Waits here for its death.
    Ok(())
}
