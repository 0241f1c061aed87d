// SPDX-License-Identifier: MIT OR Apache-2.0
//! Requests that are begun and waited for elsewhere: callbacks come as messages, and what is lent is copied by whoever
//! receives.

use cabotage_alpc::{Access, Buffer, Incoming, Loss, Outgoing, Received};

use crate::support::{Harbour, beside, next, request, soon};

#[test]
fn the_asker_of_a_begun_request_receives_callbacks_and_then_the_reply() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let id = client.begin_request(&mut Outgoing::new(b"question"), Vec::new(), soon()).unwrap();
    let came = request(&mut port);
    assert!(came.is_synchronous(), "its asker can be called back");
    let callback = port.callback(&came, b"one", soon()).unwrap();
    match client.receive(soon()).unwrap() {
        Received::Callback { id: number, about, body } => {
            assert_eq!((about, body), (id, &b"one"[..]));
            client.answer_callback(number, b"ONE", soon()).unwrap();
        }
        other => panic!("{other:?}"),
    }
    match next(&mut port) {
        Incoming::CallbackReply { id, reply } => assert_eq!((id, reply.body()), (callback, &b"ONE"[..])),
        other => panic!("{other:?}"),
    }
    let declined = port.callback(&came, b"two", soon()).unwrap();
    match client.receive(soon()).unwrap() {
        Received::Callback { id, .. } => client.decline_callback(id, soon()).unwrap(),
        other => panic!("{other:?}"),
    }
    match next(&mut port) {
        Incoming::LostReply { id, loss, .. } => assert_eq!((id, loss), (declined, Loss::Dropped)),
        other => panic!("{other:?}"),
    }
    port.reply(came, b"done").unwrap();
    assert_eq!(client.receive(soon()).unwrap(), Received::Reply { id, body: b"done" });
}

#[test]
fn what_a_begun_request_lends_for_both_is_read_and_written() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, _) = harbour.client(&mut port, 0);
    let asking = beside(client, |client| {
        let lent = vec![Buffer::Shared(vec![7; 100_000])];
        let id = client.begin_request(&mut Outgoing::new(b""), lent, soon()).unwrap();
        assert_eq!(client.take_buffers(id), None, "it waits");
        assert_eq!(client.receive(soon()).unwrap(), Received::Reply { id, body: b"" });
        client.take_buffers(id).unwrap().pop().unwrap().into_bytes()
    });
    let came = request(&mut port);
    assert_eq!(came.ranges().collect::<Vec<_>>(), [(100_000, Access::ReadWrite)]);
    port.write_at(&came, 0, 3, b"ahoy", soon()).unwrap();
    let mut seen = [0; 8];
    port.read_at(&came, 0, 1, &mut seen, soon()).unwrap();
    assert_eq!(&seen, b"\x07\x07ahoy\x07\x07", "what was written is read");
    port.reply(came, b"").unwrap();
    let bytes = asking.join().unwrap().0;
    assert_eq!((&bytes[..8], bytes.len()), (&b"\x07\x07\x07ahoy\x07"[..], 100_000));
}

#[test]
fn a_begun_request_is_told_as_lost_when_the_port_ends() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let id = client.begin_request(&mut Outgoing::new(b""), Vec::new(), soon()).unwrap();
    drop(port);
    match client.receive(soon()).unwrap() {
        Received::LostReply { id: lost, loss: Loss::Gone(_) } => assert_eq!(lost, id),
        other => panic!("{other:?}"),
    }
}
