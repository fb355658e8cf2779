//! `docs/conformance.md` and the tests say the same.
//!
//! Its tables have one line per rule: id, rule, state, tests. State and rule are written by hand. The last column is made
//! from the comments `// covers: RPC-05, RPC-19` above tests, and from names of tests such as
//! `raw_08_raw_12_reserved_octets`, by
//!
//!     UPDATE_CONFORMANCE=1 cargo test -p crossway-tests conformance

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

type Tests = BTreeMap<String, Vec<String>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All sources of the workspace.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !name.starts_with('.') && !["target", "node_modules", "fuzz"].contains(&name) {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

/// Where a test is: the suite for those here, the folder of the crate for others.
fn place(path: &Path) -> String {
    let path = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
    match path.strip_prefix("tests/suites/").map(|suite| suite.trim_end_matches("/mod.rs")) {
        Some(suite) => suite.trim_end_matches(".rs").replace('/', "::"),
        None => path
            .split("/src/")
            .next()
            .and_then(|path| path.split("/tests/").next())
            .unwrap_or(&path)
            .to_owned(),
    }
}

/// The rules at the beginning of a name: `raw_08_raw_12_reserved_octets`.
fn named(name: &str) -> Vec<String> {
    let words: Vec<_> = name.split('_').collect();
    let is_number = |word: &str| word.len() == 2 && word.bytes().all(|b| b.is_ascii_digit());
    let pairs = words.chunks_exact(2).take_while(|pair| is_number(pair[1]));
    pairs.map(|pair| format!("{}-{}", pair[0].to_uppercase(), pair[1])).collect()
}

/// The tests of every rule.
fn covered() -> Tests {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    files.sort();
    let mut tests = Tests::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("UTF-8");
        let mut ids: Vec<String> = Vec::new();
        for line in text.lines().map(str::trim_start) {
            if let Some(list) = line.strip_prefix("// covers: ") {
                ids = list.split(", ").map(str::to_owned).collect();
            } else if let Some((_, name)) = line.split_once("fn ") {
                let name = name.split(['(', '<']).next().unwrap_or(name);
                for id in ids.drain(..).chain(named(name)) {
                    tests.entry(id).or_default().push(format!("{}::{name}", place(&file)));
                }
            }
        }
    }
    tests
}

/// A line of a table.
struct Row<'a> {
    id: &'a str,
    rule: &'a str,
    state: &'a str,
}

impl<'a> Row<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let [id, rule, state, _tests] =
            line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect::<Vec<_>>()[..]
        else {
            return None;
        };
        let numbered =
            id.rsplit_once('-').is_some_and(|(_, number)| number.bytes().all(|b| b.is_ascii_digit()));
        numbered.then_some(Row { id, rule, state })
    }

    fn with(&self, tests: &Tests) -> String {
        let tests = tests.get(self.id).map_or("-".to_owned(), |tests| tests.join(", "));
        format!("| {} | {} | {} | {tests} |", self.id, self.rule, self.state)
    }
}

fn update(page: &str, tests: &Tests) -> String {
    let line = |line| Row::parse(line).map_or_else(|| String::from(line), |row| row.with(tests)) + "\n";
    page.lines().map(line).collect()
}

#[test]
fn every_rule_is_in_a_known_state_and_what_is_done_has_tests() {
    let path = root().join("docs/conformance.md");
    let page = std::fs::read_to_string(&path).expect("docs/conformance.md");
    let tests = covered();
    let updated = update(&page, &tests);
    if std::env::var_os("UPDATE_CONFORMANCE").is_some() {
        std::fs::write(&path, &updated).expect("room for docs/conformance.md");
    } else {
        assert!(
            page == updated,
            "docs/conformance.md is not up to date: see this test's source for the command"
        );
    }
    let rows: Vec<_> = updated.lines().filter_map(Row::parse).collect();
    assert!(rows.len() > 200, "only {} rules", rows.len());
    for row in &rows {
        let tested = tests.contains_key(row.id);
        match row.state.split(':').next() {
            Some("done" | "partial") => assert!(tested, "{} is {} without a test", row.id, row.state),
            Some("not") => assert!(!tested, "{} is not done, but has a test", row.id),
            _ => panic!("{} is in no known state: {}", row.id, row.state),
        }
        assert!(row.state == "done" || row.state.contains(": "), "{}: {} needs a reason", row.id, row.state);
    }
    for id in tests.keys() {
        assert!(rows.iter().any(|row| row.id == id), "{id} is tested, but not in docs/conformance.md");
    }
}
