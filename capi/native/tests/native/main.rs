// SPDX-License-Identifier: MIT OR Apache-2.0
//! libcabotage as C programs find it, in C11 and C++17 and under the sanitizers; and its header beside its sources.
#![forbid(unsafe_code)]

mod prototypes;

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
    objects_are_made_whole_mapped_and_removed: "tests/c/shm.c";
    a_producer_and_a_consumer_meet_by_a_name: "tests/c/channel.c";
    links_carry_messages_between_processes: "tests/c/link.c";
    ports_servers_and_pipes_answer_other_processes: "tests/c/services.c";
    errors_have_codes_and_words_and_misuse_is_an_error: "tests/c/errors.c";
}

#[test]
fn it_is_installed_and_its_example_runs_shared_and_static() {
    let Some(toolbox) = Toolbox::of(env!("CARGO_MANIFEST_DIR")) else { return };
    let Some(installed) = toolbox.install() else { return };
    assert_eq!(installed.global_names(), exports::listed(toolbox.library()).unwrap(), "nothing else clashes");
    let example = root().join("examples/c/frames.c");
    for program in [installed.compile(&example), installed.compile_static(&example)] {
        let ended = program.run();
        ended.must_succeed();
        assert_eq!(ended.stdout, "frame 1\nframe 2\nframe 3\nframe 4\nframe 5\n");
    }
}

#[test]
fn a_cmake_project_finds_it_and_its_program_runs() {
    let Some(installed) = Toolbox::of(env!("CARGO_MANIFEST_DIR")).and_then(|toolbox| toolbox.install())
    else {
        return;
    };
    let Some(program) = installed.build_with_cmake(&root().join("examples/c/cmake"), "frames") else {
        return;
    };
    let ended = program.run();
    ended.must_succeed();
    assert_eq!(ended.stdout, "frame 1\nframe 2\nframe 3\nframe 4\nframe 5\n");
}
