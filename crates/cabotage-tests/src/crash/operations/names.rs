// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of links: published, taken over, connected to, accepted from, given up.
//!
//! Whatever the point, a client is told the truth, the next owner gets the name, and cleaning up leaves nothing.

use cabotage_link::names::{ConnectOptions, Kind, Name, PublishOptions, Scope};
use cabotage_link::{Link, LinkError, Listener, Options, ReceiveError, Wait};
use cabotage_os::Deadline;

use crate::Wrong;
use crate::crash::stage::{After, Gate, Ground, Operation, Outcome, Stage};
use crate::crash::traced::{Traced, stop_here};
use crate::record::Mark;
use crate::scratch::Scratch;
use crate::watchdog::soon;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation { name: "names.publish", set: |_| Ok(owner(publish)) },
    Operation { name: "names.take-over", set: take_over },
    Operation { name: "names.unpublish", set: |_| Ok(owner(unpublish)) },
    Operation { name: "names.accept", set: accept },
    Operation { name: "names.connect", set: connect },
];

fn name() -> Name {
    "one".parse().expect("a name")
}

fn options() -> Options {
    Options::new().wait(Wait::Block)
}

fn listen(place: &Scratch) -> Result<Listener, Wrong> {
    Ok(Listener::publish_in(&place.registry(), &name(), PublishOptions::new(), options(), soon())?)
}

fn call(place: &Scratch) -> Result<Link, Wrong> {
    let how = ConnectOptions::new();
    Ok(Link::connect_in(&place.registry(), &name(), how, options(), Deadline::Now)?)
}

/// The next owner gets the name and serves; afterwards nothing is there.
fn next_one_serves(place: &Scratch) -> Result<(), Wrong> {
    let listener = listen(place)?;
    let record = Mark { stream: 3, number: 3 }.record(50);
    let mut client = call(place)?;
    client.send(&record, soon())?;
    let mut served = listener.accept(soon())?;
    Mark::of(&served.receive(soon())?.to_vec())?;
    drop((client, served));
    listener.unpublish()?;
    Ok(())
}

/// An owner that dies: its name may not be in the way, and is gone after cleaning up.
fn owner(victim: fn(&Gate<'_>)) -> Stage {
    let survivor = After(|ground: &Ground<'_>, _: &mut Outcome| {
        if call(ground.place).is_ok() {
            return Err("a dead owner's name is connected to".into());
        }
        next_one_serves(ground.place)?;
        clean(ground.place)
    });
    Stage { victim: Box::new(victim), survivor: Box::new(survivor) }
}

/// Takes away what the dead have left, and sees that nothing more is to be taken away.
fn clean(place: &Scratch) -> Result<(), Wrong> {
    place.registry().remove_all_stale(Kind::Link, Scope::User, soon())?;
    match std::fs::remove_dir_all(place.path("user")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn publish(gate: &Gate<'_>) {
    gate.operation(|| listen(gate.place));
}

fn unpublish(gate: &Gate<'_>) {
    let listener = listen(gate.place).expect("a name");
    gate.operation(|| listener.unpublish());
}

/// The owner before was killed too.
fn take_over(ground: &Ground<'_>) -> Result<Stage, Wrong> {
    let mut owner_before = Traced::start(|| {
        let _listener = listen(ground.place).expect("a name");
        stop_here();
    })?;
    owner_before.wait_for_gate()?;
    owner_before.kill()?;
    Ok(owner(publish))
}

/// A client whose server dies while it accepts is told, and what it sent before is in no one's way.
fn accept(_: &Ground<'_>) -> Result<Stage, Wrong> {
    struct Client(Option<Link>);
    impl crate::crash::Survivor for Client {
        fn prepare(&mut self, ground: &Ground<'_>) -> Result<(), Wrong> {
            let how = ConnectOptions::new().wait_for_name();
            let registry = ground.place.registry();
            let mut link = Link::connect_in(&registry, &name(), how, options(), soon())?;
            link.send(&Mark { stream: 0, number: 0 }.record(60), soon())?;
            self.0 = Some(link);
            Ok(())
        }

        fn check(mut self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
            let mut link = self.0.take().ok_or("a client that has connected")?;
            match outcome.told(|| link.receive(soon()).map(drop)) {
                Err(ReceiveError::Link(LinkError::Died)) => {}
                other => return Err(format!("the client of a dead server is told: {other:?}").into()),
            }
            next_one_serves(ground.place)?;
            clean(ground.place)
        }
    }
    let victim = |gate: &Gate<'_>| {
        let listener = listen(gate.place).expect("a name");
        cabotage_os::poll::wait(
            [(std::os::fd::AsFd::as_fd(&listener), cabotage_os::poll::Readiness::IN)],
            soon(),
        )
        .expect("a client");
        gate.operation(|| {
            let mut link = listener.accept(soon())?;
            link.receive(soon())
                .map(|message| message.to_vec())
                .map(|bytes| (link, bytes))
                .map_err(Wrong::from)
        });
    };
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(Client(None)) })
}

/// A server whose client dies while it connects serves the next one.
fn connect(ground: &Ground<'_>) -> Result<Stage, Wrong> {
    let listener = listen(ground.place)?;
    let victim = |gate: &Gate<'_>| {
        let record = Mark { stream: 0, number: 0 }.record(60);
        gate.operation(|| {
            let mut link = call(gate.place)?;
            gate.notes.sending(0, || link.send(&record, Deadline::Now))?;
            Ok::<_, Wrong>(link)
        });
    };
    let survivor = After(move |ground: &Ground<'_>, outcome: &mut Outcome| {
        let mut received = 0;
        while let Ok(mut link) = listener.accept(Deadline::Now) {
            loop {
                match outcome.told(|| link.receive(soon()).map(|message| message.to_vec())) {
                    Ok(record) => {
                        Mark::of(&record)?;
                        received += 1;
                    }
                    Err(ReceiveError::Link(LinkError::Died)) => break,
                    Err(error) => return Err(format!("the server of a dead client is told: {error}").into()),
                }
            }
        }
        ground.notes.check_received(received)?;
        listener.unpublish()?;
        next_one_serves(ground.place)?;
        clean(ground.place)
    });
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}
