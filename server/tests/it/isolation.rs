//! What a hostile script gets of the server and of other trials, and what an honest one keeps.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::client::Request;
use crate::datastores::{home_with_datastores, launch_with_datastores};
use crate::faults;
use crate::mounts::{NOBODY, may_mount, start_as_nobody, start_binary_as_nobody};
use crate::server::{Home, KEY, Server, USER, is_alive, wait_until};
use crate::skip::skip;

/// Prints a line for each attempt: `refused`, or what it got. Arguments: the server's process, its data
/// folder, another trial's folder, and the process of a trial that runs beside.
const HOSTILE: &str = r#"
import ctypes, os, resource, signal, stat, sys
server, data, other, neighbour = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
program, above = sys.argv[5], os.path.dirname(data)
config = above + '/sweep.toml'
own, parent = os.path.abspath('..'), os.getppid()
libc = ctypes.CDLL(None, use_errno=True)

def call(number, *arguments):
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), 'refused')
    return True
def ok(result):
    if result < 0: raise OSError(ctypes.get_errno(), 'refused')
    return True
def read(path):
    with open(path, 'rb') as file: return file.read(64)
def write(path):
    with open(path, 'wb') as file: return file.write(b'{"forged": 1}')
def child(work):
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            if work(): os.write(writer, b'x')
        except BaseException: pass
        os._exit(0)
    os.close(writer)
    os.wait()
    return os.read(reader, 1)
def umount():
    ok(libc.umount2(data.encode(), 2))
    return read(data + '/sweep.db')
def own_namespace():
    ok(libc.unshare(0x10000000 | 0x00020000))
    try: ok(libc.umount2(data.encode(), 2))
    except OSError: pass
    os.mkdir('seen')
    try: ok(libc.mount(b'/', b'seen', None, 4096, None))
    except OSError: pass
    return any(map(exists, (data + '/sweep.db', 'seen' + data + '/sweep.db')))
def exists(path):
    try: return read(path)
    except OSError: return False
def move(path):
    os.rename(path, path + '-moved')
    os.rename(path + '-moved', path)
    return True
def leave_all_mounts():
    seen = os.open(above, os.O_RDONLY)
    ok(libc.unshare(0x10000000 | 0x00020000))
    os.mkdir('root')
    ok(libc.mount(b'tmpfs', b'root', b'tmpfs', 0, None))
    os.mkdir('root/old')
    call(155, b'root', b'root/old')
    ok(libc.umount2(b'/old', 2))
    os.rename('data', 'data-moved', src_dir_fd=seen, dst_dir_fd=seen)
    return True
def limit(process):
    resource.prlimit(process, resource.RLIMIT_CORE, (0, 0))
    return True
def weaken(process):
    os.sched_setscheduler(process, os.SCHED_IDLE, os.sched_param(0))
    return True
def enter(kind, flag):
    ok(libc.setns(os.open(f'/proc/{server}/ns/{kind}', os.O_RDONLY), flag))
    return read(data + '/sweep.db')
def handle():
    class Handle(ctypes.Structure):
        _fields_ = [('size', ctypes.c_uint), ('kind', ctypes.c_int), ('bytes', ctypes.c_ubyte * 128)]
    found, mount = Handle(128), ctypes.c_int()
    ok(libc.name_to_handle_at(-100, b'.', ctypes.byref(found), ctypes.byref(mount), 0))
    return ok(libc.open_by_handle_at(os.open('.', os.O_RDONLY), ctypes.byref(found), 0))
def disk():
    os.mknod('disk', 0o600 | stat.S_IFBLK, os.stat('.').st_dev)
    return read('disk')
def descriptors(process):
    return [os.readlink(f'/proc/{process}/fd/{one}') for one in os.listdir(f'/proc/{process}/fd')]

attempts = {
    'database': lambda: read(data + '/sweep.db'),
    'write-ahead log': lambda: read(data + '/sweep.db-wal'),
    'lock': lambda: read(data + '/server.lock'),
    'overwrite the database': lambda: write(data + '/sweep.db'),
    'remove the database': lambda: os.remove(data + '/sweep.db') or True,
    'rename the database': lambda: os.rename(data + '/sweep.db', data + '/gone') or True,
    'new file beside it': lambda: write(data + '/new'),
    'output of another trial': lambda: read(other + '/output.log'),
    'file of another trial': lambda: read(other + '/work/private'),
    'write into another trial': lambda: write(other + '/work/planted'),
    'own order': lambda: read('../order.json'),
    'own output': lambda: write('../output.log'),
    'own end': lambda: write('../ended.json'),
    'own end by its path': lambda: write(own + '/ended.json'),
    'own metrics': lambda: write('../metrics.jsonl'),
    'own stop': lambda: write('../stop'),
    'sources': lambda: read(f'{data}/sources/{os.path.basename(os.path.dirname(own))}/hostile.py'),
    'unmount': umount,
    'namespaces of its own': lambda: child(own_namespace),
    'rename the data folder': lambda: move(data),
    'rename the folder above': lambda: move(above),
    'rename it without mounts': lambda: child(leave_all_mounts),
    'write the configuration': lambda: open(config, 'a').write('#'),
    'remove the configuration': lambda: os.remove(config) or True,
    'replace the configuration': lambda: move(config),
    'write the page': lambda: write(above + '/page/index.html'),
    'write the program': lambda: open(program, 'ab') and True,
    'priority of all processes': lambda: os.setpriority(os.PRIO_USER, 0, 1) or True,
    'mount namespace of the server': lambda: child(lambda: enter('mnt', 0x00020000)),
    'user namespace of the server': lambda: child(lambda: enter('user', 0x10000000)),
    'file handle': handle,
    'disk': disk,
}
for name, process in (('server', server), ('supervisor', parent), ('neighbour', neighbour)):
    attempts |= {
        f'environment of the {name}': lambda process=process: read(f'/proc/{process}/environ'),
        f'memory of the {name}': lambda process=process: read(f'/proc/{process}/maps'),
        f'folder of the {name}': lambda process=process: os.listdir(f'/proc/{process}/cwd'),
        f'root of the {name}': lambda process=process: read(f'/proc/{process}/root{data}/sweep.db'),
        f'descriptors of the {name}': lambda process=process: descriptors(process),
        f'trace the {name}': lambda process=process: ok(libc.ptrace(0x4206, process, 0, 0)),
        f'limits of the {name}': lambda process=process: limit(process),
        f'scheduling of the {name}': lambda process=process: weaken(process),
        f'stop the {name}': lambda process=process: os.kill(process, signal.SIGCONT) or True,
    }
attempts['root of the first process'] = lambda: read(f'/proc/1/root{data}/sweep.db')
# Before Linux 6.12 there is no rule for signals, nor one that keeps trials of root from one another.
if libc.syscall(444, None, 0, 1) < 6:
    attempts = {name: work for name, work in attempts.items()
                if 'stop the' not in name and 'neighbour' not in name}
for name, work in attempts.items():
    try: got = work()
    except (OSError, PermissionError) as error: got = None
    print(f'{name}: {"GOT " + repr(got)[:60] if got else "refused"}', flush=True)
print('tried', len(attempts))
"#;

/// Uses what an honest script uses. Arguments: a file outside the data folder, the folder of a
/// datastore.
const HONEST: &str = r#"
import os, resource, subprocess, sys, tempfile
outside, datastore = sys.argv[1], sys.argv[2]
print('source', open('lib/part.txt').read())
print('outside', open(outside).read())
print('datastore', open(datastore + '/file').read())
try: open(datastore + '/new', 'w')
except OSError: print('datastore is read-only')
open(os.path.dirname(outside) + '/shared/made', 'w').write('1')
with tempfile.TemporaryFile(dir=sys.argv[3] if len(sys.argv) > 3 else None) as file: file.write(b'1')
os.makedirs('results/deep')
open('results/deep/model.bin', 'w').write('weights')
os.rename('results/deep/model.bin', 'model.bin')
sleeper = subprocess.Popen(['sleep', '600'])
sleeper.terminate()
print('child', sleeper.wait())
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.setpriority(os.PRIO_PROCESS, os.getpid(), 1)
os.sched_setaffinity(os.getpid(), os.sched_getaffinity(0))
print(resource.prlimit(os.getppid(), resource.RLIMIT_CORE) != ())
print(os.getcwd() == os.path.realpath('.'), len(os.listdir('/')) > 3)
print('acc=0.75')
"#;

fn hostile_home() -> Home {
    let home = home_with_datastores(&[
        ("hostile.py", HOSTILE),
        ("honest.py", HONEST),
        ("lib/part.txt", "a part"),
        (
            "victim.sh",
            "echo SECRET-OUTPUT; echo SECRET-FILE > private",
        ),
        (
            "neighbour.sh",
            "echo $$; while [ ! -e $1 ]; do sleep 0.05; done",
        ),
    ]);
    home.write("outside", "beside the data");
    fs::create_dir(home.path("shared")).unwrap();
    home
}

/// Runs the victim, the hostile and the honest script; every attempt is refused, and nothing of
/// what an honest script does. Answers with how the data folder was kept from them.
fn try_everything(home: &Home, server: &Server) -> Value {
    let victim = server.launch("victim.sh ");
    let secret = &server.finish(&victim)[0];
    let data = home.path("data").canonicalize().unwrap();
    let other = data.join(format!("trials/{}/0", victim["id"].as_str().unwrap()));
    let (pid, data, other) = (server.pid(), data.display(), other.display());
    let go = home.path("go");
    let beside = server.launch(&format!("neighbour.sh  '{}'", go.display()));
    let neighbour = wait_until("the neighbour's process", || {
        let log = server.output_of(&server.trials(&beside)[0]);
        log.trim().parse::<u32>().ok()
    });
    let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap();
    let program = program.display();
    let run = server.launch(&format!(
        "hostile.py  {pid} '{data}' '{other}' {neighbour} '{program}'"
    ));
    let trial = &server.finish(&run)[0];
    fs::write(go, "").unwrap();
    let beside = &server.finish(&beside)[0];
    assert_eq!(beside["state"], "EXPERIMENT_STATE_SUCCEEDED", "{beside}");
    let log = server.output_of(trial);
    assert_eq!(trial["exitCode"], 0, "{log}");
    assert!(log.contains("tried "), "{log}");
    assert!(!log.contains("GOT"), "{log}");
    assert_eq!(server.output_of(secret), "SECRET-OUTPUT\n");
    assert!(is_alive(&pid.to_string()));
    let folder = home.path(&format!("data/trials/{}/0", run["id"].as_str().unwrap()));
    for written in ["ended.json", "started.json"] {
        let text = fs::read_to_string(folder.join(written)).unwrap();
        assert!(!text.contains("forged"), "{text}");
    }
    try_honest(home, server);
    let id = trial["id"].as_str().unwrap();
    let trial = server.get(&format!("/v1/core/local/experiments/{id}"));
    trial["status"]["execution"]["isolation"].clone()
}

fn try_honest(home: &Home, server: &Server) {
    let outside = home.path("outside").display().to_string();
    let shared = home.path("shared").display().to_string();
    let honest = launch_with_datastores(
        server,
        &format!("honest.py  '{outside}' /datastores/mnist '{shared}'"),
        &json!([{"name": "mnist"}]),
    );
    let trial = &server.finish(&honest)[0];
    assert_eq!(
        server.output_of(trial),
        "source a part\noutside beside the data\ndatastore digits\ndatastore is read-only\n\
         child -15\nTrue\nTrue True\nacc=0.75\n"
    );
    assert_eq!(trial["metrics"]["acc"], 0.75, "{trial}");
    assert_eq!(fs::read_to_string(home.path("shared/made")).unwrap(), "1");
    let id = trial["id"].as_str().unwrap();
    let listed = server.get(&format!("/v1/core/local/experiments/{id}/artifacts"));
    assert!(listed.to_string().contains("model.bin"), "{listed}");
}

#[test]
fn a_hostile_script_gets_nothing_of_the_server_and_an_honest_one_keeps_what_it_had() {
    if !may_mount() {
        return skip("this machine gives this account no mount namespaces");
    }
    let home = hostile_home();
    let server = home.start();
    let isolation = try_everything(&home, &server);
    assert_eq!(isolation, json!({"by": "namespace", "because": ""}));
    // What it sees of the data folder.
    home.write(
        "source/list.sh",
        "cd ..; ls; cd ../..; ls | wc -l; cd ..; ls",
    );
    let trial = &server.finish(&server.launch("list.sh "))[0];
    assert_eq!(server.output_of(trial), "work\n1\ntrials\n");
    // A group of processes can be stopped as a whole.
    if fs::exists("/sys/fs/cgroup/cgroup.procs").unwrap() {
        home.write(
            "source/group.sh",
            "echo $$ 2>&1 > /sys/fs/cgroup/cgroup.procs",
        );
        let trial = &server.finish(&server.launch("group.sh "))[0];
        let log = server.output_of(trial);
        assert!(log.contains("Read-only"), "{log}");
    }
}

#[test]
fn datastores_by_arguments_are_seen_read_only() {
    if !may_mount() {
        return skip("this machine gives this account no mount namespaces");
    }
    let home = hostile_home();
    home.write("sweep.toml", "[clusters.local]\nmounts = \"arguments\"\n");
    let isolation = try_everything(&home, &home.start());
    assert_eq!(isolation["by"], "namespace");
}

/// Not root, so in a user namespace as well. Needs root to become somebody else.
#[test]
fn of_an_account_without_rights_too() {
    let home = hostile_home();
    let Some(server) = start_as_nobody(&home) else {
        return;
    };
    let isolation = try_everything(&home, &server);
    assert_eq!(isolation["by"], "namespace");
    // Nor does any other process of the account get it.
    let environment = format!("/proc/{}/environ", server.pid());
    let read = Command::new("cat").arg(environment).uid(NOBODY).output();
    assert!(!read.unwrap().status.success());
}

/// In a user namespace of its own a trial could leave behind the mounts that keep the data folder in its
/// place, but where it cannot be replaced anyway.
#[test]
fn containers_can_be_started_where_the_data_folder_cannot_be_replaced() {
    let home = Home::new(&[("contain.sh", "unshare --user --map-root-user id -u")]);
    let Some(server) = start_as_nobody(&home) else {
        return;
    };
    let log = server.output_of(&server.finish(&server.launch("contain.sh "))[0]);
    assert!(log.contains("not permitted"), "{log}");
    drop(server);
    let root = |path| std::os::unix::fs::chown(path, Some(0), Some(0)).unwrap();
    for path in ["", "sweep"] {
        root(home.path(path));
    }
    let server = start_binary_as_nobody(&home);
    let log = server.output_of(&server.finish(&server.launch("contain.sh "))[0]);
    assert_eq!(log, "0\n");
}

/// Starts the server where no mount namespace can be had, as in a container without rights.
fn command_without_namespaces(home: &Home) -> Option<Command> {
    let forbid = "echo 0 > /proc/sys/user/max_mnt_namespaces && \
                  echo 0 > /proc/sys/user/max_user_namespaces";
    let apart = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--", "bash", "-c"]);
        command.args([script, "bash"]);
        command
    };
    let tried = apart(forbid).output();
    if !tried.is_ok_and(|output| output.status.success()) {
        skip("this machine gives this account no user namespaces");
        return None;
    }
    let plain = home.command("127.0.0.1:0");
    let mut command = apart(&format!("{forbid}; exec \"$@\""));
    command.arg(plain.get_program()).args(plain.get_args());
    command.envs(
        plain
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(command)
}

#[test]
fn without_namespaces_landlock_keeps_the_files() {
    let home = hostile_home();
    let Some(command) = command_without_namespaces(&home) else {
        return;
    };
    let server = Server::start(command);
    let run = server.finish(&server.launch("victim.sh "));
    let id = run[0]["id"].as_str().unwrap();
    let trial = server.get(&format!("/v1/core/local/experiments/{id}"));
    if trial["status"]["execution"]["isolation"]["by"] == "nothing" {
        return skip("this kernel has no Landlock");
    }
    let isolation = try_everything(&home, &server);
    assert_eq!(isolation["by"], "landlock");
    let because = isolation["because"].as_str().unwrap();
    assert!(because.starts_with("a mount namespace: "), "{because}");
}

#[test]
fn what_is_to_be_seen_alone_is_seen_alone_or_nothing_starts() {
    let home = hostile_home();
    let shown = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc"];
    let mut shown: Vec<String> = shown.map(str::to_owned).into();
    shown.retain(|path| fs::exists(path).unwrap());
    shown.push(home.path("shared").display().to_string());
    home.write(
        "sweep.toml",
        &format!("[clusters.local]\nvisible = {shown:?}\n"),
    );
    home.write(
        "source/look.sh",
        "ls -d /* | tr '\\n' ' '; cat $1/file; ls $2 | wc -l; cat lib/part.txt; echo; \
         touch made $2/new /tmp/here /new; ls made /tmp",
    );
    if let Some(mut command) = command_without_namespaces(&home) {
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("`visible` of cluster `local`"), "{said}");
    }
    if !may_mount() {
        return skip("this machine gives this account no mount namespaces");
    }
    let server = home.start();
    let run = launch_with_datastores(
        &server,
        &format!(
            "look.sh  /datastores/mnist '{}'",
            home.path("shared").display()
        ),
        &json!([{"name": "mnist"}]),
    );
    let trial = &server.finish(&run)[0];
    let log = server.output_of(trial);
    assert!(!log.contains("/root ") && !log.contains("/home "), "{log}");
    assert!(log.contains("digits0\na part\n"), "{log}");
    assert_eq!(log.matches("Read-only file system").count(), 2, "{log}");
    assert!(log.contains("made\n") && log.contains("here\n"), "{log}");
    assert!(!fs::exists("/tmp/here").unwrap(), "its /tmp is its own");
    // A path that is none is refused.
    home.write("sweep.toml", "[clusters.local]\nvisible = [\"/none\"]\n");
    let output = home.command("127.0.0.1:0").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("/none is no absolute path"), "{said}");
}

#[test]
fn by_the_settings_nothing_is_hidden() {
    let home = Home::new(&[("look.sh", "ls ..; ls ../../../..")]);
    home.write("sweep.toml", "[clusters.local]\nisolation = \"none\"\n");
    let server = home.start();
    let trial = &server.finish(&server.launch("look.sh "))[0];
    let log = server.output_of(trial);
    assert!(
        log.contains("order.json\n") && log.contains("sweep.db\n"),
        "{log}"
    );
    let id = trial["id"].as_str().unwrap();
    let trial = server.get(&format!("/v1/core/local/experiments/{id}"));
    assert_eq!(trial["status"]["execution"]["isolation"], Value::Null);
}

#[test]
fn a_deleted_trial_folder_ends_its_supervisor() {
    let home = Home::new(&[(
        "wait.py",
        "import os, sys, time\nprint(os.getppid(), flush=True)\n\
         while not os.path.exists(sys.argv[1]): time.sleep(0.02)",
    )]);
    let server = home.start();
    let go = home.path("go");
    let run = server.launch(&format!("wait.py  '{}'", go.display()));
    let supervisor = wait_until("its output", || {
        let log = server.output_of(&server.trials(&run)[0]);
        log.ends_with('\n').then(|| log.trim().to_owned())
    });
    drop(server);
    fs::remove_dir_all(home.path("data/trials")).unwrap();
    fs::write(go, "").unwrap();
    wait_until("its supervisor to end", || {
        (!is_alive(&supervisor)).then_some(())
    });
}

#[test]
fn the_key_of_the_environment_is_gone_from_the_process_that_serves() {
    let home = Home::new(&[("env.sh", "env")]);
    let server = home.start();
    // Not even root reads it there.
    let environment = fs::read(format!("/proc/{}/environ", server.pid())).unwrap_or_default();
    assert!(!String::from_utf8_lossy(&environment).contains(KEY));
    let trial = &server.finish(&server.launch("env.sh "))[0];
    let log = server.output_of(trial);
    assert!(!log.contains(KEY) && !log.contains("SWEEP_"), "{log}");
    let wrong = Request::new("GET", "/v1/core/local/runs").basic(USER, "wrong");
    assert_eq!(wrong.send(server.address).status, 401);
}

#[test]
fn a_key_file_presets_the_key_and_no_trial_reads_it() {
    let home = Home::new(&[(
        "read.py",
        "import sys\nprint(repr(open(sys.argv[1]).read()))",
    )]);
    let file = home.path("key");
    fs::write(&file, format!("{KEY}\n")).unwrap();
    let command = || {
        let mut command = home.command("127.0.0.1:0");
        command.arg("--api-key-file").arg(&file);
        command.env_remove("SWEEP_API_KEY");
        command
    };
    let refusal = |mut command: Command| {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let said = refusal(command());
    assert!(said.contains("mode 0644") && !said.contains(KEY), "{said}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let mut both = command();
    both.env("SWEEP_API_KEY", KEY);
    let said = refusal(both);
    assert!(said.contains("leave one out"), "{said}");
    // By its name or by the variable.
    let server = Server::start(command());
    server.get("/v1/core/local/runs");
    drop(server);
    let mut by_variable = home.command("127.0.0.1:0");
    by_variable.env_remove("SWEEP_API_KEY");
    by_variable.env("SWEEP_API_KEY_FILE", &file);
    let server = Server::start(by_variable);
    let run = server.launch(&format!("read.py  '{}'", file.display()));
    let trial = &server.finish(&run)[0];
    let log = server.output_of(trial);
    assert!(!log.contains(KEY), "{log}");
    if faults::may_mount() {
        assert_eq!(log, "''\n");
    }
}
