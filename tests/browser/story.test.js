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
  let source, server, browser, page, planner, complaints;

  before(async () => {
    // The seed trains a `file.py`: here it is the project's example, which learns to read digits.
    source = await mkdtemp(join(tmpdir(), "sweep-source-"));
    await cp(join(EXAMPLES, "digits.py"), join(source, "file.py"));
    await cp(join(EXAMPLES, "data"), join(source, "data"), { recursive: true });
    server = await startServer(source);
    browser = await launchBrowser();
    ({ page, complaints } = await newPage(browser));
    planner = new Planner(page);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    if (source) await rm(source, { recursive: true, force: true });
  });

  test("the seed's four commands are planned, launched, watched and compared", async () => {
    await page.goto(server.start);
    await planner.paste(SEED.find(({ name }) => name === "four commands").text);
    await planner.hasTrials(4);
    await planner.runTime.fill("1 minute");
    await eventually(async () => assert.match(await planner.estimate.innerText(), /\$\d/));
    await eventually(async () => assert.equal(await planner.launch.innerText(), "Launch 4 trials"));
    await planner.launch.click();

    await planner.tab("Results").click();
    const table = page.getByRole("tabpanel").getByRole("table").first();
    const trials = await eventually(async () => {
      const rows = await readTable(table);
      assert.equal(rows.length, 4);
      for (const row of rows) assert.match(Object.values(row).join(" | "), /completed/i);
      return rows;
    }, TRAINED_WITHIN_MS);

    assert.deepEqual(trials.map((row) => row["--batch_size"]).sort((a, b) => a - b), ["8", "16", "32", "64"]);
    const accuracies = trials.map((row) => Number.parseFloat(row.accuracy));
    assert.ok(accuracies.every((accuracy) => accuracy > 0.8 && accuracy < 1), `they have learnt: ${accuracies}`);
    assert.ok(new Set(accuracies).size > 1, `their accuracies differ: ${accuracies}`);
    assert.deepEqual(complaints, []);
  });
});
