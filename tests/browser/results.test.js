// Results: what diverged is never best, a fraction is not compared with a percentage, what is the same in all trials is hidden.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner, readTable } from "./planner.js";
import { startServer } from "./server.js";

const SCRIPT = `import sys
case = int(sys.argv[2])
print("epoch=5 loss=" + ["-inf", "0.5", "nan", "0.25"][case])
print("val_acc=" + ["0.9667", "96.2", "94.0", "91.5"][case], "batches=22")
`;

describe("results", { concurrency: false }, () => {
  let folder, server, browser, page, planner, browserErrors;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sweep-results-"));
    await writeFile(join(folder, "train.py"), SCRIPT);
    server = await startServer(folder);
    browser = await launchBrowser();
    ({ page, browserErrors } = await newPage(browser));
    planner = new Planner(page);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  test("are ranked by what can be compared", async () => {
    await page.goto(server.startAddress);
    await planner.paste('grid run --name four train.py --case "range(4)"');
    await planner.hasTrials(4);
    await planner.launch.click();
    await planner.tab("Runs").click();
    const run = page.getByRole("table", { name: "Runs", exact: true }).getByRole("row", { name: /four/ });
    await eventually(async () => assert.match(await run.innerText(), /completed/), 30_000);
    await planner.tab("Results").click();
    const results = page.getByRole("table", { name: "Results", exact: true });
    const metrics = async () => Object.keys((await readTable(results))[0]).slice(2, -4);
    const best = async () => (await readTable(results)).find((row) => /Best/.test(row.Trial))["--case"];
    await eventually(async () => assert.deepEqual(await metrics(), ["loss", "val_acc (0–100)", "val_acc (0–1)"]));

    const goal = page.getByRole("combobox", { name: "Best by" });
    assert.equal(await goal.inputValue(), "val_acc (0–100)");
    assert.equal(await best(), "1");
    await goal.selectOption("loss");
    await eventually(async () => assert.equal(await best(), "3"));
    const order = (await readTable(results)).map((row) => row["--case"]);
    assert.deepEqual(order, ["3", "1", "0", "2"]);

    const toggle = page.getByRole("button", { name: "1 constant metric" });
    assert.equal(await toggle.getAttribute("aria-pressed"), "false");
    await toggle.click();
    await eventually(async () => assert.equal((await metrics()).at(-1), "batches"));
    if (process.env.SCREENSHOTS) await takeScreenshots(page, process.env.SCREENSHOTS);
    await toggle.click();
    await eventually(async () => assert.equal((await metrics()).length, 3));
    await goal.selectOption("batches");
    await eventually(async () => assert.equal((await metrics()).at(-1), "batches"));
    assert.deepEqual(browserErrors, []);
  });
});

/** Pictures for the eye, of both widths and both colour schemes, into a folder. */
async function takeScreenshots(page, folder) {
  for (const width of [1440, 390]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${folder}/results-${width}-${colorScheme}.png`, fullPage: width < 500 });
    }
  }
}
