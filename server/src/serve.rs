//! Starts the server from its settings, and stops it without losing anything.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use sweep_planner::api::Timestamp;
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::accounts::{AccountError, PresetAccount, ensure_first_account};
use crate::app::{App, Wake};
use crate::config::{Config, EngineKind};
use crate::data_dir::{DataDir, LOCK};
use crate::http::assets::Assets;
use crate::http::auth::{Auth, Guard, SessionCookie};
use crate::http::body_gate::BodyGate;
use crate::http::connections::{self, ConnectionLimits};
use crate::http::events::{self, EventHub};
use crate::http::file_reads::FileReads;
use crate::http::launch_gate::LaunchGate;
use crate::http::router::router;
use crate::http::upload_turns::UploadTurns;
use crate::model::{Account, PublicUrl};
use crate::runner::dispatcher::Dispatcher;
use crate::runner::engine::{CoreAllocator, Engine, LocalEngine};
use crate::runner::isolation_report;
use crate::sources::datastores::Datastores;
use crate::sources::{OpenFolder, git, remove_tree};
use crate::store::{Store, StoreError};
use crate::system::clock::{self, Clock};
use crate::system::open_files;
use crate::system::random::{self, NoEntropy};
use crate::upkeep::disk::DiskMonitor;
use crate::upkeep::{retention, waiting_changes};

/// How long answers under way may take once the server is to stop.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);
/// How long the dispatchers, and then the database, may take for it.
const WORKERS_GRACE: Duration = Duration::from_secs(10);
/// How long, and how often, a busy port or data folder is tried again.
const STARTUP_PATIENCE: Duration = Duration::from_secs(1);
const STARTUP_RETRY: Duration = Duration::from_millis(20);
/// How many connections may wait to be accepted. When the server restarts, all open pages reconnect
/// at once; a connection that finds the backlog full is retried only a second later. The system may
/// allow fewer (`net.core.somaxconn`).
const LISTEN_BACKLOG: u32 = 4096;
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
    /// The first account cannot be used.
    #[error("{0}")]
    Account(#[from] AccountError),
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
    let open_files = open_files::raise_limit();
    let listener = listen(config.listen).await?;
    let address = listener.local_addr()?;
    let _lock = lock_data_folder(&config.data).await?;
    let store = Store::open(&config.data.database())?;
    let first = ensure_first_account(&store, preset).await?;
    if let Some(key) = &first.drawn_key {
        let name = &first.account.name;
        print_line(&format!(
            "User: {name}\nAPI key: {}\n(The key is shown this once.)",
            **key
        ))?;
    }
    remove_orphaned_sources(&store, &config.data).await?;
    let (stop, stopping) = watch::channel(false);
    let app = Arc::new(make_app(config, store, address, stopping).await?);
    let router = router(Arc::clone(&app))?;
    let isolated = isolation_report::report(&app.config).await;
    isolated.map_err(ServeError::Isolation)?;
    let mut workers = spawn_workers(&app)?;
    workers.spawn(retention::run(Arc::clone(&app)));
    workers.spawn(waiting_changes::run(Arc::clone(&app)));
    // Before anybody knows that it runs: a signal that comes earlier would end it at once.
    let mut signals = StopSignals::install()?;
    print_start_address(&app, &first.account, address)?;
    let limits = ConnectionLimits::from_config(&app.config, open_files);
    let stopped = app.stopping.clone();
    let server = tokio::spawn(connections::serve(listener, router, limits, stopped));
    signals.next().await;
    tracing::info!("stopping; running trials continue, and the next start recovers them");
    // An error means that all receivers have ended already.
    let _ = stop.send(true);
    tokio::select! {
        _ = tokio::time::timeout(SHUTDOWN_GRACE, server) => {}
        () = signals.next() => tracing::warn!("stopping at once"),
    }
    // A disk that does not answer keeps threads that nothing can end but the end of the process.
    if tokio::time::timeout(WORKERS_GRACE, workers.join_all())
        .await
        .is_err()
    {
        tracing::warn!("some work does not end; the next start takes it up again");
    }
    if tokio::time::timeout(WORKERS_GRACE, app.store.close())
        .await
        .is_err()
    {
        tracing::warn!("the database does not close; its log is read at the next start");
    }
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
pub(crate) async fn lock_data_folder(data: &DataDir) -> Result<File, ServeError> {
    let shown = data.path().display().to_string();
    // No link: the file is emptied.
    let file = OpenFolder::open(data.path()).and_then(|folder| folder.open_to_write(LOCK.as_ref()));
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

/// Removes what a killed server has written of runs that it did not commit: rows and sources.
async fn remove_orphaned_sources(store: &Store, data: &DataDir) -> Result<(), ServeError> {
    store.remove_unpublished().await?;
    let known: HashSet<String> = store.run_ids().await?.into_iter().collect();
    let folder = data.sources();
    std::fs::create_dir_all(&folder)
        .map_err(|error| ServeError::DataFolder(data.path().display().to_string(), error))?;
    // A client repeats an upload that broke off; the server repeats a fetch.
    let mut orphans = vec![data.uploads(), data.fetches()];
    let sources = OpenFolder::open(&folder).and_then(|folder| folder.list())?;
    let unknown = sources.filter(|(name, _)| !known.contains(&*name.to_string_lossy()));
    orphans.extend(unknown.map(|(name, _)| folder.join(name)));
    let removal = tokio::task::spawn_blocking(move || {
        for orphan in orphans {
            if let Err(error) = remove_tree(&orphan) {
                // It is in nobody's way, and is tried again at the next start.
                let path = orphan.display();
                tracing::warn!(%path, %error, "what an earlier start left behind cannot be deleted");
            }
        }
    });
    // A panic is logged, and stops no start.
    let _ = removal.await;
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
    let fresh_key = random::bytes::<32>()?.to_vec();
    if config.data_was_open {
        tracing::warn!(
            "the data folder was open to other accounts; addresses given out until now no longer work"
        );
        store
            .replace_setting("signing_key", fresh_key.clone())
            .await?;
    }
    let signing_key = store
        .get_or_insert_setting("signing_key", fresh_key)
        .await?;
    let guard = Guard::new(address, config.hosts.clone(), config.origins.clone())
        .reached_at(config.public_url.clone());
    let secure = config.public_url.as_ref().is_some_and(PublicUrl::is_https);
    let cookie = SessionCookie::new(&signing_key, secure);
    let wakes: BTreeMap<String, Wake> = config
        .clusters
        .keys()
        .map(|name| (name.clone(), Wake::default()))
        .collect();
    Ok(App {
        auth: Auth::new(guard, cookie),
        events: EventHub::new(random::ulid(clock::now())?),
        announce: events::announce,
        disk: DiskMonitor::from_config(&config),
        upload_turns: UploadTurns::default(),
        assets: Assets::new(config.page.clone(), config.apis.clone()),
        bodies: BodyGate::new(config.limits.body_bytes),
        launches: LaunchGate::default(),
        wakes,
        fetch_wake: Notify::new(),
        file_reads: FileReads::default(),
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
fn print_start_address(
    app: &App,
    account: &Account,
    address: SocketAddr,
) -> Result<(), ServeError> {
    if !app.assets.is_built() {
        tracing::warn!(
            "the page is not built (`make build` builds it); the API works all the same"
        );
    }
    if !address.ip().is_loopback() {
        tracing::warn!("{address} can be reached from other machines, over plain HTTP");
    }
    let origin = match (&app.config.public_url, address.ip()) {
        (Some(public), _) => public.to_string(),
        (None, ip) if ip.is_unspecified() => {
            let local = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port());
            format!("http://{local}")
        }
        (None, _) => format!("http://{address}"),
    };
    let token = app.auth.start_tokens.issue(account)?;
    print_line(&format!("Open {origin}/start?token={token}"))
}

/// Writes to standard output, which may be a closed pipe.
fn print_line(text: &str) -> Result<(), ServeError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(ServeError::Io)
}

/// The signals that stop the server, Ctrl-C and SIGTERM.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
