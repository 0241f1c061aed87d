// SPDX-License-Identifier: MIT OR Apache-2.0
//! Several hosts in one process, joined by links: what goes from one to another, and what is told when one ends.

mod direct;
mod liars;
mod machine;
mod memory;
mod messages;
mod moving;
mod moving_kept;
mod moving_once;
mod rights;
mod third;
