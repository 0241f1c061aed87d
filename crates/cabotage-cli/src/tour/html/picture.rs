// SPDX-License-Identifier: MIT OR Apache-2.0
//! The picture of a mechanism: two processes, what lies between them, and every copy of the bytes as an arrow.

use super::Escaped;
use crate::tour::page::{How, Page};

/// An SVG picture.
pub(super) fn draw(page: &Page) -> String {
    let between = match page.picture.how {
        How::Shared => shared(page),
        How::Through => through(page),
        How::Outboxes => outboxes(page),
        How::Ports => ports(page),
        How::Moved => moved(page),
    };
    let title = page.title;
    format!(
        "<svg viewBox=\"0 0 720 190\" role=\"img\" aria-label=\"{title}: parent, child and what lies between\">\n\
         {between}{}{}</svg>\n",
        process(10, "parent"),
        process(550, "child"),
    )
}

fn process(x: u32, name: &str) -> String {
    format!(
        "<rect class=\"process {name}\" x=\"{x}\" y=\"10\" width=\"160\" height=\"170\" rx=\"10\"/>\n\
         <text class=\"{name}\" x=\"{}\" y=\"34\">{name}</text>\n",
        x + 14,
    )
}

/// Both processes see the same pages: the parent fills them in place, the child copies out.
fn shared(page: &Page) -> String {
    let object = object(page, 90, 82);
    format!(
        "{object}\
         <rect class=\"map\" x=\"24\" y=\"90\" width=\"132\" height=\"62\"/>\n\
         <text class=\"soft\" x=\"90\" y=\"125\" text-anchor=\"middle\">mapped here</text>\n\
         <rect class=\"map\" x=\"564\" y=\"48\" width=\"132\" height=\"50\"/>\n\
         <text class=\"soft\" x=\"630\" y=\"77\" text-anchor=\"middle\">mapped here</text>\n\
         <path class=\"map\" d=\"M156 90 L260 90 M156 152 L260 172 M564 48 L460 90 M564 98 L460 172\"/>\n\
         {}{}\
         <text x=\"90\" y=\"80\" text-anchor=\"middle\" class=\"soft\">filled in place</text>\n\
         <text x=\"640\" y=\"118\" class=\"soft\">the copy</text>\n",
        buffer(564, 130),
        arrow("M630 98 L630 124", "625,122 635,122 630,131"),
    )
}

/// The bytes are copied into the kernel and out of it.
fn through(page: &Page) -> String {
    let object = object(page, 78, 64);
    format!(
        "<rect class=\"kernel\" x=\"190\" y=\"10\" width=\"340\" height=\"170\" rx=\"10\"/>\n\
         <text class=\"soft\" x=\"204\" y=\"34\">kernel</text>\n{object}{}{}{}{}\
         <text x=\"215\" y=\"98\" text-anchor=\"middle\" class=\"soft\">write</text>\n\
         <text x=\"505\" y=\"98\" text-anchor=\"middle\" class=\"soft\">read</text>\n\
         <text x=\"215\" y=\"128\" text-anchor=\"middle\" class=\"soft\">1st copy</text>\n\
         <text x=\"505\" y=\"128\" text-anchor=\"middle\" class=\"soft\">2nd copy</text>\n",
        buffer(24, 90),
        buffer(564, 90),
        arrow("M156 110 L252 110", "250,105 250,115 259,110"),
        arrow("M460 110 L556 110", "554,105 554,115 563,110"),
    )
}

/// Each process fills its own outbox in place, and copies out of the other's; the socket carries no bytes of messages.
fn outboxes(page: &Page) -> String {
    let (mine, theirs) = (object(page, 14, 56), object_of("the child's outbox", page.picture.stuff, 82, 56));
    format!(
        "{mine}{theirs}{}{}{}{}\
         <text x=\"205\" y=\"36\" text-anchor=\"middle\" class=\"soft\">fills</text>\n\
         <text x=\"515\" y=\"36\" text-anchor=\"middle\" class=\"soft\">reads</text>\n\
         <text x=\"205\" y=\"104\" text-anchor=\"middle\" class=\"soft\">reads</text>\n\
         <text x=\"515\" y=\"104\" text-anchor=\"middle\" class=\"soft\">fills</text>\n\
         <text x=\"90\" y=\"64\" text-anchor=\"middle\" class=\"soft\">filled in place</text>\n\
         <text x=\"630\" y=\"64\" text-anchor=\"middle\" class=\"soft\">the copy, out</text>\n\
         <path class=\"map\" d=\"M170 160 L550 160\"/>\n\
         <text x=\"360\" y=\"155\" text-anchor=\"middle\" class=\"soft\">a socket: HELLO, bell, descriptors, BYE</text>\n",
        arrow("M156 44 L252 44", "250,39 250,49 259,44"),
        arrow("M460 44 L556 44", "554,39 554,49 563,44"),
        arrow("M564 112 L468 112", "470,107 470,117 461,112"),
        arrow("M260 112 L164 112", "166,107 166,117 157,112"),
    )
}

/// The client asks at the connection port; then the communication ports are the ends of one channel, beside which lies
/// what carries the bytes.
fn ports(page: &Page) -> String {
    format!(
        "{}{}{}{}{}\
         <text x=\"360\" y=\"48\" text-anchor=\"middle\" class=\"soft\">connect, accept</text>\n\
         <path class=\"map\" d=\"M158 98 L562 98\"/>\n\
         <text x=\"360\" y=\"92\" text-anchor=\"middle\" class=\"soft\">the channel: requests, replies</text>\n\
         <text x=\"90\" y=\"165\" text-anchor=\"middle\" class=\"soft\">a client</text>\n\
         <text x=\"630\" y=\"165\" text-anchor=\"middle\" class=\"soft\">the server</text>\n{}{}",
        object(page, 116, 56),
        port(564, 44, "connection port"),
        port(564, 80, "server comm. port"),
        port(24, 80, "client comm. port"),
        arrow("M158 60 L554 60", "552,55 552,65 561,60"),
        arrow("M156 118 L252 138", "249,132 247,142 259,139"),
        arrow("M460 138 L556 118", "552,113 554,123 563,117"),
    )
}

/// The pages are filled in place by the one, let go, and read in place by the other; a message says where they are.
fn moved(page: &Page) -> String {
    format!(
        "{}{}{}{}{}\
         <text x=\"360\" y=\"48\" text-anchor=\"middle\" class=\"soft\">a message in the port's queue</text>\n\
         <path class=\"map\" d=\"M156 98 L260 98 M156 148 L260 168\"/>\n\
         <path class=\"map\" d=\"M460 98 L564 98 M460 168 L564 148\"/>\n\
         <text x=\"90\" y=\"88\" text-anchor=\"middle\" class=\"soft\">filled, then let go</text>\n\
         <text x=\"630\" y=\"88\" text-anchor=\"middle\" class=\"soft\">read where it lies</text>\n",
        object(page, 98, 70),
        pages(24, 98),
        pages(564, 98),
        port(564, 44, "the port"),
        arrow("M170 60 L554 60", "552,55 552,65 561,60"),
    )
}

/// Pages that a process has mapped.
fn pages(x: u32, y: u32) -> String {
    format!(
        "<rect class=\"map\" x=\"{x}\" y=\"{y}\" width=\"132\" height=\"50\"/>\n\
         <text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">mapped here</text>\n",
        x + 66,
        y + 30,
    )
}

/// A port that a process has.
fn port(x: u32, y: u32, name: &str) -> String {
    format!(
        "<rect class=\"buffer\" x=\"{x}\" y=\"{y}\" width=\"132\" height=\"30\" rx=\"4\"/>\n\
         <text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{name}</text>\n",
        x + 66,
        y + 20,
    )
}

fn object(page: &Page, y: u32, height: u32) -> String {
    object_of(page.picture.object, page.picture.stuff, y, height)
}

fn object_of(name: &str, stuff: &str, y: u32, height: u32) -> String {
    let (name, stuff) = (Escaped(name), Escaped(stuff));
    format!(
        "<rect class=\"object\" x=\"260\" y=\"{y}\" width=\"200\" height=\"{height}\" rx=\"4\"/>\n\
         <text x=\"360\" y=\"{}\" text-anchor=\"middle\">{name}</text>\n\
         <text class=\"soft\" x=\"360\" y=\"{}\" text-anchor=\"middle\">{stuff}</text>\n",
        y + height / 2 - 4,
        y + height / 2 + 14,
    )
}

fn buffer(x: u32, y: u32) -> String {
    format!(
        "<rect class=\"buffer\" x=\"{x}\" y=\"{y}\" width=\"132\" height=\"40\" rx=\"4\"/>\n\
         <text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">its buffer</text>\n",
        x + 66,
        y + 25,
    )
}

fn arrow(path: &str, head: &str) -> String {
    format!("<path class=\"arrow\" d=\"{path}\"/>\n<polygon class=\"head\" points=\"{head}\"/>\n")
}
