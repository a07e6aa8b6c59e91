//! `sweep account`: who may use the server.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::accounts::new_account;
use crate::config::{Config, Overrides};
use crate::data_dir::DataDir;
use crate::http::auth::KeyHash;
use crate::model::AccountSummary;
use crate::serve::{ServeError, lock_data_folder};
use crate::store::{RevokeOutcome, Store};
use crate::system::{clock, random, umask};

#[derive(Debug, Args)]
pub(super) struct AccountArgs {
    #[command(subcommand)]
    command: AccountCommand,
    /// The server's data folder [default: data]
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// The server's settings (TOML)
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    /// Make an account, and print its key, which is shown this once; a server that runs takes it at
    /// once
    Add {
        /// What its user types: letters, digits and . _ - + @
        name: String,
        /// Runs of all accounts are its to see, stop and delete; the first account always is one
        #[arg(long)]
        admin: bool,
        /// Give an account that exists a new key: its old key and its sessions end; one that was
        /// revoked is let in again, with its runs
        #[arg(long)]
        new_key: bool,
    },
    /// List all accounts
    List,
    /// End an account's key and its sessions; its runs stay and go on, administrators see them
    Revoke {
        /// The account's name
        name: String,
    },
}

impl AccountArgs {
    pub(super) fn run(self) -> ExitCode {
        super::outcome::print_outcome(self.execute())
    }

    fn execute(self) -> Result<String, String> {
        let overrides = Overrides {
            data: self.data,
            ..Overrides::default()
        };
        let config = Config::load(self.config.as_deref(), overrides).map_err(|e| e.to_string())?;
        ensure_own_folder(config.data.path())?;
        let database = config.data.database();
        if !matches!(self.command, AccountCommand::Add { .. }) && !database.exists() {
            return Err(format!(
                "there is no {}: no server has worked on this data folder yet.",
                database.display()
            ));
        }
        // A database that is made here is for the server's account alone.
        umask::restrict();
        let runtime = tokio::runtime::Runtime::new().map_err(|e| e.to_string())?;
        runtime.block_on(async {
            let store = open_store(&config.data).await?;
            let done = match self.command {
                AccountCommand::Add {
                    name,
                    admin,
                    new_key,
                } => add(&store, &name, admin, new_key).await,
                AccountCommand::List => list(&store).await,
                AccountCommand::Revoke { name } => revoke(&store, name).await,
            };
            store.close().await;
            done
        })
    }
}

/// Files that another account of the machine made there, the server could not write.
fn ensure_own_folder(folder: &Path) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let owner = std::fs::metadata(folder).map_err(|e| e.to_string())?.uid();
    if owner == rustix::process::geteuid().as_raw() {
        Ok(())
    } else {
        Err(format!(
            "the data folder {} belongs to the account {owner} of this machine, as which the server \
             runs. Run this as that account: sudo -u '#{owner}' sweep account …",
            folder.display()
        ))
    }
}

/// The database, beside a server that works on it. One that is to be made or brought up to date is
/// locked meanwhile, as a server of an older version could not go on with it.
async fn open_store(data: &DataDir) -> Result<Store, String> {
    let path = data.database();
    if let Some(store) = Store::open_beside(&path).map_err(|e| e.to_string())? {
        return Ok(store);
    }
    let lock = lock_data_folder(data).await.map_err(|error| match error {
        ServeError::DataInUse(folder) => format!(
            "a server of another version works on the data folder {folder}. Restart it with this \
             version first."
        ),
        other => other.to_string(),
    })?;
    let store = Store::open(&path).map_err(|e| e.to_string())?;
    drop(lock);
    Ok(store)
}

async fn add(store: &Store, name: &str, admin: bool, new_key: bool) -> Result<String, String> {
    let key = random::secret().map_err(|e| e.to_string())?;
    let show = |intro: &str| format!("{intro}\nAPI key: {key}\n(The key is shown this once.)\n");
    let existing = store.account_by_name(name.to_owned()).await;
    if let Some(account) = existing.map_err(|e| e.to_string())? {
        if !new_key {
            return Err(format!(
                "there is an account `{name}` already. --new-key gives it a new key."
            ));
        }
        let KeyHash { salt, hash } = KeyHash::from_key(&key).map_err(|e| e.to_string())?;
        let id = account.id.clone();
        let changed = store.change_key(account.id, salt, hash).await;
        changed.map_err(|e| e.to_string())?;
        if admin {
            let made = store.make_administrator(id).await;
            made.map_err(|e| e.to_string())?;
        }
        return Ok(show(&format!("User: {name} (its old key has ended)")));
    }
    if new_key {
        return Err(format!(
            "there is no account `{name}` that could be given a new key."
        ));
    }
    let account = new_account(name, &key, admin).map_err(|e| e.to_string())?;
    let inserted = store.insert_account(account).await;
    if inserted.map_err(|e| e.to_string())? {
        Ok(show(&format!("User: {name}")))
    } else {
        Err(format!("an account `{name}` has been made just now."))
    }
}

async fn list(store: &Store) -> Result<String, String> {
    let accounts = store.accounts(clock::now()).await;
    let accounts = accounts.map_err(|e| e.to_string())?;
    let name_of = |one: &AccountSummary| one.account.name.clone();
    let width = accounts.iter().map(|one| name_of(one).chars().count());
    let width = width.max().unwrap_or(0).max("NAME".len());
    let mut text = format!(
        "{:width$}  {:13}  {:27}  {:>8}  {:>6}\n",
        "NAME", "KIND", "CREATED", "SESSIONS", "RUNS"
    );
    for one in &accounts {
        let kind = match (one.account.revoked_at, one.account.admin) {
            (Some(_), _) => "revoked",
            (None, true) => "administrator",
            (None, false) => "user",
        };
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "{:width$}  {kind:13}  {:27}  {:>8}  {:>6}",
            name_of(one),
            one.account.created_at.to_string(),
            one.sessions,
            one.runs
        );
    }
    Ok(text)
}

async fn revoke(store: &Store, name: String) -> Result<String, String> {
    let outcome = store.revoke_account(name.clone(), clock::now()).await;
    match outcome.map_err(|e| e.to_string())? {
        RevokeOutcome::Revoked => Ok(format!(
            "The key and the sessions of `{name}` have ended. Its runs stay and go on; an \
             administrator can stop them.\n"
        )),
        RevokeOutcome::RevokedBefore => Err(format!("the account `{name}` was revoked before.")),
        RevokeOutcome::NotFound => Err(format!("there is no account `{name}`.")),
        RevokeOutcome::LastAdministrator => Err(format!(
            "`{name}` is the last administrator. Make another one first: sweep account add NAME \
             --admin."
        )),
    }
}
