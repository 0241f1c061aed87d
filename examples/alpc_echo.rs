// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server behind a connection port, and its client.
//!
//! `cargo run -p cabotage --example alpc_echo -- serve echo` in one terminal, and
//! `cargo run -p cabotage --example alpc_echo -- ask echo "good morning"` in another.

use std::env::args;
use std::error::Error;
use std::time::Duration;

use cabotage::Deadline;
use cabotage::alpc::{ConnectOptions, ConnectionPort, Incoming};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["serve", name] => serve(name, None)?,
        ["serve", name, clients] => serve(name, Some(clients.parse()?))?,
        ["ask", name, question] => {
            // The server may still be starting.
            let soon = Deadline::within(Duration::from_secs(10));
            let mut client = ConnectOptions::new().wait_for_name().deadline(soon).connect(name)?;
            let reply = client.request(question.as_bytes())?;
            println!("{}", String::from_utf8_lossy(&reply));
        }
        _ => return Err("try: serve NAME [CLIENTS], or: ask NAME QUESTION".into()),
    }
    Ok(())
}

/// Serves for ever, or until so many clients have come and gone.
fn serve(name: &str, clients: Option<usize>) -> Result<(), Box<dyn Error>> {
    let port = ConnectionPort::create(name)?;
    let (stopper, mut gone) = (port.stopper(), 0);
    let server = port.server().notice(|news| {
        if let Incoming::PortClosed { .. } | Incoming::ClientDied { .. } = news {
            gone += 1;
            if clients == Some(gone) {
                stopper.stop(Deadline::Now);
            }
        }
    });
    // What the handler returns is the reply. Everybody who may connect is let in.
    Ok(server.run(|request| request.body().to_ascii_uppercase())?)
}
