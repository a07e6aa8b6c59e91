// The server's own price list: the page estimates by what the server bills.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner, readTable } from "./planner.js";
import { BINARY, startServer } from "./server.js";

// A cent a second; a minute at least, as AWS bills the machine.
const PRICES = "name,aliases,vcpus,on_demand_usd_per_hour,spot_usd_per_hour,as_of\nm5a.large,,,36,,2026-01-05\nlab-box,our-box,8,7.2,3.6,\n";
const COMMAND = 'grid run quick.py --n "[1, 2]"';

describe("the server's own price list", { concurrency: false }, () => {
  let folder, server, browser, tab, planner, page;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sweep-prices-"));
    await writeFile(join(folder, "quick.py"), "print('accuracy: 0.5')\n");
    await writeFile(join(folder, "own.csv"), PRICES);
    server = await startServer(folder, `prices = ${JSON.stringify(join(folder, "own.csv"))}\n[clusters.local]\nslots = 1\n`);
    browser = await launchBrowser();
    tab = await newPage(browser);
    ({ page } = tab);
    planner = new Planner(page);
    await page.goto(await server.startAddress); // which opens once
    await planner.paste(COMMAND);
    await planner.hasTrials(2);
    await planner.runTime.fill("60 s");
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("is what the Estimate counts by, with its date", async () => {
    await eventually(async () => {
      const cells = await planner.grid.getByRole("gridcell").allInnerTexts();
      assert.equal(cells.filter((cell) => cell === "$0.60").length, 2, cells.join(" | "));
      const text = await planner.estimate.innerText();
      assert.match(text, /List price\s+\$1\.\d+\s+\$36\.00 an hour/);
      assert.match(text, /as if on m5a\.large; price of 2026-01-05, more than 90 days ago/);
    });
    await page.getByRole("button", { name: "Show all assumptions" }).click();
    const sentence = /m5a\.large: \$36\.00 per hour, your own list price as of 2026-01-05, more than 90 days ago\./;
    await eventually(async () => assert.match(await planner.estimate.innerText(), sentence));
  });

  test("gives the same figures at the terminal", async () => {
    const options = ["--estimate", "--prices", join(folder, "own.csv"), "--cluster", "local", "--run-time", "60 s"];
    const printed = execFileSync(BINARY, ["plan", ...options, COMMAND], { encoding: "utf8" });
    const [, likely, low, high] = /^cost {3}(\S+) \((\S+) to (\S+)\)$/m.exec(printed);
    const text = await planner.estimate.innerText();
    assert.ok(text.includes(likely) && text.includes(`likely, ${low} – ${high}`), `${printed}\n${text}`);
  });

  test("is what machines are compared and chosen by", async () => {
    await page.getByRole("button", { name: "Show all machines" }).click();
    await eventually(async () => {
      const rows = await readTable(page.getByRole("table", { name: "Machines" }));
      const row = (machine) => rows.find(({ Machine }) => Machine.startsWith(machine) && /\nlist/.test(Machine));
      assert.match(row("lab-box").Machine, /list · perhaps old$/);
      assert.match(row("lab-box").Cost, /^\$0\.2\d$/);
      assert.match(row("m5a.large").Machine, /list · old price$/);
      assert.match(row("m5a.large").Cost, /^\$1\.\d+$/);
    });
    await planner.machine.fill("our box");
    await eventually(async () => {
      const text = (await planner.machineOptions.first().innerText()).replaceAll(/\s+/g, " ");
      assert.equal(text, "lab-box 8 vCPU · your own price · perhaps old $7.20/h spot $3.60/h");
    });
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/own-prices.png` });
    await page.keyboard.press("Enter");
    await planner.hasCommand('grid run --instance_type lab-box quick.py --n "[1, 2]"');
    await eventually(async () => assert.match(await planner.estimate.innerText(), /\$7\.20 an hour/));
    await planner.undo.click();
    await planner.hasCommand(COMMAND);
  });

  test("is what the run is billed by: the estimate of its billed time", async () => {
    await planner.launch.click();
    await planner.tab("Runs").click();
    const run = page.getByRole("table", { name: "Runs" }).getByRole("row").nth(1);
    await eventually(async () => assert.match(await run.innerText(), /\$1\.20/), 60_000);
    assert.match(await run.innerText(), /as if on m5a\.large/);
    const trials = await readTable(page.getByRole("table", { name: /^Trials of/ }));
    assert.deepEqual(trials.map((trial) => trial.Cost), ["$0.60", "$0.60"]);
    assert.deepEqual(tab.browserErrors, []);
  });

  test("is read at each visit, and said to be missing where it cannot be used", async () => {
    await planner.tab("Plan").click();
    const address = page.url();
    await planner.paste(COMMAND.replace("1, 2", "3, 4, 5")); // Trials that have finished would be left out.
    await planner.hasTrials(3);
    await eventually(() => assert.notEqual(page.url(), address)); // It is kept over a reload.
    await planner.tab("Plan").click();
    await eventually(async () => assert.match(await planner.estimate.innerText(), /\$36\.00 an hour/));
    let answer = PRICES.replace("36", "72");
    await page.route("**/v1/prices", (route) => route.fulfill({ status: 200, contentType: "text/csv", body: answer }));
    await page.reload();
    await eventually(async () => assert.match(await planner.estimate.innerText(), /\$72\.00 an hour/));
    answer = "name,on_demand_usd_per_hour\nlab-box,cheap\n";
    await page.reload();
    const words = /The server's own prices cannot be read \(line 2: `cheap` is no on_demand_usd_per_hour.*\), so the bill may differ from this estimate\./;
    await eventually(async () => {
      const text = await planner.estimate.innerText();
      assert.match(text, words);
      assert.doesNotMatch(text, /\$72\.00/);
    });
    await page.unroute("**/v1/prices");
    await page.reload();
    await eventually(async () => {
      const text = await planner.estimate.innerText();
      assert.match(text, /\$36\.00 an hour/);
      assert.doesNotMatch(text, words);
    });
    assert.deepEqual(tab.browserErrors, []);
  });

  test("is read again when the connection is back", async () => {
    let reads = 0;
    await page.route("**/v1/prices", (route) => {
      reads += 1;
      route.fulfill({ status: 200, contentType: "text/csv", body: reads === 1 ? PRICES : PRICES.replace("36", "72") });
    });
    // The first stream of events ends at once, as when the server is started again.
    await page.route("**/v1/events", (route) => route.fulfill({ status: 200, contentType: "text/event-stream", body: "" }), { times: 1 });
    await page.reload();
    await eventually(async () => assert.match(await planner.estimate.innerText(), /\$72\.00 an hour/));
    await page.unroute("**/v1/prices");
    await page.reload();
    await eventually(async () => assert.match(await planner.estimate.innerText(), /\$36\.00 an hour/));
    assert.deepEqual(tab.browserErrors, []);
  });

  test("is gone with the server's user", async () => {
    await planner.tab("Plan").click();
    await page.getByTitle(/Change the connection/).click();
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.keyboard.press("Escape");
    await eventually(async () => assert.doesNotMatch(await planner.estimate.innerText(), /\$36\.00/));
  });
});
