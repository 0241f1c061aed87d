// SPDX-License-Identifier: MIT OR Apache-2.0
//! The calls that try, and the waits for them to be worth it.

use std::io::{self, IoSlice, IoSliceMut};

use std::future::poll_fn;
use tokio::io::{Interest, Ready};

use crate::{Harbour, soon};

#[tokio::test]
async fn trying_to_read_would_block_until_the_end_is_readable() {
    let harbour = Harbour::new();
    let (server, client) = harbour.messages().await;
    let mut data = [0; 16];
    assert_eq!(server.try_read(&mut data).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert_eq!(client.try_write(b"ahoy").unwrap(), 4);
    soon(server.readable()).await.unwrap();
    assert_eq!(server.try_read(&mut data[..3]).unwrap(), 3);
    let mut buffers = [IoSliceMut::new(&mut []), IoSliceMut::new(&mut data)];
    assert_eq!(server.try_read_vectored(&mut buffers).unwrap(), 1);
    drop(client);
    soon(poll_fn(|context| server.poll_read_ready(context))).await.unwrap();
    assert_eq!(server.try_read(&mut data).unwrap(), 0, "the end");
}

#[tokio::test]
async fn trying_to_write_would_block_until_what_was_written_is_with_the_other_end() {
    let harbour = Harbour::new();
    let (server, client) = harbour.messages().await;
    let parts = [IoSlice::new(&[7; 32]), IoSlice::new(&[8; 32])];
    assert_eq!(client.try_write_vectored(&parts).unwrap(), 64);
    assert_eq!(client.try_write(b"x").unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert_eq!(client.try_write(b"").unwrap(), 0);
    let mut data = [0; 64];
    assert_eq!(server.try_read(&mut data).unwrap(), 64);
    soon(client.writable()).await.unwrap();
    soon(poll_fn(|context| client.poll_write_ready(context))).await.unwrap();
    assert_eq!(client.try_write(b"x").unwrap(), 1);
}

#[tokio::test]
async fn what_is_possible_is_told_of_those_things_that_are_asked_for() {
    let harbour = Harbour::new();
    let (server, client) = harbour.messages().await;
    let both = Interest::READABLE | Interest::WRITABLE;
    assert_eq!(soon(client.ready(both)).await.unwrap(), Ready::WRITABLE);
    server.try_write(b"ahoy").unwrap();
    assert_eq!(soon(client.ready(Interest::READABLE)).await.unwrap(), Ready::READABLE);
    assert_eq!(soon(client.ready(both)).await.unwrap(), Ready::READABLE | Ready::WRITABLE);
    client.try_write(&[7; 64]).unwrap();
    assert_eq!(soon(client.ready(both)).await.unwrap(), Ready::READABLE);
    assert_eq!(client.try_io(Interest::READABLE, || client.try_read(&mut [0; 8])).unwrap(), 4);
}
