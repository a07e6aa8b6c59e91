// The whole way, as a person goes it: from the seed's commands to the results of real training.
import assert from "node:assert/strict";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner, readTable } from "./planner.js";
import { EXAMPLES as SEED } from "./seed.js";
import { EXAMPLES, startServer } from "./server.js";

const TRAINED_WITHIN_MS = 180_000;

describe("from a pasted command to results", { concurrency: false }, () => {
  let source, server, browser, page, planner, browserErrors;

  before(async () => {
    // The seed trains a `file.py`: here it is the project's example, which learns to read digits.
    source = await mkdtemp(join(tmpdir(), "sweep-source-"));
    await cp(join(EXAMPLES, "digits.py"), join(source, "file.py"));
    await cp(join(EXAMPLES, "data"), join(source, "data"), { recursive: true });
    server = await startServer(source);
    browser = await launchBrowser();
    ({ page, browserErrors } = await newPage(browser));
    planner = new Planner(page);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    if (source) await rm(source, { recursive: true, force: true });
  });

  test("the seed's four commands are planned, launched, watched and compared", async () => {
    await page.goto(server.startAddress);
    await planner.paste(SEED.find(({ name }) => name === "four commands").text);
    await planner.hasTrials(4);
    await planner.runTime.fill("1 minute");
    await eventually(async () => assert.match(await planner.estimate.innerText(), /\$\d/));
    await eventually(async () => assert.equal(await planner.launch.innerText(), "Launch 4 trials"));
    await planner.launch.click();

    // A run for each command, each with one trial.
    await planner.tab("Runs").click();
    const runs = page.getByRole("table", { name: "Runs", exact: true });
    await eventually(async () => {
      const rows = await readTable(runs);
      assert.equal(rows.length, 4);
      for (const row of rows) assert.match(Object.values(row).join(" | "), /completed/i);
    }, TRAINED_WITHIN_MS);

    // What was launched together is compared together, and the argument that differs is a column.
    await planner.tab("Results").click();
    const results = page.getByRole("table", { name: "Results", exact: true });
    const trials = await eventually(async () => {
      const rows = await readTable(results);
      assert.equal(rows.length, 4);
      return rows;
    });
    assert.deepEqual(trials.map((row) => row["--batch_size"]).sort((a, b) => a - b), ["8", "16", "32", "64"]);
    const accuracies = trials.map((row) => Number.parseFloat(row.accuracy));
    assert.ok(accuracies.every((accuracy) => accuracy > 0.8 && accuracy < 1), `they have learnt: ${accuracies}`);
    assert.ok(new Set(accuracies).size > 1, `their accuracies differ: ${accuracies}`);
    for (const trial of trials) {
      assert.match(trial["Training time"], /\d/);
      assert.match(trial.Cost, /^<?\$\d/);
    }
    // The best by accuracy is marked, and comes first.
    const best = trials.findIndex((trial) => /Best/.test(trial.Trial));
    assert.equal(accuracies[best], Math.max(...accuracies));
    assert.deepEqual(browserErrors.splice(0), []);
  });

  test("a trial that fails shows its output, and the others go on", async () => {
    await planner.tab("Plan").click();
    await planner.paste('grid run --name uneven file.py --layers "[-1, 0]" --epochs 1');
    await planner.hasTrials(2);
    await planner.launch.click();

    await planner.tab("Runs").click();
    const trials = page.getByRole("table", { name: "Trials of uneven" });
    await eventually(async () => {
      const rows = await readTable(trials);
      assert.deepEqual(rows.map((row) => /failed|completed/i.exec(row.Status)?.[0].toLowerCase()), ["failed", "completed"]);
    }, TRAINED_WITHIN_MS);
    await trials.getByRole("button", { name: "Output of trial 1" }).click();
    await page.getByRole("region", { name: "Cause" }).getByText("-1 is less than 0").waitFor();
    assert.deepEqual(browserErrors, []);
  });
});
