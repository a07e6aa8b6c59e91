#!/usr/bin/env python3
"""Records what NumPy draws where tests/data/numpy_vectors.json records nothing.

    pip install numpy && python scripts/numpy_more.py > tests/data/numpy_more.json
    python scripts/numpy_more.py --many 20000 > /tmp/many/numpy_vectors.json     # then CONFORMANCE=/tmp/many cargo test --test numpy

The recorded values are NumPy 2.4.6's on x86-64 Linux with glibc 2.36 and FMA, where other elementary
functions than ours agree (docs of `sweep::math`). `np.power` and `np.log` must not use AVX-512's own versions,
which differ from the C library's in the last bit: the script restarts itself with these switched off.
"""
import ast
import json
import os
import random
import signal
import sys
import warnings

OFF = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR X86_V4"
if "NPY_DISABLE_CPU_FEATURES" not in os.environ:
    os.environ["NPY_DISABLE_CPU_FEATURES"] = OFF
    os.execv(sys.executable, [sys.executable] + sys.argv)

warnings.simplefilter("ignore")
import numpy as np  # noqa: E402


def too_long(*_):
    raise TimeoutError


signal.signal(signal.SIGALRM, too_long)


def loguniform(low, high, size=None):
    return np.exp(np.random.uniform(np.log(np.float64(low)), np.log(np.float64(high)), size))


def logspace(start, stop, num, base=10.0):
    return np.logspace(start, stop, num, base=base)


# Our additions, in terms of NumPy.
ADDITIONS = {"loguniform": loguniform, "linspace": np.linspace, "logspace": logspace}


def draw(expr):
    node = ast.parse(expr, mode="eval").body
    name = node.func.id
    args = [ast.literal_eval(a) for a in node.args]
    kwargs = {k.arg: ast.literal_eval(k.value) for k in node.keywords}
    signal.alarm(20)
    try:
        function = ADDITIONS.get(name) or getattr(np.random, name)
        got = function(*args, **kwargs)
    finally:
        signal.alarm(0)
    scalar = not isinstance(got, np.ndarray)
    values = got.tolist() if isinstance(got, (np.ndarray, np.generic)) else got
    return [values] if scalar else values, scalar


def entry(expr, seed):
    np.random.seed(seed)
    values, scalar = draw(expr)
    record = {"expr": expr, "seed": seed, "values": [str(v) for v in values]}
    if scalar:
        record["scalar"] = True
    return record


# Forms of arguments, and places in parameter space, that numpy_vectors.json lacks.
CALLS = """
uniform(True, 2, 3)
uniform(0, 1, None)
uniform(size=None)
uniform(0, 1000000000000000000000000000000000000000, 2)
uniform(9007199254740993, 9007199254740995, 3)
uniform(-1e300, 1e300, 3)
randint(5, None, 4)
randint(0, 1e6, 4)
randint(1.5, 5.5, 4)
randint(True, 5, 3)
randint(-9223372036854775808, 9223372036854775808, 3)
randint(-9223372036854775808, -9223372036854775807, 2)
randint(-5, 5, 8)
random_integers(6, size=4)
random_integers(1.5, 6.7, 4)
random_integers(-9223372036854775808, 9223372036854775807, 2)
binomial(10.0, 0.5, 4)
binomial(10.5, 0.5, 4)
binomial(True, 0.5, 4)
binomial(9223372036854775807, 1e-18, 4)
binomial(9223372036854775807, 0.3, 4)
binomial(1000000000000000000, 0.5, 6)
binomial(1000000000000, 0.999999, 6)
binomial(60, 0.5, 20)
binomial(61, 0.5, 20)
binomial(75, 0.4001, 40)
hypergeometric(5.0, 5, 3, 4)
hypergeometric(5.5, 5.5, 3.5, 4)
hypergeometric(1000000000000000000, 1000000000000000000, 1000000000000000000, 3)
hypergeometric(1000000000, 3, 500000000, 6)
hypergeometric(3, 1000000000, 500000000, 6)
hypergeometric(15, 15, 11, 20)
hypergeometric(15, 15, 30, 3)
hypergeometric(15, 15, 10, 20)
hypergeometric(5, 5, 10, 3)
negative_binomial(1e15, 0.9, 3)
negative_binomial(1e-3, 0.5, 8)
poisson(9.2e18, 4)
poisson(1e-300, 3)
poisson(1e16, 4)
poisson(True, 4)
geometric(1e-15, 4)
geometric(0.3333333333333333, 40)
geometric(0.33333333333333326, 40)
logseries(0, 4)
logseries(1e-300, 3)
logseries(0.9999999999999999, 6)
zipf(1.001, 5)
zipf(1000, 3)
zipf(1024.5, 3)
zipf(1.5, 40)
vonmises(0, 1e12, 4)
vonmises(1e6, 2, 4)
vonmises(-1e6, 2, 4)
vonmises(0, 9.99e-6, 4)
normal(0, 1e999, 3)
normal(1e308, 1e308, 4)
lognormal(1000, 1, 3)
lognormal(-1000, 1, 3)
pareto(1e-3, 6)
power(1e-3, 6)
power(1e300, 3)
weibull(1e-3, 6)
weibull(1e300, 3)
wald(1e-300, 1, 3)
wald(1e10, 1e-10, 6)
gamma(1e999, 1, 2)
gamma(1e-300, 1, 3)
standard_gamma(1e-320, 3)
standard_gamma(0.9999999999999999, 6)
standard_gamma(1.0000000000000002, 6)
standard_gamma(1e15, 4)
beta(1e-300, 1e-300, 6)
beta(1e-10, 1, 6)
beta(1, 1e-10, 6)
beta(1e300, 1e-300, 3)
f(1e300, 1, 3)
f(1e-300, 1, 3)
chisquare(1e-10, 4)
noncentral_chisquare(0.5, 1e300, 3)
noncentral_chisquare(1, 200, 6)
noncentral_chisquare(1.0000000000000002, 200, 6)
noncentral_chisquare(3, 1e999, 2)
noncentral_f(0.5, 0.5, 50, 8)
standard_t(1e999, 2)
standard_t(1e-300, 3)
triangular(0, 0, 1, 5)
triangular(0, 1, 1, 5)
triangular(-1e308, 0, 1e308, 3)
triangular(0, 1e999, 1e999, 2)
laplace(0, 0, 4)
gumbel(0, 1e308, 6)
logistic(0, 1e308, 6)
rayleigh(0, 3)
exponential(1e308, 6)
choice(True, 3)
choice(5, 3, 0)
choice(5, 3, 'x')
choice(5, 3, None)
choice(5, 3, 1, None)
choice(0, 0)
choice([], 0)
choice(9223372036854775808, 3)
choice(4294967296, 3)
choice(4294967297, 3)
choice(100000, 4, False)
choice([1, 2], 4, True, (0.25, 0.75))
choice([1, 2], 3, p=[0, 1])
choice([1, 2], 3, p=[False, True])
choice(5, 2, False, [0.5, 0.5, 0, 0, 0])
choice(5, 2, False, [0.99999999999, 1e-11, 0, 0, 0])
choice(3, 6, p=[0.33333333, 0.33333333, 0.33333333])
choice([None, 1, 'a', 2.5], 6)
choice([9223372036854775808, 1], 4)
choice([9223372036854775808, 9223372036854775809], 4)
choice([18446744073709551616, 1.5], 4)
choice([9223372036854775808, 'a'], 4)
choice([True, 2], 4)
choice([True, 2.5], 4)
choice([True, 'a'], 4)
choice([1+2j, 3], 4)
choice([1+2j, 'a'], 4)
choice([1e-5, 'a', 1e22, 123456789.123456789], 6)
choice([b'ab', b'c'], 4)
choice([b'ab', 'c'], 4)
choice([b'ab', 1], 4)
choice([{1: 2}, 3], 4)
choice([{1}, 3], 4)
choice([1e999, 1], 4)
choice(['', ' ', "it's"], 5)
permutation(True)
permutation(-3)
permutation([])
permutation([[1, 2], [3, 4.5], [5, 6]])
permutation([[[1], [2]], [[3], [4]]])
permutation([[], []])
permutation(((1, 2), (3, 4)))
permutation([1, 'a'])
permutation([None, 1, 2])
permutation(x=5)
permutation(1000)
loguniform(1e-5, 1e-1, 5)
loguniform(1, 1000, 5)
loguniform(0.1, 0.1, 2)
loguniform(10, 1, 3)
loguniform(5e-324, 1e308, 4)
loguniform(low=0.001, high=1, size=4)
linspace(0, 1, 11)
linspace(0, 1, 7)
linspace(1e-5, 1e-1, 9)
linspace(10, -10, 6)
linspace(0, 5e-324, 4)
linspace(-1e308, 7e307, 5)
linspace(3, 3, 3)
linspace(1, 2, 1)
linspace(1, 2, 0)
linspace(0.1, 0.7, 7)
logspace(-5, -1, 9)
logspace(0, 1, 11)
logspace(-3, 3, 20)
logspace(0, 10, 11, 2)
logspace(0, 5, 7, 2.718281828459045)
logspace(0, 400, 5)
logspace(-400, 0, 5)
logspace(1, 2, 5, 1)
""".strip().splitlines()

# One command each: a stored normal, a rejected word, a second block passed on from call to call.
STREAMS = [
    ["standard_t(3, 1)", "loguniform(0.1, 1, 2)", "normal(0, 1, 2)"],
    ["normal(0, 1, 1)", "linspace(0, 1, 3)", "standard_normal(1)"],
    ["choice([1, 2, 3], 2, False)", "permutation(3)", "uniform(0, 1, 2)"],
    ["noncentral_chisquare(0.5, 3, 2)", "noncentral_f(0.5, 3, 2, 2)", "randn(1)"],
    ["vonmises(0, 1, 3)", "zipf(2, 3)", "hypergeometric(15, 15, 15, 3)", "uniform(0, 1, 2)"],
    ["binomial(100, 0.4, 3)", "binomial(100, 0.4, 3)", "binomial(40, 0.7, 3)", "random(1)"],
    ["uniform(0, 1, 312)", "randint(0, 5000000000, 2)", "random(1)"],
    ["randint(0, 100, 0)", "choice(5, 0)", "uniform(0, 1, 1)"],
]

# What NumPy refuses, and what it accepts with a meaning that no sweep has.
ERRORS = """
uniform('0.5', 1, 3)
uniform(None, 3, 2)
uniform(1j, 3, 2)
uniform(0, 1, True)
uniform(0, 1, 2, size=3)
uniform(0, 1, low=3)
uniform(0, 1e999, 3)
randint(0)
randint(0, size=3)
randint(-9223372036854775809, 5, 2)
randint(1e999, size=2)
randint()
random_integers(1, 9223372036854775808, 2)
binomial('10', 0.5, 3)
binomial(9223372036854775808, 0.5, 3)
hypergeometric(5, -1, 3, 3)
hypergeometric(9223372036854775807, 5, 3, 3)
negative_binomial(2, 1.5, 3)
rand(3.0)
rand(-1)
rand(size=3)
ranf(low=3)
choice(5.0, 2)
choice('abc', 2)
choice({1, 2}, 2)
choice(None, 2)
choice([[1, 2], [3, 4]], 2)
choice([1, [2]], 2)
choice(5, 2, p=0.5)
choice(5, 2, p='abc')
choice(5, -1)
choice(5, 2.0)
choice(5, '2')
choice(-5, 2)
choice(9223372036854775813, 2)
choice(5, 3, False, [0.5, 0.5, 0, 0, 0])
choice([1, 2], 1, True, [0.5, 0.5, 0])
choice([1, 2], 1, True, [[0.5, 0.5]])
permutation(5.0)
permutation(None)
permutation({1, 2})
permutation([[1, 2], [3]])
permutation(5, 3)
laplace(0, -0.0, 2)
weibull(-0.0, 2)
standard_gamma(-0.0, 2)
uniform(0, 1, 1e3)
normal(1, 2, 3, 4)
beta()
beta(1, b=2, c=3)
beta(1, 2, a=3)
""".strip().splitlines()


def untempered(word):
    """The state's word that comes out as `word`."""
    word ^= word >> 18
    word ^= (word << 15) & 0xEFC60000
    value = word
    for _ in range(5):
        value = word ^ ((value << 7) & 0x9D2C5680)
    word = value & 0xFFFFFFFF
    value = word
    for _ in range(3):
        value = word ^ (value >> 11)
    return value


# Draws that no ordinary seed reaches: the first words of the stream are these.
LEAST, MOST = 0, 0xFFFFFFFF
STATES = [
    ("laplace(0, 1, 2)", [LEAST, LEAST]),
    ("gumbel(0, 1, 2)", [LEAST, LEAST]),
    ("logistic(0, 1, 2)", [LEAST, LEAST]),
    ("exponential(1, 2)", [LEAST, LEAST]),
    ("exponential(1, 2)", [MOST, MOST]),
    ("rayleigh(1, 2)", [MOST, MOST]),
    ("pareto(1, 2)", [MOST, MOST]),
    ("geometric(0.1, 2)", [MOST, MOST]),
    ("geometric(0.5, 2)", [MOST, MOST]),
    ("binomial(10, 0.5, 2)", [MOST, MOST]),
    ("binomial(30, 0.1, 2)", [MOST, MOST]),
    ("binomial(1000, 0.03, 2)", [MOST, MOST]),
    ("binomial(1000, 0.5, 2)", [MOST, MOST, LEAST, LEAST]),
    ("logseries(0.9, 2)", [LEAST, LEAST]),
    ("normal(0, 1, 2)", [0x80000000, 0, 0x80000000, 0]),
    ("beta(0.5, 0.5, 2)", [LEAST, LEAST, LEAST, LEAST]),
    ("standard_gamma(0.5, 2)", [LEAST, LEAST]),
    ("standard_gamma(2.5, 2)", [0x80000000, 0, 0x90000000, 0, LEAST, LEAST]),
    ("poisson(3, 2)", [LEAST, LEAST]),
    ("poisson(30, 2)", [LEAST, LEAST, LEAST, LEAST]),
    ("zipf(2, 2)", [LEAST, LEAST]),
    ("vonmises(0, 1, 2)", [LEAST, LEAST, LEAST, LEAST]),
    ("triangular(0, 0, 1, 2)", [LEAST, LEAST]),
    ("hypergeometric(15, 15, 15, 2)", [LEAST, LEAST]),
    ("choice(3, 2, p=[0, 0.5, 0.5])", [LEAST, LEAST]),
    ("choice(3, 2, p=[0.5, 0.5, 0])", [MOST, MOST]),
]


def state(expr, words):
    np.random.seed(0)
    name, key, position, _, _ = np.random.get_state()
    key = key.copy()
    key[: len(words)] = [untempered(word) for word in words]
    np.random.set_state((name, key, 0, 0, 0.0))
    values, _ = draw(expr)
    return {"expr": expr, "words": words, "values": [str(v) for v in values]}


def stream(seed, exprs):
    np.random.seed(seed)
    axes = [{"expr": expr, "values": [str(v) for v in draw(expr)[0]]} for expr in exprs]
    return {"seed": seed, "axes": axes}


def refused(expr):
    np.random.seed(0)
    try:
        draw(expr)
    except Exception as error:
        return {"expr": expr, "error": type(error).__name__, "message": str(error)}
    raise SystemExit("NumPy accepts " + expr)


def any_scale(rng, low=-6, high=6):
    return float("%.6g" % 10 ** rng.uniform(low, high))


def many(count):
    """Random calls of every distribution with floats, for one big comparison."""
    rng = random.Random(20260101)

    def real():
        return rng.choice([0, 1, -1, rng.uniform(-10, 10), any_scale(rng)])

    def positive(low=-4, high=4):
        return rng.choice([1, 2, 0.5, any_scale(rng, low, high), rng.uniform(0.01, 5)])

    def share():
        return rng.choice([0.5, rng.random(), 10 ** rng.uniform(-6, 0), 1 - 10 ** rng.uniform(-6, 0)])

    def number(most=1000000):
        return int(10 ** rng.uniform(0, np.log10(most)))

    makers = {
        "uniform": lambda: (real(), real()),
        "normal": lambda: (real(), positive()),
        "lognormal": lambda: (real() / 10, positive(-3, 1)),
        "exponential": lambda: (positive(),),
        "standard_exponential": lambda: (),
        "standard_normal": lambda: (),
        "standard_cauchy": lambda: (),
        "random": lambda: (),
        "standard_gamma": lambda: (positive(),),
        "gamma": lambda: (positive(), positive()),
        "beta": lambda: (positive(), positive()),
        "chisquare": lambda: (positive(),),
        "noncentral_chisquare": lambda: (positive(-2, 2), positive(-2, 3)),
        "f": lambda: (positive(), positive()),
        "noncentral_f": lambda: (positive(-2, 2), positive(-2, 2), positive(-2, 3)),
        "standard_t": lambda: (positive(),),
        "laplace": lambda: (real(), positive()),
        "gumbel": lambda: (real(), positive()),
        "logistic": lambda: (real(), positive()),
        "pareto": lambda: (positive(-2, 4),),
        "power": lambda: (positive(-2, 4),),
        "rayleigh": lambda: (positive(),),
        "weibull": lambda: (positive(-2, 4),),
        "wald": lambda: (positive(), positive()),
        "triangular": lambda: tuple(sorted(rng.uniform(-10, 10) for _ in range(3))),
        "vonmises": lambda: (real(), positive(-9, 9)),
        "poisson": lambda: (positive(-4, 12),),
        "binomial": lambda: (number(10**12), share()),
        "negative_binomial": lambda: (positive(), max(share(), 1e-9)),
        "geometric": lambda: (max(share(), 1e-12),),
        "hypergeometric": lambda: (number(), number(), 0),
        "logseries": lambda: (min(share(), 0.999999),),
        "zipf": lambda: (1 + any_scale(rng, -1.5, 2),),
        "randint": lambda: (0, number(2**62)),
        "choice": lambda: (number(2**62),),
        "permutation": lambda: (number(200),),
        "loguniform": lambda: (positive(), positive()),
        "linspace": lambda: (real(), real()),
        "logspace": lambda: (real() / 5, real() / 5),
    }
    names = sorted(makers)
    entries = []
    while len(entries) < count:
        name = names[len(entries) % len(names)]
        args = makers[name]()
        if name == "hypergeometric":
            args = args[:2] + (rng.randint(1, args[0] + args[1]),)
        if name != "permutation":
            args += (rng.choice([1, 2, 5, 30]),)
        entries.append(entry("%s(%s)" % (name, ", ".join(map(repr, args))), rng.randrange(2**32)))
    return {"entries": entries, "sequences": [stream(1, ["random(1)"])], "errors": [refused("beta()")]}


def main():
    if "--many" in sys.argv:
        result = many(int(sys.argv[-1]))
    else:
        result = {
            "numpy": np.__version__,
            "entries": [entry(expr, seed) for expr in CALLS for seed in (7, 4294967295)],
            "sequences": [stream(11 + index, exprs) for index, exprs in enumerate(STREAMS)],
            "errors": [refused(expr) for expr in ERRORS],
            "states": [state(expr, words) for expr, words in STATES],
        }
    lists = [
        '"%s": [\n%s\n]' % (key, ",\n".join(json.dumps(item) for item in value))
        for key, value in result.items()
        if isinstance(value, list)
    ]
    print("{\n%s\n}" % ",\n".join(lists))


if __name__ == "__main__":
    main()
