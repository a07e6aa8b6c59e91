//! Starts the server from its settings, and stops it without losing anything.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use sweep_planner::api::Timestamp;
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use crate::app::{App, Wake};
use crate::config::{Config, EngineKind};
use crate::data_dir::DataDir;
use crate::http::assets::Assets;
use crate::http::auth::{Auth, Guard, KeyHash};
use crate::http::events::{self, EventHub};
use crate::http::router::router;
use crate::model::Account;
use crate::runner::dispatcher::Dispatcher;
use crate::runner::engine::{CoreAllocator, Engine, LocalEngine};
use crate::runner::isolation_report;
use crate::sources::datastores::Datastores;
use crate::sources::{git, remove_tree};
use crate::store::{Store, StoreError};
use crate::system::clock::{self, Clock};
use crate::system::random::{self, NoEntropy};
use crate::upkeep::disk::DiskMonitor;
use crate::upkeep::retention;

/// How long answers under way may take once the server is to stop.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);
/// How long, and how often, a busy port or data folder is tried again.
const STARTUP_PATIENCE: Duration = Duration::from_secs(1);
const STARTUP_RETRY: Duration = Duration::from_millis(20);
/// How many connections may wait to be accepted. When the server restarts, all open pages reconnect
/// at once; a connection that finds the backlog full is retried only a second later.
const LISTEN_BACKLOG: u32 = 1024;
/// The name of the first account where none is given.
const FIRST_USER: &str = "admin";

/// The first account as the environment and the key file preset it.
#[derive(Clone, Default)]
pub struct PresetAccount {
    /// `SWEEP_USER`.
    pub user: Option<String>,
    /// `SWEEP_API_KEY`, or what the file of `--api-key-file` holds.
    pub key: Option<Zeroizing<String>>,
}

impl fmt::Debug for PresetAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preset")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Why the server did not start, or failed.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Somebody else listens there.
    #[error(
        "{0} is taken: another program listens there, perhaps another `sweep serve`. Stop it, or \
         choose another port with --listen"
    )]
    AddressInUse(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// Another server works on the data folder.
    #[error(
        "another server uses the data folder {0}. Stop it, or choose another folder with --data"
    )]
    DataInUse(String),
    /// The data folder cannot be written.
    #[error("the data folder {0} cannot be written: {1}")]
    DataFolder(String, io::Error),
    /// The database cannot be used.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// No random bytes.
    #[error("{0}")]
    Entropy(#[from] NoEntropy),
    /// A cluster's trials cannot be kept from what they are not to see.
    #[error("{0}")]
    Isolation(String),
    /// Anything else of the system.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Serves until Ctrl-C or SIGTERM. Running trials continue; the next start recovers them.
pub async fn serve(config: Config, preset: PresetAccount) -> Result<(), ServeError> {
    let listener = listen(config.listen).await?;
    let address = listener.local_addr()?;
    let _lock = lock_data_folder(&config.data).await?;
    let store = Store::open(&config.data.database())?;
    let account = ensure_first_account(&store, preset).await?;
    remove_orphaned_sources(&store, &config.data).await?;
    let (stop, stopping) = watch::channel(false);
    let app = Arc::new(make_app(config, store, address, stopping).await?);
    let service = router(Arc::clone(&app))?.into_make_service_with_connect_info::<SocketAddr>();
    isolation_report::report(&app.config).await?;
    let mut workers = spawn_workers(&app)?;
    workers.spawn(retention::run(Arc::clone(&app)));
    print_start_address(&app, &account, address)?;
    let mut stopped = app.stopping.clone();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move {
        // An error means that the sender was dropped: the server is stopping as well.
        let _ = stopped.wait_for(|stop| *stop).await;
    });
    let server = tokio::spawn(async move { server.await });
    wait_for_stop_signal().await?;
    tracing::info!("stopping; running trials continue, and the next start recovers them");
    // An error means that all receivers have ended already.
    let _ = stop.send(true);
    tokio::select! {
        _ = tokio::time::timeout(SHUTDOWN_GRACE, server) => {}
        () = wait_for_second_signal() => tracing::warn!("stopping at once"),
    }
    workers.join_all().await;
    app.store.close().await;
    Ok(())
}

/// Listens, retrying for a while if the port is taken: a server that was killed while it started a
/// supervisor leaves socket and lock with that process until it has executed the new program.
async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let begun = Instant::now();
    loop {
        match bind(address) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                return Err(ServeError::Listen(address, error));
            }
            Err(_) if begun.elapsed() >= STARTUP_PATIENCE => {
                return Err(ServeError::AddressInUse(address));
            }
            Err(_) => tokio::time::sleep(STARTUP_RETRY).await,
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A port whose connections have just been closed is not taken.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(LISTEN_BACKLOG)
}

/// Locks the data folder for this process; the lock is released when the file is dropped.
async fn lock_data_folder(data: &DataDir) -> Result<File, ServeError> {
    let shown = data.path().display().to_string();
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(data.lock());
    let mut file = file.map_err(|error| ServeError::DataFolder(shown.clone(), error))?;
    let begun = Instant::now();
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => break,
            Err(rustix::io::Errno::WOULDBLOCK) if begun.elapsed() >= STARTUP_PATIENCE => {
                return Err(ServeError::DataInUse(shown));
            }
            Err(rustix::io::Errno::WOULDBLOCK) => tokio::time::sleep(STARTUP_RETRY).await,
            Err(error) => return Err(ServeError::DataFolder(shown, error.into())),
        }
    }
    let note = |file: &mut File| {
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())
    };
    note(&mut file).map_err(|error| ServeError::DataFolder(shown, error))?;
    Ok(file)
}

/// The id of the account that the start address signs in: the preset one, else the oldest. Creates
/// it, and prints its key, if there is none.
async fn ensure_first_account(store: &Store, preset: PresetAccount) -> Result<String, ServeError> {
    let first = store.first_account().await?;
    let name = match (preset.user, &first) {
        (Some(user), _) => user,
        (None, Some(first)) => first.name.clone(),
        (None, None) => FIRST_USER.to_owned(),
    };
    let existing = store.account(name.clone()).await?;
    let key = match (preset.key, existing) {
        (Some(key), _) => key,
        (None, Some(existing)) => return Ok(existing.id),
        (None, None) => {
            let key = Zeroizing::new(random::secret()?);
            print_line(&format!(
                "User: {name}\nAPI key: {}\n(The key is shown this once.)",
                *key
            ))?;
            key
        }
    };
    let KeyHash { salt, hash } = KeyHash::from_key(&key)?;
    let now = clock::now();
    let id = format!("u-{}", random::ulid(now)?);
    let account = Account {
        id,
        name,
        salt,
        key_hash: hash,
        created_at: now,
    };
    Ok(store.save_account(account).await?)
}

/// Removes sources that a killed server copied for runs that it did not commit.
async fn remove_orphaned_sources(store: &Store, data: &DataDir) -> Result<(), ServeError> {
    let known: HashSet<String> = store.run_ids().await?.into_iter().collect();
    // A client repeats an upload that broke off; the server repeats a fetch.
    let _ = remove_tree(&data.uploads());
    let _ = remove_tree(&data.fetches());
    let folder = data.sources();
    std::fs::create_dir_all(&folder)
        .map_err(|error| ServeError::DataFolder(data.path().display().to_string(), error))?;
    for entry in std::fs::read_dir(folder)?.flatten() {
        if !known.contains(&*entry.file_name().to_string_lossy()) {
            // Tried again at the next start.
            let _ = remove_tree(&entry.path());
        }
    }
    Ok(())
}

pub(crate) async fn make_app(
    config: Config,
    store: Store,
    address: SocketAddr,
    stopping: watch::Receiver<bool>,
) -> Result<App, ServeError> {
    let fresh = clock::now().micros().to_le_bytes().to_vec();
    let since = store.get_or_insert_setting("since", fresh).await?;
    let since = since.try_into().map_or(0, i64::from_le_bytes);
    let signing_key = store
        .get_or_insert_setting("signing_key", random::bytes::<32>()?.to_vec())
        .await?;
    let guard = Guard::new(address, config.hosts.clone(), config.origins.clone());
    let wakes: BTreeMap<String, Wake> = config
        .clusters
        .keys()
        .map(|name| (name.clone(), Wake::default()))
        .collect();
    Ok(App {
        auth: Auth::new(guard, address.port()),
        events: EventHub::new(random::ulid(clock::now())?),
        announce: events::announce,
        disk: DiskMonitor::new(config.data.path(), config.limits.free_bytes),
        assets: Assets::new(config.page.clone(), config.apis.clone()),
        wakes,
        fetch_wake: Notify::new(),
        signing_key,
        first_used_at: Timestamp::from_micros(since),
        stopping,
        clock: Clock::default(),
        datastores: Datastores::from_config(&config),
        config,
        store,
    })
}

/// Starts a dispatcher for each cluster, and the task that fetches sources.
fn spawn_workers(app: &Arc<App>) -> Result<JoinSet<()>, ServeError> {
    let program = std::env::current_exe()?;
    let cores = Arc::new(CoreAllocator::detect());
    let mut dispatchers = JoinSet::new();
    for (name, settings) in &app.config.clusters {
        let Some(wake) = app.wakes.get(name).map(|wake| Arc::clone(&wake.notify)) else {
            continue;
        };
        let engine: Arc<dyn Engine> = match settings.engine {
            EngineKind::Local => Arc::new(LocalEngine::new(
                &app.config,
                name,
                program.clone(),
                Arc::clone(&cores),
                Arc::clone(&wake),
            )),
        };
        let (app, slots) = (Arc::clone(app), settings.slots());
        dispatchers.spawn(Dispatcher::new(app, name.clone(), slots, engine, wake).run());
    }
    dispatchers.spawn(git::run(Arc::clone(app)));
    Ok(dispatchers)
}

/// Prints the start address of the page, which works once and begins a page session.
fn print_start_address(app: &App, account: &str, address: SocketAddr) -> Result<(), ServeError> {
    if !app.assets.is_built() {
        tracing::warn!(
            "the page is not built (`make build` builds it); the API works all the same"
        );
    }
    if !address.ip().is_loopback() {
        tracing::warn!("{address} can be reached from other machines, over plain HTTP");
    }
    let shown = match address.ip() {
        ip if ip.is_unspecified() => {
            SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port())
        }
        _ => address,
    };
    let token = app.auth.start_tokens.issue(account)?;
    print_line(&format!("Open http://{shown}/start?token={token}"))
}

/// Writes to standard output, which may be a closed pipe.
fn print_line(text: &str) -> Result<(), ServeError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(ServeError::Io)
}

async fn wait_for_stop_signal() -> Result<(), ServeError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

async fn wait_for_second_signal() {
    if wait_for_stop_signal().await.is_err() {
        std::future::pending::<()>().await;
    }
}
