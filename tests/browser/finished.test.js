// Finished trials of a script: they are left out of the next plan, and say how long its trials will take.
import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner, readTable } from "./planner.js";
import { startServer } from "./server.js";

const TRAINED_WITHIN_MS = 240_000;
// It trains in no time.
const SCRIPT = `import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int)
parser.add_argument("--batch_size", type=int)
options = parser.parse_args()
for epoch in range(1, options.epochs + 1):
    print(f"epoch={epoch} loss={1 / epoch / options.batch_size:.4f} accuracy={1 - 0.5 / epoch:.4f}", flush=True)
`;
/** What a person sees with the fit in use: wide and narrow, light and dark. */
async function takeScreenshots(page, folder) {
  const size = page.viewportSize();
  for (const width of [1440, 390]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 1000 });
      await page.screenshot({ path: `${folder}/finished-${width}-${colorScheme}.png`, fullPage: true });
    }
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize(size);
}

const COMMAND = 'grid run train.py --epochs "[1, 3, 9]" --batch_size "[16, 64]"';
const WIDER = 'grid run train.py --epochs "[1, 3, 9, 18]" --batch_size "[16, 64]"';

describe("trials that have finished", { concurrency: false }, () => {
  let source, server, browser, page, browserErrors, planner, line, offer, hint;

  before(async () => {
    source = await mkdtemp(join(tmpdir(), "sweep-source-"));
    await writeFile(join(source, "train.py"), SCRIPT);
    server = await startServer(source, "[clusters.local]\nslots = 2\n");
    browser = await launchBrowser();
    ({ page, browserErrors } = await newPage(browser));
    planner = new Planner(page);
    line = page.getByRole("status").filter({ hasText: "finished already" }).first();
    offer = page.locator("#fit-offer");
    hint = page.locator("#run-time-hint");
    // How long each trial ran is made even: on a busy machine the real times say nothing of the epochs.
    await page.route("**/v1/core/finished-trials?*", async (route) => {
      const response = await route.fetch();
      const list = await response.json();
      for (const trial of list.runs.flatMap((run) => run.trials)) trial.runSeconds = 1.1 * Number(trial.values[0]);
      await route.fulfill({ response, json: list });
    });
    await page.goto(server.startAddress);
    await planner.command.waitFor({ timeout: TRAINED_WITHIN_MS });
    await planner.paste(COMMAND);
    await planner.hasTrials(6);
    await planner.launch.click();
    const runs = page.getByRole("table", { name: "Runs", exact: true });
    await eventually(async () => {
      const [row] = await readTable(runs);
      assert.match(Object.values(row ?? {}).join(" | "), /completed/i);
    }, TRAINED_WITHIN_MS);
    await planner.tab("Plan").click();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    if (source) await rm(source, { recursive: true, force: true });
  });

  const button = (name) => page.getByRole("button", { name, exact: true });
  const hasLine = (words) => eventually(async () => assert.match(await line.innerText(), words));
  const launches = (words) => eventually(async () => assert.equal(await planner.launch.innerText(), words));

  test("are marked with what came of them, and unticked with what that saves", async () => {
    await hasLine(/^6 of 6 trials have finished already: \$0\.\d+ saved\./);
    const trial = await planner.trial(1);
    assert.match(trial.Finished, /^finished: [\d.]+ (s|min).*, \$0\.\d+, accuracy 0\.\d+, .*loss \d/);
    assert.equal(await planner.select(1).isChecked(), false);
    await launches("Launch 0 trials");
    assert.equal(await planner.launch.isDisabled(), true);
    assert.match(await page.locator("#launch-note").innerText(), /All of these trials have finished already/);
  });

  test("stay unticked where the plan grows, until a person wants them", async () => {
    await planner.paste(WIDER);
    await planner.hasTrials(8);
    await hasLine(/^6 of 8 trials have finished already: /);
    await launches("Launch 2 trials");
    // The first-listed argument varies fastest: 18 epochs are trials 4 and 8.
    assert.equal(await planner.select(4).isChecked(), true);
    assert.equal((await planner.trial(4)).Finished, "");

    await button("Run them again").click();
    await launches("Launch 8 trials");
    await hasLine(/6 of 8 trials have finished already; they run again, for about \$0\.\d+\./);
    assert.match(await page.locator("#launch-note").innerText(), /On cluster local\. 6 of 8 trials have finished already; they run again/);
    await planner.undo.click();
    await launches("Launch 2 trials");
    await planner.redo.click();
    await launches("Launch 8 trials");
    await button("Leave them out").click();
    await launches("Launch 2 trials");

    // A single one, ticked by hand, stays so.
    await planner.select(1).click();
    await launches("Launch 3 trials");
    await hasLine(/; 1 of them runs again/);
    await eventually(async () => assert.match(page.url(), /pick=/));
    await page.reload();
    await hasLine(/; 1 of them runs again/);
    await launches("Launch 3 trials");
    await button("Leave them out").click();
    await launches("Launch 2 trials");
  });

  test("are a source of the run time, which one click uses and another leaves", async () => {
    await planner.runTime.fill("10");
    await eventually(async () => assert.match(await offer.innerText(), /^better: fitted from 6 finished trials, leave-one-out error \d+ %/));
    assert.match(await hint.innerText(), /^as typed/);
    assert.equal((await planner.trial(4)).Time, "10 min");
    await button("Use the fit").click();
    await eventually(async () => assert.match(await hint.innerText(), /^fitted from 6 finished trials, leave-one-out error \d+ %/));
    const { Time } = await planner.trial(4);
    assert.match(Time, /^[\d.]+ s|^1 min/, "18 epochs take seconds");
    await eventually(async () => assert.match(page.url(), /fit=1/));
    if (process.env.SCREENSHOTS) await takeScreenshots(page, process.env.SCREENSHOTS);
    await planner.undo.click();
    await eventually(async () => assert.equal((await planner.trial(4)).Time, "10 min"));
    await planner.redo.click();
    await eventually(async () => assert.equal((await planner.trial(4)).Time, Time));
    // What is typed counts again.
    await planner.runTime.fill("20");
    await eventually(async () => assert.equal((await planner.trial(4)).Time, "20 min"));
    await button("Use the fit").click();
    await eventually(async () => assert.equal((await planner.trial(4)).Time, Time));
    assert.deepEqual(browserErrors, []);
  });

  test("are not at hand for somebody who opens the link without them, which is said", async () => {
    await eventually(async () => assert.match(page.url(), /fit=1/));
    const hash = new URL(page.url()).hash;
    const other = await newPage(browser);
    await other.page.goto(`${server.origin}/${hash}`);
    const words = other.page.locator("#fit-offer");
    await eventually(async () => assert.match(await words.innerText(), /^a fit to finished trials was in use, and none are here: the run time is as typed/));
    await other.page.getByRole("button", { name: "Forget the fit", exact: true }).click();
    await eventually(async () => assert.doesNotMatch(other.page.url(), /fit=1/));
    await other.page.close();
  });

  test("of a script that has changed since are other trials", async () => {
    // Nobody's choice: all trials but those that have finished.
    await button("All").click();
    await launches("Launch 8 trials");
    await button("Leave them out").click();
    await launches("Launch 2 trials");
    await appendFile(join(source, "train.py"), "\n# changed\n");
    await page.evaluate(() => window.dispatchEvent(new Event("focus")));
    await launches("Launch 8 trials");
    await eventually(async () => assert.equal(await line.count(), 0));
    assert.equal((await planner.trial(1)).Finished, undefined);
    await eventually(async () => assert.match(await hint.innerText(), /^fitted from 6 finished trials of an earlier version of the script/));
  });
});
