//! The project's own commands: `cargo xtask help` lists them.
//!
//! A command checks everything it can before it fails, and prints one line per mistake.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool prints"
)]

use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};

mod bench;
mod book;
mod foreign_types;
mod front_pages;
mod markdown;
mod metadata;
mod msrv;
mod package;
mod rustdoc_json;
mod soak;

/// What a command found: a closing line, or every mistake.
type Outcome = Result<String, Vec<String>>;

struct Command {
    name: &'static str,
    about: &'static str,
    run: Run,
}

enum Run {
    Check(fn(&Path) -> Outcome),
    /// Also knows `--update`, which writes anew what it checks.
    Page(fn(&Path, bool) -> Outcome),
    /// Starts a program with the rest of the command line, and ends as it ends.
    Program(fn(&Path, &[String]) -> Result<ExitStatus, Vec<String>>),
}

const COMMANDS: &[Command] = &[
    Command {
        name: "bench",
        about: "measures what msf costs: [--json FILE] [--plots DIR] [--only SECTION].. [--quick]",
        run: Run::Program(bench::run),
    },
    Command {
        name: "book",
        about: "checks the summary, links, anchors, includes and fences of the book and the READMEs",
        run: Run::Check(book::check),
    },
    Command {
        name: "foreign-types",
        about: "checks the book's list of other crates' types in our public API; --update writes it",
        run: Run::Page(foreign_types::check),
    },
    Command {
        name: "front-pages",
        about: "checks that each published crate begins with an example that its doctests compile",
        run: Run::Check(front_pages::check),
    },
    Command {
        name: "msrv",
        about: "checks that no dependency needs a newer Rust than the workspace declares",
        run: Run::Check(msrv::check),
    },
    Command {
        name: "package",
        about: "checks what each published crate would upload: licences, README, manifest",
        run: Run::Check(package::check),
    },
    Command {
        name: "soak",
        about: "runs what is too long for every day: the tests named soak_*, the benchmark",
        run: Run::Check(soak::run),
    },
];

fn main() -> ExitCode {
    if let Some(code) = rustdoc_json::stand_in() {
        return code;
    }
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| String::from("help"));
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        help();
        return ExitCode::SUCCESS;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprintln!("no command called `{name}`; see cargo xtask help");
        return ExitCode::from(2);
    };
    let arguments: Vec<String> = arguments.collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match (&command.run, &words[..]) {
        (Run::Program(program), _) => match program(&root(), &arguments) {
            Ok(status) => return ended(status),
            Err(mistakes) => Err(mistakes),
        },
        (Run::Check(check), []) => check(&root()),
        (Run::Page(check), []) => check(&root(), false),
        (Run::Page(check), ["--update"]) => check(&root(), true),
        (Run::Check(_), [extra, ..]) | (Run::Page(_), ["--update", extra, ..] | [extra, ..]) => {
            eprintln!("unexpected argument `{extra}`; see cargo xtask help");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(mistakes) => {
            for mistake in &mistakes {
                eprintln!("{mistake}");
            }
            eprintln!("cargo xtask {name}: {} to mend", mistakes.len());
            ExitCode::FAILURE
        }
    }
}

/// As another program ended; one that a signal ended has failed.
fn ended(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

fn help() {
    println!("cargo xtask COMMAND\n");
    for command in COMMANDS {
        println!("  {:<13} {}", command.name, command.about);
    }
    println!("\nThe whole check of the repository is `bash .ci/run`.");
}

/// The folder of the workspace: the parent of this crate's.
fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}
