// SPDX-License-Identifier: MIT OR Apache-2.0
//! Handles: duplicated into the receiver, up to 512, of the kinds that it asked for, closed when nobody takes them.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;

use cabotage_alpc::{
    AttributeSet, HANDLES_MAX, HandleKind, Incoming, Outgoing, PortOptions, SendError, Status,
};

use crate::support::{Harbour, echo, let_in, next, request, role, say, soon, their_client};

const FILES: [HandleKind; 2] = [HandleKind::File, HandleKind::Pipe];

fn file_with(text: &str) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    file
}

fn text_of(handle: OwnedFd) -> String {
    let mut text = String::new();
    File::from(handle).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_handle_is_duplicated_into_the_receiver_with_requests_datagrams_and_replies() {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().take_handles(8, &FILES));
    let connecting = harbour.options().take_handles(8, &FILES).begin(crate::support::NAME).unwrap();
    let id = let_in(&mut port, 0);
    let mut client = connecting.finish(soon()).unwrap();

    let mut message = Outgoing::new(b"a request").with_handle(file_with("asked"));
    client.send_request_as(&mut message, soon()).unwrap();
    let mut came = request(&mut port);
    assert!(came.attributes().contains(AttributeSet::HANDLE));
    assert_eq!(came.body(), b"a request");
    assert_eq!(text_of(came.handles().unwrap().take(HandleKind::File).unwrap()), "asked");

    let mut message = Outgoing::new(b"a reply").with_handle(file_with("answered"));
    port.reply_as(came, &mut message, soon()).unwrap();
    assert_eq!(client.receive(soon()).unwrap().body(), b"a reply");
    assert!(client.attributes_received().contains(AttributeSet::HANDLE));
    assert_eq!(text_of(client.handles_received().unwrap().take_at(0).unwrap()), "answered");

    let mut message = Outgoing::new(b"by the way").with_handle(file_with("told"));
    client.send_datagram_as(&mut message, soon()).unwrap();
    match next(&mut port) {
        Incoming::Datagram(mut datagram) => {
            assert_eq!(text_of(datagram.handles().unwrap().take_at(0).unwrap()), "told");
        }
        other => panic!("{other:?}"),
    }
    port.send_datagram_as(id, &mut Outgoing::new(b"").with_handle(file_with("back")), soon()).unwrap();
    client.receive(soon()).unwrap();
    assert_eq!(text_of(client.handles_received().unwrap().take_at(0).unwrap()), "back");
}

#[test]
fn a_receiver_that_asked_for_no_handles_gets_none() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let mut message = Outgoing::new(b"").with_handle(file_with(""));
    let refused = client.send_request_as(&mut message, soon()).unwrap_err();
    assert_eq!(refused, SendError::TooManyHandles { given: 1, handles_max: 0 });
    assert_eq!(refused.status(), Status::LPC_HANDLE_COUNT_EXCEEDED);
}

#[test]
fn the_kind_of_a_handle_is_the_kernels_word_and_one_that_was_not_asked_for_is_closed() {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().take_handles(8, &[HandleKind::File]));
    let (mut client, _) = harbour.client(&mut port, 0);
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut message = Outgoing::new(b"").with_handle(writer).with_handle(file_with("a file"));
    client.send_request_as(&mut message, soon()).unwrap();
    let mut came = request(&mut port);
    let handles = came.handles().unwrap();
    let natures: Vec<_> =
        handles.natures().map(|nature| (nature.kind, nature.access.read, nature.access.write)).collect();
    assert_eq!(natures, [(HandleKind::Pipe, false, true), (HandleKind::File, true, true)]);
    assert!(handles.take(HandleKind::Pipe).is_none() && handles.take_at(0).is_none());
    // Nobody has the writing end any more, though the request is still here.
    assert_eq!(reader.read(&mut [0]).unwrap(), 0);
    assert_eq!(text_of(handles.take(HandleKind::File).unwrap()), "a file");
}

#[test]
fn an_attribute_of_which_the_receiver_takes_nothing_is_cleared() {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().take_handles(8, &[HandleKind::File]));
    let (mut client, id) = harbour.client(&mut port, 0);
    let (_reader, writer) = std::io::pipe().unwrap();
    client.send_request_as(&mut Outgoing::new(b"").with_handle(writer), soon()).unwrap();
    let mut came = request(&mut port);
    assert_eq!(came.attributes(), AttributeSet::CONTEXT | AttributeSet::TOKEN);
    assert_eq!(came.handles().unwrap().len(), 1, "that it came is told");
    port.send_datagram(id, b"nothing more", soon()).unwrap();
    client.receive(soon()).unwrap();
    assert_eq!(client.attributes_received(), AttributeSet::CONTEXT | AttributeSet::TOKEN);
}

#[test]
fn handles_that_nobody_takes_are_closed_with_their_message() {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().take_handles(8, &FILES));
    let (mut client, _) = harbour.client(&mut port, 0);
    let (mut reader, writer) = std::io::pipe().unwrap();
    client.send_request_as(&mut Outgoing::new(b"").with_handle(writer), soon()).unwrap();
    let came = request(&mut port);
    port.reply(came, b"").unwrap();
    assert_eq!(reader.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_message_has_at_most_512_handles_however_many_records_that_takes() {
    const TEST: &str = "handles::a_message_has_at_most_512_handles_however_many_records_that_takes";
    if role().is_some() {
        let mut client = their_client();
        let handle = file_with("");
        for handles in [1, 63, 64, 127, HANDLES_MAX] {
            let mut message = Outgoing::new(b"many");
            for _ in 0..handles {
                message = message.with_handle(handle.try_clone().unwrap());
            }
            let reply = client.request_as(&mut message, soon()).unwrap();
            assert_eq!(reply.body(), handles.to_string().as_bytes());
        }
        let mut message = Outgoing::new(b"too many");
        for _ in 0..=HANDLES_MAX {
            message = message.with_handle(handle.try_clone().unwrap());
        }
        let refused = client.send_request_as(&mut message, soon()).unwrap_err();
        assert_eq!(refused, SendError::TooManyHandles { given: 513, handles_max: 512 });
        return say("done");
    }
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().take_handles(HANDLES_MAX, &FILES));
    let mut other = harbour.start(TEST, "client");
    let_in(&mut port, 0);
    for handles in [1, 63, 64, 127, HANDLES_MAX] {
        let mut came = request(&mut port);
        assert_eq!(came.handles().unwrap().len(), handles);
        for _ in 0..handles {
            assert!(came.handles().unwrap().take(HandleKind::File).is_some());
        }
        port.reply(came, handles.to_string().as_bytes()).unwrap();
    }
    assert_eq!(other.hear().as_deref(), Some("done"));
    echo(&mut port);
}

#[test]
fn a_port_that_would_take_more_than_512_handles_is_not_created_nor_is_a_client_connected() {
    let harbour = Harbour::new();
    let _port = harbour.port();
    let refused = harbour.options().take_handles(HANDLES_MAX + 1, &FILES).begin("port").unwrap_err();
    assert_eq!(refused.status(), Status::INVALID_PARAMETER);
    let options = PortOptions::new().take_handles(HANDLES_MAX + 1, &FILES);
    let refused = options.registry(&harbour.registry()).create("another").unwrap_err();
    assert_eq!(refused.status(), Status::INVALID_PARAMETER);
}
