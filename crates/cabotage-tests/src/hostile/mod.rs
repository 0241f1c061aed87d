// SPDX-License-Identifier: MIT OR Apache-2.0
//! Peers that lie: a kit that speaks the real protocol and tells one lie, falls silent, dies or floods, and an oracle
//! that says what must be true of the victim afterwards.
//!
//! Everything follows from two tables. [`link_fields`] has a row for each field that a peer writes; lies are its rows
//! times the values at the bounds of each ([`values`]), written once or raced with ([`race`]). [`script`] has a step
//! for each thing that a peer does; at each of them it may stop. A new protocol adds rows and steps.
//!
//! Three processes play: the [`victim`], the [`attacker`], which may be another user's, and the one that watches,
//! an honest client of the same victim ([`stage`]). [`oracle`] judges, [`campaign`] goes through it all, and [`beside`] measures how long
//! others wait meanwhile.

pub mod alpc;
pub mod attacker;
pub mod beside;
pub mod campaign;
pub mod channel;
pub mod command;
pub mod descriptors;
pub mod field;
pub mod floods;
pub mod frames;
pub mod gushes;
pub mod heard;
pub mod kinds;
pub mod liar;
pub mod lie;
pub mod link_fields;
pub mod mach;
pub mod met;
pub mod oracle;
pub mod pipe;
pub mod race;
pub mod report;
pub mod ring;
pub mod script;
mod serving;
pub mod stage;
pub mod tasks;
pub mod values;
pub mod victim;
