// SPDX-License-Identifier: MIT OR Apache-2.0
//! A port of Mach among holders of send rights that lie: about every number of its records, with words that are not
//! theirs to say, by falling silent, hanging up or dying at each step, by flooding.
//!
//! They speak links, and the words of Mach on top ([`fields`], [`words`]), as holders who have looked the port up. The
//! [`victim`] is an ordinary receiver, and an honest holder beside them sends numbered messages and asks questions all
//! the time ([`holders`] judges). The other way round owners of a port lie to an honest holder, one after the other
//! ([`owners`]).

pub mod fields;
pub mod floods;
pub mod holders;
pub mod liar;
pub mod owner_fields;
pub mod owner_script;
pub mod owners;
pub mod scene;
pub mod script;
pub mod victim;
pub mod victim_holder;
pub mod words;

/// The name of the port that is attacked.
const NAME: &str = "target";
