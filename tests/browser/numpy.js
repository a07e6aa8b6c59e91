// NumPy's legacy generator, written from the definition of MT19937 (Matsumoto and Nishimura 1998) and independent of the
// planner's: the oracle for numbers that the page draws.

/** The doubles of `np.random.seed(seed); np.random.random_sample()`, one a call. */
export function randomSample(seed) {
  const state = new Uint32Array(624);
  state[0] = seed;
  for (let i = 1; i < 624; i += 1) {
    const previous = state[i - 1] ^ (state[i - 1] >>> 30);
    state[i] = Math.imul(1812433253, previous) + i;
  }
  let at = 624;

  function next() {
    if (at === 624) {
      for (let i = 0; i < 624; i += 1) {
        const y = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
        state[i] = state[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      at = 0;
    }
    let y = state[at];
    at += 1;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  return () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992;
}

/** `np.random.seed(seed); np.random.uniform(low, high, size)`. */
export function uniform(seed, low, high, size) {
  const sample = randomSample(seed);
  return Array.from({ length: size }, () => low + (high - low) * sample());
}
