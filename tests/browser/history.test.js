// One history over text, config file, settings and selection: undo and redo, and where the cursor is after them.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner } from "./planner.js";
import { EXAMPLES, startServer } from "./server.js";

const START = 'grid run a.py --x "[1, 2, 3]"';
const YAML = "compute:\n  train: {cpus: 2}\n";

describe("the history", { concurrency: false }, () => {
  let server, browser, page, planner, browserErrors, close;

  before(async () => {
    server = await startServer(EXAMPLES);
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  // A page of its own for each test: its history begins with START.
  beforeEach(async () => {
    ({ page, browserErrors, close } = await newPage(browser));
    planner = new Planner(page);
    await page.goto(`${server.origin}/#c=${encodeURIComponent(START)}&seed=7`);
    await planner.hasTrials(3);
  });
  afterEach(async () => {
    await close();
    // Nobody has signed in.
    assert.deepEqual(browserErrors.filter((line) => !/401/.test(line)), []);
  });

  const control = (role, name) => page.getByRole(role, { name, exact: true });
  const setCursor = (start, end = start) =>
    planner.command.evaluate((box, [start, end]) => (box.focus(), box.setSelectionRange(start, end)), [start, end]);

  test("a page begins with nothing to undo", async () => {
    assert.ok(await planner.undo.isDisabled());
    assert.ok(await planner.redo.isDisabled());
    await planner.command.press("Control+z");
    await planner.hasCommand(START);
  });

  test("words, pauses apart, are steps of typing; the cursor goes along", async () => {
    await setCursor(START.length);
    await page.keyboard.type(" --lr 1");
    await page.keyboard.press("Control+z");
    await planner.hasCommand(`${START} --lr `);
    await page.keyboard.press("Control+z");
    await planner.hasCommand(`${START} `);
    await planner.hasCursor(planner.command, START.length + 1);
    await page.keyboard.press("Control+z");
    await planner.hasCommand(START);
    await planner.hasCursor(planner.command, START.length);
    assert.ok(await planner.undo.isDisabled());
    for (const keys of ["Control+y", "Control+Shift+z", "Control+Shift+Z"]) await page.keyboard.press(keys);
    await planner.hasCommand(`${START} --lr 1`);
    await planner.hasCursor(planner.command, START.length + 7);
    assert.ok(await planner.redo.isDisabled());
  });

  test("deletions in a row are one step; what is typed over a selection is another", async () => {
    await setCursor(START.length);
    for (let i = 0; i < 5; i += 1) await page.keyboard.press("Backspace");
    await planner.hasCommand(START.slice(0, -5));
    await page.keyboard.press("Control+z");
    await planner.hasCommand(START);
    await planner.hasCursor(planner.command, START.length);
    await setCursor(9, 13);
    await page.keyboard.type("b.py");
    await planner.hasCommand(START.replace("a.py", "b.py"));
    await page.keyboard.press("Control+z");
    await planner.hasCommand(START);
    await planner.hasCursor(planner.command, 9, 13);
  });

  test("a paste is one step", async () => {
    await setCursor(START.length);
    await page.keyboard.type(" -");
    await paste(page, planner.command, "-y 2 --z 3");
    await page.keyboard.type("4");
    await planner.hasCommand(`${START} --y 2 --z 34`);
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+z");
    await planner.hasCommand(`${START} -`);
    await planner.hasCursor(planner.command, START.length + 2);
  });

  test("after a fix the earlier command is back whole, with the cursor where it was", async () => {
    const wrong = "grid run a.py --x [1, 2]";
    await planner.paste(wrong);
    await setCursor(4);
    await planner.problems.getByRole("button").last().click();
    await planner.hasCommand('grid run a.py --x "[1, 2]"');
    await planner.hasTrials(2);
    await planner.hasCursor(planner.command, 'grid run a.py --x "[1, 2]"'.length);
    await page.keyboard.press("Control+z");
    await planner.hasCommand(wrong);
    await planner.hasCursor(planner.command, 4);
    await page.keyboard.press("Control+y");
    await planner.hasCommand('grid run a.py --x "[1, 2]"');
    await planner.hasCursor(planner.command, 'grid run a.py --x "[1, 2]"'.length);
    // The browser's own menu asks for the same.
    const stopped = await planner.command.evaluate((box) => {
      const event = new InputEvent("beforeinput", { inputType: "historyUndo", bubbles: true, cancelable: true });
      return !box.dispatchEvent(event);
    });
    assert.ok(stopped, "the browser's own undo does not come in between");
    await planner.hasCommand(wrong);
  });

  const CONTROLS = [
    ["Strategy", () => control("combobox", "Strategy").selectOption("random_search")],
    ["Instance type", () => planner.chooseMachine("g4dn.xlarge")],
    ["Spot", () => control("switch", "Spot").click()],
    ["Trials to run", async () => (await control("spinbutton", "Trials to run").fill("2"), page.keyboard.press("Enter"))],
    ["Seed", async () => (await control("spinbutton", "Seed").fill("11"), page.keyboard.press("Enter"))],
    ["Draw another seed", () => control("button", "Draw another seed").click()],
    ["Parallel trials", () => control("spinbutton", "Parallel trials").fill("3")],
    ["Run time", () => planner.runTime.fill("5 minutes")],
    ["Select trial 2", () => planner.select(2).click()],
    ["Invert", () => control("button", "Invert").click()],
    ["Config file", async () => control("button", "Config file").click()],
    ["Examples", () => control("combobox", "Examples").selectOption({ label: "Range" })],
    ["a link", () => page.evaluate(() => (location.hash = "c=grid+run+linked.py&seed=5"))],
  ];

  /** Everything of the plan that the page shows. */
  const shown = async () => ({
    command: await planner.command.inputValue(),
    config: await planner.config.count(),
    strategy: await control("combobox", "Strategy").inputValue(),
    machine: await control("combobox", "Instance type").inputValue(),
    spot: await control("switch", "Spot").getAttribute("aria-checked"),
    trials: await control("spinbutton", "Trials to run").inputValue(),
    seed: await control("spinbutton", "Seed").inputValue(),
    parallel: await control("spinbutton", "Parallel trials").inputValue(),
    runTime: await planner.runTime.inputValue(),
    launch: await planner.launch.innerText(),
  });

  for (const [name, change] of CONTROLS) {
    test(`one step: ${name}`, async () => {
      const first = await shown();
      await change();
      const second = await eventually(async () => {
        const now = await shown();
        assert.notDeepEqual(now, first);
        return now;
      });
      await planner.undo.click();
      await eventually(async () => assert.deepEqual(await shown(), first));
      assert.ok(await planner.undo.isDisabled(), "it was one step");
      await planner.redo.click();
      await eventually(async () => assert.deepEqual(await shown(), second));
      await page.keyboard.press("Control+z");
      await eventually(async () => assert.deepEqual(await shown(), first));
    });
  }

  test("a control is undone by keys on it, and leaves the cursor of the command alone", async () => {
    await setCursor(5, 8);
    const strategy = control("combobox", "Strategy");
    await strategy.selectOption("none");
    await eventually(async () => assert.match(await planner.command.inputValue(), /--strategy none/));
    await strategy.focus();
    await page.keyboard.press("Control+z");
    await planner.hasCommand(START);
    assert.ok(await strategy.evaluate((element) => element === document.activeElement));
    assert.deepEqual(await planner.command.evaluate((box) => [box.selectionStart, box.selectionEnd]), [5, 8]);
  });

  test("a new change drops what could be redone", async () => {
    await control("switch", "Spot").click();
    await planner.undo.click();
    await planner.hasCommand(START);
    assert.ok(await planner.redo.isEnabled());
    await planner.runTime.fill("1 hour");
    await eventually(async () => assert.ok(await planner.redo.isDisabled()));
    await planner.undo.click();
    await eventually(async () => assert.equal(await planner.runTime.inputValue(), ""));
  });

  test("a choice of trials comes back with the text it was made for", async () => {
    await planner.select(2).uncheck();
    await eventually(async () => assert.equal(await planner.launch.innerText(), "Launch 2 trials"));
    await planner.paste("grid run b.py");
    await planner.hasTrials(1);
    await planner.undo.click();
    await planner.hasTrials(3);
    assert.equal(await planner.launch.innerText(), "Launch 2 trials");
    assert.ok(!(await planner.select(2).isChecked()));
    await planner.undo.click();
    await eventually(async () => assert.equal(await planner.launch.innerText(), "Launch 3 trials"));
  });

  test("a config file is typed, undone from its own box, and back after it was removed", async () => {
    await control("button", "Config file").click();
    await planner.config.fill(YAML);
    await planner.hasCommand(START.replace("grid run", "grid run --config config.yml"));
    await control("button", "Remove the config file").click();
    await planner.hasCommand(START);
    await page.keyboard.press("Control+z");
    await eventually(async () => assert.equal(await planner.config.inputValue(), YAML));
    await planner.config.press("Control+z");
    await eventually(async () => assert.equal(await planner.config.inputValue(), ""));
    await planner.hasCommand(START);
    await planner.hasCursor(planner.config, 0);
    await planner.config.press("Control+z");
    await eventually(async () => assert.equal(await planner.config.count(), 0));
  });

  test("a number that is not taken yet goes first", async () => {
    await control("switch", "Spot").click();
    const seed = control("spinbutton", "Seed");
    await seed.fill("99");
    await seed.press("Control+z");
    await eventually(async () => assert.equal(await seed.inputValue(), "7"));
    assert.equal(await control("switch", "Spot").getAttribute("aria-checked"), "true");
    await seed.press("Control+z");
    await eventually(async () => assert.equal(await control("switch", "Spot").getAttribute("aria-checked"), "false"));
  });

  test("other text boxes and other tabs have nothing of it", async () => {
    await control("switch", "Spot").click();
    await eventually(async () => assert.match(await planner.command.inputValue(), /--use_spot/));
    await planner.tab("Runs").click();
    await page.keyboard.press("Control+z");
    await planner.tab("Plan").click();
    assert.match(await planner.command.inputValue(), /--use_spot/);
    await page.keyboard.press("Control+z");
    await planner.hasCommand(START);
  });

  test("a text box of its own has its own undo", async () => {
    await control("switch", "Spot").click();
    await eventually(async () => assert.match(await planner.command.inputValue(), /--use_spot/));
    await page.getByRole("banner").getByRole("button").last().click();
    const user = page.getByRole("dialog").getByRole("textbox", { name: "User" });
    await user.fill("somebody");
    await user.press("Control+z");
    await eventually(async () => assert.equal(await user.inputValue(), ""));
    await page.keyboard.press("Escape");
    assert.match(await planner.command.inputValue(), /--use_spot/);
  });

  test("a step out of sight is scrolled to", async () => {
    const long = Array.from({ length: 60 }, (_, line) => `grid run a.py --line ${line}`).join("\n");
    await planner.paste(long);
    await setCursor(long.length);
    await page.keyboard.type("9");
    /** How far the box's scroller is from its top. */
    const scrolled = (to) =>
      planner.command.evaluate((box, to) => {
        let scroller = box;
        while (getComputedStyle(scroller).overflowY !== "auto") scroller = scroller.parentElement;
        if (to !== undefined) scroller.scrollTop = to;
        return scroller.scrollTop;
      }, to);
    await scrolled(0);
    await page.keyboard.press("Control+z");
    await planner.hasCommand(long);
    await planner.hasCursor(planner.command, long.length);
    assert.ok((await scrolled()) > 500);
  });

  test("on a Mac it is Cmd, and Ctrl+Y is the system's", async () => {
    await close();
    ({ page, browserErrors, close } = await newPage(browser));
    planner = new Planner(page);
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "platform", { get: () => "MacIntel" }));
    await page.goto(`${server.origin}/#c=${encodeURIComponent(START)}&seed=7`);
    await planner.hasTrials(3);
    await control("switch", "Spot").click();
    await page.keyboard.press("Control+z");
    assert.match(await planner.command.inputValue(), /--use_spot/);
    await page.keyboard.press("Meta+z");
    await planner.hasCommand(START);
    await page.keyboard.press("Control+y");
    await planner.hasCommand(START);
    await page.keyboard.press("Meta+Shift+z");
    await eventually(async () => assert.match(await planner.command.inputValue(), /--use_spot/));
  });

  test("the buttons work by keyboard, and hand the focus on when there is no more", async () => {
    await control("switch", "Spot").click();
    await control("switch", "Spot").click();
    await eventually(async () => assert.ok(await planner.undo.isEnabled()));
    await planner.undo.focus();
    await page.keyboard.press("Enter");
    await eventually(async () => assert.match(await planner.command.inputValue(), /--use_spot/));
    assert.ok(await planner.undo.evaluate((element) => element === document.activeElement));
    await page.keyboard.press("Enter");
    await planner.hasCommand(START);
    await eventually(async () => assert.ok(await planner.command.evaluate((element) => element === document.activeElement)));
  });
});

/** Pastes as a browser does, from the clipboard's event on. */
async function paste(page, box, text) {
  await box.evaluate((box, text) => {
    const before = { inputType: "insertFromPaste", data: text, bubbles: true, cancelable: true };
    box.dispatchEvent(new InputEvent("beforeinput", before));
    box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
    box.dispatchEvent(new InputEvent("input", before));
  }, text);
}
