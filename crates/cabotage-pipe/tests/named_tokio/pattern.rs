// SPDX-License-Identifier: MIT OR Apache-2.0
//! What each program that serves named pipes with tokio does: an instance for the next client before this one is
//! served, and clients that try again while all are busy.

use std::io;

use cabotage_pipe::named::tokio::{ClientOptions, PipeEnd, PipeMode};
use cabotage_pipe::named::{PipeError, Registry};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{Harbour, NAME, SOON, soon};

fn code(error: &io::Error) -> Option<u32> {
    PipeError::of(error).map(PipeError::code)
}

#[tokio::test]
async fn a_server_serves_each_client_with_an_instance_of_its_own() {
    let harbour = Harbour::new();
    let mut server = harbour.server().first_pipe_instance(true).create(NAME).unwrap();
    let options = harbour.server();
    let serving = tokio::spawn(async move {
        for _ in 0..3 {
            server.connect().await?;
            let mut connected = server;
            server = options.create(NAME)?;
            tokio::spawn(async move {
                let mut word = [0; 4];
                connected.read_exact(&mut word).await?;
                connected.write_all(&word.map(|byte| byte.to_ascii_uppercase())).await?;
                connected.flush().await
            });
        }
        io::Result::Ok(())
    });
    for _ in 0..3 {
        let mut client = open_patiently(&harbour.client()).await;
        client.write_all(b"ahoy").await.unwrap();
        let mut word = [0; 4];
        soon(client.read_exact(&mut word)).await.unwrap();
        assert_eq!(&word, b"AHOY");
    }
    serving.await.unwrap().unwrap();
}

/// As the page of tokio shows it, but that the pause is a turn of the others.
async fn open_patiently(options: &ClientOptions) -> cabotage_pipe::named::tokio::NamedPipeClient {
    loop {
        match options.open(NAME) {
            Ok(client) => return client,
            Err(error) => assert_eq!(code(&error), Some(231), "{error}"),
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_call_waits_for_an_instance_and_takes_it() {
    let harbour = Harbour::new();
    let server = harbour.server().create(NAME).unwrap();
    let _first = harbour.client().open(NAME).unwrap();
    server.connect().await.unwrap();
    assert_eq!(code(&harbour.client().open(NAME).unwrap_err()), Some(231));
    let options = harbour.client();
    let opening = tokio::spawn(async move { options.open_within(NAME, SOON).await });
    let next = harbour.server().create(NAME).unwrap();
    soon(next.connect()).await.unwrap();
    soon(opening).await.unwrap().unwrap();
}

#[tokio::test]
async fn accepting_hands_each_client_out_and_listens_on() {
    let harbour = Harbour::new();
    let server = harbour.server().create(NAME).unwrap();
    for round in 0..3 {
        let mut client = harbour.client().open(NAME).unwrap();
        let mut served = soon(server.accept()).await.unwrap();
        client.write_u8(round).await.unwrap();
        assert_eq!(soon(served.read_u8()).await.unwrap(), round);
    }
}

#[tokio::test]
async fn only_one_is_the_first_and_others_are_told_so() {
    let harbour = Harbour::new();
    let _server = harbour.server().first_pipe_instance(true).create(NAME).unwrap();
    let refused = harbour.server().first_pipe_instance(true).create(NAME).unwrap_err();
    assert_eq!((refused.kind(), code(&refused)), (io::ErrorKind::PermissionDenied, Some(5)));
}

#[tokio::test]
async fn refusals_have_the_codes_that_programs_for_windows_look_for() {
    let harbour = Harbour::new();
    let missing = harbour.client().open(NAME).unwrap_err();
    assert_eq!((missing.kind(), code(&missing)), (io::ErrorKind::NotFound, Some(2)));
    assert_eq!(code(&harbour.server().max_instances(256).create(NAME).unwrap_err()), Some(87));
    assert_eq!(code(&harbour.server().create(r"\\.\pip\x").unwrap_err()), Some(123));
    let no_text: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"\xff");
    assert_eq!(code(&harbour.server().create(no_text).unwrap_err()), Some(123));
    let _server = harbour.server().access_inbound(false).create(NAME).unwrap();
    assert_eq!(code(&harbour.client().write(true).open(NAME).unwrap_err()), Some(5));
}

#[tokio::test]
async fn information_is_that_of_tokios_types() {
    let harbour = Harbour::new();
    let mut options = harbour.server();
    options.pipe_mode(PipeMode::Message).max_instances(3).in_buffer_size(7).out_buffer_size(8);
    let server = options.reject_remote_clients(true).create(NAME).unwrap();
    let client = harbour.client().open(NAME).unwrap();
    for (info, end) in [(server.info().unwrap(), PipeEnd::Server), (client.info().unwrap(), PipeEnd::Client)]
    {
        assert_eq!((info.mode, info.end, info.max_instances), (PipeMode::Message, end, 3));
        assert_eq!((info.in_buffer_size, info.out_buffer_size), (7, 8));
    }
}

#[tokio::test]
async fn a_server_disconnects_and_the_next_client_comes_to_the_same_end() {
    let harbour = Harbour::new();
    let mut server = harbour.server().create(NAME).unwrap();
    for round in 0..3 {
        let mut client = harbour.client().open(NAME).unwrap();
        soon(server.connect()).await.unwrap();
        client.write_u8(round).await.unwrap();
        assert_eq!(soon(server.read_u8()).await.unwrap(), round);
        server.disconnect().unwrap();
        let gone = soon(client.read_u8()).await.unwrap_err();
        assert_eq!(code(&gone), Some(233), "{gone}");
        let connecting = server.connect();
        let listening = tokio::time::timeout(std::time::Duration::ZERO, connecting).await;
        assert!(listening.is_err(), "it listens, and nobody has come");
    }
}

#[tokio::test]
async fn a_stream_without_a_client_is_not_connected() {
    let harbour = Harbour::new();
    let mut server = harbour.server().create(NAME).unwrap();
    assert_eq!(server.read_u8().await.unwrap_err().kind(), io::ErrorKind::NotConnected);
    assert_eq!(server.write_u8(1).await.unwrap_err().kind(), io::ErrorKind::NotConnected);
}

#[test]
fn options_are_made_of_ours_and_are_the_usual_ones_otherwise() {
    let registry = Registry::at("/nowhere/user", "/nowhere/system");
    let ours = cabotage_pipe::named::ClientOptions::new().registry(&registry);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let opened = runtime.block_on(async { ClientOptions::from(ours).open(NAME) });
    assert_eq!(code(&opened.unwrap_err()), Some(2));
}
