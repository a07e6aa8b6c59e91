//! Every distribution: its name, its signature and the function that checks its parameters.

use super::bound::Bound;
use super::fault::BindError;
use super::plan::Plan;
use super::{
    binomial, choice, exponential, gamma, geometric, hypergeometric, integers, normal, poisson,
    spaced, uniform, vonmises,
};

/// Checks a distribution's arguments and makes its sampler.
pub(super) type Build = fn(&mut Bound<'_>) -> Result<Plan, BindError>;

/// One distribution. Its signature is the only list of its parameters: help shows it, and arguments
/// are matched with it.
pub(super) struct Entry {
    pub(super) signature: &'static str,
    pub(super) build: Build,
    /// Bytes of the signature before its `(`.
    name: usize,
    /// Whether it is our addition, which NumPy does not have.
    addition: bool,
}

impl Entry {
    fn name(&self) -> &'static str {
        self.signature.get(..self.name).unwrap_or(self.signature)
    }
}

const fn name(signature: &str) -> usize {
    let mut length = 0;
    while length < signature.len() && signature.as_bytes()[length] != b'(' {
        length += 1;
    }
    length
}

const fn numpy(signature: &'static str, build: Build) -> Entry {
    Entry {
        signature,
        build,
        name: name(signature),
        addition: false,
    }
}

const fn ours(signature: &'static str, build: Build) -> Entry {
    Entry {
        signature,
        build,
        name: name(signature),
        addition: true,
    }
}

static ENTRIES: &[Entry] = &[
    numpy("uniform(low=0.0, high=1.0, size=None)", uniform::uniform),
    numpy("random(size=None)", uniform::random),
    numpy("random_sample(size=None)", uniform::random),
    numpy("ranf(size=None)", uniform::random),
    numpy("sample(size=None)", uniform::random),
    numpy("rand(size=None, /)", uniform::random),
    numpy(
        "triangular(left, mode, right, size=None)",
        uniform::triangular,
    ),
    ours("loguniform(low, high, size=None)", uniform::loguniform),
    numpy("randint(low, high=None, size=None)", integers::randint),
    numpy(
        "random_integers(low, high=None, size=None)",
        integers::random_integers,
    ),
    numpy("choice(a, size=None, replace=True, p=None)", choice::choice),
    numpy("permutation(x)", choice::permutation),
    numpy("normal(loc=0.0, scale=1.0, size=None)", normal::normal),
    numpy("standard_normal(size=None)", normal::standard_normal),
    numpy("randn(size=None, /)", normal::standard_normal),
    numpy(
        "lognormal(mean=0.0, sigma=1.0, size=None)",
        normal::lognormal,
    ),
    numpy("standard_cauchy(size=None)", normal::standard_cauchy),
    numpy("wald(mean, scale, size=None)", normal::wald),
    numpy(
        "exponential(scale=1.0, size=None)",
        exponential::exponential,
    ),
    numpy(
        "standard_exponential(size=None)",
        exponential::standard_exponential,
    ),
    numpy(
        "laplace(loc=0.0, scale=1.0, size=None)",
        exponential::laplace,
    ),
    numpy("gumbel(loc=0.0, scale=1.0, size=None)", exponential::gumbel),
    numpy(
        "logistic(loc=0.0, scale=1.0, size=None)",
        exponential::logistic,
    ),
    numpy("pareto(a, size=None)", exponential::pareto),
    numpy("power(a, size=None)", exponential::power),
    numpy("rayleigh(scale=1.0, size=None)", exponential::rayleigh),
    numpy("weibull(a, size=None)", exponential::weibull),
    numpy("standard_gamma(shape, size=None)", gamma::standard_gamma),
    numpy("gamma(shape, scale=1.0, size=None)", gamma::gamma),
    numpy("chisquare(df, size=None)", gamma::chisquare),
    numpy(
        "noncentral_chisquare(df, nonc, size=None)",
        gamma::noncentral_chisquare,
    ),
    numpy("f(dfnum, dfden, size=None)", gamma::f),
    numpy(
        "noncentral_f(dfnum, dfden, nonc, size=None)",
        gamma::noncentral_f,
    ),
    numpy("standard_t(df, size=None)", gamma::standard_t),
    numpy("beta(a, b, size=None)", gamma::beta),
    numpy("vonmises(mu, kappa, size=None)", vonmises::vonmises),
    numpy("binomial(n, p, size=None)", binomial::binomial),
    numpy("poisson(lam=1.0, size=None)", poisson::poisson),
    numpy(
        "negative_binomial(n, p, size=None)",
        poisson::negative_binomial,
    ),
    numpy(
        "hypergeometric(ngood, nbad, nsample, size=None)",
        hypergeometric::hypergeometric,
    ),
    numpy("geometric(p, size=None)", geometric::geometric),
    numpy("logseries(p, size=None)", geometric::logseries),
    numpy("zipf(a, size=None)", geometric::zipf),
    ours("linspace(start, stop, num)", spaced::linspace),
    ours("logspace(start, stop, num, base=10.0)", spaced::logspace),
    ours("steps(start, stop, step)", spaced::steps),
];

pub(super) fn find(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name() == name)
}

/// Whether this is a distribution's name, without prefix (`np.random.`).
pub fn is_distribution(name: &str) -> bool {
    find(name).is_some()
}

/// Whether this is one of our additions to NumPy's: `loguniform`, `linspace`, `logspace`, `steps`.
pub fn is_addition(name: &str) -> bool {
    find(name).is_some_and(|entry| entry.addition)
}

/// The names of all distributions, without prefix, in the order in which help
/// lists them; `choice`, `permutation` and our additions included.
pub fn names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(Entry::name)
}

/// A distribution's name and parameters with their defaults, as Python writes them; `None` for an
/// unknown name.
pub fn signature(name: &str) -> Option<&'static str> {
    find(name).map(|entry| entry.signature)
}
