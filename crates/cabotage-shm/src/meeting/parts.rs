// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts of a meeting: the object that has the caller's name, and beside it another object and two bells.
//!
//! They are made with the caller's name last, so that whoever sees the name sees all of it. A maker that is killed
//! leaves parts of a number that no name knows: in nobody's way, and for `gc` to find. So that `gc` takes none that is
//! being made, the object beside comes first, goes last, and bears the sign of its [maker](super::making) meanwhile,
//! from before it can be seen.

use cabotage_os::Errno;
use cabotage_os::fork::SoleFd;
use cabotage_os::object::{self, Access};

use super::choices::Choices;
use super::companion::Companions;
use super::head::{Head, Kind};
use super::making::Making;
use super::refusal::Refusal;
use crate::directory::Directory;
use crate::error::ObjectError;
use crate::name::Name;
use crate::object::Object;
use crate::options::Options;

/// What lies beside the object that has the name.
#[derive(Debug)]
pub(crate) struct Beside {
    pub(crate) object: &'static str,
    pub(crate) kind: Kind,
    pub(crate) bells: [&'static str; 2],
}

/// How long the two objects of a meeting are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) main_bytes: usize,
    pub(crate) beside_bytes: usize,
}

/// Makes the meeting of this head, whose main object `fill` writes; `Exists` when the name is taken, by a meeting or by
/// something else.
///
/// Keep what comes back until a place is taken.
pub(crate) fn make(
    choices: &Choices,
    beside: &Beside,
    head: &Head,
    sizes: Sizes,
    fill: impl FnOnce(&Object) -> Result<(), ObjectError>,
) -> Result<Making, Refusal> {
    let made = Made { choices, beside, companions: head.companions };
    let options = Options::new().directory(&choices.directory).mode(choices.mode).exact_mode();
    let beside_head = Head { kind: beside.kind as u32, ring_at: 0, ring_bytes: 0, ..head.clone() };
    let file = head.companions.file(beside.object);
    let making =
        Making::first_object(&options, &file, sizes.beside_bytes, |object| beside_head.write(object))?;
    for bell in beside.bells {
        made.bell(&head.companions.file(bell))?;
    }
    options.create_filled(&head.name, sizes.main_bytes, fill)?;
    std::mem::forget(made);
    Ok(making)
}

/// What was made so far; dropped, it is removed again.
struct Made<'a> {
    choices: &'a Choices,
    beside: &'a Beside,
    companions: Companions,
}

impl Made<'_> {
    fn bell(&self, file: &Name) -> Result<(), Refusal> {
        let directory = self.choices.directory.calls();
        directory.make_fifo(file.file_name(), self.choices.mode)?;
        // Whatever the umask. An owner without rights of its own is what it asked for.
        let fd = directory.open(file.file_name(), Access::ReadWrite).map_err(ObjectError::from)?;
        Ok(object::set_mode(&fd, self.choices.mode, file)?)
    }
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        self.beside.remove(&self.choices.directory, self.companions);
    }
}

impl Beside {
    /// Opens the object beside that of this head, and sees that the two belong together.
    pub(crate) fn open(&self, directory: &Directory, head: &Head, access: Access) -> Result<SoleFd, Refusal> {
        let object = self.open_again(directory, head, access)?;
        match Head::of_kind(&object, &head.name, self.kind)?.companions == head.companions {
            true => Ok(object),
            false => Err(Refusal::NOT_WHOLE),
        }
    }

    /// Opens the object once more, as a holder of locks of its own.
    pub(crate) fn open_again(
        &self,
        directory: &Directory,
        head: &Head,
        access: Access,
    ) -> Result<SoleFd, Refusal> {
        let file = head.companions.file(self.object);
        let object = SoleFd::made_by(|| directory.calls().open(file.file_name(), access));
        object.map_err(|refusal| match refusal.errno() {
            Errno::NOENT => Refusal::NOT_WHOLE,
            _ => directory.explain(refusal, &file).into(),
        })
    }

    /// Removes what lies beside; that somebody else did is as good.
    fn remove(&self, directory: &Directory, companions: Companions) {
        for role in self.bells.into_iter().chain([self.object]) {
            let _ = directory.calls().unlink(companions.file(role).file_name());
        }
    }
}

/// Opens the object that has the name.
pub(crate) fn open_main(
    directory: &Directory,
    name: &Name,
    kind: Kind,
    access: Access,
) -> Result<(Head, SoleFd), Refusal> {
    let main = SoleFd::made_by(|| directory.calls().open(name.file_name(), access));
    let main = main.map_err(|refusal| match refusal.errno() {
        Errno::NOENT => Refusal::Missing,
        _ => directory.explain(refusal, name).into(),
    })?;
    Ok((Head::of_kind(&main, name, kind)?, main))
}

/// Whether `name` still means the object of this identity.
pub(crate) fn is_still(
    directory: &Directory,
    name: &Name,
    identity: object::Identity,
) -> Result<bool, Refusal> {
    match directory.calls().look(name.file_name()) {
        Ok(facts) => Ok(facts.identity == identity),
        Err(refusal) if refusal.errno() == Errno::NOENT => Ok(false),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Removes all parts, if the name still means this meeting.
pub(crate) fn remove(directory: &Directory, beside: &Beside, head: &Head, kind: Kind) -> Result<(), Refusal> {
    let main = Object::options().directory(directory).read_only().open(&head.name)?;
    match Head::of_kind(&main, &head.name, kind) {
        Ok(found) if found.companions == head.companions => {}
        Err(refusal @ (Refusal::Object(_) | Refusal::System(_))) => return Err(refusal),
        _ => return Err(ObjectError::NotMine { name: head.name.clone() }.into()),
    }
    main.unlink_if_mine()?;
    beside.remove(directory, head.companions);
    Ok(())
}
