// SPDX-License-Identifier: MIT OR Apache-2.0
//! An end in two halves: each has the data path of its direction, and a state of its own, which follows from what its
//! half is told.

use cabotage_link::metered::{Metered, ReadHalf, WriteHalf};

use super::Conduit;
use super::kept::Kept;

/// The reading half, and the writing half.
pub(in crate::named) type Halves = (Conduit<ReadHalf>, Conduit<WriteHalf>);

impl Conduit<Metered> {
    /// The reading half, and the writing half.
    pub(in crate::named) fn split(self) -> Halves {
        let Self { path, state, access, handle, shape, wait, peer, kept } = self;
        let (out, inc) = path.split();
        let writer = Conduit {
            path: out,
            state,
            access,
            handle,
            shape,
            wait,
            peer: peer.clone(),
            kept: Kept::default(),
        };
        (Conduit { path: inc, state, access, handle, shape, wait, peer, kept }, writer)
    }

    /// The two halves of one end, as one again; it reads and waits as the reading half did.
    pub(in crate::named) fn unite(
        reader: Conduit<ReadHalf>,
        writer: Conduit<WriteHalf>,
    ) -> Result<Self, Box<Halves>> {
        let Conduit { path: inc, state, access, handle, shape, wait, peer, kept } = reader;
        let Conduit { path: out, .. } = writer;
        match Metered::unite(out, inc) {
            Ok(path) => Ok(Self { path, state, access, handle, shape, wait, peer, kept }),
            Err(halves) => {
                let (out, inc) = *halves;
                let reader = Conduit { path: inc, state, access, handle, shape, wait, peer, kept };
                Err(Box::new((reader, Conduit { path: out, ..writer })))
            }
        }
    }
}

impl Conduit<Option<Metered>> {
    /// With the client that is there; without one, itself.
    pub(in crate::named) fn of_client_here(self) -> Result<Conduit<Metered>, Box<Self>> {
        let Self { path, state, access, handle, shape, wait, peer, kept } = self;
        match path {
            Some(path) => Ok(Conduit { path, state, access, handle, shape, wait, peer, kept }),
            None => Err(Box::new(Self { path, state, access, handle, shape, wait, peer, kept })),
        }
    }
}

impl From<Conduit<Metered>> for Conduit<Option<Metered>> {
    fn from(end: Conduit<Metered>) -> Self {
        let Conduit { path, state, access, handle, shape, wait, peer, kept } = end;
        Self { path: Some(path), state, access, handle, shape, wait, peer, kept }
    }
}
