// SPDX-License-Identifier: MIT OR Apache-2.0
//! libcabotage-alpc as C programs find it: one program for each section of what ALPC means, in C11 and C++17, and
//! under the sanitizers of addresses, leaks and undefined behaviour.
#![forbid(unsafe_code)]

use std::process::Command;
use std::time::Duration;

use cabotage_alpc::{ConnectOptions, Deadline};
use cabotage_c_tools::exports;
use cabotage_c_tools::library::root;
use cabotage_c_tools::toolbox::{DIALECTS, Toolbox};

#[test]
fn the_map_lists_what_the_sources_give_to_c() {
    exports::must_agree(env!("CARGO_MANIFEST_DIR")).unwrap();
}

macro_rules! conforms {
    ($($test:ident: $program:literal;)*) => {
        $(
            #[test]
            fn $test() {
                if let Some(toolbox) = Toolbox::of(env!("CARGO_MANIFEST_DIR")) {
                    toolbox.conforms($program);
                }
            }
        )*
    };
}

conforms! {
    clients_send_to_the_connection_port_and_channels_name_them: "tests/c/s1_flow.c";
    structures_numbers_and_helpers_are_as_on_windows: "tests/c/s2_surface.c";
    requests_datagrams_callbacks_and_timeouts_are_as_written: "tests/c/s4_messages.c";
    names_acceptance_and_refusal_are_as_written: "tests/c/s5_connecting.c";
    three_techniques_carry_three_sizes: "tests/c/s6_sizes.c";
    contexts_tokens_handles_and_reserves_go_along: "tests/c/s7_attributes.c";
    senders_are_known_and_impersonated_with_their_consent: "tests/c/s8_identity.c";
    each_ending_is_told_to_the_other_side: "tests/c/s9_endings.c";
    classic_calls_are_a_layer_over_the_same_ports: "tests/c/classic.c";
    threads_share_a_port_on_either_side: "tests/c/threads.c";
    completion_lists_take_messages_into_memory_of_the_program: "tests/c/completion_lists.c";
    callbacks_run_in_threads_of_the_library_for_each_message: "tests/c/thread_pool.c";
    lists_and_callbacks_come_and_go_while_clients_ask_and_die: "tests/c/completion_races.c";
    completion_ports_are_told_of_messages_that_nobody_waits_for: "tests/c/completion_ports.c";
}

#[test]
fn it_is_installed_and_its_examples_run_shared_and_static() {
    let Some(toolbox) = Toolbox::of(env!("CARGO_MANIFEST_DIR")) else { return };
    let Some(installed) = toolbox.install() else { return };
    assert_eq!(installed.global_names(), exports::listed(toolbox.library()).unwrap(), "nothing else clashes");
    for (name, says) in [("alpc_echo.c", "hello from C\n"), ("alpc_pool.c", "3 clients, 9 answers\n")] {
        let example = root().join("examples/c").join(name);
        for program in [installed.compile(&example), installed.compile_static(&example)] {
            let ended = program.run();
            ended.must_succeed();
            assert_eq!(ended.stdout, says);
        }
    }
}

#[test]
fn a_cmake_project_finds_it_and_its_programs_run() {
    let Some(installed) = Toolbox::of(env!("CARGO_MANIFEST_DIR")).and_then(|toolbox| toolbox.install())
    else {
        return;
    };
    for (name, says) in [("alpc_echo", "hello from C\n"), ("alpc_pool", "3 clients, 9 answers\n")] {
        let Some(program) = installed.build_with_cmake(&root().join("examples/c/cmake"), name) else {
            return;
        };
        let ended = program.run();
        ended.must_succeed();
        assert_eq!(ended.stdout, says);
    }
}

/// Sizes of what is copied through the queue, what goes as a section, and what is longer than the server's list.
const SIZES: [usize; 5] = [0, 256, 257, 5_000, 40_000];

#[test]
#[ignore = "another test starts it, where the names of its server are"]
fn a_client_in_rust_asks() {
    let patience = Deadline::within(Duration::from_secs(60));
    let mut client = ConnectOptions::new().wait_for_name().deadline(patience).connect("pool-server").unwrap();
    for _ in 0..20 {
        for bytes in SIZES {
            let reply = client.request_within(&vec![b'b'; bytes], patience).unwrap();
            assert_eq!(reply.body(), bytes.to_string().as_bytes());
        }
    }
}

#[test]
fn a_client_in_rust_and_callbacks_in_c_meet_by_the_name() {
    let Some(toolbox) = Toolbox::of(env!("CARGO_MANIFEST_DIR")) else { return };
    for dialect in DIALECTS {
        let Some(server) = toolbox.compile("tests/c/pool_server.c", dialect) else { continue };
        let serving = server.start(&[]);
        let mut client = Command::new(std::env::current_exe().unwrap());
        client.args(["--ignored", "--exact", "a_client_in_rust_asks"]);
        server.start_command(&mut client).end().must_succeed();
        serving.end().must_succeed();
    }
}
