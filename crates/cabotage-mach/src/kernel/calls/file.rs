// SPDX-License-Identifier: MIT OR Apache-2.0
//! Open files as rights: whoever has a send right to such a port has the file.
//!
//! The file is closed with the last right. Nobody receives at the port; a message to it is destroyed.
//!
//! # Source
//! XNU, bsd/kern/kern_descrip.c: `sys_fileport_makeport`, `sys_fileport_makefd`.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::code::KernError;
use crate::kernel::Kernel;
use crate::kernel::ids::SpaceId;
use crate::kernel::message::Capability;
use crate::kernel::port::{Home, Port};
use crate::name::Name;

impl Kernel {
    /// A send right that stands for the open file: `fileport_makeport`.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::NoSpace`]; the file is closed then.
    pub fn make_file_port(&mut self, space: SpaceId, file: OwnedFd) -> Result<Name, KernError> {
        let mut port = Port::new(Home::File);
        port.rare().file = Some(Arc::new(file));
        self.make_port_of_kernel(space, port)
    }

    fn make_port_of_kernel(&mut self, space: SpaceId, mut port: Port) -> Result<Name, KernError> {
        self.space(space)?;
        port.make_send();
        let port = self.ports.insert(port);
        self.copy_out(space, Capability::Send(port)).map_err(|(error, right)| {
            self.destroy_capability(right);
            error
        })
    }

    /// A send right to a port of the kernel's own that stands for nothing: what is sent there is destroyed, so whoever asks
    /// there is told at once that no answer comes.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::NoSpace`].
    pub fn make_idle_port(&mut self, space: SpaceId) -> Result<Name, KernError> {
        self.make_port_of_kernel(space, Port::new(Home::File))
    }

    /// The open file that a send right stands for: `fileport_makefd`.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::InvalidName`]; [`KernError::InvalidRight`] if it is no send right;
    /// [`KernError::InvalidCapability`] if its port stands for no file.
    pub fn file_of(&mut self, space: SpaceId, name: Name) -> Result<Arc<OwnedFd>, KernError> {
        self.refuse_no_name(space, name)?;
        let port = self.look(space, name)?.held.sends().ok_or(KernError::InvalidRight)?;
        let rare = self.ports.get(port).and_then(|port| port.rare.as_ref());
        rare.and_then(|rare| rare.file.clone()).ok_or(KernError::InvalidCapability)
    }
}
