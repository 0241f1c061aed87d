// SPDX-License-Identifier: MIT OR Apache-2.0
//! libcabotage-posix beside the C library: what a caller sees is the same, in a table of calls and under programs
//! that know nothing of us.
#![forbid(unsafe_code)]

use std::process::Command;

use cabotage_c_tools::exports;
use cabotage_c_tools::library::root;
use cabotage_c_tools::program::{Ended, Running};
use cabotage_c_tools::toolbox::Toolbox;

fn toolbox() -> Option<Toolbox> {
    Toolbox::of(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_map_lists_what_the_sources_give_to_c() {
    exports::must_agree(env!("CARGO_MANIFEST_DIR")).unwrap();
}

#[test]
fn every_call_answers_as_the_c_library_does() {
    let Some(toolbox) = toolbox() else { return };
    toolbox.conforms("tests/c/differ.c");
}

/// Runs a script with the library under it and without; both must end well and say the same.
fn same_with_and_without(tool: &str, arguments: &[&str]) {
    let Some(toolbox) = toolbox() else { return };
    if Command::new(tool).arg("--version").output().is_err() {
        eprintln!("skipped: this machine has no {tool}");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let run = |preload: bool| -> Ended {
        let mut command = Command::new(tool);
        command.args(arguments).env_remove("LD_PRELOAD");
        if preload {
            command.env("LD_PRELOAD", toolbox.shared());
        }
        Running::start(&mut command, place.path()).end()
    };
    let (plain, ours) = (run(false), run(true));
    plain.must_succeed();
    ours.must_succeed();
    assert_eq!(plain.stdout, ours.stdout);
    assert_eq!(plain.stderr, ours.stderr, "a library that cannot be preloaded is complained of here");
}

/// Says which library's call it is that a program finds under the name, and how the calls went.
const PYTHON: &str = r#"
import os, sys
from multiprocessing import shared_memory, Process

def child(name):
    block = shared_memory.SharedMemory(name)
    block.buf[4:8] = bytes(reversed(block.buf[:4]))
    block.close()

if __name__ == "__main__":
    name = f"cabotage-python-{os.getpid()}"
    preloaded = "LD_PRELOAD" in os.environ
    mapped = "libcabotage-posix" in open("/proc/self/maps").read()
    assert preloaded == mapped, (preloaded, mapped)
    block = shared_memory.SharedMemory(name, create=True, size=5000)
    facts = os.stat(f"/dev/shm/{name}")
    print(oct(facts.st_mode), facts.st_size, block.size)
    block.buf[:4] = b"ahoy"
    other = Process(target=child, args=(name,))
    other.start(); other.join()
    print(other.exitcode, bytes(block.buf[:8]))
    for attempt in (dict(create=True, size=1), dict(name="/no/such"), dict(name="missing-at-all")):
        try:
            shared_memory.SharedMemory(**{"name": name, **attempt}).close()
            print("opened")
        except OSError as error:
            print(type(error).__name__, error.errno)
    lists = shared_memory.ShareableList([1, 2.5, "three", None, b"4"])
    print(list(shared_memory.ShareableList(name=lists.shm.name)))
    lists.shm.close(); lists.shm.unlink()
    block.close(); block.unlink()
    try:
        block.unlink()
    except FileNotFoundError as error:
        print("gone", error.errno)
    print(os.path.exists(f"/dev/shm/{name}"))
"#;

#[test]
fn pythons_shared_memory_works_the_same_when_preloaded() {
    same_with_and_without("python3", &["-c", PYTHON]);
}

#[test]
fn coreutils_work_the_same_on_objects_when_preloaded() {
    let script = "set -e; o=/dev/shm/cabotage-coreutils-$$; umask 027; printf ahoy >$o; stat -c '%a %s' $o; \
                  truncate -s 8192 $o; cp $o $o.copy; cmp $o $o.copy; head -c 4 $o.copy; dd if=$o bs=4 count=1 \
                  status=none; mv $o.copy $o.moved; ls /dev/shm | grep -c coreutils-$$; sha256sum <$o; rm $o $o.moved";
    same_with_and_without("bash", &["-c", script]);
}

#[test]
fn it_is_installed_and_its_example_runs_shared_and_static() {
    let Some(toolbox) = Toolbox::of(env!("CARGO_MANIFEST_DIR")) else { return };
    let Some(installed) = toolbox.install() else { return };
    assert_eq!(installed.global_names(), exports::listed(toolbox.library()).unwrap(), "nothing else clashes");
    let example = root().join("examples/c/posix_shm.c");
    for program in [installed.compile(&example), installed.compile_static(&example)] {
        let ended = program.run();
        ended.must_succeed();
        assert_eq!(ended.stdout, "Hello World!\n");
    }
}
