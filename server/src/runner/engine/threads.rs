//! How many threads and cores a trial gets, so that trials that run at once do not fight for them.

use std::num::NonZeroU32;

use crate::config::{ThreadRule, Threads};

/// The variables by which numerical libraries are told their number of threads: OpenMP (which most
/// others follow), OpenBLAS, MKL, numexpr.
pub(super) const THREAD_VARIABLES: [&str; 4] = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
];

/// The threads of one trial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ThreadShare {
    /// What the variables are set to; `None`: none is set.
    pub(super) threads: Option<u32>,
    /// The variables that are set.
    pub(super) variables: Vec<&'static str>,
    /// How many cores it is to run on; `None`: it is not restricted.
    pub(super) cores: Option<u32>,
}

/// The share of a trial that asks for so many `cpus` (0: it does not), of `cores` that `at_once`
/// trials share. `given` is the value of a variable where the run, the cluster or the server's own
/// environment has one, which stays: where `OMP_NUM_THREADS` is given none is set, since the other
/// libraries follow it; and a trial that is given more threads gets as many cores.
pub(super) fn share_threads(
    setting: Threads,
    cpus: u32,
    cores: u32,
    at_once: u32,
    given: impl Fn(&str) -> Option<String>,
) -> ThreadShare {
    let share = match (setting, cpus) {
        (Threads::Rule(ThreadRule::Inherit), _) => return ThreadShare::default(),
        (_, 1..) => cpus,
        (Threads::Number(number), 0) => number.get(),
        (Threads::Rule(ThreadRule::Auto), 0) => cores / at_once.max(1),
    };
    let share = share.max(1);
    let values: Vec<(&str, Option<String>)> = THREAD_VARIABLES
        .into_iter()
        .map(|name| (name, given(name)))
        .collect();
    // `OMP_NUM_THREADS` may be a list, one number for each level of nesting.
    let first = |value: &String| value.split(',').next()?.trim().parse().ok();
    let asked = values.iter().filter_map(|(_, value)| value.as_ref());
    let asked = asked.filter_map(first).map(NonZeroU32::get).max();
    let openmp_is_given = matches!(values.first(), Some((_, Some(_))));
    let unset = values.iter().filter(|(_, value)| value.is_none());
    let variables: Vec<&str> = match openmp_is_given {
        true => Vec::new(),
        false => unset.map(|(name, _)| *name).collect(),
    };
    ThreadShare {
        threads: (!variables.is_empty()).then_some(share),
        variables,
        cores: Some(asked.map_or(share, |asked| asked.max(share))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTO: Threads = Threads::Rule(ThreadRule::Auto);

    fn nothing(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn trials_at_once_share_the_cores() {
        let of = |cpus, cores, at_once| {
            let share = share_threads(AUTO, cpus, cores, at_once, nothing);
            assert_eq!(share.variables, THREAD_VARIABLES);
            assert_eq!(share.cores, share.threads);
            share.threads
        };
        assert_eq!(of(0, 8, 3), Some(2));
        assert_eq!(of(0, 2, 9), Some(1));
        assert_eq!(of(0, 8, 1), Some(8), "alone");
        assert_eq!(of(3, 8, 8), Some(3), "as asked");
    }

    #[test]
    fn a_cluster_may_set_another_number_or_none() {
        let four = Threads::Number(NonZeroU32::new(4).unwrap());
        assert_eq!(share_threads(four, 0, 8, 8, nothing).threads, Some(4));
        assert_eq!(share_threads(four, 2, 8, 8, nothing).threads, Some(2));
        let inherit = Threads::Rule(ThreadRule::Inherit);
        assert_eq!(
            share_threads(inherit, 2, 8, 8, nothing),
            ThreadShare::default()
        );
    }

    #[test]
    fn what_others_have_set_stays() {
        let given = |set: &'static str, value: &'static str| {
            move |name: &str| (name == set).then(|| value.to_owned())
        };
        let share = share_threads(AUTO, 0, 8, 8, given("OMP_NUM_THREADS", "4,2"));
        assert_eq!((share.threads, share.cores), (None, Some(4)));
        let share = share_threads(AUTO, 0, 8, 8, given("MKL_NUM_THREADS", "2"));
        assert_eq!((share.threads, share.cores), (Some(1), Some(2)));
        assert!(!share.variables.contains(&"MKL_NUM_THREADS"));
        // One thread in each of several processes: the cores stay.
        let share = share_threads(AUTO, 0, 8, 2, given("OMP_NUM_THREADS", "1"));
        assert_eq!(share.cores, Some(4));
    }
}
