// SPDX-License-Identifier: MIT OR Apache-2.0
//! libcabotage-alpc as C programs find it: one program for each section of what ALPC means, in C11 and C++17, and
//! under the sanitizers of addresses, leaks and undefined behaviour.
#![forbid(unsafe_code)]

use cabotage_c_tools::exports;
use cabotage_c_tools::library::root;
use cabotage_c_tools::toolbox::Toolbox;

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
