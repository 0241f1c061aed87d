// SPDX-License-Identifier: MIT OR Apache-2.0
//! A service on tokio: what each client says comes back in capital letters. The program that tokio's page on named pipes
//! of Windows shows is this one but for its first `use`, and for the pause of a client that finds all busy, which here
//! waits for an instance in one call.
//!
//! ```text
//! cargo run -p cabotage --features tokio --example tokio_pipe -- serve 3 harbour   # serves three clients
//! cargo run -p cabotage --features tokio --example tokio_pipe -- say ahoy harbour
//! ```

use std::env;
use std::error::Error;
use std::io;
use std::time::Duration;

use cabotage::pipe::named;
use cabotage::pipe::named::tokio::{ClientOptions, NamedPipeServer, ServerOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", clients, name] => serve(&format!(r"\\.\pipe\{name}"), clients.parse()?).await?,
        ["say", words, name] => say(&format!(r"\\.\pipe\{name}"), words).await?,
        _ => return Err("usage: tokio_pipe serve CLIENTS NAME, or tokio_pipe say WORDS NAME".into()),
    }
    Ok(())
}

/// Serves so many clients, each in a task of its own.
async fn serve(name: &str, clients: u32) -> io::Result<()> {
    // The first instance says that nobody else serves this name.
    let mut server = ServerOptions::new().first_pipe_instance(true).create(name)?;
    let mut tasks = Vec::new();
    for _ in 0..clients {
        server.connect().await?;
        let connected = server;
        // The next client finds an instance before this one is served.
        server = ServerOptions::new().create(name)?;
        tasks.push(tokio::spawn(answer(connected)));
    }
    for task in tasks {
        task.await.map_err(io::Error::other)??;
    }
    println!("{clients} clients were served");
    Ok(())
}

/// Answers one client until it goes.
async fn answer(mut pipe: NamedPipeServer) -> io::Result<()> {
    let mut words = [0; 1024];
    loop {
        match pipe.read(&mut words).await? {
            0 => return Ok(()),
            bytes => pipe.write_all(&words[..bytes].to_ascii_uppercase()).await?,
        }
    }
}

/// Says something, and prints what comes back.
async fn say(name: &str, words: &str) -> io::Result<()> {
    let options = ClientOptions::from(named::ClientOptions::new().wait_for_server(true));
    let mut client = options.open_within(name, PATIENCE).await?;
    client.write_all(words.as_bytes()).await?;
    let mut answer = vec![0; words.len()];
    client.read_exact(&mut answer).await?;
    println!("{}", String::from_utf8_lossy(&answer));
    Ok(())
}
