// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whatever call the kernel refuses: an error or another way, and not one descriptor more than before.
//!
//! One test alone in this file, since it counts the descriptors of its process.

use std::time::Duration;

use cabotage_os::probe::{self, Feature};
use cabotage_os::seam::{self, Errno};
use cabotage_pipe::fifo::{self, Options, Peer, Reader, Server, Writer};
use cabotage_pipe::{Deadline, PipeEnd, ReadEnd, WriteEnd, framed};

/// A deed that may be refused; what it answers is dropped before the descriptors are counted.
type Deed<'a> = (&'a str, Box<dyn Fn() -> Result<(), Box<dyn std::error::Error>> + 'a>);

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Refuses the first call of the deed, then the second, until it gets through untouched.
fn refuse_each_call(deed: &Deed<'_>, errno: Errno) {
    refuse_calls(deed, errno, 0..10_000);
}

fn refuse_calls(deed: &Deed<'_>, errno: Errno, calls: impl Iterator<Item = u64>) {
    for nth in calls {
        let before = open_descriptors();
        let plan = seam::fail_nth(nth, errno);
        let answer = deed.1();
        let struck = plan.has_struck();
        drop(plan);
        assert_eq!(open_descriptors(), before, "{}: {errno:?} at call {nth}", deed.0);
        if !struck {
            answer.unwrap_or_else(|error| panic!("{} with nothing refused: {error}", deed.0));
            return;
        }
    }
    panic!("{} makes calls without end", deed.0);
}

#[test]
fn a_refusal_at_any_call_is_an_error_or_a_detour_and_leaks_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fifo");
    let fifo = fifo::create(&path).unwrap();
    let _reader = fifo.reader(Peer::Any).unwrap();
    let _writer = fifo.writer(Peer::Any).unwrap();
    let other = directory.path().join("other");
    let patience = Peer::within(Duration::from_secs(20));

    let exchange = || {
        let (reader, writer) = cabotage_pipe::anonymous()?;
        writer.write_all_within(b"hello", Duration::from_secs(20))?;
        reader.read_within(&mut [0; 8], Duration::from_secs(20))?;
        writer.set_capacity(usize::MAX)?;
        Ok(())
    };
    let search = || {
        let (reader, _writer) = cabotage_pipe::anonymous()?;
        reader.who_keeps_it_open()?;
        Ok(())
    };
    let visit = || {
        let mut server = Server::open(&path)?;
        while server.next_event(&mut [0; 8], Deadline::Now).is_ok() {}
        Ok(())
    };
    let message = || {
        let (reader, writer) = cabotage_pipe::anonymous()?;
        framed::Writer::new(writer)?.send(&[0; 10_000], Duration::from_secs(20))?;
        framed::Reader::new(reader).receive(Duration::from_secs(20))?;
        Ok(())
    };
    let making = || {
        let made = Options::new().exact_mode(0o622).create(&other)?;
        // What was made is there; a refused removal is mended, so that the next turn finds the place free.
        let removed = made.remove();
        let _ = std::fs::remove_file(&other);
        Ok(removed?)
    };
    let mut deeds: Vec<Deed<'_>> = vec![
        ("an anonymous pipe", Box::new(exchange)),
        ("a server", Box::new(visit)),
        ("a framed message", Box::new(message)),
        ("making and removing", Box::new(making)),
        (
            "a twin",
            Box::new(|| {
                let (reader, writer) = (fifo.reader(Peer::Required)?, fifo.writer(Peer::Required)?);
                writer.try_write(b"x")?;
                reader.try_read(&mut [0])?;
                Ok(())
            }),
        ),
    ];
    let path = &path;
    for peer in [Peer::Wait(Deadline::Never), patience, Peer::Required, Peer::Any] {
        deeds.push(("a reader", Box::new(move || Ok(Reader::open(path, peer).map(drop)?))));
        deeds.push(("a writer", Box::new(move || Ok(Writer::open(path, peer).map(drop)?))));
    }
    for deed in &deeds {
        for errno in [Errno::MFILE, Errno::NOMEM, Errno::ACCESS] {
            refuse_each_call(deed, errno);
        }
        assert!(!other.exists(), "{}", deed.0);
    }
    // This one makes thousands of calls, as many as the machine has descriptors: a sample of them.
    let search: Deed<'_> = ("the search for holders", Box::new(search));
    refuse_calls(&search, Errno::MFILE, (0..40).chain((40..).step_by(499)));
    // Every way without the newer features makes other calls.
    let _missing = (probe::without(Feature::PipeNowait), probe::without(Feature::PipeReopen));
    for deed in &deeds {
        refuse_each_call(deed, Errno::MFILE);
    }
}
