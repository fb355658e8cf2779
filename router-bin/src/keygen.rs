//! `crossway keygen`: makes keys.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use crossway_cryptosign::{PrivateKey, keyfile};

use crate::exit;
use crate::output::{self, Readers};

/// The kinds of keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Keygen {
    /// An Ed25519 key for cryptosign: the private key goes into a file that only its owner may read, the public key, which the
    /// router needs to know, to standard output.
    Cryptosign {
        /// Where the private key goes; `-` is standard output, with the public key in the same text. Autobahn reads such files,
        /// and so does `router_key_file`.
        #[arg(short, long, value_name = "FILE", default_value = "cryptosign.key")]
        out: PathBuf,

        /// Replace the file if there is one.
        #[arg(short, long)]
        force: bool,
    },
}

pub(crate) fn run(kind: &Keygen) -> ExitCode {
    match kind {
        Keygen::Cryptosign { out, force } => cryptosign(out, *force),
    }
}

fn cryptosign(out: &Path, force: bool) -> ExitCode {
    let key = match PrivateKey::generate() {
        Ok(key) => key,
        Err(why) => return exit::with(exit::FAILURE, &why.to_string()),
    };
    let text = keyfile::write(
        &key,
        "Crossway cryptosign key pair. Whoever has the private key can log in as its user.",
    );
    if out == Path::new("-") {
        return exit::saying(&text);
    }
    match output::write(out, &text, Readers::Owner, force) {
        Ok(()) => {
            eprintln!("Wrote the private key to {}. The public key is:", out.display());
            exit::saying(&format!("{}\n", key.public()))
        }
        Err(why) => exit::with(exit::FAILURE, &why),
    }
}
