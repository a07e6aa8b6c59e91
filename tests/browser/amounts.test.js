// Small amounts keep figures that say something, what has no run time leaves the rest a total, and what runs on the server's own
// machine says whose price its cost is: in the Estimate, in Runs and in Results.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner } from "./planner.js";
import { EXAMPLES, startServer } from "./server.js";

describe("amounts", { concurrency: false }, () => {
  let server, browser, tab, planner;

  before(async () => {
    server = await startServer(EXAMPLES);
    browser = await launchBrowser();
    tab = await newPage(browser);
    planner = new Planner(tab.page);
    await tab.page.goto(await server.startAddress);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const says = (...patterns) =>
    eventually(async () => {
      const text = await planner.estimate.innerText();
      for (const pattern of patterns) assert.match(text, pattern);
    });

  test("below ten cents have two significant figures, and the minimum that makes them is said beside them", async () => {
    await planner.paste('grid run digits.py --layers "[0, 1]"');
    await planner.runTime.fill("6 s");
    await says(/^\$0\.0029$/m, /90 % of it is rounding: billed by whole seconds, at least 60 s a trial/, /as if on m5a\.large/);
    assert.equal((await planner.trial(1)).Cost, "$0.0014");
    await planner.runTime.fill("2 hours");
    await eventually(async () => assert.doesNotMatch(await planner.estimate.innerText(), /rounding/));
  });

  test("of a price of long ago come with its date", async () => {
    await planner.paste('grid run --instance_type g4dn.xlarge digits.py --layers "[0, 1]"');
    await says(/price of 2022-06-10, more than 90 days ago/);
  });

  test("are those of the trials that have a run time", async () => {
    await planner.paste('grid run --instance_type g4dn.xlarge digits.py --layers "[1, 2, 3, 4]"');
    await planner.runTime.fill("hours = 1 / (layers - 1)");
    await says(/^\$1\.01$/m, /3 of 4 trials: \$1\.01 likely, \$0\.\d\d – \$1\.\d\d/, /trial 1 has no run time: /, /some trials have no run time/);
  });

  test("of an own machine say whose they are in Runs and in Results", async () => {
    await planner.paste('grid run --name small digits.py --layers "[0]" --epochs 1');
    await planner.runTime.fill("");
    await planner.hasTrials(1);
    await planner.launch.click();
    await planner.tab("Runs").click();
    const run = tab.page.getByRole("table", { name: "Runs", exact: true }).getByRole("row", { name: /small/ });
    await eventually(async () => assert.match(await run.innerText(), /completed[^]*as if on m5a\.large/), 60_000);
    const trials = tab.page.getByRole("table", { name: "Trials of small" });
    assert.match(await trials.getByRole("columnheader", { name: /Cost/ }).innerText(), /as if on m5a\.large/);
    await planner.tab("Results").click();
    const results = tab.page.getByRole("table", { name: "Results", exact: true });
    await eventually(async () => assert.match(await results.getByRole("columnheader", { name: /Cost/ }).innerText(), /as if on m5a\.large/));
    assert.deepEqual(tab.browserErrors, []);
  });
});
