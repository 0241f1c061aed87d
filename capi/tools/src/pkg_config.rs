// SPDX-License-Identifier: MIT OR Apache-2.0
//! What pkg-config tells about an installed library: how to compile and link with it.

use std::path::Path;

use crate::library::{Library, VERSION};
use crate::link::SYSTEM;

/// The text of the library's `.pc` file below `prefix`.
pub(crate) fn describe(library: &Library, prefix: &Path) -> String {
    let Library { name, description, .. } = library;
    let (_, what) = description.split_once(": ").unwrap_or(("", description));
    let include = match (library.headers(), name.strip_prefix("cabotage-")) {
        (None, _) => String::new(),
        (Some(_), Some(face)) => format!("Cflags: -I${{includedir}}/cabotage/compat/{face}\n"),
        (Some(_), None) => "Cflags: -I${includedir}\n".to_owned(),
    };
    format!(
        "prefix={}\nlibdir=${{prefix}}/lib\nincludedir=${{prefix}}/include\n\n\
         Name: {name}\nDescription: {what}\nVersion: {VERSION}\n\
         Libs: -L${{libdir}} -l{name}\nLibs.private: {}\n{include}",
        prefix.display(),
        SYSTEM.join(" ")
    )
}
