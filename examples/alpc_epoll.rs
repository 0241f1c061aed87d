// SPDX-License-Identifier: MIT OR Apache-2.0
//! An asynchronous client of ALPC in an epoll loop: many requests are on their way, and replies come as they come.
//!
//! `cargo run -p cabotage --example alpc_epoll`
//! The one rule is that of links: **before every wait, ask `ready()`**, and wait only on `Armed`.

use std::collections::HashSet;
use std::error::Error;
use std::thread;
use std::time::Duration;

use cabotage::Deadline;
use cabotage::alpc::{Client, ConnectOptions, ConnectionPort, Ready, Received};
use cabotage::os::epoll::{Events, Poller, Trigger};
use cabotage::os::poll::Readiness;

const CLIENT: u64 = 1;
const REQUESTS: usize = 1000;
/// How many requests wait at a time.
const AT_ONCE: usize = 32;

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(60))
}

fn main() -> Result<(), Box<dyn Error>> {
    let name = format!("async-{}", std::process::id());
    let server = ConnectionPort::create(&name)?.server();
    let stopper = server.stopper();
    let serving = thread::spawn(move || server.run(|request| request.body().to_vec()));
    let client = ConnectOptions::new().deadline(soon()).connect(&name)?;
    println!("{} replies came, each to its own request", ask_all(client)?);
    stopper.stop(soon());
    serving.join().map_err(|_| "the server panicked")??;
    Ok(())
}

fn ask_all(mut client: Client) -> Result<usize, Box<dyn Error>> {
    let poller = Poller::new()?;
    poller.add(&client, CLIENT, Readiness::IN, Trigger::Level)?;
    let mut events = Events::with_capacity(1);
    let (mut waiting, mut sent, mut answered) = (HashSet::new(), 0, 0);
    while answered < REQUESTS {
        while sent < REQUESTS && waiting.len() < AT_ONCE {
            waiting.insert(client.send_request(format!("request {sent}").as_bytes(), soon())?);
            sent += 1;
        }
        while let Some(received) = client.try_receive()? {
            let Received::Reply { id, .. } = received else { return Err("no reply".into()) };
            answered += usize::from(waiting.remove(&id));
        }
        // Whoever has nothing to ask either, may sleep.
        let has_asked = waiting.len() == AT_ONCE || sent == REQUESTS;
        if has_asked && answered < REQUESTS && client.ready()? == Ready::Armed {
            poller.wait(&mut events, soon())?;
        }
    }
    Ok(answered)
}
