// The environment and the Python of trials: typed, shared, undone, launched, and what the page and the server refuse.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner } from "./planner.js";
import { startServer } from "./server.js";

const SCRIPT = `import os, sys
print(os.environ["MODE"], os.environ["NOTE"], os.environ.get("OMP_NUM_THREADS"))
`;

describe("environment and Python", { concurrency: false }, () => {
  let folder, server, browser, page, planner, browserErrors, environment, python;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sweep-environment-"));
    await writeFile(join(folder, "train.py"), SCRIPT);
    server = await startServer(folder);
    browser = await launchBrowser();
    ({ page, browserErrors } = await newPage(browser));
    planner = new Planner(page);
    environment = page.getByRole("textbox", { name: "Environment", exact: true });
    python = page.getByRole("textbox", { name: "Python", exact: true });
    await page.goto(server.startAddress);
    await planner.paste('grid run --name env train.py --n "[1, 2]"');
    await planner.hasTrials(2);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  afterEach(() => assert.deepEqual(browserErrors.splice(0), []));

  const describedBy = async (box) => page.locator(`#${await box.getAttribute("aria-describedby")}`).innerText();

  test("an error stands at its place and keeps the plan from its launch", async () => {
    await environment.fill("MODE=quick\n1X=2");
    await eventually(async () => assert.equal(await environment.getAttribute("aria-invalid"), "true"));
    assert.match(await describedBy(environment), /^line 2: a name has letters/);
    assert.equal(await page.locator("#environment").locator("xpath=preceding-sibling::pre//span").innerText(), "1X=2");
    assert.ok(await planner.launch.isDisabled());
    assert.match(await page.getByRole("status").filter({ hasText: "Environment" }).innerText(), /see Environment/);
    await environment.fill("MODE=quick");
    await eventually(async () => assert.equal(await environment.getAttribute("aria-invalid"), null));
    await python.fill("~/venv/bin/python3");
    assert.match(await describedBy(python), /path in full/);
    await eventually(async () => assert.ok(await planner.launch.isDisabled()));
    await python.fill("");
    await eventually(async () => assert.ok(await planner.launch.isEnabled()));
  });

  test("both are steps of the history and part of the link", async () => {
    await environment.fill("MODE=quick\nNOTE=a b & c");
    await python.fill("/nonexistent/bin/python3");
    await planner.undo.click();
    await eventually(async () => assert.equal(await python.inputValue(), ""));
    assert.equal(await environment.inputValue(), "MODE=quick\nNOTE=a b & c");
    await planner.undo.click();
    await eventually(async () => assert.equal(await environment.inputValue(), "MODE=quick"));
    await planner.redo.click();
    await planner.redo.click();
    await eventually(async () => assert.equal(await python.inputValue(), "/nonexistent/bin/python3"));
    await eventually(async () => assert.match(page.url(), /env=MODE.*&python=/));
    await page.reload();
    await eventually(async () => assert.equal(await environment.inputValue(), "MODE=quick\nNOTE=a b & c"));
    assert.equal(await python.inputValue(), "/nonexistent/bin/python3");
  });

  test("the server refuses a Python that is not there, and runs the trials with the variables", async () => {
    await planner.hasTrials(2);
    await eventually(async () => assert.ok(await planner.launch.isEnabled()));
    await planner.launch.click();
    const refused = page.getByRole("status").filter({ hasText: "does not exist on the server" });
    await refused.waitFor();
    assert.ok(browserErrors.splice(0).every((error) => error.includes("400")));
    await python.fill("python3");
    await eventually(async () => assert.equal(await refused.count(), 0));
    await planner.launch.click();
    await page.getByRole("table", { name: "Trials of env" }).waitFor();
    await page.getByRole("button", { name: /^Output of trial 1\b/ }).click();
    const output = page.getByRole("log", { name: "Output" });
    await eventually(async () => assert.match(await output.innerText(), /^quick a b & c \d+/), 20_000);
    const sheet = page.getByRole("dialog");
    await eventually(async () => assert.match(await sheet.innerText(), /python3 \(from the run\) · \d+ threads?/), 20_000);
  });
});
