// A cluster's own price is what its trials are billed by, so the page estimates by it, whatever machine the command names.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner } from "./planner.js";
import { EXAMPLES, startServer } from "./server.js";

const CONFIG = '[clusters.local]\nprice = { rate = "36" }\n';
const COMMAND = 'grid run --instance_type 1_t4_16gb digits.py --layers "[0, 1]"';

describe("a cluster with its own price", { concurrency: false }, () => {
  let server, browser;

  before(async () => {
    server = await startServer(EXAMPLES, CONFIG);
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test("is what the Estimate counts by", async () => {
    const { page, browserErrors, close } = await newPage(browser);
    const planner = new Planner(page);
    await page.goto(await server.startAddress);
    await planner.paste(COMMAND);
    await planner.hasTrials(2);
    await planner.runTime.fill("10 minutes");
    await eventually(async () => {
      const text = await planner.estimate.innerText();
      assert.match(text, /Cluster's own price[^]*\$36\.00 an hour/);
      assert.match(text, /Every trial costs \$36\.00 per hour, the cluster's own price/);
      // Each trial runs ten minutes.
      const cells = await planner.grid.getByRole("gridcell").allInnerTexts();
      assert.equal(cells.filter((cell) => cell === "$6.00").length, 2, cells.join(" | "));
    });
    if (process.env.SCREENSHOTS) await takeScreenshots(page, process.env.SCREENSHOTS);
    assert.deepEqual(browserErrors, []);
    await close();
  });
});

/** Pictures for the eye, of both widths and both colour schemes, into a folder. */
async function takeScreenshots(page, folder) {
  for (const width of [1440, 390]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${folder}/${width}-${colorScheme}.png`, fullPage: width < 500 });
    }
  }
}
