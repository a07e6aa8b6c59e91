//! The program that runs a trial's script.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use sweep_planner::api::{ProgramOrigin, SweepOptions};

use crate::sources::{
    InterpreterError, SourceEnvironment, environment_of, find_environment, resolve_interpreter,
};

/// The Python of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Python {
    /// A path, or a name of PATH.
    pub(super) program: String,
    pub(super) from: ProgramOrigin,
    /// Why an environment of the source is not used, for a person; empty where there is none, or it is.
    pub(super) note: String,
}

/// Chooses the Python of a trial: the run's, else the cluster's, else that of an environment in the
/// source, else `python3`. `folders`: of the trial's copy of the source, where it runs, then the top.
///
/// # Errors
/// If what the run names in its source is not there.
pub(super) fn choose_python(
    options: &SweepOptions,
    of_cluster: Option<&str>,
    folders: &[PathBuf],
) -> Result<Python, InterpreterError> {
    let python = |program: String, from| Python {
        program,
        from,
        note: String::new(),
    };
    if let Some(named) = &options.python {
        let named = named.as_str();
        // An absolute path was inspected at launch: if it is gone, the supervisor says so.
        let program = match Path::new(named).is_absolute() {
            true => named.to_owned(),
            false => to_text(&resolve_interpreter(named, folders)?),
        };
        return Ok(python(program, ProgramOrigin::Run));
    }
    if let Some(program) = of_cluster {
        return Ok(python(program.to_owned(), ProgramOrigin::Cluster));
    }
    if let Some(found) = &options.source_python {
        return Ok(python(found.0.clone(), ProgramOrigin::Source));
    }
    Ok(match find_environment(folders) {
        SourceEnvironment::Found(program) => python(to_text(&program), ProgramOrigin::Source),
        SourceEnvironment::Absent => python("python3".to_owned(), ProgramOrigin::Default),
        SourceEnvironment::Unusable(note) => Python {
            note,
            ..python("python3".to_owned(), ProgramOrigin::Default)
        },
    })
}

/// The variables that activating an interpreter's environment sets: its programs come first on PATH,
/// so that what the script starts by name is the environment's too. Empty for a name of PATH.
pub(super) fn activate(program: &str) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let Some(folder) = Path::new(program)
        .parent()
        .filter(|_| program.contains('/'))
    else {
        return variables;
    };
    let inherited = env::var_os("PATH").unwrap_or_default();
    let folders = [folder.to_owned()]
        .into_iter()
        .chain(env::split_paths(&inherited));
    // A folder with a `:` in its name cannot be on PATH.
    if let Ok(path) = env::join_paths(folders) {
        variables.insert("PATH".to_owned(), path.to_string_lossy().into_owned());
    }
    if let Some(environment) = environment_of(Path::new(program)) {
        let name = match environment.join("pyvenv.cfg").is_file() {
            true => "VIRTUAL_ENV",
            false => "CONDA_PREFIX",
        };
        variables.insert(name.to_owned(), to_text(environment));
    }
    variables
}

/// The command line of a script: an interpreter by its ending, then the arguments as they are; no
/// shell reads them.
pub(super) fn command_line(argv: &[String], python: &str) -> Vec<String> {
    let interpreter = match script_ending(argv) {
        Some("sh") => "bash",
        Some("jl") => "julia",
        _ => python,
    };
    let mut command = vec![interpreter.to_owned()];
    command.extend_from_slice(argv);
    // A script named `-c.py` must not be read as an option.
    if let Some(script) = command.get_mut(1)
        && script.starts_with('-')
    {
        script.insert_str(0, "./");
    }
    command
}

/// Whether Python runs a script, and not bash or julia.
pub(super) fn is_python(argv: &[String]) -> bool {
    !matches!(script_ending(argv), Some("sh" | "jl"))
}

fn script_ending(argv: &[String]) -> Option<&str> {
    Path::new(argv.first()?).extension()?.to_str()
}

fn to_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sweep_planner::api::Scalar;

    fn of(argv: &[&str]) -> Vec<String> {
        let argv: Vec<String> = argv.iter().map(ToString::to_string).collect();
        command_line(&argv, "python3")
    }

    #[test]
    fn scripts_run_by_their_ending() {
        assert_eq!(
            of(&["a/b.py", "--x", "$(rm -rf /)"]),
            ["python3", "a/b.py", "--x", "$(rm -rf /)"]
        );
        assert_eq!(of(&["run.sh"]), ["bash", "run.sh"]);
        assert_eq!(of(&["run.jl", "1"]), ["julia", "run.jl", "1"]);
        assert_eq!(of(&["-c.py"]), ["python3", "./-c.py"]);
    }

    #[test]
    fn the_run_goes_before_the_cluster_and_that_before_the_source() {
        let run = Some(Scalar("/run/python3".into()));
        let source = Some(Scalar("/source/.venv/bin/python3".into()));
        let choose = |run: &Option<Scalar>, cluster, source: &Option<Scalar>| {
            let options = SweepOptions {
                python: run.clone(),
                source_python: source.clone(),
                ..SweepOptions::default()
            };
            let chosen = choose_python(&options, cluster, &[]).unwrap();
            (chosen.program, chosen.from)
        };
        let cluster = Some("/cluster/python3");
        let is = |program: &str, from| (program.to_owned(), from);
        assert_eq!(
            choose(&run, cluster, &source),
            is("/run/python3", ProgramOrigin::Run)
        );
        assert_eq!(
            choose(&None, cluster, &source),
            is("/cluster/python3", ProgramOrigin::Cluster)
        );
        let of_source = is("/source/.venv/bin/python3", ProgramOrigin::Source);
        assert_eq!(choose(&None, None, &source), of_source);
        assert_eq!(
            choose(&None, None, &None),
            is("python3", ProgramOrigin::Default)
        );
    }

    #[test]
    fn programs_of_an_environment_come_first() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("pyvenv.cfg"), "").unwrap();
        let folder = home.path().join("bin");
        let variables = activate(&to_text(&folder.join("python3")));
        assert!(variables["PATH"].starts_with(&to_text(&folder)));
        assert_eq!(variables["VIRTUAL_ENV"], to_text(home.path()));
        assert!(activate("python3").is_empty());
    }
}
