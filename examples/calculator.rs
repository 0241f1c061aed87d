// SPDX-License-Identifier: MIT OR Apache-2.0
//! A calculator behind a named pipe of messages: a question is one message, and so is its answer.
//!
//! ```text
//! cargo run -p cabotage --example calculator -- sums serve        # in one shell
//! cargo run -p cabotage --example calculator -- sums 6 x 7        # in another
//! ```
//! The client is one call: it opens the pipe, waits for a free instance if need be, asks, reads the answer and closes.

use std::env;
use std::error::Error;
use std::time::Duration;

use cabotage::pipe::named::{ClientOptions, NamedPipeServer, PipeError, ServerOptions};

const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [name, "serve"] => serve(name, usize::MAX),
        [name, "serve", clients] => serve(name, clients.parse()?),
        [name, ref sum @ ..] if !sum.is_empty() => ask(name, &sum.join(" ")),
        _ => Err("usage: calculator NAME serve [CLIENTS], or calculator NAME 6 x 7".into()),
    }
}

fn serve(name: &str, clients: usize) -> Result<(), Box<dyn Error>> {
    // The first instance: nobody else can have the name meanwhile.
    let mut pipe = ServerOptions::messages().first_pipe_instance(true).create(name)?;
    for client in pipe.incoming().take(clients) {
        answer(&mut client?)?;
    }
    Ok(())
}

/// Answers one client until it goes.
fn answer(client: &mut NamedPipeServer) -> Result<(), PipeError> {
    let mut question = Vec::new();
    loop {
        match client.receive(&mut question, PATIENCE) {
            Ok(()) => {}
            Err(PipeError::Broken) => return Ok(()),
            Err(error) => return Err(error),
        }
        let result = calculate(&String::from_utf8_lossy(&question));
        // It may be gone by now: the next receive tells.
        let _ = client.send(result.unwrap_or_else(|| "that is no sum".into()).as_bytes(), PATIENCE);
    }
}

fn calculate(sum: &str) -> Option<String> {
    let mut words = sum.split_whitespace();
    let (left, operator, right) = (words.next()?, words.next()?, words.next()?);
    let (left, right) = (left.parse::<i64>().ok()?, right.parse::<i64>().ok()?);
    let result = match operator {
        "+" => left.checked_add(right),
        "-" => left.checked_sub(right),
        "x" | "*" => left.checked_mul(right),
        "/" => left.checked_div(right),
        _ => None,
    };
    result.map(|number| number.to_string())
}

fn ask(name: &str, sum: &str) -> Result<(), Box<dyn Error>> {
    let mut answer = [0; 64];
    let client = ClientOptions::messages().wait_for_server(true);
    let bytes = client.call(name, sum.as_bytes(), &mut answer, PATIENCE)?;
    println!("{sum} = {}", String::from_utf8_lossy(&answer[..bytes]));
    Ok(())
}
