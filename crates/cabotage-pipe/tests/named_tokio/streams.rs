// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two ends as tokio's streams.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{Harbour, soon};

/// Much more than the quota and the ring.
const LONG: usize = 1 << 20;

fn long() -> Vec<u8> {
    (0..=250).cycle().take(LONG).collect()
}

#[tokio::test]
async fn long_streams_go_both_ways_at_once_and_end_where_their_writers_end() {
    let harbour = Harbour::new();
    let (server, mut client) = harbour.bytes().await;
    let echo = tokio::spawn(async move {
        let (mut reader, mut writer) = tokio::io::split(server);
        tokio::io::copy(&mut reader, &mut writer).await.unwrap()
    });
    let mut back = vec![0; LONG];
    let data = long();
    let (mut reader, mut writer) = tokio::io::split(&mut client);
    let (sent, got) =
        soon(async { tokio::join!(writer.write_all(&data), reader.read_exact(&mut back)) }).await;
    sent.unwrap();
    got.unwrap();
    assert!(back == data);
    drop(client);
    assert_eq!(soon(echo).await.unwrap(), LONG as u64);
}

#[tokio::test]
async fn what_was_written_is_read_to_its_end_when_the_writer_is_dropped_at_once() {
    let harbour = Harbour::new();
    let (mut server, mut client) = harbour.bytes().await;
    // Far beyond the quota: it is taken over, and written when its reader comes.
    client.write_all(&long()).await.unwrap();
    drop(client);
    let mut got = Vec::new();
    soon(server.read_to_end(&mut got)).await.unwrap();
    assert!(got == long());
}

#[tokio::test]
async fn a_write_goes_on_although_nobody_waits_for_it() {
    let harbour = Harbour::new();
    let (mut server, mut client) = harbour.bytes().await;
    let mut got = vec![0; LONG];
    client.write_all(&long()).await.unwrap();
    soon(server.read_exact(&mut got)).await.unwrap();
    assert!(got == long());
}

#[tokio::test]
async fn an_end_that_is_dropped_with_all_written_is_closed_at_once() {
    let harbour = Harbour::new();
    let (mut server, mut client) = harbour.bytes().await;
    client.write_all(&[7; 64]).await.unwrap();
    soon(server.read_exact(&mut [0; 64])).await.unwrap();
    client.flush().await.unwrap();
    drop(client);
    assert_eq!(server.try_read(&mut [0; 1]).unwrap(), 0);
}

#[tokio::test]
async fn a_flush_waits_until_what_was_written_fits_the_quota() {
    let harbour = Harbour::new();
    let (mut server, mut client) = harbour.bytes().await;
    client.write_all(&[7; 64]).await.unwrap();
    let flushed = tokio::time::timeout(std::time::Duration::ZERO, client.flush()).await;
    assert!(flushed.is_err(), "nobody has read");
    let mut got = [0; 64];
    soon(server.read_exact(&mut got)).await.unwrap();
    soon(client.shutdown()).await.unwrap();
}

#[tokio::test]
async fn a_write_that_gathers_is_one_message() {
    let harbour = Harbour::new();
    let (mut server, mut client) = harbour.messages().await;
    let parts = [std::io::IoSlice::new(b"in two "), std::io::IoSlice::new(b"parts")];
    assert!(tokio::io::AsyncWrite::is_write_vectored(&client));
    assert_eq!(client.write_vectored(&parts).await.unwrap(), 12);
    let mut got = [0; 32];
    assert_eq!(soon(server.read(&mut got)).await.unwrap(), 12);
    assert_eq!(&got[..12], b"in two parts");
}

#[tokio::test]
async fn a_read_that_is_given_up_has_taken_nothing() {
    let harbour = Harbour::new();
    let (mut server, mut client) = harbour.bytes().await;
    for _ in 0..10 {
        let mut lost = [0; 8];
        let read = tokio::time::timeout(std::time::Duration::ZERO, server.read(&mut lost)).await;
        assert!(read.is_err());
    }
    client.write_all(b"ahoy").await.unwrap();
    let mut got = [0; 4];
    soon(server.read_exact(&mut got)).await.unwrap();
    assert_eq!(&got, b"ahoy");
}

#[tokio::test]
async fn a_reader_that_sleeps_is_told_when_the_other_end_goes() {
    let harbour = Harbour::new();
    let (mut server, client) = harbour.bytes().await;
    let reading = tokio::spawn(async move { server.read(&mut [0; 8]).await });
    tokio::task::yield_now().await;
    drop(client);
    assert_eq!(soon(reading).await.unwrap().unwrap(), 0);
}
