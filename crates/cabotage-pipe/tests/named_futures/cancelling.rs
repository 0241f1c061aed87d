// SPDX-License-Identifier: MIT OR Apache-2.0
//! Dropping a future cancels the operation, with the meaning that cancelling has on Windows.

use cabotage_pipe::Deadline;
use cabotage_pipe::named::PipeError;

use crate::executor::Task;
use crate::{Harbour, SOON};

#[test]
fn a_write_that_is_dropped_takes_its_unread_bytes_back_and_the_next_follows() {
    let harbour = Harbour::new();
    let (mut server, client) = harbour.joined();
    let mut write = Task::new(async { drop(client.write(b"longer than sixteen bytes").await) });
    assert!(!write.step());
    let mut data = [0; 32];
    assert_eq!(
        server.try_read(&mut data[..6]),
        Err(PipeError::MoreData { got_bytes: 6 }),
        "readable at once"
    );
    drop(write);
    harbour.executor.block_on(client.send(b"next")).unwrap();
    let mut message = Vec::new();
    server.receive(&mut message, SOON).unwrap();
    assert_eq!(message, b"next");
}

#[test]
fn a_write_behind_one_that_is_dropped_moves_up() {
    let harbour = Harbour::new();
    let (mut server, client) = harbour.joined();
    let mut first = Task::new(async { drop(client.write(&[1; 64]).await) });
    let mut second = Task::new(async { assert_eq!(client.write(&[2; 64]).await, Ok(64)) });
    assert!(!first.step() && !second.step());
    drop(first);
    harbour.executor.run(vec![second], || {
        let mut message = Vec::new();
        server.receive(&mut message, SOON).unwrap();
        assert_eq!(message, [2; 64]);
        true
    });
}

#[test]
fn a_read_that_is_dropped_has_taken_nothing() {
    let harbour = Harbour::new();
    let (mut server, client) = harbour.joined();
    let mut lost = [0; 16];
    let mut read = Task::new(async { drop(client.read(&mut lost).await) });
    assert!(!read.step());
    drop(read);
    server.send(b"ahoy", SOON).unwrap();
    assert_eq!(harbour.executor.block_on(client.read(&mut [0; 16])), Ok(4));
}

#[test]
fn a_receive_that_is_dropped_in_the_middle_of_a_long_message_has_taken_nothing() {
    let harbour = Harbour::new();
    let (server, client) = harbour.joined();
    let server = harbour.server(server);
    let mut message = Vec::new();
    let long: Vec<u8> = (0..251).cycle().take(100_000).collect();
    let write = Task::new(async {
        client.send(&long).await.unwrap();
    });
    let mut tasks = vec![write];
    assert!(!tasks[0].step());
    let mut lost = Vec::new();
    let mut receive = Task::new(async { drop(server.receive(&mut lost).await) });
    assert!(!receive.step());
    drop(receive);
    tasks.push(Task::new(async { server.receive(&mut message).await.unwrap() }));
    harbour.executor.run(tasks, || false);
    assert!(message == long);
}

#[test]
fn a_transaction_that_is_dropped_leaves_its_question() {
    let harbour = Harbour::new();
    let (mut server, client) = harbour.joined();
    let mut answer = [0; 4];
    let mut ask = Task::new(async { drop(client.transact(b"is it kept, however long?", &mut answer).await) });
    assert!(!ask.step());
    drop(ask);
    let mut question = Vec::new();
    server.receive(&mut question, SOON).unwrap();
    assert_eq!(question, b"is it kept, however long?");
}

#[test]
fn a_question_that_is_longer_than_the_pipe_is_wide_is_written_while_its_answer_is_awaited() {
    let harbour = Harbour::new();
    let (mut server, client) = harbour.joined();
    let question = vec![7; 1 << 20];
    let answers = std::thread::spawn(move || {
        let mut message = Vec::new();
        server.receive(&mut message, SOON).unwrap();
        server.send(b"yes", SOON).unwrap();
        message
    });
    let mut answer = [0; 4];
    assert_eq!(harbour.executor.block_on(client.transact(&question, &mut answer)), Ok(3));
    assert_eq!(answers.join().unwrap(), question);
}

#[test]
fn a_connect_that_is_dropped_leaves_the_instance_listening() {
    let harbour = Harbour::new();
    let server = harbour.server(harbour.create());
    let mut connect = Task::new(async { server.connect().await.unwrap() });
    assert!(!connect.step());
    drop(connect);
    let _client = harbour.open();
    harbour.executor.block_on(server.connect()).unwrap();
}

#[test]
fn a_read_that_is_dropped_lets_the_next_one_have_what_comes() {
    let harbour = Harbour::new();
    let (mut server, client) = harbour.joined();
    let (mut lost, mut got) = ([0; 16], [0; 16]);
    let mut first = Task::new(async { drop(client.read(&mut lost).await) });
    let mut second = Task::new(async { assert_eq!(client.read(&mut got).await, Ok(4)) });
    assert!(!first.step() && !second.step());
    server.send(b"ahoy", SOON).unwrap();
    assert!(!second.step(), "the first comes first");
    drop(first);
    harbour.executor.run(vec![second], || false);
}

#[test]
fn what_a_stream_has_taken_over_is_taken_back_when_its_end_goes() {
    let harbour = Harbour::new();
    let (mut server, client) = harbour.joined();
    assert_eq!(client.try_take_over(&[7; 64]), Ok(64));
    assert_eq!(client.try_take_over(b"x"), Ok(0), "one at a time");
    drop(client);
    assert_eq!(server.receive(&mut Vec::new(), Deadline::Now), Err(PipeError::Broken));
}
