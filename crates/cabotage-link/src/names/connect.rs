// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finding who listens under a name, in the user scope and then in the system scope.

use std::path::PathBuf;

use cabotage_os::directory::{Directory, DirectoryError, Inode};
use cabotage_os::socket::{self, Socket};
use cabotage_os::{Deadline, Errno, Fault, SystemError};

use super::appear::Appearing;
use super::place::Place;
use super::{Kind, Name, PlaceError, Registry, Scope};

/// How a name is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConnectOptions {
    scope: Option<Scope>,
    required_uid: Option<u32>,
    waits_for_name: bool,
}

impl ConnectOptions {
    /// Both scopes, any server, and an absent name is told at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks in this scope alone.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Takes a server of this user only, in the kernel's word. In the system scope every user may publish names.
    pub fn required_uid(mut self, uid: u32) -> Self {
        self.required_uid = Some(uid);
        self
    }

    /// Waits until the deadline for a name that is not there, or was left behind by a server that has ended.
    pub fn wait_for_name(mut self) -> Self {
        self.waits_for_name = true;
        self
    }
}

/// Why a connection did not come about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Nothing has that name.
    #[error("nobody has published the name {name} in {searched:?}: start its server first, or wait for it")]
    Absent {
        /// The name.
        name: Name,
        /// Where it was looked for.
        searched: Vec<PathBuf>,
    },
    /// The server has ended without taking its name back.
    #[error(
        "the server of {path:?} has ended without taking its name back: start it again, or remove the name \
         (`cabotage gc`, `Registry::remove_leaving`)"
    )]
    Refused {
        /// The name.
        path: PathBuf,
    },
    /// As many clients as the server wants are waiting, until the deadline.
    #[error("the server of {path:?} left no room for one more client until the deadline: try later")]
    Busy {
        /// The name.
        path: PathBuf,
    },
    /// This user may not connect.
    #[error("this user may not connect to {path:?}: its server says who may, by mode and group")]
    NoPermission {
        /// The name, or the directory that keeps us out.
        path: PathBuf,
    },
    /// What has that name was not published.
    #[error("{path:?} is no socket for messages, so nobody published it: remove it")]
    NotPublished {
        /// The name.
        path: PathBuf,
    },
    /// The server is not of the user that was asked for.
    #[error(
        "the server of {path:?} is process {pid} of user {uid}, not one of user {required}: do not trust it"
    )]
    WrongServer {
        /// The name.
        path: PathBuf,
        /// The user that was asked for.
        required: u32,
        /// The server's user.
        uid: u32,
        /// The server's process; 0 when it has no number here.
        pid: i32,
    },
    /// The directory of the names could be tampered with by others.
    #[error(transparent)]
    UnsafeDirectory(DirectoryError),
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl ConnectError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Absent { .. } | Self::NotPublished { .. } => Fault::Caller,
            Self::Refused { .. } | Self::Busy { .. } | Self::WrongServer { .. } => Fault::Peer,
            Self::NoPermission { .. } | Self::UnsafeDirectory(_) | Self::System(_) => Fault::System,
        }
    }

    /// Whether a server that starts now would change it.
    fn is_for_lack_of_a_server(&self) -> bool {
        matches!(self, Self::Absent { .. } | Self::Refused { .. })
    }
}

impl From<PlaceError> for ConnectError {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::Unsafe(error) => Self::UnsafeDirectory(error),
            PlaceError::NoPermission { path } | PlaceError::NotMade { path } => Self::NoPermission { path },
            PlaceError::System(refusal) => Self::System(refusal),
        }
    }
}

impl Registry {
    /// Connects to whoever listens under `name`: in the user scope, or, where nobody does, in the system scope.
    /// Waits at most until `deadline` for room among the clients that wait there; not for the server to accept.
    ///
    /// # Errors
    /// [`ConnectError`]. A directory that could be tampered with ends the search, for the name may be in it.
    pub fn connect(
        &self,
        kind: Kind,
        name: &Name,
        options: ConnectOptions,
        deadline: Deadline,
    ) -> Result<Socket, ConnectError> {
        let mut answer = self.connect_at_once(kind, name, options, deadline);
        if !options.waits_for_name {
            return answer;
        }
        let mut appearing = None;
        while answer.as_ref().is_err_and(ConnectError::is_for_lack_of_a_server) && !deadline.has_passed() {
            match &mut appearing {
                None => appearing = Some(Appearing::new()),
                Some(appearing) => appearing.wait(deadline)?,
            }
            if let Some(appearing) = &mut appearing {
                appearing.cover(self.places(options.scope), kind)?;
            }
            answer = self.connect_at_once(kind, name, options, deadline);
        }
        answer
    }

    fn connect_at_once(
        &self,
        kind: Kind,
        name: &Name,
        options: ConnectOptions,
        deadline: Deadline,
    ) -> Result<Socket, ConnectError> {
        let mut refused = None;
        for place in self.places(options.scope) {
            let Some(directory) = place.find(kind)? else { continue };
            match connect_in(&directory, name, deadline) {
                Ok(Some(socket)) => return check_server(socket, &directory, name, options.required_uid),
                Ok(None) => {}
                Err(error @ ConnectError::Refused { .. }) => refused = refused.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        Err(refused.unwrap_or_else(|| ConnectError::Absent {
            name: name.clone(),
            searched: self.places(options.scope).map(|place: &Place| place.root().into()).collect(),
        }))
    }
}

/// `None` when nothing has the name there.
fn connect_in(
    directory: &Directory,
    name: &Name,
    deadline: Deadline,
) -> Result<Option<Socket>, ConnectError> {
    let mut refused_by: Option<Inode> = None;
    loop {
        let error = match Socket::connect_in(directory, name.as_file(), deadline) {
            Ok(socket) => return Ok(Some(socket)),
            Err(error) => error,
        };
        let path = directory.path().join(name.as_os_str());
        match error {
            socket::ConnectError::Missing { .. } => return Ok(None),
            socket::ConnectError::NobodyListens { .. } => {
                // The name may have gone to a new owner since it was opened: it is left behind only if the same
                // socket is still there.
                let there = directory.inode(name.as_file())?;
                if there.is_none() {
                    return Ok(None);
                }
                if there == refused_by {
                    return Err(ConnectError::Refused { path });
                }
                refused_by = there;
            }
            socket::ConnectError::Busy { .. } => return Err(ConnectError::Busy { path }),
            socket::ConnectError::System(refusal) if refusal.errno() == Errno::ACCESS => {
                return Err(ConnectError::NoPermission { path });
            }
            socket::ConnectError::System(refusal) => return Err(refusal.into()),
            _ => return Err(ConnectError::NotPublished { path }),
        }
    }
}

fn check_server(
    socket: Socket,
    directory: &Directory,
    name: &Name,
    required: Option<u32>,
) -> Result<Socket, ConnectError> {
    let Some(required) = required else { return Ok(socket) };
    let server = socket.peer()?;
    if server.uid == required {
        return Ok(socket);
    }
    let path = directory.path().join(name.as_os_str());
    Err(ConnectError::WrongServer { path, required, uid: server.uid, pid: server.pid })
}
