//! The same load against a forwarder of our own, by turns with the router: a busy machine slows both alike.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::error::Error;
use crate::report::{Comparison, Report, round};
use crate::url::Url;

/// A forwarder in a process of its own, so that its CPU time can be told from ours. It ends with this value.
pub(crate) struct Running {
    child: Child,
    pub(crate) url: Url,
}

impl Running {
    /// Starts `program`, which has to be one that understands `bench forward`, with a socket of the router's kind.
    pub(crate) fn start(program: &PathBuf, like: &Url) -> Result<Running, Error> {
        let listen = if like.is_unix() {
            let name = format!("crossway-bench-{}.sock", std::process::id());
            std::env::temp_dir().join(name).display().to_string()
        } else {
            "127.0.0.1:0".into()
        };
        let failed = || Error::system(format!("cannot start {}", program.display()));
        let mut child = Command::new(program)
            .args(["bench", "forward", "--while-stdin", "--listen", &listen])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed())?;
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("it was asked for");
        BufReader::new(stdout).read_line(&mut line).map_err(failed())?;
        let url = line.split_ascii_whitespace().find_map(|word| word.parse().ok());
        let url = url.ok_or_else(|| failed()(std::io::Error::other("it does not say where it listens")))?;
        Ok(Running { child, url })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Its standard input ends, and so does it.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Measures by turns.
pub(crate) fn compare(
    rounds: usize,
    mut router: impl FnMut(usize) -> Result<Report, Error>,
    mut forwarder: impl FnMut(usize) -> Result<Report, Error>,
) -> Result<Comparison, Error> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        ours.push(router(round)?);
        theirs.push(forwarder(round)?);
    }
    let ok = ours.iter().chain(&theirs).all(|report| report.ok);
    let (router, forwarder) = (median(ours), median(theirs));
    let costs = router.router_cost().zip(forwarder.router_cost());
    Ok(Comparison {
        rounds,
        cpu_ratio: costs.filter(|(_, theirs)| *theirs > 0.0).map(|(ours, theirs)| round(ours / theirs)),
        speed_ratio: round(router.per_second / forwarder.per_second.max(1e-9)),
        ok,
        router,
        forwarder,
    })
}

/// The one in the middle by CPU time per message, or by time where that is unknown. A round that failed is shown first.
fn median(mut reports: Vec<Report>) -> Report {
    let figure = |report: &Report| report.router_cost().unwrap_or(-report.per_second);
    reports.sort_by(|a, b| figure(a).total_cmp(&figure(b)));
    let middle = reports.iter().position(|report| !report.ok).unwrap_or((reports.len() - 1) / 2);
    reports.swap_remove(middle)
}
