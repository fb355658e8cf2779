//! Who depends on whom. Tests of a crate may use what they like; what is built into it may not.
//!
//! ```text
//!   router-bin ──> transports/* serializers/* auth/* ──> core        client ──> transports/* serializers/* ──> core
//!   load knows nobody, so that what judges the router shares none of its mistakes; router-bin brings it to its users
//!   examples, tests, benches, fuzz use everything, nobody uses them; families of plug-ins never see each other
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn manifest(path: &Path) -> toml::Table {
    let text = std::fs::read_to_string(path.join("Cargo.toml")).expect("a manifest");
    text.parse().expect("valid TOML")
}

/// Folder and what is built into it, for every member of the workspace.
fn members() -> BTreeMap<String, Vec<String>> {
    let workspace = manifest(&root());
    let members = workspace["workspace"]["members"].as_array().expect("members").iter();
    let folders = members.map(|folder| folder.as_str().expect("a path").to_owned());
    folders.map(|folder| (folder.clone(), dependencies(&manifest(&root().join(folder))))).collect()
}

fn dependencies(manifest: &toml::Table) -> Vec<String> {
    let platforms = manifest.get("target").and_then(|targets| targets.as_table()).into_iter().flatten();
    let tables = platforms.filter_map(|(_, table)| table.as_table()).chain([manifest]);
    let mut names = Vec::new();
    for table in tables {
        for kind in ["dependencies", "build-dependencies"] {
            let dependencies = table.get(kind).and_then(|table| table.as_table());
            names.extend(dependencies.into_iter().flatten().map(|(name, _)| name.clone()));
        }
    }
    names
}

/// `transports/tcp` is `crossway-tcp`.
fn crate_name(folder: &str) -> String {
    match folder.rsplit('/').next() {
        Some("router-bin") => "crossway".to_owned(),
        Some(name) => format!("crossway-{name}"),
        None => unreachable!("a folder has a name"),
    }
}

fn family(folder: &str) -> &str {
    folder.split('/').next().unwrap_or(folder)
}

/// The families whose crates may be built into those of another.
fn permitted(family: &str) -> &'static [&'static str] {
    match family {
        "core" => &[],
        "serializers" => &["core"],
        // What several methods see of the users is a crate of its own, which knows none of them.
        "auth" => &["core", "auth"],
        "transports" => &["core", "transports"],
        "client" => &["core", "transports", "serializers"],
        "load" => &[],
        "router-bin" => &["core", "transports", "serializers", "auth", "client", "load"],
        "tests" | "examples" | "benches" => {
            &["core", "transports", "serializers", "auth", "client", "load", "router-bin"]
        }
        "xtask" => &[],
        other => panic!("{other} is a new family: say here what it may depend on"),
    }
}

#[test]
fn dependencies_point_towards_core_only() {
    let members = members();
    let folder_of: BTreeMap<_, _> = members.keys().map(|folder| (crate_name(folder), folder)).collect();
    for (folder, dependencies) in &members {
        for dependency in dependencies.iter().filter_map(|name| folder_of.get(name)) {
            let permitted = permitted(family(folder));
            assert!(permitted.contains(&family(dependency)), "{folder} must not depend on {dependency}");
        }
    }
}

#[test]
fn core_knows_no_socket_no_format_and_no_method() {
    let members = members();
    let strangers = [
        "serde_json",
        "rmp-serde",
        "rmpv",
        "ciborium",
        "cbor4ii",
        "tokio-tungstenite",
        "tokio-rustls",
        "rustls",
        "socket2",
        "toml",
        "clap",
    ];
    for stranger in strangers {
        assert!(!members["core"].iter().any(|name| name == stranger), "core depends on {stranger}");
    }
}

#[test]
fn carriers_and_framings_never_see_each_other() {
    let members = members();
    for carrier in ["tcp", "unix", "tls"] {
        for framing in ["rawsocket", "websocket", "port"] {
            let (carrier, framing) = (format!("transports/{carrier}"), format!("transports/{framing}"));
            assert!(!members[&carrier].contains(&crate_name(&framing)), "{carrier} depends on {framing}");
            assert!(!members[&framing].contains(&crate_name(&carrier)), "{framing} depends on {carrier}");
        }
    }
}

#[test]
fn crates_are_named_after_their_folders() {
    for folder in members().keys() {
        let manifest = manifest(&root().join(folder));
        let name = manifest["package"]["name"].as_str().expect("a name");
        assert!(name == crate_name(folder) || name == "xtask", "{folder} is called {name}");
    }
}
