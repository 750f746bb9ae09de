//! The rules that no compiler checks: who may know whom, file lengths, and a map that names every module.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The longest file that needs no reason, in lines with its tests.
const FILE_LINES_MAX: usize = 600;

/// The level of each module of the runtime: lower ones never import higher ones (ARCHITECTURE, 3).
const LEVELS: &[(&str, u8)] = &[
    ("bytes", 0),
    ("record", 0),
    ("time", 0),
    ("error", 0),
    ("outbox", 0),
    ("serdes", 1),
    ("window", 1),
    ("topology", 1),
    ("store", 2),
    ("handler", 3),
    ("context", 3),
    ("operator", 3),
    ("processor", 3),
    ("dsl", 4),
    ("task", 4),
    ("config", 5),
    ("driver", 6),
    ("client", 7),
];

/// Words that the core must not contain.
const FORBIDDEN_IN_CORE: &[&str] =
    &["tokio::", "rdkafka", "Instant::now", "SystemTime::now", "thread::spawn"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return files };
    for entry in entries.map(|entry| entry.expect("a readable folder").path()) {
        if entry.is_dir() {
            files.extend(rust_files(&entry));
        } else if entry.extension().is_some_and(|ext| ext == "rs") {
            files.push(entry);
        }
    }
    files
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a readable source file")
}

/// The module of the runtime that a file belongs to: `store` for `store/cache.rs`.
fn module_of(file: &Path, source: &Path) -> String {
    let relative = file.strip_prefix(source).expect("a file of the folder");
    let first = relative.components().next().expect("a file name").as_os_str();
    Path::new(first).file_stem().expect("a name").to_string_lossy().into_owned()
}

fn level_of(module: &str) -> Option<u8> {
    LEVELS.iter().find(|(name, _)| *name == module).map(|(_, level)| *level)
}

/// The modules that a source text imports by `crate::..`, tests at its end left out.
fn imports(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or(text);
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut found = BTreeSet::new();
    for line in lines {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            let name: String =
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            found.insert(name);
        }
    }
    found
}

fn is_test_file(file: &Path) -> bool {
    file.components().any(|part| {
        let part = part.as_os_str().to_string_lossy();
        part == "tests" || part.ends_with("tests.rs") || part.ends_with("_test.rs")
    })
}

#[test]
fn lower_modules_do_not_import_higher_ones() {
    let source = root().join("streams-runtime/src");
    let mut wrong = Vec::new();
    for file in rust_files(&source).into_iter().filter(|file| !is_test_file(file)) {
        let module = module_of(&file, &source);
        let Some(level) = level_of(&module) else { continue };
        for import in imports(&read(&file)) {
            if level_of(&import).is_some_and(|other| other > level) {
                wrong.push(format!("{} imports crate::{import}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "lower modules import higher ones:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_of_the_runtime_has_a_level() {
    let source = root().join("streams-runtime/src");
    let surface = ["lib", "plumbing", "prelude"];
    let without: BTreeSet<String> = rust_files(&source)
        .iter()
        .map(|file| module_of(file, &source))
        .filter(|module| level_of(module).is_none() && !surface.contains(&module.as_str()))
        .collect();
    assert!(without.is_empty(), "give these modules a level in tidy.rs: {without:?}");
}

#[test]
fn the_core_knows_no_clock_thread_or_client_library() {
    let source = root().join("streams-runtime/src");
    let mut wrong = Vec::new();
    for file in rust_files(&source).into_iter().filter(|file| !is_test_file(file)) {
        if level_of(&module_of(&file, &source)).is_none_or(|level| level > 4) {
            continue;
        }
        let text = read(&file);
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            for word in FORBIDDEN_IN_CORE.iter().filter(|word| line.contains(**word)) {
                wrong.push(format!("{}: {word}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "the core must not contain these:\n{}", wrong.join("\n"));
}

#[test]
fn no_source_file_is_too_long() {
    let folders = ["streams-macros", "streams-runtime", "tests", "examples", "benches"];
    let mut long: Vec<String> = folders
        .iter()
        .flat_map(|folder| rust_files(&root().join(folder)))
        .filter(|file| !file.to_string_lossy().contains("/target/"))
        .map(|file| (read(&file).lines().count(), file))
        .filter(|(lines, _)| *lines > FILE_LINES_MAX)
        .map(|(lines, file)| format!("{lines} lines: {}", file.display()))
        .collect();
    long.sort();
    assert!(long.is_empty(), "split these files (limit {FILE_LINES_MAX}):\n{}", long.join("\n"));
}

#[test]
fn the_architecture_page_names_every_module_of_the_runtime() {
    let page = read_page("docs/ARCHITECTURE.md");
    let source = root().join("streams-runtime/src");
    let missing: BTreeSet<String> = rust_files(&source)
        .iter()
        .map(|file| module_of(file, &source))
        .filter(|module| module != "lib" && !page.contains(&format!("`{module}")))
        .collect();
    assert!(missing.is_empty(), "docs/ARCHITECTURE.md does not name {missing:?}");
}

fn read_page(name: &str) -> String {
    fs::read_to_string(root().join(name)).expect("the page exists")
}

/// Every compile-time rule of the macro has a UI test of its name.
#[test]
fn every_check_rule_has_a_ui_test() {
    let checks = root().join("streams-macros/src/check");
    let ui = root().join("tests/ui");
    let missing: Vec<String> = rust_files(&checks)
        .iter()
        .flat_map(|file| rule_names(&read(file)))
        .filter(|rule| !ui.join(format!("{rule}.rs")).exists())
        .collect();
    assert!(missing.is_empty(), "rules without tests/ui/<rule>.rs: {missing:?}");
}

/// The names in `const RULES: &[..] = &[a, b, module::c];`.
fn rule_names(text: &str) -> Vec<String> {
    let Some((_, after)) = text.split_once("const RULES") else { return Vec::new() };
    let Some((_, list)) = after.split_once("= &[") else { return Vec::new() };
    let Some((list, _)) = list.split_once(']') else { return Vec::new() };
    let name = |entry: &str| entry.trim().rsplit("::").next().unwrap_or_default().to_owned();
    list.split(',').map(name).filter(|name| !name.is_empty()).collect()
}

/// What the type pass of the macro calls are the operators; each shows itself at work.
#[test]
fn every_operator_has_an_example() {
    let mut without = Vec::new();
    for file in rust_files(&root().join("streams-runtime/src/dsl")) {
        let text = read(&file);
        for (name, docs) in operators(&text) {
            let shown = docs.contains("# Example") || docs.contains("See [");
            if !shown && !docs.contains("doc(hidden)") {
                without.push(format!("{}: {name}", file.display()));
            }
        }
    }
    assert!(
        without.is_empty(),
        "operators without `# Example` in their docs:\n{}",
        without.join("\n")
    );
}

/// The public functions that take the builder after `self`, and those that macros make (the forms of joins, the
/// folds of windows), with their docs and attributes.
fn operators(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if *line == "forms! {" {
            let docs = lines[at + 1..].iter().take_while(|line| line.starts_with("///"));
            found.push((format!("line {}", at + 1), docs.copied().collect::<Vec<_>>().join("\n")));
        }
        let above = lines[..at].iter().rev();
        let above = above.take_while(|line| line.starts_with("///") || line.starts_with("#["));
        let above = above.copied().collect::<Vec<_>>().join("\n");
        let is_name = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if let Some(name) = line.strip_suffix(';').filter(|name| is_name(name))
            && above.starts_with("///")
        {
            found.push((name.to_owned(), above));
            continue;
        }
        let Some(rest) = line.strip_prefix("pub fn ").filter(|rest| !rest.starts_with('$')) else {
            continue;
        };
        let signature = lines[at..].iter().take_while(|line| !line.ends_with('{'));
        let signature: String = std::iter::once(*line).chain(signature.copied()).collect();
        if !signature.contains("self, b: &mut StreamsBuilder")
            && !signature.contains("self,b: &mut StreamsBuilder")
        {
            continue;
        }
        let name = rest.split(['(', '<']).next().unwrap_or_default().to_owned();
        found.push((name, above));
    }
    found
}

/// What shows a word at work: tests, examples, and the programs in the documentation.
fn shown_words() -> BTreeSet<String> {
    let root = root();
    let mut texts = vec![read(&root.join("docs/GUIDE.md")), read(&root.join("README.md"))];
    for folder in ["tests", "examples", "streams-runtime/tests"] {
        let files = rust_files(&root.join(folder));
        texts.extend(files.iter().filter(|file| !file.ends_with("tidy.rs")).map(|file| read(file)));
    }
    for file in rust_files(&root.join("streams-runtime/src")) {
        let text = read(&file);
        // unit tests count, and what stands in comments: the examples
        let (code, tests) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
        let docs = code.lines().filter(|line| line.trim_start().starts_with("//"));
        texts.extend(docs.map(str::to_owned).chain([tests.to_owned()]));
    }
    let part = |c: char| !(c.is_alphanumeric() || c == '_');
    texts.iter().flat_map(|text| text.split(part)).map(str::to_owned).collect()
}

/// The words of a snippet that are called or named by a path: `with` and `Produced` of `Produced::with(..)`.
fn called(snippet: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    for c in snippet.chars().chain([' ']) {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        let counts = matches!(c, '(' | ':' | '!') || matches!(before, '.' | ':');
        if counts && word.len() > 1 {
            found.push(std::mem::take(&mut word));
        }
        word.clear();
        before = c;
    }
    found
}

#[test]
fn what_java_says_is_shown_in_rust() {
    let shown = shown_words();
    let page = read(&root().join("docs/FROM_JAVA.md"));
    let mut unknown = BTreeSet::new();
    for row in page.lines().filter(|line| line.starts_with("| ")) {
        let row = row.replace("\\|", "¦");
        let Some(here) = row.split('|').nth(2) else { continue };
        for snippet in here.split('`').skip(1).step_by(2) {
            unknown.extend(called(snippet).into_iter().filter(|word| !shown.contains(word)));
        }
    }
    assert!(unknown.is_empty(), "in docs/FROM_JAVA.md, but in no test and no example: {unknown:?}");
}
