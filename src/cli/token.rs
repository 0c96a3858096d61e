//! `groundcrew token`: what programs show to be let in at the API.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use jiff::{SpanRelativeTo, Timestamp};
use serde_json::json;

use super::actor::actor;
use super::print::{aligned, print, print_json};
use crate::config::Settings;
use crate::installation::{Installation, Role};
use crate::model::{NewToken, Scope, Token};

/// Makes, shows and revokes tokens for the API
#[derive(Debug, Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Makes a token, and shows its text this once
    #[command(after_help = "Examples:\n  groundcrew token create dashboard\n  \
        groundcrew token create ci --scope read,operate --expires 90d --json")]
    Create {
        /// How you call it, as ci
        name: String,
        /// What it may be used for: read (to look), operate (to ask for runs, cancel and retry them),
        /// write (to add and remove servers and tokens)
        #[arg(long, value_name = "SCOPE[,SCOPE…]", value_delimiter = ',', default_value = "read")]
        scope: Vec<Scope>,
        /// How long it is good for, as 90d or 12h [default: until it is revoked]
        #[arg(long, value_name = "TIME", value_parser = after)]
        expires: Option<Timestamp>,
        /// Prints one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Lists all tokens, without their texts
    List {
        /// Prints one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Revokes a token: whoever shows it is refused from now on
    Revoke {
        /// Its name
        name: String,
    },
}

/// Does what the command line says.
pub fn run(args: TokenArgs) -> Result<ExitCode> {
    super::block_on(async move {
        let (installation, _) = Installation::open(&args.settings, Role::Command).await?;
        let user = installation.store.first_user().await?;
        match args.command {
            TokenCommand::Create { name, scope, expires: expires_at, json } => {
                let new = NewToken { name, scopes: scope.into_iter().collect(), expires_at };
                let (token, text) = installation.create_token(&actor(), user, &new).await?;
                if json {
                    let mut value = json!(token);
                    value["token"] = json!(text.as_str());
                    print_json(value)?;
                } else {
                    print(&format!(
                        "{}\n\nThis is shown once. Send it as `Authorization: Bearer …`, and revoke it with \
                         `groundcrew token revoke {}`\n",
                        text.as_str(),
                        token.name
                    ))?;
                }
            }
            TokenCommand::List { json } => list(&all(&installation, user).await?, json)?,
            TokenCommand::Revoke { name } => {
                let tokens = all(&installation, user).await?;
                let Some(token) = tokens.iter().find(|token| token.name == name) else {
                    bail!("there is no token {name:?}; `groundcrew token list` shows all");
                };
                installation.revoke_token(&actor(), user, token.id).await?;
                print(&format!("revoked {name}\n"))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn all(installation: &Installation, user: i64) -> Result<Vec<Token>> {
    Ok(installation.store.tokens_of(user, 0, i64::MAX).await?)
}

fn list(tokens: &[Token], json: bool) -> Result<()> {
    if json {
        return print_json(json!(tokens));
    }
    if tokens.is_empty() {
        return print("no tokens yet; make one with `groundcrew token create NAME`\n");
    }
    let time = |at: Option<Timestamp>| at.map_or("never".to_owned(), |at| format!("{at:.0}"));
    let row = |token: &Token| {
        let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
        let (used, expires) = (time(token.last_used_at), time(token.expires_at));
        [token.name.clone(), scopes.join(","), used, expires]
    };
    let head = ["TOKEN", "SCOPES", "USED", "EXPIRES"].map(String::from);
    print(&aligned("", std::iter::once(head).chain(tokens.iter().map(row))))
}

/// The time after a span as `90d`, from now on.
fn after(text: &str) -> Result<Timestamp> {
    let span: jiff::Span =
        text.parse().context("a time is a number and its unit, as 90d or 12h")?;
    let span = span.to_duration(SpanRelativeTo::days_are_24_hours())?;
    Ok(Timestamp::now().checked_add(span)?)
}
