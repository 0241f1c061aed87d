// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `cabotage.h` declares, held against the Rust: each function's name, parameters and answer, and each code.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cabotage_c_tools::library::root;

/// Each function of the sources, as C would declare it.
fn of_sources() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let mut found = BTreeMap::new();
    for source in files {
        for item in source.split("#[unsafe(no_mangle)]\n").skip(1) {
            let (_, from) = item.split_once("extern \"C\" fn ").expect("a function");
            let (name, from) = from.split_once('(').expect("parameters");
            let (parameters, from) = from.split_once(')').expect("parameters");
            let answer = from.split_once('{').expect("a body").0.trim().trim_start_matches("->").trim();
            found.insert(name.to_owned(), prototype(name, parameters, answer));
        }
    }
    found
}

fn prototype(name: &str, parameters: &str, answer: &str) -> String {
    let each = parameters.split(',').filter(|parameter| !parameter.trim().is_empty()).map(|parameter| {
        let (name, kind) = parameter.split_once(':').expect("a name and a type");
        beside(&in_c(kind.trim()), name.trim())
    });
    let all: Vec<String> = each.collect();
    let all = if all.is_empty() { "void".to_owned() } else { all.join(", ") };
    let answer = if answer.is_empty() { "void".to_owned() } else { in_c(answer) };
    format!("{}({all});", beside(&answer, name))
}

fn beside(kind: &str, name: &str) -> String {
    if kind.ends_with('*') { format!("{kind}{name}") } else { format!("{kind} {name}") }
}

fn in_c(kind: &str) -> String {
    let pointer = |inner: &str, word: &str| {
        let inner = in_c(inner);
        let space = if inner.ends_with('*') { "" } else { " " };
        format!("{word}{inner}{space}*")
    };
    if let Some(inner) = kind.strip_prefix("*mut ") {
        return pointer(inner, "");
    }
    if let Some(inner) = kind.strip_prefix("*const ") {
        return pointer(inner, "const ");
    }
    match kind {
        "c_char" => "char",
        "c_int" => "int",
        "c_void" => "void",
        "usize" => "size_t",
        "i64" => "int64_t",
        "i32" => "int32_t",
        "u32" => "uint32_t",
        own => own,
    }
    .to_owned()
}

/// The header without comments and preprocessor lines.
fn header() -> String {
    let text = fs::read_to_string(root().join("include/cabotage.h")).unwrap();
    let code =
        text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split("//").next().unwrap_or(""));
    code.collect::<Vec<_>>().join(" ")
}

/// Each function of the header, on one line.
fn of_header() -> BTreeMap<String, String> {
    let text = header();
    let pieces =
        text.split([';', '{', '}']).map(|piece| piece.split_whitespace().collect::<Vec<_>>().join(" "));
    let functions = pieces.filter(|piece| piece.ends_with(')') && piece.contains("cabotage_"));
    let named = functions.map(|whole| {
        let before = whole.split('(').next().unwrap_or_default();
        (before.rsplit([' ', '*']).next().unwrap_or_default().to_owned(), format!("{whole};"))
    });
    named.collect()
}

#[test]
fn the_header_declares_the_functions_of_the_library_with_their_parameters() {
    let (sources, header) = (of_sources(), of_header());
    assert!(sources.len() > 50, "the sources are read");
    assert_eq!(header, sources);
}

#[test]
fn the_codes_of_the_header_are_those_of_the_library() {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/failure.rs")).unwrap();
    let (_, list) = source.split_once("enum Code {").expect("the codes");
    let list = list.split('}').next().unwrap_or_default();
    let codes = list.split(',').filter_map(|code| code.trim().split_once(" = "));
    let header = header();
    for (name, number) in codes {
        let words = name.chars().flat_map(|c| {
            let gap = if c.is_uppercase() { "_" } else { "" };
            format!("{gap}{}", c.to_uppercase()).chars().collect::<Vec<_>>()
        });
        let name: String = words.collect();
        let name = if name == "_PEER" { "_PEER_FAULT" } else { &name };
        assert!(header.contains(&format!("CABOTAGE{name} = {number}")), "CABOTAGE{name} = {number}");
    }
}

#[test]
fn a_prototype_is_what_c_would_say() {
    let found =
        prototype("f", "\n    a: *mut *mut cabotage_link,\n    b: *const c_char,\n    c: i64,\n", "c_int");
    assert_eq!(found, "int f(cabotage_link **a, const char *b, int64_t c);");
    assert_eq!(prototype("g", "", "*const c_char"), "const char *g(void);");
}
