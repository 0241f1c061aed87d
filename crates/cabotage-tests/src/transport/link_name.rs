// SPDX-License-Identifier: MIT OR Apache-2.0
//! A link whose ends meet by a published name; either process may be the one that publishes it.

use crate::scratch::Scratch;
use std::os::fd::OwnedFd;

use cabotage_link::names::{ConnectOptions, Kind, Name, PublishOptions, Registry, Scope};
use cabotage_link::{Link, Listener};

use super::link::{LinkEnd, MESSAGE_BYTES_MAX, lacks, options};
use super::{Ability, BothEnds, End, Side, StartFar, Told, Transport, other};
use crate::suite::soon;

/// Which process publishes the name.
#[derive(Debug, Clone, Copy)]
pub(super) enum LinkByName {
    NearPublishes,
    FarPublishes,
}

impl Transport for LinkByName {
    fn title(&self) -> &'static str {
        match self {
            Self::NearPublishes => "link_by_name",
            Self::FarPublishes => "link_by_name_of_the_far_one",
        }
    }

    fn lacks(&self, ability: Ability) -> Option<&'static str> {
        if ability == Ability::Place { None } else { lacks(ability) }
    }

    fn record_bytes_max(&self) -> usize {
        MESSAGE_BYTES_MAX as usize
    }

    fn open(&self, place: &Scratch, _side: Side, start: StartFar<'_>) -> Box<dyn End> {
        match self {
            Self::NearPublishes => {
                let listener = publish(place);
                start(None);
                accept(&listener)
            }
            Self::FarPublishes => {
                start(None);
                connect(place)
            }
        }
    }

    fn open_both(&self, place: &Scratch) -> Result<BothEnds, Told> {
        let (registry, name) = registry(place);
        let how = PublishOptions::new();
        let listener = Listener::publish_in(&registry, &name, how, options(), soon()).map_err(other)?;
        let how = ConnectOptions::new();
        let client = Link::connect_in(&registry, &name, how, options(), soon()).map_err(other)?;
        let server = listener.accept(soon()).map_err(other)?;
        Ok((Box::new(LinkEnd(client)), Box::new(LinkEnd(server))))
    }

    fn join(&self, place: &Scratch, _side: Side, _inherited: Option<OwnedFd>) -> Box<dyn End> {
        match self {
            Self::NearPublishes => connect(place),
            Self::FarPublishes => accept(&publish(place)),
        }
    }

    fn clean(&self, place: &Scratch) {
        for scope in [Scope::User, Scope::System] {
            let clean = || place.registry().remove_all_stale(Kind::Link, scope, soon());
            // Once more where a test lets a call fail.
            clean().or_else(|_| clean()).expect("names that nobody living has");
        }
    }
}

fn registry(place: &Scratch) -> (Registry, Name) {
    (place.registry(), "suite".parse().expect("a name"))
}

fn publish(place: &Scratch) -> Listener {
    let (registry, name) = registry(place);
    Listener::publish_in(&registry, &name, PublishOptions::new(), options(), soon()).expect("a free name")
}

fn accept(listener: &Listener) -> Box<dyn End> {
    Box::new(LinkEnd(listener.accept(soon()).expect("a client")))
}

fn connect(place: &Scratch) -> Box<dyn End> {
    let (registry, name) = registry(place);
    let how = ConnectOptions::new().wait_for_name();
    Box::new(LinkEnd(Link::connect_in(&registry, &name, how, options(), soon()).expect("a server")))
}
