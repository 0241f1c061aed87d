// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the workspace is built from, as cargo resolved it for the two platforms that we support.

use std::collections::{BTreeSet, HashSet};

use cargo_metadata::MetadataCommand;

const PLATFORMS: [&str; 2] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

/// The dependencies of the workspace: of the code, of its tests and of its build.
pub(crate) struct Graph {
    /// Every package that is not ours, in alphabetical order.
    pub(crate) foreign: Vec<Package>,
    /// The names of those that a manifest of ours asks for.
    pub(crate) direct: BTreeSet<String>,
    /// The folder of the workspace.
    pub(crate) root: std::path::PathBuf,
}

/// One package from outside.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Its licence expression, as its manifest states it.
    pub(crate) licence: Option<String>,
}

/// Asks cargo; the lock file must be up to date.
pub(crate) fn load() -> Result<Graph, Box<dyn std::error::Error>> {
    let platforms = PLATFORMS.map(|platform| format!("--filter-platform={platform}"));
    let options = [platforms.as_slice(), &["--locked".to_owned()]].concat();
    let metadata = MetadataCommand::new().other_options(options).exec()?;

    let ours: HashSet<_> = metadata.workspace_members.iter().collect();
    let direct = metadata
        .workspace_packages()
        .iter()
        .flat_map(|package| &package.dependencies)
        .filter(|dependency| dependency.path.is_none())
        .map(|dependency| dependency.name.clone())
        .collect();

    let resolved = metadata.resolve.as_ref().ok_or("cargo metadata gave no resolved graph")?;
    let mut foreign: Vec<Package> = resolved
        .nodes
        .iter()
        .filter(|node| !ours.contains(&node.id))
        .map(|node| &metadata[&node.id])
        .map(|package| Package {
            name: package.name.to_string(),
            version: package.version.to_string(),
            licence: package.license.clone(),
        })
        .collect();
    foreign.sort_by(|one, two| (&one.name, &one.version).cmp(&(&two.name, &two.version)));
    Ok(Graph { foreign, direct, root: metadata.workspace_root.clone().into() })
}
