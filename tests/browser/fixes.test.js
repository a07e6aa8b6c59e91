// The list of problems: every fix that may be meant is a button, and leaves the cursor where it wrote.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner } from "./planner.js";
import { EXAMPLES, startServer } from "./server.js";

// A text, what is clicked, what the text is then and how many trials it stands for.
const FIXES = [
  { text: 'grid run f.py --x "[1, 2"', click: /\]/, fixed: 'grid run f.py --x "[1, 2]"', trials: 2 },
  { text: "grid run f.py --x [1, 2] --y 3", click: /quot/i, fixed: 'grid run f.py --x "[1, 2]" --y 3', trials: 2, cursor: 26 },
  { text: "grid run --stratgy none f.py", click: /--strategy/, fixed: "grid run --strategy none f.py", trials: 1, cursor: 19 },
  { text: "grid run f.py –x 1", click: /--/, fixed: "grid run f.py --x 1", trials: 1 },
  { text: 'grid run f.py --x "[a-z]+"', click: /./, fixed: "grid run f.py --x \"['[a-z]+']\"", trials: 1 },
  // A warning: the plan was launchable before.
  { text: "grid run f.py --x\u00a01", click: /./, fixed: "grid run f.py --x 1", trials: 1 },
];

const YAML = "compute:\n  train:\n    use_spot: true\nhyper_params:\n  params:\n    --lr: \"[0.1, 0.2]\"\n";

describe("fixes", { concurrency: false }, () => {
  let server, browser, page, planner, browserErrors, close;

  before(async () => {
    server = await startServer(EXAMPLES);
    browser = await launchBrowser();
    ({ page, browserErrors, close } = await newPage(browser));
    planner = new Planner(page);
    await page.goto(server.startAddress);
    await planner.hasTrials(4);
  });
  after(async () => {
    await close?.();
    await browser?.close();
    await server?.stop();
  });
  afterEach(() => assert.deepEqual(browserErrors.splice(0), []));

  const fixButtons = () => planner.problems.first().getByRole("button").filter({ hasNotText: /line \d+$/ });

  for (const { text, click, fixed, trials, cursor } of FIXES) {
    test(`a click mends: ${text}`, async () => {
      await planner.paste(text);
      await fixButtons().filter({ hasText: click }).first().click();
      await planner.hasCommand(fixed);
      await planner.hasTrials(trials);
      await planner.hasCursor(planner.command, ...(await cursorOf(cursor)));
      await planner.undo.click();
      await planner.hasCommand(text);
    });
  }
  const cursorOf = async (cursor) => [cursor ?? (await planner.command.evaluate((box) => box.selectionEnd))];

  test("a fix is for the text as it is when it is clicked", async () => {
    await planner.paste('grid run f.py --x "[1, 2]');
    await fixButtons().first().waitFor();
    await page.keyboard.press("End");
    await page.keyboard.type(" --y 3");
    await planner.hasCommand('grid run f.py --x "[1, 2] --y 3');
    await fixButtons().filter({ hasText: /end of the line/ }).click();
    await planner.hasCommand('grid run f.py --x "[1, 2] --y 3"');
  });

  test("problems are reached and mended by keyboard alone", async () => {
    await planner.paste("grid run --stratgy none f.py --x [1, 2]");
    await eventually(async () => assert.equal(await planner.problems.count(), 2));
    await planner.problems.first().getByRole("button").first().focus();
    await page.keyboard.press("Enter");
    await planner.hasCursor(planner.command, 9, 18); // the place of the problem
    await fixButtons().first().focus();
    await page.keyboard.press("Enter");
    await planner.hasCommand("grid run --strategy none f.py --x [1, 2]");
    await planner.hasCursor(planner.command, 19);
  });

  test("what blocks the launch stands first, and all its buttons are in view on any screen", async () => {
    const text = 'grid train f.py --n "(10, 100, 20)" --data ~/x --m "[1 2]"';
    const wide = page.viewportSize();
    for (const viewport of [wide, { width: 390, height: 844 }]) {
      await page.setViewportSize(viewport);
      await planner.paste(text);
      await eventually(async () => assert.equal(await planner.problems.count(), 4));
      await page.getByText("1 error, 3 warnings").waitFor();
      assert.match(await planner.problems.first().innerText(), /^Error/);
      const place = await planner.problems.first().boundingBox();
      const names = [];
      for (const button of await fixButtons().all()) {
        const { x, y, width, height } = await button.boundingBox();
        names.push(await button.innerText());
        assert.ok(x >= place.x && x + width <= place.x + place.width, `${names.at(-1)} at ${x} + ${width}`);
        assert.ok(y + height <= place.y + place.height);
      }
      assert.deepEqual(names, ["Write commas", "Pass it as one text", "Pass it as it stands"]);
    }
    await page.setViewportSize(wide);
  });

  test("many problems scroll in their place, which opens on request", async () => {
    await planner.paste("grid run f.py --a [1, 2] --b [1, 2] --c [1, 2] --d [1, 2]");
    await eventually(async () => assert.equal(await planner.problems.count(), 4));
    const before = await planner.grid.boundingBox();
    const open = page.getByRole("button", { name: "Show all problems" });
    assert.equal(await open.getAttribute("aria-expanded"), "false");
    await open.click();
    await eventually(async () => assert.ok((await planner.grid.boundingBox()).y > before.y));
    await page.getByRole("button", { name: "Show fewer problems" }).click();
    await eventually(async () => assert.equal((await planner.grid.boundingBox()).y, before.y));
  });

  test("YAML in the Command box is one offer: it becomes the config file, in one step", async () => {
    await planner.paste(YAML);
    await eventually(async () => assert.equal(await planner.problems.count(), 1));
    const take = page.getByRole("button", { name: "Take it as the config file", exact: true });
    await take.click();
    await planner.hasCommand("grid run --config config.yml train.py");
    assert.equal(await planner.config.inputValue(), YAML);
    await planner.hasTrials(2);
    await planner.hasCursor(planner.command, 29, 37); // the script, to be typed over
    await page.keyboard.type("digits.py");
    await planner.hasCommand("grid run --config config.yml digits.py");
    await planner.paste(YAML);
    await take.click();
    await planner.hasCommand("grid run --config config.yml train.py");
    await planner.undo.click();
    await planner.hasCommand(YAML);
    await page.getByRole("button", { name: "Remove the config file" }).click();
  });

  test("commands around the YAML keep to the Command box", async () => {
    const text = `grid run a.py --x 1\n${YAML}`;
    await planner.paste(text);
    await page.getByRole("button", { name: "Take it as the config file", exact: true }).click();
    await planner.hasCommand("grid run --config config.yml a.py --x 1");
    assert.equal(await planner.config.inputValue(), YAML);
    await planner.hasTrials(2);
    await planner.undo.click();
    await planner.hasCommand(text);
    assert.equal(await planner.config.count(), 0);
  });
});
