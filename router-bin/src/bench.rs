//! `crossway bench`: runs a load, shows how far it is, and prints what came of it.

use std::env::current_exe;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use crossway_load::{Bench, Error, ForwardOptions, Forwarder, Outcome, Output, Progress, Style};

use crate::{descriptors, exit, terminal};

/// Exit code 1 where anything was lost, changed, refused, broken or out of order.
pub(crate) fn run(bench: &Bench) -> ExitCode {
    // A thousand sessions are a thousand descriptors.
    descriptors::raise();
    let output = match bench {
        Bench::Rpc(options) => options.output,
        Bench::Pubsub(options) => options.output,
        Bench::Connect(options) => options.output,
        Bench::Guess(options) => options.output,
        Bench::Forward(options) => return forward(options),
    };
    match measure(bench, output) {
        Ok(outcome) => show(&outcome, output),
        Err(error) => failed(&error),
    }
}

fn measure(bench: &Bench, output: Output) -> Result<Outcome, Error> {
    let mut stderr = std::io::stderr();
    let mut progress = if output.quiet || !stderr.is_terminal() {
        Progress::on(None)
    } else {
        Progress::on(Some(&mut stderr))
    };
    let program = || current_exe().unwrap_or_else(|_| "crossway".into());
    match bench {
        Bench::Rpc(options) => crossway_load::rpc(options, &program(), &mut progress),
        Bench::Pubsub(options) => crossway_load::pubsub(options, &program(), &mut progress),
        Bench::Connect(options) => crossway_load::connect(options, &mut progress),
        Bench::Guess(options) => crossway_load::guess(options, &mut progress),
        Bench::Forward(_) => unreachable!("it has nothing to measure"),
    }
}

fn show(outcome: &Outcome, output: Output) -> ExitCode {
    let style = Style { colours: terminal::colours(&std::io::stdout()), brief: output.quiet };
    let text = if output.json { format!("{}\n", outcome.json()) } else { outcome.text(style) };
    let said = exit::saying(&text);
    if outcome.is_ok() { said } else { ExitCode::from(exit::FAILURE) }
}

/// Says where it listens, and forwards until it is killed.
fn forward(options: &ForwardOptions) -> ExitCode {
    let forwarding = Forwarder::bind(&options.listen).and_then(|forwarder| {
        // Nobody there to read it is no failure.
        let _ = writeln!(std::io::stdout(), "Forwarding at {forwarder}");
        forwarder.run(options.while_stdin)
    });
    forwarding.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS)
}

fn failed(error: &Error) -> ExitCode {
    let code = if matches!(error, Error::Usage(_)) { exit::USAGE } else { exit::FAILURE };
    exit::with(code, &format!("crossway bench: {error}"))
}
