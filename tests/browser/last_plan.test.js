// While a word is half typed the last readable plan stays in view, at rest, and nothing on the page moves.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner } from "./planner.js";
import { EXAMPLES, startServer } from "./server.js";

const SIZES = [
  { name: "wide", width: 1440, height: 900 },
  { name: "narrow", width: 390, height: 844 },
];

describe("the last readable plan", { concurrency: false }, () => {
  let server, browser, page, planner, browserErrors, close;

  before(async () => {
    server = await startServer(EXAMPLES);
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(async () => {
    await close();
    assert.deepEqual(browserErrors.filter((line) => !/401/.test(line)), []);
  });

  async function open(viewport) {
    ({ page, browserErrors, close } = await newPage(browser, { viewport }));
    planner = new Planner(page);
    await page.goto(server.origin);
    await planner.hasTrials(4);
  }

  /** A function that reads positions and texts in one call into the page. Positions are of the document: a browser may have scrolled to the cursor. */
  async function layoutReader() {
    const parts = await Promise.all([planner.grid, planner.estimate, planner.command].map((part) => part.elementHandle()));
    const read = ([grid, estimate, command]) => ({
      grid: grid.getBoundingClientRect().top + scrollY,
      estimate: estimate.getBoundingClientRect().top + (estimate.getBoundingClientRect().left > innerWidth / 2 ? 0 : scrollY),
      rows: Number(grid.getAttribute("aria-rowcount")),
      estimateText: estimate.innerText,
      typed: command.value,
    });
    const together = await page.evaluateHandle((parts) => parts, parts);
    return () => together.evaluate(read);
  }

  for (const { name, ...viewport } of SIZES) {
    test(`no key of the examples moves the grid or the Estimate, or empties them: ${name}`, async () => {
      await open(viewport);
      const first = await planner.command.inputValue();
      assert.equal(first.length, 84);
      const examples = page.getByRole("combobox", { name: "Examples" });
      const texts = [first];
      for (const label of await examples.locator("option").allInnerTexts()) {
        if (label === "Examples") continue;
        await examples.selectOption({ label });
        texts.push(await planner.command.inputValue());
      }
      assert.ok(texts.length > 6);
      await planner.paste(first);
      await planner.hasTrials(4);
      const layout = await layoutReader();
      const start = await layout();
      for (const text of texts) {
        // The first key replaces what is there.
        await planner.command.press("Control+a");
        for (const key of text) {
          await page.keyboard.insertText(key);
          const now = await layout();
          assert.ok(now.rows > 1, `rows at ${now.typed}`);
          assert.doesNotMatch(now.estimateText, /No trials chosen|Nothing to price/, now.typed);
          assert.equal(now.grid, start.grid, `the grid at ${now.typed}`);
          assert.equal(now.estimate, start.estimate, `the Estimate at ${now.typed}`);
        }
        await planner.hasCommand(text);
        await eventually(async () => assert.ok(await planner.launch.isEnabled()));
      }
    });
  }

  test("it is said to be of the text before, rests, and is not launched", async () => {
    await open(SIZES[0]);
    await planner.select(2).uncheck();
    await eventually(async () => assert.equal(await planner.launch.innerText(), "Launch 3 trials"));
    const values = await planner.values(4);
    const text = await planner.command.inputValue();
    await planner.command.press("End");
    await page.keyboard.type(' "');
    await eventually(async () => assert.ok(await planner.launch.isDisabled()));
    assert.equal(await planner.launch.innerText(), "Launch 3 trials");
    await page.getByText("The command has an error: see Problems.").waitFor();
    const region = page.getByRole("region", { name: "Trials" });
    assert.match(await region.getByRole("status").innerText(), /^3 of 4 trials chosen, of the text before$/);
    assert.match(await planner.estimate.innerText(), /3 of 4 trials, of the text before/);
    assert.deepEqual(await planner.values(4), values);
    assert.ok(await planner.select(1).isDisabled());
    for (const name of ["All", "None", "Invert"]) assert.ok(await region.getByRole("button", { name, exact: true }).isDisabled(), name);
    await planner.grid.press("Control+a");
    await page.keyboard.press("Space");
    assert.equal(await planner.launch.innerText(), "Launch 3 trials");
    // The choice is still there when the text can be read again.
    await planner.paste(text);
    await eventually(async () => assert.ok(await planner.launch.isEnabled()));
    assert.equal(await planner.launch.innerText(), "Launch 3 trials");
    assert.match(await region.getByRole("status").innerText(), /^3 of 4 trials chosen$/);
  });

  test("an empty box is no error", async () => {
    await open(SIZES[0]);
    for (const text of ["", " \n", "# nothing yet"]) {
      await planner.paste(text);
      await planner.hasTrials(0);
      assert.equal(await planner.problems.count(), 0);
      assert.equal(await planner.command.getAttribute("aria-invalid"), null);
      assert.ok(await planner.launch.isDisabled());
      await page.getByText("There is no command to launch yet.").waitFor();
      await page.getByText("Paste a grid run command above, or start from an example.").waitFor();
      assert.doesNotMatch(await page.getByRole("main").innerText(), /\berrors?\b/i);
    }
    // The first keys bring the last plan back to look at, until there is another.
    await page.keyboard.type("\ngri");
    await planner.hasTrials(4);
    assert.ok(await planner.launch.isDisabled());
  });
});
