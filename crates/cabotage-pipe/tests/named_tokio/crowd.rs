// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many tasks and several threads: nothing is lost, and nobody sleeps for ever.

use std::sync::Arc;

use cabotage_pipe::named;

use crate::{Harbour, NAME, SOON, soon};

const CLIENTS: u32 = 32;
const MESSAGES: u32 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn many_clients_in_threads_talk_with_as_many_tasks() {
    let harbour = Harbour::new();
    let options = named::ServerOptions::messages().registry(&harbour.registry).in_buffer_size(4);
    let server = named::tokio::NamedPipeServer::new(options.create(NAME).unwrap()).unwrap();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let options = named::ClientOptions::messages().registry(&harbour.registry);
            std::thread::spawn(move || {
                let mut client = options.open_within(NAME, SOON).unwrap();
                for message in 0..MESSAGES {
                    let word = (number * MESSAGES + message).to_le_bytes();
                    // Beyond the quota, and within it.
                    let question = if message % 2 == 0 { word.to_vec() } else { word.repeat(2) };
                    let mut answer = [0; 8];
                    let bytes = client.transact(&question, &mut answer, SOON).unwrap();
                    assert_eq!(answer[..bytes], question);
                }
            })
        })
        .collect();
    let mut serving = Vec::new();
    for _ in 0..CLIENTS {
        let served = soon(server.accept()).await.unwrap();
        serving.push(tokio::spawn(async move {
            let (pipe, mut message) = (served.get_ref(), Vec::new());
            while pipe.receive(&mut message).await.is_ok() {
                pipe.send(&message).await.unwrap();
            }
        }));
    }
    for task in serving {
        soon(task).await.unwrap();
    }
    for client in clients {
        client.join().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn many_tasks_write_and_read_one_pair_of_ends() {
    let harbour = Harbour::new();
    let (server, client) = harbour.messages().await;
    let (server, client) = (Arc::new(server), Arc::new(client));
    let writers: Vec<_> = (0..8_u32)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move {
                for message in 0..MESSAGES {
                    client.get_ref().send(&(number * MESSAGES + message).to_le_bytes()).await.unwrap();
                }
            })
        })
        .collect();
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let server = server.clone();
            tokio::spawn(async move {
                let mut got = Vec::new();
                for _ in 0..MESSAGES {
                    let mut word = [0; 4];
                    assert_eq!(server.get_ref().read(&mut word).await, Ok(4));
                    got.push(u32::from_le_bytes(word));
                }
                got
            })
        })
        .collect();
    let mut all = Vec::new();
    for reader in readers {
        all.extend(soon(reader).await.unwrap());
    }
    for writer in writers {
        soon(writer).await.unwrap();
    }
    all.sort_unstable();
    assert_eq!(all, (0..8 * MESSAGES).collect::<Vec<_>>());
}
