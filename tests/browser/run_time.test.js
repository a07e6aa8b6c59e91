// The run time as people type it, where it comes from, and mistakes in it at the field.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner } from "./planner.js";
import { EXAMPLES, startServer } from "./server.js";

describe("the run time", { concurrency: false }, () => {
  let server, browser, tab, planner, hint;

  before(async () => {
    server = await startServer(EXAMPLES);
    browser = await launchBrowser();
    tab = await newPage(browser);
    planner = new Planner(tab.page);
    hint = planner.runTime.locator("xpath=following-sibling::p");
    await tab.page.goto(await server.startAddress);
    await planner.paste('grid run digits.py --batch_size "[8, 16]" --epochs 4');
    await planner.hasTrials(2);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  async function types(text, time, words, isWrong = false) {
    await planner.runTime.fill(text);
    await eventually(async () => {
      assert.match(await hint.innerText(), words, text);
      assert.equal((await planner.trial(1)).Time, time, text);
      assert.equal(await planner.runTime.getAttribute("aria-invalid"), isWrong ? "true" : null, text);
    });
  }

  test("is a number of minutes, a length, a range or a formula, and the field says which", async () => {
    await types("", "–", /of one trial, or a formula/);
    await types("10", "10 min", /^as typed: 10 min a trial$/);
    await types("1h30m", "1 h 30 min", /^as typed: 1 h 30 min a trial$/);
    await types("5 to 10 minutes", "7 min 4 s", /^as typed: about 7 min 4 s a trial$/);
    await types("minutes = 40 * epochs / batch_size", "20 min", /^by the formula, as typed$/);
  });

  test("with a mistake says what is meant", async () => {
    await types("minutes = 40 * epoch / batch_size", "–", /no trial has an argument `epoch`; did you mean `epochs`\?/, true);
    await types("minutes = sqr(epochs)", "–", /there is no function `sqr`; did you mean `sqrt`\?/, true);
    await types("10 to 5 minutes", "–", /./, true);
    await types("10 parsecs", "–", /parsecs/, true);
    await types("10", "10 min", /^as typed/);
    assert.deepEqual(tab.browserErrors, []);
  });

  test("that names an argument of the command is right once the command has it", async () => {
    await types("minutes = width", "–", /no trial has an argument `width`; there are /, true);
    await planner.paste('grid run digits.py --width "[8, 16]"');
    await types("minutes = width", "8 min", /^by the formula/);
  });
});
