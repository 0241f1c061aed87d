// SPDX-License-Identifier: MIT OR Apache-2.0
//! libcabotage-mach, as C programs see it: one for each section of what Mach's semantics are, in C11, in C++17, and
//! watched by the sanitizers.
#![forbid(unsafe_code)]

use std::thread;
use std::time::Duration;

use cabotage_c_tools::exports;
use cabotage_c_tools::library::root;
use cabotage_c_tools::toolbox::{DIALECTS, Dialect, Toolbox};
use cabotage_link::names::Registry;
use cabotage_mach::bootstrap::{Bootstrap, CheckIn, ServerOptions};
use cabotage_mach::{Deadline, ReceiveRight, Spawn};

fn conforms(program: &str) {
    if let Some(toolbox) = Toolbox::of(env!("CARGO_MANIFEST_DIR")) {
        toolbox.conforms(program);
    }
}

#[test]
fn the_map_lists_what_the_sources_give_to_c() {
    exports::must_agree(env!("CARGO_MANIFEST_DIR")).unwrap();
}

#[test]
fn layouts_and_numbers_are_those_of_xnu() {
    conforms("tests/c/layout.c");
}

#[test]
fn names_rights_and_references() {
    conforms("tests/c/rights.c");
}

#[test]
fn notifications() {
    conforms("tests/c/notifications.c");
}

#[test]
fn sending() {
    conforms("tests/c/send.c");
}

#[test]
fn a_full_queue() {
    conforms("tests/c/full_queue.c");
}

#[test]
fn receiving() {
    conforms("tests/c/receive.c");
}

#[test]
fn memory_out_of_line_and_by_address() {
    conforms("tests/c/memory.c");
}

#[test]
fn tasks_forks_and_services() {
    conforms("tests/c/tasks.c");
}

#[test]
fn code_that_mig_generates() {
    conforms("tests/c/mig.c");
}

/// Runs an example in each dialect; what it says holds these words.
fn example_says(name: &str, words: &[&str]) {
    let Some(toolbox) = Toolbox::of(env!("CARGO_MANIFEST_DIR")) else { return };
    let source = root().join("examples/c").join(name);
    for dialect in [Dialect::C11, Dialect::C11Sanitized] {
        let Some(program) = toolbox.compile_path(&source, dialect) else { continue };
        let ended = program.run();
        ended.must_succeed();
        for words in words {
            assert!(ended.stdout.contains(words), "{name} says: {}", ended.stdout);
        }
    }
}

#[test]
fn the_examples_say_what_they_promise() {
    example_says("mach_hello.c", &["the service says: hello, world of process "]);
    example_says(
        "mach_out_of_line.c",
        &["8388608 bytes out of line, the last one is 0x5a", "the file says: "],
    );
    example_says("mach_notifications.c", &["the service is told 70", "the client is told 72"]);
    example_says("mach_mig.c", &["19 + 23 = 42, and the name has 8 letters"]);
}

/// A server of names in the folder, which serves as long as this process lives.
fn serve(registry: &Registry) -> Bootstrap {
    let mut server = ServerOptions::new().check_in(CheckIn::new().registry(registry)).start().unwrap();
    let bootstrap = server.bootstrap_port().unwrap();
    thread::spawn(move || server.run(Deadline::Never));
    bootstrap.into()
}

#[test]
fn services_at_a_server_of_names() {
    let Some(toolbox) = Toolbox::of(env!("CARGO_MANIFEST_DIR")) else { return };
    for dialect in DIALECTS {
        let Some(program) = toolbox.compile("tests/c/server.c", dialect) else { continue };
        let registry = Registry::at(program.place().join("cabotage"), program.place().join("system"));
        let bootstrap = serve(&registry);
        let port = ReceiveRight::new().unwrap();
        bootstrap.register("org.example.at.server", port.make_send().unwrap()).unwrap();
        program.run_with(&["found"]).must_succeed();
        assert_eq!(port.receive_within(Duration::from_secs(60)).unwrap().id(), 6);

        let spawn = Spawn::new(program.path()).arg("given").bootstrap(Some(bootstrap.into_right()));
        let ended = spawn.spawn().unwrap().wait(Duration::from_secs(60)).unwrap().expect("it ends");
        assert!(ended.success(), "as {dialect:?}: {ended}");
    }
}

#[test]
fn it_is_installed_and_its_example_runs_shared_and_static() {
    let Some(toolbox) = Toolbox::of(env!("CARGO_MANIFEST_DIR")) else { return };
    let Some(installed) = toolbox.install() else { return };
    assert_eq!(installed.global_names(), exports::listed(toolbox.library()).unwrap(), "nothing else clashes");
    let example = root().join("examples/c/mach_hello.c");
    for program in [installed.compile(&example), installed.compile_static(&example)] {
        let ended = program.run();
        ended.must_succeed();
        assert!(ended.stdout.starts_with("the service says: hello, world"), "{}", ended.stdout);
    }
}

#[test]
fn threads_serve_clients_of_which_some_are_killed() {
    conforms("tests/c/load.c");
}
