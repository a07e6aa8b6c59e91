// A pilot: the cheapest and the dearest trial run first, the estimate then goes by what they took, and the rest waits for a yes.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner, readTable } from "./planner.js";
import { startServer } from "./server.js";

// Each trial notes that it started, waits for the gate, then takes half a second a step, or fails where it is told to.
const SCRIPT = `import os, sys, time
log, n = sys.argv[1], int(sys.argv[sys.argv.index("--n") + 1])
with open(log, "a") as file:
    file.write(f"{n}\\n")
while not os.path.exists(log + ".gate"):
    time.sleep(0.02)
time.sleep(0.5 * n)
sys.exit(os.path.exists(log + ".fail"))
`;
const WITHIN_MS = 60_000;

describe("a pilot", { concurrency: false }, () => {
  let folder, server, browser, page, planner, browserErrors, runPilot, runRest, estimate;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sweep-pilot-"));
    await writeFile(join(folder, "train.py"), SCRIPT);
    server = await startServer(folder, "[clusters.local]\nslots = 2\n");
    browser = await launchBrowser();
    ({ page, browserErrors } = await newPage(browser));
    planner = new Planner(page);
    estimate = planner.estimate;
    runPilot = estimate.getByRole("button", { name: "Run pilot", exact: true });
    runRest = estimate.getByRole("button", { name: "Run the rest", exact: true });
    await page.goto(await server.startAddress);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  afterEach(() => assert.deepEqual(browserErrors.splice(0), []));

  const logOf = (name) => join(folder, `${name}.log`);
  const openGate = (name) => writeFile(`${logOf(name)}.gate`, "");
  const started = async (name) => (await readFile(logOf(name), "utf8").catch(() => "")).split("\n").filter(Boolean).map(Number);
  const says = (pattern) => eventually(async () => assert.match(await estimate.innerText(), pattern), WITHIN_MS);

  async function plan(name, values, runTime) {
    await planner.tab("Plan").click();
    await planner.paste(`grid run --name ${name} train.py ${logOf(name)} --n "[${values}]"`);
    await planner.runTime.fill(runTime);
    await planner.hasTrials(values.length);
  }

  /** The rows of the run in the table of runs. */
  async function runsNamed(name) {
    await planner.tab("Runs").click();
    const rows = await readTable(page.getByRole("table", { name: "Runs", exact: true }));
    await planner.tab("Plan").click();
    return rows.filter((row) => row.Run.startsWith(name));
  }

  async function completes(name) {
    await planner.tab("Runs").click();
    const run = page.getByRole("table", { name: "Runs", exact: true }).getByRole("row", { name: new RegExp(name) });
    await eventually(async () => assert.match(await run.innerText(), /completed/), WITHIN_MS);
    await planner.tab("Plan").click();
  }

  async function takeScreenshots(name) {
    const into = process.env.SCREENSHOTS;
    if (!into) return;
    for (const width of [1440, 390]) {
      for (const colorScheme of ["light", "dark"]) {
        await page.setViewportSize({ width, height: 1100 });
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: `${into}/pilot-${name}-${width}-${colorScheme}.png`, fullPage: width < 500 });
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  }

  test("runs the cheapest and the dearest once, is found again by a page opened anew, and the rest runs after a yes", async () => {
    // The dearest is neither first nor last. A step takes half a second, not four.
    await plan("scaled", [2, 3, 4, 1, 2], "seconds = 4 * n");
    await eventually(async () => assert.equal((await planner.trial(3)).Time, "16 s"));
    await takeScreenshots("before");
    await runPilot.dblclick();
    await says(/Pilot scaled: trial 3 and trial 4 run first, 0 of 2 done\. The other 3 wait\./);
    assert.equal(await runPilot.isVisible(), false);
    await page.waitForFunction(() => location.hash.includes("scaled"));
    await page.reload();
    await says(/trial 3 and trial 4 run first, 0 of 2 done\. The other 3 wait\./);
    await takeScreenshots("running");
    await openGate("scaled");
    await says(/measured: pilot trials took .* to .*, .* times what was stated, .* on average\. The other 3 wait\./);
    assert.deepEqual((await started("scaled")).sort(), [1, 4]);
    // The times in the grid and the cost of the rest go by what was measured.
    const seconds = Number.parseFloat((await planner.trial(3)).Time);
    assert.ok(seconds > 1.9 && seconds < 12, `it is scaled: ${seconds}`);
    await says(/3 trials: \S*\$[\d.]+ likely, .*\$[\d.]+ – .*\$[\d.]+/);
    await takeScreenshots("measured");
    assert.match(await planner.runTime.locator("xpath=following-sibling::p").innerText(), /^measured: scaled by the pilot$/);
    const stated = estimate.getByRole("button", { name: "Use the stated run time" });
    await stated.click();
    await eventually(async () => assert.equal((await planner.trial(3)).Time, "16 s"));
    await estimate.getByRole("button", { name: "Use the measured run time" }).click();
    await eventually(async () => assert.notEqual((await planner.trial(3)).Time, "16 s"));
    await runRest.dblclick();
    await eventually(async () => assert.equal(await runRest.count(), 0));
    await completes("scaled");
    assert.deepEqual((await started("scaled")).sort(), [1, 2, 2, 3, 4]);
    assert.equal((await runsNamed("scaled")).length, 1);
    await says(/measured: pilot trials took/);
    // Another plan has not been measured.
    await plan("other", [7, 8], "1 minute");
    await eventually(async () => assert.doesNotMatch(await estimate.innerText(), /measured: pilot/));
  });

  test("without a run time takes the first and the last, and their mean for all; the rest is run from Runs", async () => {
    await openGate("mean");
    await plan("mean", [1, 5, 2], "");
    await runPilot.click();
    await says(/measured: pilot trials took .* to .*; every trial is taken to run their mean, .*The other one waits\./);
    await says(/A total|\$/);
    assert.deepEqual((await started("mean")).sort(), [1, 2]);
    await planner.tab("Runs").click();
    const run = page.getByRole("region", { name: "Run mean" });
    await eventually(async () => assert.match(await run.innerText(), /1 trial: .*\$[\d.]+ likely/));
    await takeScreenshots("runs");
    await run.getByRole("button", { name: "Run the rest", exact: true }).click();
    await completes("mean");
    assert.deepEqual((await started("mean")).sort(), [1, 2, 5]);
  });

  test("that fails says so, keeps the rest held, and can be tried again", async () => {
    await openGate("sick");
    await writeFile(`${logOf("sick")}.fail`, "");
    await plan("sick", [1, 2, 1], "2 seconds");
    await runPilot.click();
    await says(/Pilot sick: trial 1 failed: .*exit status 1.*Pilot sick: trial 3 failed: .*Nothing is measured\. The other one waits\./s);
    await takeScreenshots("failed");
    assert.equal(await runRest.isVisible(), true);
    await rm(`${logOf("sick")}.fail`);
    await estimate.getByRole("button", { name: "Retry the pilot" }).click();
    await says(/measured: pilot trials took .*The other one waits\./s);
    await estimate.getByRole("button", { name: "Stop the rest" }).click();
    await eventually(async () => assert.equal(await runRest.count(), 0));
    await says(/measured: pilot trials took/);
    assert.deepEqual((await started("sick")).sort(), [1, 1, 1, 1]);
  });

  test("whose answer is lost is launched once, also by a click after the page was opened anew", async () => {
    await openGate("lost");
    await plan("lost", [1, 2, 3], "seconds = n");
    let lost = 0;
    await page.route(/\/runs$/, async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      lost += 1;
      await route.fetch();
      return route.abort();
    });
    // Nor does the page hear of the run by an event.
    await page.route(/\/v1\/events/, (route) => route.abort().catch(() => {}));
    await page.waitForFunction(() => location.hash.includes("lost"));
    await page.reload();
    await planner.hasTrials(3);
    await runPilot.click();
    await page.getByRole("status").filter({ hasText: "No answer came" }).waitFor();
    assert.equal(lost, 1);
    // A second click is the same launch.
    await page.unroute(/\/runs$/);
    const again = page.waitForResponse((answer) => answer.request().method() === "POST" && answer.url().endsWith("/runs"));
    await runPilot.click();
    assert.equal((await again).status(), 200);
    await page.unroute(/\/v1\/events/);
    await page.reload();
    await says(/measured: pilot trials took .*The other one waits\./s);
    assert.deepEqual((await started("lost")).sort(), [1, 3]);
    assert.equal((await runsNamed("lost")).length, 1);
    browserErrors.splice(0);
  });

  test("of one chosen trial is the whole sweep", async () => {
    await openGate("single");
    await plan("single", [1], "");
    await says(/Runs the one chosen trial and measures it: none is held\./);
    await runPilot.click();
    await says(/measured: pilot trials took/);
    assert.equal(await runRest.count(), 0);
    assert.equal(await runPilot.isVisible(), true);
    await completes("single");
  });
});
