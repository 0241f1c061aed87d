// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages, and the futures behind the streams.

use std::time::Duration;

use cabotage_pipe::named::{Interest, NamedPipeServer, PipeError, Ready};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{Harbour, soon};

#[tokio::test]
async fn a_stream_reads_one_message_at_a_time_and_a_long_one_in_pieces() {
    let harbour = Harbour::new();
    let (mut server, mut client) = harbour.messages().await;
    client.write_all(b"one").await.unwrap();
    client.write_all(b"twenty").await.unwrap();
    let mut data = [0; 4];
    assert_eq!(soon(server.read(&mut data)).await.unwrap(), 3);
    assert_eq!(soon(server.read(&mut data)).await.unwrap(), 4);
    assert_eq!(soon(server.read(&mut data)).await.unwrap(), 2);
}

#[tokio::test]
async fn questions_are_answered() {
    let harbour = Harbour::new();
    let (server, client) = harbour.messages().await;
    let serving = tokio::spawn(async move {
        let mut question = Vec::new();
        server.get_ref().receive(&mut question).await.unwrap();
        question.make_ascii_uppercase();
        server.get_ref().send(&question).await.unwrap();
        server.get_ref().flush().await.unwrap();
    });
    let mut answer = [0; 64];
    let question = b"a question that is longer than the quota";
    let bytes = soon(client.get_ref().transact(question, &mut answer)).await.unwrap();
    assert_eq!(answer[..bytes], question.to_ascii_uppercase());
    soon(serving).await.unwrap();
}

#[tokio::test]
async fn a_message_that_is_given_up_is_taken_back() {
    let harbour = Harbour::new();
    let (server, client) = harbour.messages().await;
    let given_up = client.get_ref().send(b"longer than the quota is");
    assert!(tokio::time::timeout(Duration::ZERO, given_up).await.is_err());
    soon(client.get_ref().send(b"next")).await.unwrap();
    let mut message = Vec::new();
    soon(server.get_ref().receive(&mut message)).await.unwrap();
    assert_eq!(message, b"next");
}

#[tokio::test]
async fn the_end_itself_does_what_does_not_wait() {
    let harbour = Harbour::new();
    let (server, client) = harbour.messages().await;
    assert_eq!(server.get_ref().with(|end| end.try_read(&mut [0; 4])), Err(PipeError::Empty));
    let armed = server.get_ref().with(|end| end.ready(Interest::Read));
    assert_eq!(armed, Ok(Ready::Armed));
    client.get_ref().send(b"ahoy").await.unwrap();
    let peeked = server.get_ref().with(|end| end.peek(&mut [])).unwrap();
    assert_eq!(peeked.available_bytes, 4);
    assert!(server.get_ref().with(|end| NamedPipeServer::client(end).is_ok()));
}
