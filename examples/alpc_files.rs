// SPDX-License-Identifier: MIT OR Apache-2.0
//! A file server that uses all three techniques of ALPC: a question goes through the queue, a file that is stored comes
//! in a section, and a file that is fetched is written straight into the memory that its asker has declared.
//!
//! `cargo run -p cabotage --example alpc_files`: the server is a thread here, so that the example is one file; another
//! process would be no different.

use std::collections::HashMap;
use std::error::Error;
use std::thread;
use std::time::Duration;

use cabotage::Deadline;
use cabotage::alpc::{Client, ConnectOptions, ConnectionPort, Incoming, Outgoing, Request};

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(60))
}

type Files = HashMap<Vec<u8>, Vec<u8>>;

fn main() -> Result<(), Box<dyn Error>> {
    let name = format!("files-{}", std::process::id());
    let mut port = ConnectionPort::create(&name)?;
    let serving = thread::spawn(move || serve(&mut port).map_err(|error| error.to_string()));
    let client = ConnectOptions::new().deadline(soon()).connect(&name)?;
    use_it(client)?;
    serving.join().map_err(|_| "the server panicked")??;
    Ok(())
}

fn use_it(mut client: Client) -> Result<(), Box<dyn Error>> {
    let file: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    // Longer than the queue's limit of 256 bytes: it goes into a view of a section by itself.
    let stored = client.request(&[&b"put frames "[..], &file].concat())?;
    println!("put: {}", String::from_utf8_lossy(&stored));
    // Short: copied through the queue.
    let size = client.request(b"size frames")?;
    let bytes: usize = String::from_utf8_lossy(&size).parse()?;
    println!("size: {bytes}");
    // The server writes into this buffer while the request waits, and only there.
    let mut copy = vec![0; bytes];
    let question = Outgoing::new(b"get frames").writable(&mut copy);
    let got = client.request_as(&mut { question }, soon())?.to_vec();
    println!("get: {}, the same: {}", String::from_utf8_lossy(&got), copy == file);
    Ok(())
}

/// Serves one client until it closes its port.
fn serve(port: &mut ConnectionPort) -> Result<(), Box<dyn Error>> {
    let mut files = Files::new();
    loop {
        match port.receive(soon())? {
            Incoming::ConnectionRequest(request) => drop(port.accept(request, b"", 0)?),
            Incoming::Request(request) => {
                let answer = answer(port, &mut files, &request);
                port.reply_within(request, answer.as_bytes(), soon())?;
            }
            Incoming::PortClosed { .. } | Incoming::ClientDied { .. } => return Ok(()),
            _ => {}
        }
    }
}

fn answer(port: &mut ConnectionPort, files: &mut Files, request: &Request) -> String {
    let mut parts = request.body().splitn(3, |byte| *byte == b' ');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(b"put"), Some(name), Some(content)) => {
            files.insert(name.to_vec(), content.to_vec());
            format!("{} bytes came by {:?}", content.len(), request.technique())
        }
        (Some(b"size"), Some(name), None) => files.get(name).map_or(0, Vec::len).to_string(),
        (Some(b"get"), Some(name), None) => match files.get(name) {
            Some(content) => match port.write_at(request, 0, 0, content, soon()) {
                Ok(()) => format!("{} bytes are in your buffer", content.len()),
                Err(error) => error.to_string(),
            },
            None => "there is no such file".to_owned(),
        },
        _ => "put NAME CONTENT, size NAME or get NAME".to_owned(),
    }
}
