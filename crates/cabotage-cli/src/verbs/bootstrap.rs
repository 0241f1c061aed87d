// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage bootstrap`: the textbook's server of names for Mach ports, and what names it has.

use std::path::PathBuf;

use cabotage::Deadline;
use cabotage::link::names::Scope;
use cabotage::mach::bootstrap::{Bootstrap, CheckIn, LookUp, ServerOptions, Status};
use cabotage::os::limits;
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::output::{Output, Style};

/// Serve names of Mach ports, or list them
///
/// Services and clients need no server for `mach:NAME`: this one is for those who want namespaces in one another, names
/// that outlive a planned restart of their service, and services that are started on demand. It holds no traffic: killed
/// and started again it breaks nobody.
///
/// A service on demand has a small file, named as the service: lines of `key = value` with `program` (an absolute path),
/// `argument` and `environment` (as many as it needs) and, for a server that runs as root, `uid` and `gid`. Directory and
/// files belong to the server's user or root, and nobody else may write to them. It is started when it is first looked up
/// or sent a message, and ever more seldom if it dies again and again. Its standard output and error are the server's.
///
/// It serves until it is ended (Ctrl-C).
#[derive(Debug, clap::Args)]
pub(crate) struct BootstrapArgs {
    /// Serve the whole machine, in the system scope, where everybody may ask; as root, as a rule
    #[arg(long)]
    system: bool,
    /// Who may ask, as permission bits [default: 600, with --system 666]
    #[arg(long, value_name = "OCTAL", value_parser = mode)]
    mode: Option<u32>,
    /// Where the files of services on demand are [default: $XDG_CONFIG_HOME/cabotage/services, else
    /// ~/.config/cabotage/services, with --system /etc/cabotage/services]
    #[arg(long, value_name = "DIRECTORY")]
    services: Option<PathBuf>,
    /// List the names that the server has, and how it is with each
    #[arg(long, conflicts_with_all = ["mode", "services"])]
    list: bool,
}

/// What `--json` says of a name.
#[derive(Debug, Serialize)]
struct NameRow {
    kind: &'static str,
    name: String,
    status: &'static str,
}

/// Serves, or lists.
pub(crate) fn run(args: &BootstrapArgs, output: &Output) -> Result<Exit, Failure> {
    if args.list {
        return list(args, output);
    }
    let scope = if args.system { Scope::System } else { Scope::User };
    let mode = args.mode.unwrap_or(if args.system { 0o666 } else { 0o600 });
    let options = ServerOptions::new().check_in(CheckIn::new().scope(scope).mode(mode));
    // Each service that somebody has is a link.
    limits::raise_descriptors()?;
    let services = args.services.clone().or_else(|| default_services(args.system));
    let mut server = services.into_iter().fold(options, ServerOptions::services).start()?;
    server.run(Deadline::Never)?;
    Ok(Exit::Done)
}

fn list(args: &BootstrapArgs, output: &Output) -> Result<Exit, Failure> {
    let how = if args.system { LookUp::new().scope(Scope::System) } else { LookUp::new() };
    for (name, status) in Bootstrap::find(how)?.list()? {
        let status = match status {
            Status::Active => "active",
            Status::OnDemand => "on demand",
            Status::Inactive => "inactive",
        };
        if output.is_json() {
            output.record(&NameRow { kind: "bootstrap", name, status })?;
        } else {
            output.line(format_args!("{}  {status}", output.paint(Style::Bold, &name)))?;
        }
    }
    Ok(Exit::Done)
}

fn default_services(is_system: bool) -> Option<PathBuf> {
    if is_system {
        return Some("/etc/cabotage/services".into());
    }
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")));
    base.map(|base| base.join("cabotage/services"))
}

fn mode(text: &str) -> Result<u32, &'static str> {
    let bits = u32::from_str_radix(text, 8).ok().filter(|bits| *bits <= 0o777);
    bits.ok_or("write permission bits in octal, such as 660")
}

#[cfg(test)]
mod tests {
    #[test]
    fn permission_bits_are_octal() {
        assert_eq!(super::mode("660"), Ok(0o660));
        for wrong in ["", "888", "1777", "rw"] {
            assert!(super::mode(wrong).is_err(), "{wrong}");
        }
    }
}
