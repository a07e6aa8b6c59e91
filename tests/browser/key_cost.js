// What the estimate adds to a key: the main thread's work from a key to the painted page, with a run time and without one, by
// turns in one run. `make bench` runs it; it prints figures and asserts nothing. KEYS=n sets how many keys each figure is of.
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner } from "./planner.js";
import { EXAMPLES, startServer } from "./server.js";

const KEYS = Number(process.env.KEYS ?? 60);
const ROUNDS = 3;

const axes = (count, values) => Array.from({ length: count }, (_, at) => `--a${at} "range(1, ${values + 1})"`).join(" ");
const product = (count) => Array.from({ length: count }, (_, at) => `a${at}`).join(" * ");
const search = (trials) => `--strategy random_search --num_trials ${trials}`;
const PLANS = [
  ["10 trials", axes(1, 10), ["10 minutes", "seconds = 5 + a0"]],
  ["10^4 trials", axes(2, 100), ["10 minutes", "seconds = 5 + a0", "seconds = 5 + sqrt(a0 * a1)"]],
  ["10^9 trials", axes(3, 1000), ["10 minutes", "seconds = 5 + a0", `seconds = 5 + sqrt(${product(3)})`]],
  ["10^18 trials", axes(18, 10), ["10 minutes", "seconds = 5 + a0", `seconds = 5 + log(${product(18)})`]],
  ["10^4 at random", `--lr "uniform(1e-5, 1e-1, 1000000)" --b "uniform(0, 1, 1000000)"`, ["seconds = 5 + lr * b"], 10_000],
  ["10^5 at random", `--lr "uniform(1e-5, 1e-1, 1000000)" --b "uniform(0, 1, 1000000)"`, ["seconds = 5 + lr * b"], 100_000],
];

const percentile = (values, share) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
const format = (millis) => millis.toFixed(2).padStart(7);

const server = await startServer(EXAMPLES);
const browser = await launchBrowser();
try {
  const { page } = await newPage(browser);
  const planner = new Planner(page);
  await page.goto(await server.startAddress);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");

  /** Milliseconds for which the main thread has worked so far. */
  async function workedMillis() {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value * 1000;
  }
  const painted = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))));

  /** The main thread's work for each of some keys at the end of the command: a letter, and its removal. */
  async function typeKeys() {
    await planner.command.focus();
    await page.keyboard.press("Control+End");
    const worked = [];
    for (let at = 0; at < KEYS; at++) {
      const before = await workedMillis();
      await page.keyboard.press(at % 2 ? "Backspace" : "b");
      await painted();
      worked.push((await workedMillis()) - before);
    }
    return worked;
  }

  /** The longest time for which nothing else could run while the estimate and the table Machines were refined. */
  async function longestSlice() {
    await page.evaluate(() => {
      const { port1, port2 } = new MessageChannel();
      let last = performance.now();
      window.longest = 0;
      port1.onmessage = () => {
        window.longest = Math.max(window.longest, performance.now() - last);
        last = performance.now();
        if (window.longest >= 0) port2.postMessage(0);
      };
      port2.postMessage(0);
    });
    await planner.command.focus();
    await page.keyboard.press("Control+End");
    await page.keyboard.press("c");
    await settled();
    const longest = await page.evaluate(() => [window.longest, (window.longest = -Infinity)][0]);
    await page.keyboard.press("Backspace");
    return longest;
  }
  async function settled() {
    await page.waitForTimeout(200);
    await eventually(async () => {
      const busy = await page.locator("[aria-busy=true]").count();
      if (busy > 0) throw new Error("still being refined");
    }, 60_000);
  }

  console.log(`milliseconds of the main thread per key, ${ROUNDS * KEYS} keys each`);
  console.log(`${"plan".padEnd(16)}${"run time".padEnd(30)}   without p50, p95     with p50, p95   the estimate p50, p95   longest slice`);
  for (const [name, swept, runTimes, trials] of PLANS) {
    const options = trials ? `${search(trials)} ` : "";
    for (const runTime of runTimes) {
      const without = [];
      const withRunTime = [];
      for (let round = 0; round < ROUNDS; round++) {
        for (const [text, into] of [["", without], [runTime, withRunTime]]) {
          await planner.paste(`grid run ${options}digits.py ${swept} --tag a`);
          await planner.runTime.fill(text);
          await settled();
          into.push(...(await typeKeys()));
        }
      }
      await settled();
      const slice = await longestSlice();
      const figures = [0.5, 0.95].map((share) => [percentile(without, share), percentile(withRunTime, share)]);
      const [[median, withMedian], [high, withHigh]] = figures;
      const shown = runTime.length > 28 ? `${runTime.slice(0, 27)}…` : runTime;
      console.log(
        `${name.padEnd(16)}${shown.padEnd(30)}   ${format(median)} ${format(high)}   ${format(withMedian)} ${format(withHigh)}` +
          `         ${format(withMedian - median)} ${format(withHigh - high)}         ${format(slice)}`,
      );
    }
  }
} finally {
  await browser.close();
  await server.stop();
}
