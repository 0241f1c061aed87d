// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every system call may be refused: then nothing is made, nothing is started and nothing stays open.

use std::io::Read;

use cabotage_os::Errno;
use cabotage_os::seam;
use cabotage_pipe::windows::{Inherit, PipeOptions};
use cabotage_pipe::{Spawn, SpawnError};

use crate::child::turn;

const ALONE: &str = "CABOTAGE_TEST_WINDOWS_ALONE";
const OWN_NAME: &str = "refusals::a_refusal_at_any_call_is_an_error_and_leaves_no_descriptor_behind";

/// Alone in a process of its own, since other tests open descriptors too.
#[test]
fn a_refusal_at_any_call_is_an_error_and_leaves_no_descriptor_behind() {
    if std::env::var_os(ALONE).is_none() {
        let _turn = turn();
        let own_program = std::env::current_exe().unwrap();
        let child = Spawn::new(own_program).args(["--exact", OWN_NAME, "--test-threads=1"]).env(ALONE, "1");
        assert!(child.spawn().unwrap().wait().unwrap().success());
        return;
    }
    for errno in [Errno::MFILE, Errno::NOMEM] {
        for nth in 0.. {
            let before = open();
            let plan = seam::fail_nth(nth, errno);
            let answer = carry();
            let struck = plan.has_struck();
            drop(plan);
            assert!(answer.is_ok() || struck, "{answer:?}");
            assert_eq!(open(), before, "call {nth}: {answer:?}");
            if !struck {
                break;
            }
        }
    }
}

fn open() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Makes a pipe, starts a child that inherits an end by a list, and reads what it writes.
fn carry() -> Result<(), Box<dyn std::error::Error>> {
    let (mut reader, writer) = PipeOptions::new().size_bytes(1).inherit(Inherit::Yes).create()?;
    let script = format!("echo hello >&{}", writer.number());
    let child = Spawn::new("sh").args(["-c", &script]).inherit_handles().handle_list(&[&writer]).spawn();
    drop(writer);
    match child {
        Ok(mut child) => {
            let mut text = String::new();
            let read = reader.read_to_string(&mut text);
            child.wait()?;
            read?;
            assert_eq!(text, "hello\n");
            Ok(())
        }
        Err(SpawnError::System(refusal)) => Err(refusal.into()),
        Err(other) => panic!("{other}"),
    }
}
