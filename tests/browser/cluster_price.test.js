// A cluster's own price is what its trials are billed by, so the page estimates by it, whatever machine the command names.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner } from "./planner.js";
import { EXAMPLES, startServer } from "./server.js";

const CONFIG = `
[clusters.local]
price = { rate = "36" }
[clusters.free]
price = "none"
[clusters.listed]
`;
const COMMAND = 'grid run --instance_type 1_t4_16gb digits.py --layers "[0, 1]"';

describe("a cluster with its own price", { concurrency: false }, () => {
  let server, browser, tab, planner;

  before(async () => {
    server = await startServer(EXAMPLES, CONFIG);
    browser = await launchBrowser();
    tab = await newPage(browser);
    planner = new Planner(tab.page);
    await tab.page.goto(await server.startAddress); // which opens once
    await planner.paste(COMMAND);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test("is what the Estimate counts by", async () => {
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
    assert.deepEqual(tab.browserErrors, []);
  });

  test("leaves nothing to the machine's list price and to Spot", async () => {
    const { page } = tab;
    const { machine } = planner;
    const spot = page.getByRole("switch", { name: "Spot" });
    const spotField = spot.locator("..");
    const cluster = page.getByRole("combobox", { name: "Cluster" });
    /** The first machines of the opened list. */
    const labels = async () => {
      await machine.click();
      const texts = await planner.machineOptions.allInnerTexts();
      await page.keyboard.press("Escape");
      return texts.map((text) => text.replaceAll(/\s+/g, " ")).join("\n");
    };
    for (const name of ["local", "free"]) {
      await cluster.selectOption(name);
      await eventually(async () => {
        assert.match(await labels(), /^g4dn\.xlarge 4 vCPU, 16 GB, 1 × T4 · Grid$/m, name);
        assert.doesNotMatch(await labels(), /\$|unknown|old/, name);
        assert.match(await spotField.innerText(), /Off[^]*no difference here/, name);
        assert.doesNotMatch(await planner.estimate.innerText(), /List price|Interruptible/, name);
      });
      assert.equal(await machine.inputValue(), "g4dn.xlarge");
      if (process.env.SCREENSHOTS) await takeScreenshots(page, process.env.SCREENSHOTS, name);
    }
    assert.match(await planner.estimate.innerText(), /Cluster's own price\s+none/);
    await cluster.selectOption("listed");
    await eventually(async () => {
      assert.match(await labels(), /^g4dn\.xlarge .* 1 × T4 · Grid · old price \$0\.\d+\/h spot \$0\.\d+\/h$/m);
      assert.match(await spotField.innerText(), /List price[^]*may be interrupted/);
      assert.match(await planner.estimate.innerText(), /List price[^]*Interruptible/);
    });
    assert.equal(await machine.inputValue(), "g4dn.xlarge");
    await cluster.selectOption("local");
    await spot.click();
    await eventually(async () => assert.match(await spotField.innerText(), /On\s+no difference/));
    if (process.env.SCREENSHOTS) await takeScreenshots(page, process.env.SCREENSHOTS, "spot");
    assert.deepEqual(tab.browserErrors, []);
  });
});

/** Pictures for the eye, of both widths and both colour schemes, into a folder. */
async function takeScreenshots(page, folder, name) {
  for (const width of [1440, 390]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage: width < 500 });
    }
  }
}
