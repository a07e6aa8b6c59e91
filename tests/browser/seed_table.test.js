// The table of the seed document in Results: trials with its times, at its rates, show its accuracies, times and costs.
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner, readTable } from "./planner.js";
import { startServer } from "./server.js";

const SCRIPT = `import os, sys, time
while not os.path.exists(sys.argv[1]):
    time.sleep(0.02)
print("accuracy=" + {"8": "0.80", "16": "0.85", "32": "0.90", "64": "0.95"}[sys.argv[3]])
`;
// Batch size, accuracy, minutes, time and cost in Results, and a machine of the rate that they imply.
const TABLE = [
  ["8", "0.8000", 5, "5 min", "$0.15", "m5a.large"],
  ["16", "0.8500", 10, "10 min", "$0.30", "m5a.large"],
  ["32", "0.9000", 30, "30 min", "$0.50", "g4dn.xlarge"],
  ["64", "0.9500", 60, "1 h", "$1.01", "g5.xlarge"],
];
const RATES = "name,on_demand_usd_per_hour\nm5a.large,1.80\ng4dn.xlarge,1\ng5.xlarge,1.01\n";

describe("the seed's table", { concurrency: false }, () => {
  let folder, data, config, gate, server, browser, page, planner, browserErrors;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sweep-seed-"));
    data = await mkdtemp(join(tmpdir(), "sweep-seed-data-"));
    gate = join(folder, "gate");
    await writeFile(join(folder, "file.py"), SCRIPT);
    await writeFile(join(data, "own.csv"), RATES);
    config = `prices = ${JSON.stringify(join(data, "own.csv"))}\n[clusters.local]\nslots = 4\n`;
    server = await startServer(folder, config, data);
    browser = await launchBrowser();
    ({ page, browserErrors } = await newPage(browser));
    planner = new Planner(page);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    for (const made of [folder, data]) if (made) await rm(made, { recursive: true, force: true });
  });

  test("is reproduced in Results", async () => {
    await page.goto(server.startAddress);
    const command = ([size, , , , , machine]) => `grid run --name batch-${size} --instance_type ${machine} file.py ${gate} --batch_size ${size}`;
    await planner.paste(TABLE.map(command).join("\n"));
    await planner.hasTrials(4);
    await planner.launch.click();
    await planner.tab("Runs").click();
    const runs = page.getByRole("table", { name: "Runs", exact: true });
    await eventually(async () => {
      const rows = await readTable(runs);
      assert.equal(rows.length, 4);
      for (const row of rows) assert.match(row.Status, /running/);
    }, 60_000);
    // The trials end while no server runs, and the records of their ends are moved to the document's times.
    await page.goto("about:blank");
    await server.stop();
    await writeFile(gate, "");
    for (const run of await readdir(join(data, "trials"))) {
      const trial = join(data, "trials", run, "0");
      const ended = await eventually(async () => JSON.parse(await readFile(join(trial, "ended.json"), "utf8")), 30_000);
      const { command } = JSON.parse(await readFile(join(trial, "started.json"), "utf8"));
      const [, , minutes] = TABLE.find(([size]) => size === command.at(-1));
      ended.at = moved(ended.started, minutes);
      await writeFile(join(trial, "ended.json"), JSON.stringify(ended));
    }
    server = await startServer(folder, config, data);
    await page.goto(server.startAddress);
    await planner.tab("Results").click();
    await page.getByRole("combobox", { name: "Best by" }).waitFor();
    await planner.tab("Runs").click();
    await eventually(async () => {
      for (const row of await readTable(runs)) assert.match(row.Status, /completed/);
    }, 60_000);
    // Run by run: those launched together are compared together by the page that launched them, which is gone.
    const results = page.getByRole("table", { name: "Results", exact: true });
    const found = [];
    for (const name of (await readTable(runs)).map((row) => row.Run.split(/\s/)[0])) {
      await planner.tab("Runs").click();
      await runs.getByRole("button", { name, exact: true }).click();
      await page.getByRole("button", { name: "Compare results" }).click();
      const row = await eventually(async () => (await readTable(results)).find((row) => row.accuracy) ?? assert.fail("no results"));
      found.push([name.slice("batch-".length), row.accuracy, row["Training time"], row.Cost.split("\n")[0]]);
    }
    const expected = TABLE.map(([size, accuracy, , time, cost]) => [size, accuracy, time, cost]);
    assert.deepEqual(found.sort(([a], [b]) => a - b), expected);
    browserErrors.splice(0);
  });
});

/** An RFC 3339 time so many minutes later, with its fraction as it was. */
function moved(time, minutes) {
  const [whole, fraction = ""] = time.slice(0, -1).split(".");
  const later = new Date(Date.parse(`${whole}Z`) + minutes * 60_000).toISOString().slice(0, -5);
  return `${later}${fraction && `.${fraction}`}Z`;
}
