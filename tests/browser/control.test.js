// Trials that fail, that are held after too many failures, that are retried; and the page on a slow network.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner, readTable } from "./planner.js";
import { startServer } from "./server.js";

const SCRIPT = `import os, sys
sys.exit(0 if os.path.exists(sys.argv[sys.argv.index("--data") + 1]) else 3)
`;

describe("runs under way", { concurrency: false }, () => {
  let folder, server, browser, page, planner, browserErrors, trials;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sweep-control-"));
    await writeFile(join(folder, "train.py"), SCRIPT);
    server = await startServer(folder);
    browser = await launchBrowser();
    ({ page, browserErrors } = await newPage(browser));
    planner = new Planner(page);
    trials = page.getByRole("table", { name: "Trials of sick" });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  afterEach(() => assert.deepEqual(browserErrors.splice(0), []));

  const statuses = async (count, pattern) =>
    eventually(async () => {
      const rows = await readTable(trials);
      const matching = rows.filter((row) => pattern.test(row.Status));
      assert.equal(matching.length, count, JSON.stringify(rows.map((row) => row.Status)));
    }, 30_000);

  test("five failures in a row hold the rest, which can be released", async () => {
    await page.goto(server.startAddress);
    await planner.paste(`grid run --name sick train.py --data ${join(folder, "data")} --n "range(0, 8)"`);
    await planner.hasTrials(8);
    await page.getByRole("spinbutton", { name: "Parallel trials" }).fill("1");
    await planner.launch.click();
    await planner.tab("Runs").click();
    await statuses(3, /^held/);
    await statuses(5, /^failed/);
    await page.getByRole("button", { name: "Release 3 held trials" }).click();
    await statuses(8, /^failed.*exit status 3/s);
  });

  test("failed trials are tried again: one, then all", async () => {
    await writeFile(join(folder, "data"), "");
    await page.getByRole("button", { name: "Retry trial 2", exact: true }).click();
    await statuses(1, /^completed/);
    await page.getByRole("button", { name: "Retry 7 failed trials" }).click();
    await statuses(8, /^completed/);
    assert.equal(await page.getByRole("button", { name: /^Retry/ }).count(), 0);
  });

  /** Waits until the answers to these requests have come to the page and it has shown what it makes of them. */
  const arrived = async (requests) => {
    for (const request of requests) await (await request.response()).finished();
    // An answer that is asked for later takes the same way; then two frames, the first of which may have begun before.
    await page.evaluate(async (url) => {
      await (await fetch(url)).text();
      for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    }, requests[0].url());
  };

  test("an answer that comes late does not undo what was heard since", async () => {
    let letThrough;
    const gate = new Promise((resolve) => (letThrough = resolve));
    const held = [];
    await page.route(/\/trials\?/, async (route) => {
      const response = await route.fetch();
      held.push(route.request());
      await gate;
      await route.fulfill({ response });
    });
    await planner.tab("Plan").click();
    await planner.paste(`grid run --name late train.py --data ${join(folder, "data")} --n "[1, 2]"`);
    await planner.hasTrials(2);
    await planner.launch.click();
    const late = page.getByRole("table", { name: "Trials of late" });
    const run = page.getByRole("table", { name: "Runs", exact: true }).getByRole("row", { name: /late/ });
    await eventually(async () => assert.match(await run.innerText(), /completed/), 30_000);
    assert.ok(held.length > 0, "an answer is held back");
    letThrough();
    await arrived(held);
    await page.unroute(/\/trials\?/);
    const rows = await readTable(late);
    assert.deepEqual(rows.map((row) => row.Status.trim()), ["completed", "completed"]);
  });

  test("a launch whose answer is lost is repeated, also by a page opened anew, and runs once", async () => {
    let lost = 0;
    await page.route(/\/runs$/, async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      await route.fetch();
      lost += 1;
      return route.abort();
    });
    await planner.tab("Plan").click();
    await planner.paste(`grid run --name once train.py --data ${join(folder, "data")} --n "[1, 2]"`);
    await planner.hasTrials(2);
    await planner.launch.click();
    const note = page.getByRole("status").filter({ hasText: "No answer came" });
    await note.waitFor();
    assert.equal(lost, 1);
    await page.unroute(/\/runs$/);
    // The browser logs the request that was cut off.
    assert.ok(browserErrors.splice(0).every((line) => /ERR_FAILED/.test(line)));

    await page.waitForFunction(() => location.hash.includes("once"));
    await page.reload();
    await planner.hasTrials(2);
    await planner.launch.click();
    const runs = page.getByRole("table", { name: "Runs", exact: true });
    await eventually(async () => {
      const rows = await readTable(runs);
      const once = rows.filter((row) => /^once/.test(row.Run));
      assert.equal(once.length, 1, JSON.stringify(rows));
      assert.match(once[0].Status, /completed/);
    }, 30_000);
  });
});
