// A large launch asks first; the server keeps to a budget, which is raised in Runs; estimates stand beside what came of them.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner, readTable } from "./planner.js";
import { startServer } from "./server.js";

describe("estimates and budgets", { concurrency: false }, () => {
  let folder, server, browser, page, planner, browserErrors, dialog, budget;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sweep-budget-"));
    await writeFile(join(folder, "train.py"), "import time\ntime.sleep(1)\n");
    server = await startServer(folder);
    browser = await launchBrowser();
    ({ page, browserErrors } = await newPage(browser));
    planner = new Planner(page);
    dialog = page.getByRole("dialog", { name: "Launch" });
    budget = page.getByRole("textbox", { name: "Budget" });
    await page.goto(server.startAddress);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  afterEach(() => assert.deepEqual(browserErrors.splice(0), []));

  const shot = async (name) => {
    if (!process.env.SCREENSHOTS) return;
    for (const [width, height] of [[1440, 900], [390, 844]]) {
      for (const scheme of ["light", "dark"]) {
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme: scheme });
        await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}-${width}-${scheme}.png`) });
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.emulateMedia({ colorScheme: "light" });
  };
  const runs = () => page.getByRole("table", { name: "Runs" });
  const launchButtons = () => page.getByRole("button", { name: /^Launch [\d,]+ trials?$/ });

  test("a launch above the bounds asks first, and says what will run", async () => {
    await planner.paste('grid run --name large train.py --n "range(2000)"');
    await planner.hasTrials(2000);
    await planner.runTime.fill("");
    await planner.command.press("Control+Enter");
    await eventually(async () => assert.ok(await dialog.isVisible()));
    // The dialog's button is the only one, and has the focus.
    assert.equal(await launchButtons().count(), 1);
    const confirm = dialog.getByRole("button", { name: "Launch 2,000 trials" });
    await eventually(async () => assert.ok(await confirm.evaluate((button) => button === document.activeElement)));
    const text = await dialog.innerText();
    assert.match(text, /train\.py.* as large: 2,000 trials/);
    assert.match(text, /cluster local, priced as if on m5a\.large/i);
    assert.match(text, /unknown: no run time/i);
    assert.match(text, /Budget\s+none/i);
    await shot("launch-dialog");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await eventually(async () => assert.ok(await dialog.isHidden()));
    assert.equal(await launchButtons().count(), 1);
    assert.equal(await runs().count(), 0);
    await planner.runTime.fill("1 hour");
    await planner.launch.click();
    await eventually(async () => assert.match(await dialog.innerText(), /\$1\d\d\.\d\d – \$2\d\d\.\d\d, likely \$17\d\.\d\d/));
    await page.keyboard.press("Escape");
    await eventually(async () => assert.ok(await dialog.isHidden()));
  });

  test("money is a bound too, is kept in the browser, and Enter twice launches once", async () => {
    await planner.paste('grid run --name dear train.py --n "range(2)"');
    await planner.hasTrials(2);
    await planner.runTime.fill("5000 hours");
    await planner.launch.click();
    await eventually(async () => assert.ok(await dialog.isVisible()));
    await dialog.getByRole("textbox", { name: "Cost in USD" }).fill("0.01");
    await page.keyboard.press("Escape");
    await page.reload();
    await planner.paste('grid run --name dear train.py --n "range(2)"');
    await planner.hasTrials(2);
    await planner.runTime.fill("1 hour");
    await planner.launch.click();
    await eventually(async () => assert.ok(await dialog.isVisible()));
    assert.equal(await dialog.getByRole("textbox", { name: "Cost in USD" }).inputValue(), "0.01");
    await dialog.getByRole("textbox", { name: "Cost in USD" }).fill("100");
    await dialog.getByRole("button", { name: "Launch 2 trials" }).focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await eventually(async () => assert.equal((await readTable(runs())).length, 1));
    await eventually(async () => assert.match((await readTable(runs()))[0].Status, /completed/), 30_000);
    assert.equal((await readTable(runs())).length, 1);
  });

  test("a small launch takes one click, and keeps its estimate", async () => {
    await planner.tab("Plan").click();
    await planner.paste('grid run --name small train.py --n "range(3)"');
    await planner.runTime.fill("2 s");
    await planner.launch.click();
    await eventually(async () => assert.match((await readTable(runs()))[0].Run, /^small/));
    assert.ok(await dialog.isHidden());
    const region = page.getByRole("region", { name: "Run small" });
    await eventually(async () => assert.match(await region.innerText(), /Estimated 6(\.0)? s of run time and \$0\.0043 .*by the stated run time 2 s/));
    await eventually(async () => assert.match((await readTable(runs()))[0].Status, /completed/), 30_000);
    await planner.tab("Results").click();
    const results = page.getByRole("table", { name: "Results" });
    await eventually(async () => {
      const rows = await readTable(results);
      assert.equal(rows.length, 3);
      assert.ok(rows.every((row) => row["Estimated time"] === "2 s" && /^(<|\$)/.test(row["Estimated cost"])), JSON.stringify(rows));
    });
    const section = page.getByRole("region", { name: "Results" });
    assert.match(await section.innerText(), /3 completed trials: 6 s estimated, .* taken .*estimated, \$.* billed as if on m5a\.large/);
    await shot("results-estimated");
  });

  test("the server keeps to a budget, which is raised in Runs", async () => {
    await planner.tab("Plan").click();
    // A minute each is $0.0014, and so is what a second of it is billed.
    await planner.paste('grid run --name bounded train.py --n "range(6)"');
    await planner.hasTrials(6);
    await planner.runTime.fill("50 s");
    await page.getByRole("checkbox", { name: /^Enforce the budget/ }).check();
    await eventually(async () => assert.match(await page.locator("#launch-note").innerText(), /Enter the Budget/));
    assert.ok(await planner.launch.isDisabled());
    await budget.fill("0.005");
    await shot("plan-budget");
    await planner.launch.click();
    const trials = page.getByRole("table", { name: "Trials of bounded" });
    const count = async (pattern) => (await readTable(trials)).filter((row) => pattern.test(row.Status)).length;
    await eventually(async () => assert.equal(await count(/^held/), 3, JSON.stringify(await readTable(trials))), 30_000);
    await eventually(async () => assert.equal(await count(/^completed/), 3), 30_000);
    const region = page.getByRole("region", { name: "Run bounded" });
    assert.match(await region.innerText(), /3 trials are held: of the budget of \$0\.0050, \$0\.0043 is spent/);
    assert.equal(await budget.inputValue(), "0.005");
    await shot("runs-budget");
    await budget.fill("1");
    await region.getByRole("button", { name: "Release", exact: true }).click();
    await eventually(async () => assert.equal(await count(/^completed/), 6), 30_000);
    assert.equal(await budget.inputValue(), "1");
    assert.match(await region.innerText(), /\$0\.0086 spent, up to \$0\.00 by what runs/);
  });
});
