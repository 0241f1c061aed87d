// SPDX-License-Identifier: MIT OR Apache-2.0
//! A link in the hands of one thread, which sleeps on it and nothing else.

use cabotage_link::{Deadline, End as LinkEnd, Link, LinkError, Message, ReceiveError, SendError};

use super::{Victim, answer};
use crate::hostile::report::End;

/// Makes a link that a thread of its own serves until it ends; answers the other end.
pub(super) fn serve(victim: &Victim) -> Result<LinkEnd, LinkError> {
    let (mut link, far) = Link::pair(victim.options.clone())?;
    let victim = victim.clone();
    std::thread::spawn(move || {
        let (pid, error) = serve_to_the_end(&mut link);
        // What the link has must be gone when its end is told.
        drop(link);
        victim.note(End::new(pid, &error));
    });
    Ok(far)
}

fn serve_to_the_end(link: &mut Link) -> (i32, LinkError) {
    let mut pid = 0;
    loop {
        let received = link.receive(Deadline::Never).map(Message::into_letter);
        pid = link.with_peer(|peer| peer.pid()).unwrap_or(pid);
        let letter = match received {
            Ok(letter) => letter,
            Err(ReceiveError::Link(error)) => return (pid, error),
            Err(error) => unreachable!("{error}: there is no deadline"),
        };
        match answer(link, &letter) {
            // That a link is over is told after what its peer has sent before.
            Ok(()) | Err(SendError::Link(_)) => {}
            Err(error) => unreachable!("{error}: the victim's own mistake"),
        }
    }
}
