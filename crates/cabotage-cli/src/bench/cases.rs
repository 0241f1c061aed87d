// SPDX-License-Identifier: MIT OR Apache-2.0
//! The list of cases: one line each; each file beside this one says what its case does.

mod alpc_clients;
mod alpc_connect;
mod alpc_direct;
mod alpc_ends;
mod alpc_rtt;
mod alpc_section;
mod channel_ends;
mod fifo_rtt;
mod lane_ends;
mod lane_rtt;
mod lane_stream;
mod limit_eventfd;
mod limit_line;
mod limit_memcpy;
mod limit_slots;
mod limit_socket;
mod link_block;
mod link_block_full;
mod link_connect;
mod link_crowded;
mod link_ends;
mod link_idle;
mod link_rtt;
mod link_server;
mod link_shared;
mod link_stream;
mod mach_ends;
mod mach_ool;
mod mach_ool_full;
mod mach_ool_sealed;
mod mach_port;
mod mach_right;
mod mach_rtt;
mod mach_set;
mod mach_stream;
mod named_pipe;
mod pipe_rtt;
mod pipe_stream;
mod raw_ends;
mod shm_create;
mod shm_rtt;
mod shm_stream;
mod shm_topic;

use super::case::Case;

/// Every case, in the order of a full run: bare limits first.
pub(crate) static CASES: &[Case] = &[
    limit_line::CASE,
    limit_slots::CASE,
    limit_memcpy::CASE,
    limit_eventfd::CASE,
    limit_socket::CASE,
    lane_rtt::CASE,
    lane_stream::CASE,
    link_rtt::SPIN,
    link_rtt::ADAPTIVE,
    link_rtt::BLOCK,
    link_stream::CASE,
    link_stream::FENCED,
    link_block::OF_1M,
    link_block::OF_64M,
    link_block_full::OF_1M,
    link_block_full::OF_64M,
    link_connect::CASE,
    link_shared::CASE,
    link_crowded::ANYWHERE,
    link_crowded::APART,
    link_crowded::TOGETHER,
    link_idle::CASE,
    alpc_rtt::OF_64,
    alpc_rtt::OF_256,
    shm_create::CASE,
    shm_rtt::TRUSTING,
    shm_rtt::GUARDED,
    shm_stream::TRUSTING,
    shm_stream::GUARDED,
    shm_topic::WAIT,
    shm_topic::DROP,
    shm_topic::WAIT_FOR_FOUR,
    shm_topic::DROP_FOR_FOUR,
    alpc_connect::CASE,
    alpc_clients::OF_1,
    alpc_clients::OF_10,
    alpc_clients::OF_100,
    alpc_clients::OF_1000,
    mach_port::CASE,
    pipe_rtt::CASE,
    pipe_stream::CASE,
    fifo_rtt::CASE,
    alpc_section::OF_1M,
    alpc_section::OF_64M,
    alpc_section::SECURE,
    alpc_direct::IN_PLACE,
    alpc_direct::SERVED,
    mach_rtt::CASE,
    mach_stream::CASE,
    mach_set::CASE,
    mach_ool::OF_1M,
    mach_ool::OF_64M,
    mach_ool_full::OF_1M,
    mach_ool_full::OF_64M,
    mach_ool_sealed::WRITTEN,
    mach_ool_sealed::IN_PLACE,
    mach_right::OF_ALL,
    mach_right::IN_A_ROW,
    mach_right::OF_HOLDER,
    mach_right::OF_THIRD,
    named_pipe::TRIP,
    named_pipe::STREAM,
];

/// The case of this name.
pub(crate) fn find(name: &str) -> Option<&'static Case> {
    CASES.iter().find(|case| case.name == name)
}

/// The cases that `wanted` names, each a case or what some of them begin with up to a dot (`link`, `link.block`);
/// all when nothing is wanted.
///
/// # Errors
/// The first word that names nothing.
pub(crate) fn select(wanted: &[String]) -> Result<Vec<&'static Case>, String> {
    if let Some(stranger) = wanted.iter().find(|word| !CASES.iter().any(|case| names(word, case))) {
        return Err(stranger.clone());
    }
    let is_wanted = |case: &&Case| wanted.is_empty() || wanted.iter().any(|word| names(word, case));
    Ok(CASES.iter().filter(is_wanted).collect())
}

fn names(word: &str, case: &Case) -> bool {
    case.name.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_selects_all_of_its_cases() {
        let names: Vec<_> = select(&["pipe".into()]).unwrap().iter().map(|case| case.name).collect();
        assert_eq!(names, ["pipe.rtt", "pipe.stream"]);
    }

    #[test]
    fn a_family_within_a_family_is_one_too() {
        let names: Vec<_> = select(&["link.block.1m".into()]).unwrap().iter().map(|case| case.name).collect();
        assert_eq!(names, ["link.block.1m", "link.block.1m.full"]);
    }

    #[test]
    fn no_wish_means_every_case() {
        assert_eq!(select(&[]).unwrap().len(), CASES.len());
    }

    #[test]
    fn a_word_that_names_nothing_comes_back() {
        assert_eq!(select(&["pipe.rtt".into(), "pip".into()]).unwrap_err(), "pip");
    }

    #[test]
    fn every_case_but_a_limit_is_held_against_one() {
        for case in CASES {
            assert_eq!(case.limit.is_none(), case.name.starts_with("limit."), "{}", case.name);
        }
    }
}
