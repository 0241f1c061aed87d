// SPDX-License-Identifier: MIT OR Apache-2.0
//! Connection ports and clients besides records: who is let in or not, what is answered, canceled, let go of, called
//! back. Both ends are in one process; a client that is blocked is in a thread of its own, in which no call fails.

use cabotage_alpc::{
    CallbackError, Client, ConnectError, ConnectionPort, Incoming, Loss, ReceiveError, Received, ReplyError,
    Request, RequestError, Wait,
};

use super::Answer;
use super::ledger::shortly;
use crate::Wrong;
use crate::ports::{self, NAME, Served, connect_options, port_options, sweep};
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// What comes to the port next.
fn request(served: &mut Served) -> Result<Request, Wrong> {
    match served.port.receive(shortly())? {
        Incoming::Request(request) => Ok(request),
        other => Err(format!("no request, but {other:?}").into()),
    }
}

/// Does it, and takes away the name that is left when its removal fails.
fn in_place(place: &Scratch, act: impl FnOnce() -> Answer) -> Answer {
    let done = act();
    sweep(place).or_else(|_| sweep(place)).expect("names that nobody living has");
    done
}

pub(super) fn a_client_is_let_in_with_data_and_another_refused(place: &Scratch) -> Answer {
    in_place(place, || {
        let mut port = port_options(place).wait(Wait::Block).create(NAME)?;
        let first = connect_options(place).wait(Wait::Block).data(b"the first").begin(NAME)?;
        match port.receive(shortly())? {
            Incoming::ConnectionRequest(request) => {
                assert_eq!(request.data(), b"the first");
                port.accept(request, b"welcome", 7)?;
            }
            other => return Err(format!("{other:?}").into()),
        }
        let first = first.finish(shortly())?;
        assert_eq!(first.accept_data(), b"welcome");
        let second = connect_options(place).wait(Wait::Block).begin(NAME)?;
        match port.receive(shortly())? {
            Incoming::ConnectionRequest(request) => port.refuse(request, b"one is enough")?,
            other => return Err(format!("{other:?}").into()),
        }
        match second.finish(shortly()) {
            Err(ConnectError::Refused { data }) => assert_eq!(data, b"one is enough"),
            Err(error) => return Err(error.into()),
            Ok(client) => panic!("it was refused, and yet {client:?}"),
        }
        first.close();
        match port.receive(shortly())? {
            Incoming::PortClosed { context: 7, .. } => Ok(()),
            other => Err(format!("{other:?}").into()),
        }
    })
}

pub(super) fn requests_are_answered_canceled_and_let_go_of(place: &Scratch) -> Answer {
    in_place(place, || {
        let (mut client, mut served) = ports::both(port_options(place), connect_options(place), shortly())?;
        for number in 0..3_u8 {
            let id = client.send_request(&[number], shortly())?;
            let asked = request(&mut served)?;
            assert_eq!((asked.id(), asked.body()), (id, &[number][..]));
            served.port.reply(asked, &[number, number])?;
            match client.receive(shortly())? {
                Received::Reply { id: answered, body } => {
                    assert_eq!((answered, body), (id, &[number, number][..]));
                }
                other => return Err(format!("no reply, but {other:?}").into()),
            }
        }
        canceled(&mut client, &mut served)?;
        let_go_of(&mut client, &mut served)
    })
}

fn canceled(client: &mut Client, served: &mut Served) -> Answer {
    let id = client.send_request(b"never mind", shortly())?;
    let asked = request(served)?;
    client.cancel(id)?;
    match served.port.receive(shortly())? {
        Incoming::Canceled { id: canceled, .. } => assert_eq!(canceled, id),
        other => return Err(format!("{other:?}").into()),
    }
    match served.port.reply(asked, b"too late").map_err(|unanswered| unanswered.error) {
        Err(ReplyError::Canceled) => Ok(()),
        other => panic!("a reply to what was canceled: {other:?}"),
    }
}

fn let_go_of(client: &mut Client, served: &mut Served) -> Answer {
    let id = client.send_request(b"anybody?", shortly())?;
    drop(request(served)?);
    // The loss is told by the port's next call.
    let none = served.port.try_receive()?;
    if let Some(incoming) = none {
        return Err(format!("{incoming:?}").into());
    }
    match client.receive(shortly())? {
        Received::LostReply { id: lost, loss: Loss::Dropped } if lost == id => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

pub(super) fn a_blocked_client_is_called_back(place: &Scratch) -> Answer {
    in_place(place, || {
        let mut port = port_options(place).wait(Wait::Block).create(NAME)?;
        let options = connect_options(place).wait(Wait::Block);
        std::thread::scope(|scope| {
            let asking = scope.spawn(move || -> Result<Vec<u8>, RequestError> {
                // Nobody lets it in when the port fails first.
                let Ok(mut client) = options.connect(NAME) else { return Ok(Vec::new()) };
                let reply = client.request_with(b"add to 3", soon(), |_, callback| {
                    assert_eq!(callback.body(), b"what?");
                    b"4".to_vec()
                })?;
                Ok(reply.to_vec())
            });
            let answered = call_back(&mut port, &|| asking.is_finished());
            drop(port);
            let told = asking.join().expect("no call of that thread fails");
            if answered.is_ok() {
                assert_eq!(told.expect("a reply was sent"), b"7");
            }
            answered
        })
    })
}

fn call_back(port: &mut ConnectionPort, is_over: &dyn Fn() -> bool) -> Answer {
    match next(port, is_over)? {
        Incoming::ConnectionRequest(request) => drop(port.accept(request, b"", 0)?),
        other => return Err(format!("{other:?}").into()),
    }
    let asked = match next(port, is_over)? {
        Incoming::Request(request) => request,
        other => return Err(format!("{other:?}").into()),
    };
    let answer = port.call_back(&asked, b"what?", soon()).map_err(|error| match error {
        CallbackError::Request(RequestError::TimedOut) => panic!("a blocked client does not answer"),
        error => Wrong::from(error),
    })?;
    assert_eq!(answer.body(), b"4");
    Ok(port.reply(asked, b"7")?)
}

/// What comes next of a client that lives.
fn next(port: &mut ConnectionPort, is_over: &dyn Fn() -> bool) -> Result<Incoming, Wrong> {
    let patience = soon();
    loop {
        match port.receive(shortly()) {
            Err(ReceiveError::Nothing) if is_over() => {
                return Err("the client was told that it is over".into());
            }
            Err(ReceiveError::Nothing) => assert!(!patience.has_passed(), "the client waits in vain"),
            received => return Ok(received?),
        }
    }
}
