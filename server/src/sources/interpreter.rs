//! The Python that runs a script: as a setting names it, or of a virtual environment in the source.
//!
//! Whoever can launch runs programs of their own anyway, so these checks keep nobody from that: they
//! find a mistake before a trial fails by it. The path of an interpreter is never resolved, for Python
//! finds its environment by where it was started: `bin/python3` of an environment is a link.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::paths::stays_below;
use super::script::strip_current_dirs;

/// The folders of a source in which a virtual environment is looked for.
const ENVIRONMENT_FOLDERS: [&str; 2] = [".venv", "venv"];
/// The interpreters of an environment's folder, the first that is there.
const IN_ENVIRONMENT: [&str; 2] = ["bin/python3", "bin/python"];

/// Why a setting names no interpreter, as the end of a sentence that begins with the setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterpreterError {
    /// It has a control character.
    #[error("it takes one path of one line")]
    NotAPath,
    /// It begins with `~`.
    #[error("`~` stands for a home folder in a shell alone: write the path in full")]
    Home,
    /// A relative path, or a link in it, leads out of the source.
    #[error("`{0}` leads out of the source: write an absolute path")]
    Outside(String),
    /// Nothing is there.
    #[error("`{0}` does not exist on the server")]
    Missing(String),
    /// A name without `/` that PATH does not have.
    #[error("there is no program `{0}` on the server's PATH")]
    NotOnPath(String),
    /// A file that is no program, or a folder that is no environment.
    #[error("`{0}` is neither a program that can be run nor the folder of a virtual environment")]
    NotAProgram(String),
}

/// The interpreter that a setting names: a program or the folder of an environment by an absolute
/// path, or by one relative to the first of `roots` that has it; or, without `/`, a program of PATH,
/// which stays as it is.
///
/// # Errors
/// If there is none. A relative path without `roots` is inspected as text alone and stays as it is.
pub fn resolve_interpreter(named: &str, roots: &[PathBuf]) -> Result<PathBuf, InterpreterError> {
    let path = Path::new(named);
    if named.is_empty() || named.contains(char::is_control) {
        return Err(InterpreterError::NotAPath);
    }
    if named.starts_with('~') {
        return Err(InterpreterError::Home);
    }
    if path.is_absolute() {
        return program_at(path).ok_or_else(|| why_not(path, named));
    }
    if !stays_below(named) {
        return Err(InterpreterError::Outside(named.to_owned()));
    }
    let is_name = !named.contains('/');
    for root in roots {
        let found = root.join(strip_current_dirs(path));
        // A file of the source that is called `python3` is not what such a name means.
        if is_name && !found.is_dir() {
            continue;
        }
        if let Some(program) = program_at(&found) {
            return if is_inside(root, &program) {
                Ok(program)
            } else {
                Err(InterpreterError::Outside(named.to_owned()))
            };
        }
    }
    let mut at_root = roots.iter().map(|root| root.join(named));
    let existing = at_root.rfind(|path| path.exists());
    match existing {
        Some(path) if !is_name || path.is_dir() => Err(why_not(&path, named)),
        _ if is_name && is_on_path(named) => Ok(path.to_owned()),
        _ if roots.is_empty() && (!is_name || ENVIRONMENT_FOLDERS.contains(&named)) => {
            Ok(path.to_owned())
        }
        _ if is_name => Err(InterpreterError::NotOnPath(named.to_owned())),
        _ => Err(InterpreterError::Missing(named.to_owned())),
    }
}

/// A virtual environment in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceEnvironment {
    /// The absolute path of the interpreter in it.
    Found(PathBuf),
    /// Why it cannot be used, for a person.
    Unusable(String),
    /// There is none.
    Absent,
}

/// Looks for a virtual environment in these folders, in their order: `.venv`, then `venv`.
pub fn find_environment(roots: &[PathBuf]) -> SourceEnvironment {
    let mut unusable = None;
    for root in roots {
        for name in ENVIRONMENT_FOLDERS {
            let folder = root.join(name);
            if !is_environment(&folder) {
                continue;
            }
            match program_at(&folder) {
                Some(program) => return SourceEnvironment::Found(program),
                None => unusable.get_or_insert(name),
            };
        }
    }
    match unusable {
        Some(name) => SourceEnvironment::Unusable(format!(
            "the environment {name} of the source has no bin/python3 that can be run here"
        )),
        None => SourceEnvironment::Absent,
    }
}

/// The folder of the environment to which an interpreter belongs, `bin` taken away; `None` where it
/// belongs to none.
pub fn environment_of(interpreter: &Path) -> Option<&Path> {
    let folder = interpreter.parent()?.parent()?;
    is_environment(folder).then_some(folder)
}

/// Whether a folder is a virtual environment (of venv, virtualenv, uv) or one of conda.
fn is_environment(folder: &Path) -> bool {
    folder.join("pyvenv.cfg").is_file() || folder.join("conda-meta").is_dir()
}

/// The program at a path, which may be the folder of an environment.
fn program_at(path: &Path) -> Option<PathBuf> {
    if is_program(path) {
        return Some(path.to_owned());
    }
    let within = IN_ENVIRONMENT.map(|name| path.join(name));
    within.into_iter().find(|program| is_program(program))
}

fn is_program(path: &Path) -> bool {
    path.is_file() && access(path, Access::EXEC_OK).is_ok()
}

fn is_on_path(name: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| is_program(&folder.join(name)))
}

/// Whether the folder of a program lies below `root`. The program itself may be a link that leads
/// out, as an environment's interpreter is.
fn is_inside(root: &Path, program: &Path) -> bool {
    let folder = program
        .parent()
        .and_then(|folder| folder.canonicalize().ok());
    let root = root.canonicalize().ok();
    folder
        .zip(root)
        .is_some_and(|(folder, root)| folder.starts_with(root))
}

fn why_not(path: &Path, named: &str) -> InterpreterError {
    if path.exists() {
        InterpreterError::NotAProgram(named.to_owned())
    } else {
        InterpreterError::Missing(named.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// A virtual environment whose interpreter is a link, as those of Python are.
    fn make_environment(folder: &Path) {
        fs::create_dir_all(folder.join("bin")).unwrap();
        fs::write(folder.join("pyvenv.cfg"), "home = /usr/bin\n").unwrap();
        symlink("/bin/sh", folder.join("bin/python3")).unwrap();
    }

    fn resolve(named: &str, root: &Path) -> Result<PathBuf, InterpreterError> {
        resolve_interpreter(named, &[root.to_owned()])
    }

    #[test]
    fn an_interpreter_is_found_by_its_path_or_its_environment() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path();
        make_environment(&root.join("envs/a"));
        make_environment(&root.join("venv"));
        let program = root.join("envs/a/bin/python3");
        for named in ["envs/a/bin/python3", "./envs/a", "envs/a"] {
            assert_eq!(resolve(named, root).unwrap(), program, "{named}");
        }
        let absolute = root.join("envs/a").display().to_string();
        assert_eq!(resolve_interpreter(&absolute, &[]).unwrap(), program);
        assert_eq!(
            resolve("venv", root).unwrap(),
            root.join("venv/bin/python3")
        );
        assert_eq!(resolve("sh", root).unwrap(), Path::new("sh"), "of PATH");
        assert_eq!(environment_of(&program), Some(&*root.join("envs/a")));
        assert_eq!(environment_of(Path::new("/usr/bin/python3")), None);
    }

    #[test]
    fn what_is_no_interpreter_is_refused_in_words() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("source");
        make_environment(&home.path().join("outside"));
        fs::create_dir_all(root.join("data")).unwrap();
        symlink(home.path().join("outside"), root.join("link")).unwrap();
        fs::write(root.join("a.py"), "").unwrap();
        fs::set_permissions(root.join("a.py"), fs::Permissions::from_mode(0o644)).unwrap();
        for (named, words) in [
            ("", "one path"),
            ("a\0b", "one path"),
            ("a\nb", "one path"),
            ("~/x/bin/python3", "in full"),
            ("../outside/bin/python3", "leads out"),
            ("a/../../outside", "leads out"),
            ("link/bin/python3", "leads out"),
            ("x/bin/python3", "`x/bin/python3` does not exist"),
            ("/nonexistent/python3", "does not exist"),
            ("./a.py", "neither a program"),
            ("./data", "neither a program"),
            ("data", "neither a program"),
            ("/etc", "neither a program"),
            ("python-of-nobody", "PATH"),
        ] {
            let error = resolve(named, &root).unwrap_err().to_string();
            assert!(error.contains(words), "{named}: {error}");
        }
        // A source that is not there yet: as far as the text says.
        assert_eq!(
            resolve_interpreter(".venv/bin/python3", &[]).unwrap(),
            Path::new(".venv/bin/python3")
        );
        assert_eq!(
            resolve_interpreter(".venv", &[]).unwrap(),
            Path::new(".venv")
        );
        assert!(resolve_interpreter("../x/python3", &[]).is_err());
    }

    #[test]
    fn an_environment_of_the_source_is_found() {
        let home = tempfile::tempdir().unwrap();
        let (top, sub) = (home.path().to_owned(), home.path().join("sub"));
        let roots = [sub.clone(), top.clone()];
        assert_eq!(find_environment(&roots), SourceEnvironment::Absent);
        // A folder of that name is not one yet.
        fs::create_dir_all(top.join("venv/bin")).unwrap();
        assert_eq!(find_environment(&roots), SourceEnvironment::Absent);
        fs::write(top.join("venv/pyvenv.cfg"), "").unwrap();
        symlink("/nonexistent/python3", top.join("venv/bin/python3")).unwrap();
        let SourceEnvironment::Unusable(why) = find_environment(&roots) else {
            panic!("its interpreter is of another machine");
        };
        assert!(why.contains("venv"), "{why}");
        make_environment(&top.join(".venv"));
        let found = |folder: &Path| SourceEnvironment::Found(folder.join(".venv/bin/python3"));
        assert_eq!(find_environment(&roots), found(&top));
        make_environment(&sub.join(".venv"));
        assert_eq!(find_environment(&roots), found(&sub));
    }
}
