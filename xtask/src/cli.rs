//! The command line.

use crate::interop::Cases;
use crate::step::Step;
use crate::{checks, instructions, interop, suite};

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Test(TestOptions),
    /// The words pick scenarios.
    Interop(Vec<String>),
    /// The conformance suite of WebSocket, all of it.
    WebSocketSuite,
    /// Count them, and compare or renew.
    Instructions {
        update: bool,
    },
    /// The arguments go to the benchmarks.
    Bench(Vec<String>),
    Fuzz(FuzzOptions),
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TestOptions {
    pub(crate) keep_going: bool,
    pub(crate) skip_interop: bool,
    /// The names of the only steps to run; all if empty.
    pub(crate) only: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FuzzOptions {
    /// All targets if none is given.
    pub(crate) target: Option<String>,
    /// For each target.
    pub(crate) seconds: u32,
}

/// Five minutes are what every target has to survive before a release.
const FUZZ_SECONDS: u32 = 300;

/// Reads the arguments behind `cargo xtask`; an error is a sentence for the user.
pub(crate) fn parse(arguments: &[String]) -> Result<Command, String> {
    let mut words = arguments.iter().map(String::as_str);
    let command = words.next().unwrap_or("help");
    let rest: Vec<&str> = words.collect();
    if rest.iter().any(|word| matches!(*word, "-h" | "--help")) {
        return Ok(Command::Help);
    }
    match command {
        "help" | "-h" | "--help" => Ok(Command::Help),
        "test" => test(&rest).map(Command::Test),
        "interop" => Ok(Command::Interop(rest.into_iter().map(String::from).collect())),
        "websocket-suite" => Ok(Command::WebSocketSuite),
        "instructions" => match rest[..] {
            [] => Ok(Command::Instructions { update: false }),
            ["--update"] => Ok(Command::Instructions { update: true }),
            _ => Err("`cargo xtask instructions` has the option `--update`, and no other.".into()),
        },
        "bench" => Ok(Command::Bench(rest.into_iter().map(String::from).collect())),
        "fuzz" => fuzz(&rest).map(Command::Fuzz),
        other => Err(format!(
            "There is no command `{other}`; there are test, interop, websocket-suite, instructions, bench and fuzz."
        )),
    }
}

fn test(words: &[&str]) -> Result<TestOptions, String> {
    let mut options = TestOptions::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--keep-going" => options.keep_going = true,
            "--skip-interop" => options.skip_interop = true,
            "--only" => {
                let name = words.next().ok_or("`--only` needs the name of a step.")?;
                known(name)?;
                options.only.push((*name).to_string());
            }
            other => return Err(format!("`cargo xtask test` has no option `{other}`.")),
        }
    }
    Ok(options)
}

fn known(name: &str) -> Result<(), String> {
    let names: Vec<&str> = all_steps().iter().map(|step| step.name).collect();
    if names.contains(&name) {
        return Ok(());
    }
    Err(format!("There is no step `{name}`; there are {}.", names.join(", ")))
}

fn fuzz(words: &[&str]) -> Result<FuzzOptions, String> {
    let mut options = FuzzOptions { target: None, seconds: FUZZ_SECONDS };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--seconds" => {
                let number = words.next().and_then(|number| number.parse().ok());
                options.seconds = number.ok_or("`--seconds` needs a number.")?;
            }
            option if option.starts_with('-') => {
                return Err(format!("`cargo xtask fuzz` has no option `{option}`."));
            }
            target => options.target = Some(target.to_string()),
        }
    }
    Ok(options)
}

/// Every step of `cargo xtask test`, quick ones first: a mistake should show soon.
fn all_steps() -> Vec<Step> {
    let mut steps = checks::steps();
    steps.extend(suite::steps());
    steps.push(instructions::step());
    steps.extend(interop::steps(Vec::new()));
    steps.push(interop::websocket_suite(Cases::Quick));
    steps
}

/// The steps that the options leave.
pub(crate) fn select(options: &TestOptions) -> Vec<Step> {
    let wanted = |step: &Step| {
        let named = options.only.is_empty() || options.only.iter().any(|name| name == step.name);
        named && !(options.skip_interop && interop::NAMES.contains(&step.name))
    };
    all_steps().into_iter().filter(wanted).collect()
}

/// What `cargo xtask --help` prints.
pub(crate) fn help() -> String {
    let steps: String =
        all_steps().iter().map(|step| format!("      {:16} {}\n", step.name, step.about)).collect();
    format!(
        "\
Developer commands of Crossway.

  cargo xtask test [--only STEP]... [--keep-going] [--skip-interop]
      Everything that has to pass, in this order, up to the first failure:

{steps}
  cargo xtask interop [WORD]...
      The steps with real clients alone. Words pick the ways and scenarios that contain one:
      `cargo xtask interop ws/json \"payload: text\"`.

  cargo xtask websocket-suite
      The step of that name with all its cases: some seven minutes.

  cargo xtask instructions [--update]
      The step of that name. With --update, what is counted becomes the baseline: benches/instructions.toml.

  cargo xtask bench [FILTER] [-- ARGUMENTS]
      The benchmarks.

  cargo xtask bench table [ROUNDS] [WORD]...
      The table and the picture of docs/performance: CPU time per message beside a program that only copies the bytes, and
      beside crossbar, nats-server, redis-server and mosquitto where they are on the path. Words pick rows, which are then
      shown only. Half an hour with all of them.

  cargo xtask bench permissions [ROUNDS] [WORD]...
      The rows of the table, against a router that is open and one with a hundred permissions, by turns.

  cargo xtask bench logins [ROUNDS] [METHOD]...
      The latency of calls, alone and while somebody guesses at five hundred logins per second.

  cargo xtask bench scaling [WORD]
      What the second core is worth to one realm, in memory and over sockets; order is checked on the way.

  cargo xtask fuzz [TARGET] [--seconds {FUZZ_SECONDS}]
      One fuzz target, or all of them in turn, for so many seconds each.

The last line of a test run is `N passed, N failed`, counted over all steps.
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(&line.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn nothing_asks_for_help() {
        assert_eq!(parsed(""), Ok(Command::Help));
        assert_eq!(parsed("test --help"), Ok(Command::Help));
        assert!(help().contains("clippy"));
    }

    #[test]
    fn steps_are_picked_by_name() {
        let Ok(Command::Test(options)) = parsed("test --only fmt --only doc --keep-going") else {
            panic!("not parsed");
        };
        let names: Vec<_> = select(&options).iter().map(|step| step.name).collect();
        assert_eq!(names, ["fmt", "doc"]);
        assert!(options.keep_going);
    }

    #[test]
    fn interop_can_be_skipped() {
        let options = TestOptions { skip_interop: true, ..TestOptions::default() };
        let names: Vec<_> = select(&options).iter().map(|step| step.name).collect();
        assert!(
            names.contains(&"test") && !names.iter().any(|name| interop::NAMES.contains(name)),
            "{names:?}"
        );
    }

    #[test]
    fn mistakes_say_what_there_is() {
        assert!(parsed("tset").is_err_and(|mistake| {
            mistake.contains("test, interop, websocket-suite, instructions, bench and fuzz")
        }));
        assert!(parsed("test --only cargo").is_err_and(|mistake| mistake.contains("clippy")));
        assert!(parsed("fuzz json --seconds soon").is_err());
    }

    #[test]
    fn fuzzing_takes_a_target_and_a_time() {
        let options = FuzzOptions { target: Some("json".into()), seconds: 9 };
        assert_eq!(parsed("fuzz json --seconds 9"), Ok(Command::Fuzz(options)));
        assert_eq!(parsed("fuzz"), Ok(Command::Fuzz(FuzzOptions { target: None, seconds: FUZZ_SECONDS })));
    }
}
