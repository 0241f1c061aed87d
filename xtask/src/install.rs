// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command that installs the C libraries; what it does stands in `cabotage-c-tools`.

use cabotage_c_tools::install::{Places, all};

use crate::Outcome;

/// `options` are pairs of a word and a folder.
pub(crate) fn run(options: &[&str]) -> Outcome {
    for written in all(&places(options)?)? {
        println!("{}", written.display());
    }
    Ok(())
}

fn places(options: &[&str]) -> Result<Places, String> {
    let mut places = Places { prefix: "/usr/local".into(), destdir: "".into() };
    for pair in options.chunks(2) {
        match pair {
            ["--prefix", folder] => places.prefix = folder.into(),
            ["--destdir", folder] => places.destdir = folder.into(),
            _ => return Err(format!("install: `{}` is no option with a folder", pair.join(" "))),
        }
    }
    if places.prefix.is_relative() {
        return Err("install: --prefix is an absolute path, since it goes into the files".to_owned());
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_words_with_folders() {
        let found = places(&["--prefix", "/usr", "--destdir", "package"]).unwrap();
        assert_eq!((found.prefix.to_str(), found.destdir.to_str()), (Some("/usr"), Some("package")));
        assert!(places(&["--prefix"]).is_err() && places(&["--prefix", "here"]).is_err());
    }
}
