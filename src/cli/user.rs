//! `groundcrew user`: who may sign in.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;

use super::actor::actor;
use super::first_user::shown;
use super::print::{aligned, print, print_json};
use crate::config::{LISTEN, Settings};
use crate::installation::{Installation, Role, user_name};
use crate::model::User;

/// Adds, shows and removes those who may sign in, and makes the links with which they do so first
#[derive(Debug, Args)]
pub struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Adds somebody, and shows the link with which they choose a password
    Add {
        /// What they sign in with, as ann or ann@example.com
        name: String,
    },
    /// Shows a link with which somebody chooses another password, as when it is forgotten
    ///
    /// When it is used, all their sessions end.
    Link {
        /// Who [default: the first user]
        name: Option<String>,
    },
    /// Lists all users
    List {
        /// Prints one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Removes somebody with their tokens and sessions; servers of theirs must be removed before
    Remove {
        /// Who
        name: String,
    },
}

/// Does what the command line says.
pub fn run(args: UserArgs) -> Result<ExitCode> {
    super::block_on(async move {
        let (installation, _) = Installation::open(&args.settings, Role::Command).await?;
        let users = installation.store.users().await?;
        let url = args.settings.url(LISTEN, false);
        match args.command {
            UserCommand::Add { name } => {
                let user = installation.add_user(&actor(), &name).await?;
                let link = installation.link(&actor(), &user).await?;
                print(&shown(&url, &link, &format!("{} chooses a password at", user.name)))?;
            }
            UserCommand::Link { name } => {
                let user = match name {
                    Some(name) => find(&users, &name)?,
                    None => {
                        users.first().context("there is no user; `groundcrew user add NAME`")?
                    }
                };
                let link = installation.link(&actor(), user).await?;
                print(&shown(&url, &link, &format!("{} chooses a password at", user.name)))?;
            }
            UserCommand::List { json } => list(&users, json)?,
            UserCommand::Remove { name } => {
                let user = find(&users, &name)?;
                if users.first() == Some(user) {
                    bail!(
                        "{} is the first user, who sees to the installation, and stays",
                        user.name
                    );
                }
                installation.remove_user(&actor(), user).await?;
                print(&format!("removed {}\n", user.name))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn find<'u>(users: &'u [User], name: &str) -> Result<&'u User> {
    let name = user_name(name)?;
    let found = users.iter().find(|user| user.name == name);
    found.with_context(|| format!("there is no user {name:?}; `groundcrew user list` shows all"))
}

fn list(users: &[User], json: bool) -> Result<()> {
    if json {
        return print_json(json!(users));
    }
    let time = |at: Option<Timestamp>| at.map_or("never".to_owned(), |at| format!("{at:.0}"));
    let row = |user: &User| {
        let password = if user.can_sign_in { "yes" } else { "not yet" };
        [user.name.clone(), password.to_owned(), time(user.last_seen_at)]
    };
    let head = ["USER", "PASSWORD", "SEEN"].map(String::from);
    print(&aligned("", std::iter::once(head).chain(users.iter().map(row))))
}
