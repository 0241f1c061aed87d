// SPDX-License-Identifier: MIT OR Apache-2.0
//! A consumer is killed before it unlinks: what remains, and who sees it?
//!
//! `cargo run -p cabotage --example shm_killed_consumer`

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, stdin};
use std::process::Stdio;

use cabotage::os::holders;
use cabotage::pipe::{self, Spawn};
use cabotage::shm::{Name, Object};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let name = Name::parse(arguments.next().as_deref().unwrap_or("/OS-killed"))?;
    if arguments.next().as_deref() == Some("consumer") { consume(&name) } else { produce(&name) }
}

fn produce(name: &Name) -> Result<(), Box<dyn Error>> {
    let object = Object::create(name, 4096)?;
    let (said, say) = pipe::anonymous()?;
    let consumer = Spawn::new(env::current_exe()?).args([&name.to_string(), "consumer"]);
    let mut consumer = consumer.stdin(Stdio::piped()).stdout(say).spawn()?;
    BufReader::new(said).read_line(&mut String::new())?; // It has mapped the object.

    println!("while the consumer lives, {} other process(es) map the object", others(&object)?);
    consumer.kill()?; // SIGKILL: it can clean up nothing.
    consumer.wait()?;
    println!("when it was killed, {} do: the kernel took back its map and its descriptor", others(&object)?);
    println!("{name} is still there ({} name): the kernel unlinks nothing", object.stat()?.links);

    object.unlink_if_mine()?; // So the one who lives does.
    println!("now it has {} names, and goes with its last holder", object.stat()?.links);
    Ok(())
}

fn others(object: &Object) -> Result<usize, Box<dyn Error>> {
    let holders = holders::of(object)?.processes;
    Ok(holders.iter().filter(|holder| holder.pid != std::process::id() && !holder.maps.is_empty()).count())
}

fn consume(name: &Name) -> Result<(), Box<dyn Error>> {
    let _memory = Object::open_read_only(name)?.map_read_only()?;
    println!("mapped");
    stdin().read_to_end(&mut Vec::new())?; // Waits here for its death.
    Ok(())
}
