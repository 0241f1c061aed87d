// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pictures of the page: two processes with what lies between them, and bars.

use std::fmt::Write;

use crate::tour::page::{How, Picture};

/// Two processes, the object between them, and the way the bytes take.
pub(super) fn of(picture: &Picture) -> String {
    let Picture { object, stuff, how } = picture;
    let (way, words) = match how {
        How::Shared => (SHARED, ["maps it", "maps it"]),
        How::Through => (THROUGH, ["write: a copy in", "read: a copy out"]),
    };
    let [left, right] = words;
    format!(
        "<svg viewBox=\"0 0 720 150\" role=\"img\" aria-label=\"{object} between parent and child\">\
         {HEAD}{PROCESSES}\
         <rect class=\"sea\" x=\"270\" y=\"40\" width=\"180\" height=\"70\" rx=\"35\"/>\
         <text x=\"360\" y=\"72\" text-anchor=\"middle\">{object}</text>\
         <text class=\"faint\" x=\"360\" y=\"92\" text-anchor=\"middle\">{stuff}</text>{way}\
         <text class=\"faint\" x=\"220\" y=\"135\" text-anchor=\"middle\">{left}</text>\
         <text class=\"faint\" x=\"500\" y=\"135\" text-anchor=\"middle\">{right}</text></svg>"
    )
}

/// A bar: its name, its value, and the value in words.
pub(super) type Bar<'a> = (&'a str, f64, String);

/// Bars one below the other, as long as `scale` makes of their values.
pub(super) fn bars(bars: &[Bar<'_>], scale: impl Fn(f64) -> f64) -> String {
    let longest = bars.iter().map(|(_, value, _)| scale(*value)).fold(f64::MIN_POSITIVE, f64::max);
    let height = bars.len() * ROW;
    let mut svg = format!("<svg viewBox=\"0 0 720 {height}\" role=\"img\">");
    for (at, (name, value, words)) in bars.iter().enumerate() {
        let (y, length) = (at * ROW, scale(*value) / longest * 420.0);
        let _ = write!(
            svg,
            "<text x=\"0\" y=\"{}\">{name}</text>\
             <rect class=\"bar\" x=\"150\" y=\"{}\" width=\"{length:.1}\" height=\"16\" rx=\"3\"/>\
             <text x=\"{:.1}\" y=\"{}\">{words}</text>",
            y + 18,
            y + 5,
            158.0 + length,
            y + 18,
        );
    }
    svg + "</svg>\n"
}

const ROW: usize = 28;

const HEAD: &str = "<defs><marker id=\"head\" markerWidth=\"8\" markerHeight=\"8\" refX=\"7\" refY=\"4\" \
     orient=\"auto\"><path class=\"head\" d=\"M0 0 L8 4 L0 8 z\"/></marker></defs>";

const PROCESSES: &str = "<rect class=\"box\" x=\"10\" y=\"30\" width=\"140\" height=\"90\" rx=\"8\"/>\
     <text x=\"80\" y=\"80\" text-anchor=\"middle\">parent</text>\
     <rect class=\"box\" x=\"570\" y=\"30\" width=\"140\" height=\"90\" rx=\"8\"/>\
     <text x=\"640\" y=\"80\" text-anchor=\"middle\">child</text>";

/// Both see the same pages: lines, no copies through the kernel.
const SHARED: &str = "<path class=\"cargo\" d=\"M150 75 H270\" stroke-dasharray=\"5 4\"/>\
     <path class=\"cargo\" d=\"M450 75 H570\" stroke-dasharray=\"5 4\"/>";

/// Through a buffer of the kernel: an arrow in, an arrow out.
const THROUGH: &str = "<path class=\"cargo\" d=\"M150 75 H268\" marker-end=\"url(#head)\"/>\
     <path class=\"cargo\" d=\"M450 75 H568\" marker-end=\"url(#head)\"/>";
