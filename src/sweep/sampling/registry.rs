//! Every distribution: its name, its signature and the function that checks its parameters.

use super::arguments::BoundArguments;
use super::draw_spec::DrawSpec;
use super::error::BindError;
use super::{
    binomial, choice, exponential, gamma, geometric, hypergeometric, integers, normal, poisson,
    spaced, uniform, vonmises,
};

/// Checks a distribution's arguments and makes its sampler.
pub(super) type BuildSampler = fn(&mut BoundArguments<'_>) -> Result<DrawSpec, BindError>;

/// One distribution. Its signature is the only list of its parameters: help shows it, and arguments
/// are matched with it.
pub(super) struct Entry {
    pub(super) signature: &'static str,
    pub(super) build: BuildSampler,
    /// Bytes of the signature before its `(`.
    name_len: usize,
    /// Whether it is our addition, which NumPy does not have.
    addition: bool,
}

impl Entry {
    fn name(&self) -> &'static str {
        self.signature
            .get(..self.name_len)
            .unwrap_or(self.signature)
    }
}

const fn name_len(signature: &str) -> usize {
    let mut length = 0;
    while length < signature.len() && signature.as_bytes()[length] != b'(' {
        length += 1;
    }
    length
}

const fn numpy_entry(signature: &'static str, build: BuildSampler) -> Entry {
    Entry {
        signature,
        build,
        name_len: name_len(signature),
        addition: false,
    }
}

const fn addition_entry(signature: &'static str, build: BuildSampler) -> Entry {
    Entry {
        signature,
        build,
        name_len: name_len(signature),
        addition: true,
    }
}

static ENTRIES: &[Entry] = &[
    numpy_entry("uniform(low=0.0, high=1.0, size=None)", uniform::uniform),
    numpy_entry("random(size=None)", uniform::random),
    numpy_entry("random_sample(size=None)", uniform::random),
    numpy_entry("ranf(size=None)", uniform::random),
    numpy_entry("sample(size=None)", uniform::random),
    numpy_entry("rand(size=None, /)", uniform::random),
    numpy_entry(
        "triangular(left, mode, right, size=None)",
        uniform::triangular,
    ),
    addition_entry("loguniform(low, high, size=None)", uniform::loguniform),
    numpy_entry("randint(low, high=None, size=None)", integers::randint),
    numpy_entry(
        "random_integers(low, high=None, size=None)",
        integers::random_integers,
    ),
    numpy_entry("choice(a, size=None, replace=True, p=None)", choice::choice),
    numpy_entry("permutation(x)", choice::permutation),
    numpy_entry("normal(loc=0.0, scale=1.0, size=None)", normal::normal),
    numpy_entry("standard_normal(size=None)", normal::standard_normal),
    numpy_entry("randn(size=None, /)", normal::standard_normal),
    numpy_entry(
        "lognormal(mean=0.0, sigma=1.0, size=None)",
        normal::lognormal,
    ),
    numpy_entry("standard_cauchy(size=None)", normal::standard_cauchy),
    numpy_entry("wald(mean, scale, size=None)", normal::wald),
    numpy_entry(
        "exponential(scale=1.0, size=None)",
        exponential::exponential,
    ),
    numpy_entry(
        "standard_exponential(size=None)",
        exponential::standard_exponential,
    ),
    numpy_entry(
        "laplace(loc=0.0, scale=1.0, size=None)",
        exponential::laplace,
    ),
    numpy_entry("gumbel(loc=0.0, scale=1.0, size=None)", exponential::gumbel),
    numpy_entry(
        "logistic(loc=0.0, scale=1.0, size=None)",
        exponential::logistic,
    ),
    numpy_entry("pareto(a, size=None)", exponential::pareto),
    numpy_entry("power(a, size=None)", exponential::power),
    numpy_entry("rayleigh(scale=1.0, size=None)", exponential::rayleigh),
    numpy_entry("weibull(a, size=None)", exponential::weibull),
    numpy_entry("standard_gamma(shape, size=None)", gamma::standard_gamma),
    numpy_entry("gamma(shape, scale=1.0, size=None)", gamma::gamma),
    numpy_entry("chisquare(df, size=None)", gamma::chisquare),
    numpy_entry(
        "noncentral_chisquare(df, nonc, size=None)",
        gamma::noncentral_chisquare,
    ),
    numpy_entry("f(dfnum, dfden, size=None)", gamma::f),
    numpy_entry(
        "noncentral_f(dfnum, dfden, nonc, size=None)",
        gamma::noncentral_f,
    ),
    numpy_entry("standard_t(df, size=None)", gamma::standard_t),
    numpy_entry("beta(a, b, size=None)", gamma::beta),
    numpy_entry("vonmises(mu, kappa, size=None)", vonmises::vonmises),
    numpy_entry("binomial(n, p, size=None)", binomial::binomial),
    numpy_entry("poisson(lam=1.0, size=None)", poisson::poisson),
    numpy_entry(
        "negative_binomial(n, p, size=None)",
        poisson::negative_binomial,
    ),
    numpy_entry(
        "hypergeometric(ngood, nbad, nsample, size=None)",
        hypergeometric::hypergeometric,
    ),
    numpy_entry("geometric(p, size=None)", geometric::geometric),
    numpy_entry("logseries(p, size=None)", geometric::logseries),
    numpy_entry("zipf(a, size=None)", geometric::zipf),
    addition_entry("linspace(start, stop, num)", spaced::linspace),
    addition_entry("logspace(start, stop, num, base=10.0)", spaced::logspace),
    addition_entry("steps(start, stop, step)", spaced::steps),
];

pub(super) fn find_entry(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name() == name)
}

/// Whether this is a distribution's name, without prefix (`np.random.`).
pub fn is_distribution(name: &str) -> bool {
    find_entry(name).is_some()
}

/// Whether this is one of our additions to NumPy's: `loguniform`, `linspace`, `logspace`, `steps`.
pub fn is_addition(name: &str) -> bool {
    find_entry(name).is_some_and(|entry| entry.addition)
}

/// The names of all distributions, without prefix, in the order in which help
/// lists them; `choice`, `permutation` and our additions included.
pub fn names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(Entry::name)
}

/// A distribution's name and parameters with their defaults, as Python writes them; `None` for an
/// unknown name.
pub fn signature(name: &str) -> Option<&'static str> {
    find_entry(name).map(|entry| entry.signature)
}
