//! The command `dead`.

use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, Command};
use msf_bus::EventId;
use msf_bus::dead_letter::Which;
use msf_core::clock::Clock;
use serde_json::Value;

use super::{Action, Letters, form, text};
use crate::command_line::{Format, format, formats, switch};
use crate::data_dir::DataDir;
use crate::events::{BUS_FILE, SharedTransport};
use crate::process::Process;

/// What the command was asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dead {
    what: What,
    format: Format,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    List,
    Show(EventId),
    Decide {
        action: Action,
        which: Which,
        dry_run: bool,
    },
}

/// What the command line has of it.
pub(crate) fn command() -> Command {
    let ids = |help: &'static str| {
        Arg::new("id")
            .value_name("ID")
            .help(help)
            .value_parser(|text: &str| text.parse::<EventId>())
    };
    let decides = |name: &'static str, about: &'static str| {
        let all = switch("all", "All dead letters of all apps of the program").conflicts_with("id");
        Command::new(name)
            .about(about)
            .arg(
                ids("Ids of events, all dead letters of each; or --all")
                    .action(ArgAction::Append)
                    .num_args(1..)
                    .required_unless_present("all"),
            )
            .arg(all)
            .arg(switch("dry-run", "Says what it would do, and does nothing"))
            .arg(formats(["text", "json"]))
    };
    Command::new("dead")
        .about("Lists events that nobody could handle, puts them back, removes them")
        .subcommand_required(true)
        .subcommand(
            Command::new("list")
                .about("Lists them, oldest first")
                .arg(formats(["text", "json"])),
        )
        .subcommand(
            Command::new("show")
                .about("Shows the event, the reason, the error and the failures before it")
                .arg(ids("Id of the event; all its dead letters are meant").required(true))
                .arg(formats(["text", "json"])),
        )
        .subcommand(decides(
            "redrive",
            "Puts them back into their one subscription, with all its attempts",
        ))
        .subcommand(decides("purge", "Removes them for good"))
}

impl Dead {
    /// What the arguments ask for; clap has seen that they are whole.
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        let Some((name, own)) = matches.subcommand() else {
            return Self {
                what: What::List,
                format: Format::Text,
            };
        };
        let decide = |action| What::Decide {
            action,
            which: if own.get_flag("all") {
                Which::All
            } else {
                Which::Events(own.get_many("id").into_iter().flatten().copied().collect())
            },
            dry_run: own.get_flag("dry-run"),
        };
        let what = match (name, own.try_get_one::<EventId>("id")) {
            ("show", Ok(Some(id))) => What::Show(*id),
            ("redrive", _) => decide(Action::Redrive),
            ("purge", _) => decide(Action::Purge),
            _ => What::List,
        };
        Self {
            what,
            format: format(own),
        }
    }
}

/// Does it over the transport of the process, which may run meanwhile, and says what to print.
///
/// Where there is no transport none is made. To say that there are no dead letters would be a guess: of a service that
/// keeps its data in another folder it would be wrong.
pub(crate) async fn run(process: &Process, dead: &Dead) -> crate::Result<String> {
    let letters = open(process)?;
    let (text, json) = match &dead.what {
        What::List => {
            let list = letters.list(&Which::All).await?;
            (text::table(&list), list.iter().map(form::entry).collect())
        }
        What::Show(id) => {
            let list = letters.list(&Which::Events(vec![*id])).await?;
            (
                text::of_letters(&list),
                list.iter().map(form::whole).collect::<Value>(),
            )
        }
        What::Decide {
            action,
            which,
            dry_run,
        } => {
            let done = letters.decide(*action, which, *dry_run).await?;
            (text::of_done(&done), form::done(&done))
        }
    };
    Ok(match dead.format {
        Format::Text => text,
        Format::Json => format!("{json:#}\n"),
    })
}

fn open(process: &Process) -> crate::Result<Letters> {
    let Some(folder) = process.data_dir.kept_at() else {
        let text = "an ephemeral folder ends with its process: name the data folder of the service with --data-dir";
        return Err(text.into());
    };
    let Some((_, first)) = process.apps.first() else {
        return Ok(Letters::default());
    };
    if !folder.join(BUS_FILE).is_file() {
        let folder = std::path::absolute(folder)?;
        return Err(format!(
            "there is no {BUS_FILE} in {}: name the data folder of the service with --data-dir",
            folder.display()
        )
        .into());
    }
    let data_dir = DataDir::kept(folder.to_owned());
    let backend = first.settings.events.backend;
    let transport = SharedTransport::default().open(backend, &data_dir, &Clock::system())?;
    let of = transport.dead_letters();
    let none = Letters::default();
    Ok(process.apps.iter().fold(none, |letters, (name, _)| {
        letters.and(&**name, Arc::clone(&of))
    }))
}
