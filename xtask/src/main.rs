//! The project's own commands: `cargo xtask help` lists them.
//!
//! A command checks everything it can before it fails, and prints one line per mistake.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool prints"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

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
}

const COMMANDS: &[Command] = &[
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
        about: "runs the tests that are too long for every day: those named soak_*",
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
    let mut arguments = arguments.peekable();
    let update = matches!(command.run, Run::Page(_))
        && arguments
            .next_if(|argument| argument == "--update")
            .is_some();
    if let Some(extra) = arguments.next() {
        eprintln!("unexpected argument `{extra}`; see cargo xtask help");
        return ExitCode::from(2);
    }
    let outcome = match command.run {
        Run::Check(check) => check(&root()),
        Run::Page(check) => check(&root(), update),
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
