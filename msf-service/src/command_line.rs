//! The command line that every program has.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::Info;

/// What a program was asked to do.
#[derive(Debug)]
pub(crate) struct CommandLine {
    pub(crate) task: Task,
    pub(crate) listen: Option<String>,
    pub(crate) config: Option<PathBuf>,
    pub(crate) set: Vec<String>,
    pub(crate) ready_file: Option<PathBuf>,
    pub(crate) data_dir: Option<String>,
    pub(crate) ephemeral: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Run,
    Config {
        what: Config,
        format: Format,
    },
    Access {
        format: Format,
    },
    Check,
    Migrate,
    #[cfg(feature = "bus")]
    Dead(crate::dead::Dead),
    Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Config {
    Effective,
    Defaults,
    Check,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
}

impl CommandLine {
    /// Reads the arguments, of which the first is the program's own name.
    ///
    /// # Errors
    ///
    /// What to print, and whether that was asked for (`--help`) or is a mistake.
    pub(crate) fn parse(
        info: &Info,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, clap::Error> {
        let matches = command(info).try_get_matches_from(arguments)?;
        let task = match matches.subcommand() {
            Some(("config", own)) => {
                let what = match (own.get_flag("defaults"), own.get_flag("check")) {
                    (true, _) => Config::Defaults,
                    (_, true) => Config::Check,
                    _ => Config::Effective,
                };
                Task::Config {
                    what,
                    format: format(own),
                }
            }
            Some(("access", own)) => Task::Access {
                format: format(own),
            },
            Some(("check", _)) => Task::Check,
            Some(("migrate", _)) => Task::Migrate,
            #[cfg(feature = "bus")]
            Some(("dead", own)) => Task::Dead(crate::dead::Dead::of(own)),
            Some(("version", _)) => Task::Version,
            _ => Task::Run,
        };
        // What every command has is in the innermost.
        let mut flags = &matches;
        while let Some((_, own)) = flags.subcommand() {
            flags = own;
        }
        Ok(Self {
            task,
            listen: flags.get_one("listen").cloned(),
            config: flags.get_one("config").cloned(),
            set: flags
                .get_many("set")
                .into_iter()
                .flatten()
                .cloned()
                .collect(),
            ready_file: flags.get_one("ready-file").cloned(),
            data_dir: flags.get_one("data-dir").cloned(),
            ephemeral: flags.get_flag("ephemeral"),
        })
    }

    /// Whether the flags ask for a free port; then every port of the process is one.
    pub(crate) fn any_port(&self) -> bool {
        self.listen
            .as_deref()
            .is_some_and(|address| address.ends_with(":0"))
    }
}

pub(crate) fn format(matches: &ArgMatches) -> Format {
    match matches.get_one::<String>("format").map(String::as_str) {
        Some("json") => Format::Json,
        _ => Format::Text,
    }
}

fn command(info: &Info) -> Command {
    let name = info.name();
    let flag = |id: &'static str, value: &'static str, help: &'static str| {
        Arg::new(id)
            .long(id)
            .value_name(value)
            .help(help)
            .global(true)
    };
    let command = Command::new(name)
        .version(info.version())
        .about("Runs the service; `run` is the default command")
        .after_help(format!(
            "Examples:\n  {name} --listen 127.0.0.1:0\n  {name} config --defaults > {name}.toml\n  {name} --config {name}.toml"
        ))
        .disable_help_subcommand(false)
        .arg(flag("listen", "ADDR", "Address of the main port; :0 makes every port free"))
        .arg(flag("config", "FILE", "Settings file, TOML").value_parser(value_parser!(PathBuf)))
        .arg(flag("set", "KEY=VALUE", "Sets one setting; may be repeated").action(ArgAction::Append))
        .arg(
            flag("ready-file", "FILE", "Writes addresses as JSON once every port answers")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(flag("data-dir", "DIR", "Folder of the embedded stores"))
        .arg(
            switch("ephemeral", "Keeps embedded stores in a folder that ends with it")
                .global(true)
                .conflicts_with("data-dir"),
        )
        .subcommand(Command::new("run").about("Runs until SIGTERM or Ctrl-C"))
        .subcommand(
            Command::new("config")
                .about("Shows the effective settings with the source of each")
                .arg(switch("defaults", "Writes a settings file with every default"))
                .arg(switch("check", "Lists all mistakes (exit code 78); opens no socket").conflicts_with("defaults"))
                .arg(formats(["toml", "json"])),
        )
        .subcommand(Command::new("access").about("Shows every RPC and route with its rule").arg(formats(["text", "json"])))
        .subcommand(Command::new("check").about("Checks the settings, then each backend"))
        .subcommand(Command::new("migrate").about("Runs pending migrations of the stores and ends"));
    #[cfg(feature = "bus")]
    let command = command.subcommand(crate::dead::command());
    command.subcommand(Command::new("version").about("Shows name and version"))
}

pub(crate) fn switch(id: &'static str, help: &'static str) -> Arg {
    Arg::new(id).long(id).help(help).action(ArgAction::SetTrue)
}

pub(crate) fn formats(names: [&'static str; 2]) -> Arg {
    Arg::new("format")
        .long("format")
        .value_name("FORMAT")
        .help(format!("Form of the output: {}", names.join(" or ")))
        .hide_possible_values(true)
        .value_parser(PossibleValuesParser::new(names))
        .default_value(names[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<CommandLine, clap::Error> {
        CommandLine::parse(
            &Info::new("hello", "0.1.0"),
            line.split(' ').map(OsString::from),
        )
    }

    #[test]
    fn flags_come_in_any_order_and_run_is_the_default() {
        for line in [
            "hello --listen 127.0.0.1:0 --set a=1 --set b=2",
            "hello run --set a=1 --listen 127.0.0.1:0 --set b=2",
            "hello --listen 127.0.0.1:0 --set a=1 --set b=2 run",
        ] {
            let parsed = parse(line).unwrap();
            assert_eq!(parsed.task, Task::Run, "{line}");
            assert_eq!(parsed.set, ["a=1", "b=2"], "{line}");
            assert!(parsed.any_port(), "{line}");
        }
    }

    #[test]
    fn mistakes_exit_2_and_help_exits_0() {
        assert_eq!(parse("hello --lisen 1").unwrap_err().exit_code(), 2);
        assert_eq!(parse("hello acces").unwrap_err().exit_code(), 2);
        assert_eq!(parse("hello --help").unwrap_err().exit_code(), 0);
        assert_eq!(
            parse("hello config --check --defaults")
                .unwrap_err()
                .exit_code(),
            2
        );
    }

    #[test]
    fn the_definition_is_sound() {
        command(&Info::new("hello", "0.1.0")).debug_assert();
    }
}
