// Which trials are chosen, while the command changes under the choice.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner } from "./planner.js";
import { EXAMPLES, startServer } from "./server.js";

const THIRTY = 'grid run file.py --a "range(30)"';
const FIVE = [1, 4, 5, 6, 10];

describe("a choice of trials", { concurrency: false }, () => {
  let server, browser, page, planner, browserErrors, close, lost, choose;

  before(async () => {
    server = await startServer(EXAMPLES);
    browser = await launchBrowser();
    ({ page, browserErrors, close } = await newPage(browser));
    planner = new Planner(page);
    choose = page.getByRole("group", { name: "Choose trials" });
    lost = page.getByRole("status").filter({ has: page.getByRole("button", { name: "Keep as it is" }) });
    await page.goto(server.startAddress);
    await planner.hasTrials(4);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  beforeEach(async () => {
    await planner.paste(THIRTY);
    await planner.hasTrials(30);
    await choose.getByRole("button", { name: "None" }).click();
    for (const number of FIVE) await planner.select(number).check();
    await hasLaunchLabel("Launch 5 trials");
  });
  afterEach(() => assert.deepEqual(browserErrors.splice(0), []));

  const hasLaunchLabel = (name) => eventually(async () => assert.equal(await planner.launch.innerText(), name));
  const reportsLoss = (words) => eventually(async () => assert.match(await lost.innerText(), words));
  const reportsNoLoss = () => eventually(async () => assert.equal(await lost.count(), 0));

  /** The numbers of the chosen trials among the first `count`. */
  async function chosen(count) {
    const numbers = [];
    for (let number = 1; number <= count; number += 1) {
      if (await planner.select(number).isChecked()) numbers.push(number);
    }
    return numbers;
  }

  const type = async (text) => {
    await planner.command.press("Control+End");
    await planner.command.pressSequentially(text);
  };
  const backspace = async (text) => {
    await planner.command.press("Control+End");
    for (const _ of text) await planner.command.press("Backspace");
  };

  /** The page's address once it holds what `words` matches. */
  const address = (words) =>
    eventually(async () => {
      assert.match(page.url(), words);
      return page.url();
    });

  test("is kept by a new axis of one value, and doubled by one of two", async () => {
    await type(' --b "[1]"');
    await planner.hasTrials(30);
    await hasLaunchLabel("Launch 5 trials");
    assert.deepEqual(await chosen(10), FIVE);
    await backspace(']"');
    await type(', 2]"');
    await planner.hasTrials(60);
    await hasLaunchLabel("Launch 10 trials");
    assert.deepEqual(await chosen(10), FIVE);
    await reportsNoLoss();
  });

  test("says which of its trials are gone, and has them back when the text is taken back", async () => {
    await planner.paste('grid run file.py --a "range(8)"');
    await planner.hasTrials(8);
    await hasLaunchLabel("Launch 4 trials");
    await reportsLoss(/1 of your 5 chosen trials is no longer in the plan: --a 9 is gone\./);
    await planner.paste(THIRTY);
    await planner.hasTrials(30);
    await hasLaunchLabel("Launch 5 trials");
    await reportsNoLoss();
  });

  test("comes back by Undo", async () => {
    await planner.paste('grid run file.py --a "range(3, 5)"');
    await planner.hasTrials(2);
    await hasLaunchLabel("Launch 2 trials");
    await reportsLoss(/3 of your 5 chosen trials are no longer in the plan/);
    await page.getByRole("button", { name: "Undo" }).click();
    await planner.hasTrials(30);
    await hasLaunchLabel("Launch 5 trials");
    assert.deepEqual(await chosen(10), FIVE);
    await reportsNoLoss();
  });

  test("that cannot be kept chooses none, until all are asked for", async () => {
    await planner.paste('grid run file.py --other "range(3)"');
    await planner.hasTrials(3);
    await hasLaunchLabel("Launch 0 trials");
    assert.ok(await planner.launch.isDisabled());
    await page.getByText("Your chosen trials are not in this plan: choose again under Trials.").waitFor();
    await reportsLoss(/None of your 5 chosen trials is in the plan any more: .* None is chosen now\./);
    await lost.getByRole("button", { name: "Choose all" }).click();
    await hasLaunchLabel("Launch 3 trials");
    await reportsNoLoss();
  });

  test("is let go of by an example, which says so; Undo brings it back", async () => {
    const note = page.getByRole("status").filter({ hasText: "Your choice of 5 trials" });
    await page.getByRole("combobox", { name: "Examples" }).selectOption({ label: "Grid search" });
    await planner.hasTrials(4);
    await hasLaunchLabel("Launch 4 trials");
    await eventually(async () => assert.match(await note.innerText(), /all trials are chosen now\. Undo brings both back\./));
    assert.equal(await note.getByRole("button").count(), 1);
    // The note is about this plan, and goes with it.
    await type(' --c "[1, 2]"');
    await planner.hasTrials(8);
    await hasLaunchLabel("Launch 8 trials");
    await eventually(async () => assert.equal(await note.count(), 0));
    while ((await planner.command.inputValue()) !== THIRTY) await planner.undo.click();
    await planner.hasTrials(30);
    await hasLaunchLabel("Launch 5 trials");
    assert.deepEqual(await chosen(10), FIVE);
  });

  test("begins anew where the person goes on", async () => {
    await planner.paste('grid run file.py --a "range(8)"');
    await planner.hasTrials(8);
    await reportsLoss(/--a 9 is gone/);
    await lost.getByRole("button", { name: "Keep as it is" }).click();
    await reportsNoLoss();
    await hasLaunchLabel("Launch 4 trials");
    await planner.paste(THIRTY);
    await planner.hasTrials(30);
    await hasLaunchLabel("Launch 4 trials");
  });

  test("of all stays all when the plan grows", async () => {
    await choose.getByRole("button", { name: "All" }).click();
    await hasLaunchLabel("Launch 30 trials");
    await planner.paste('grid run file.py --a "range(40)"');
    await planner.hasTrials(40);
    await hasLaunchLabel("Launch 40 trials");
    await reportsNoLoss();
  });

  test("is in the link; one that does not fit its command chooses none and says so", async () => {
    const link = await address(/&pick=0,3-5,9~/);
    const other = await newPage(browser, { storageState: await page.context().storageState() });
    try {
      const reopened = new Planner(other.page);
      const hasLaunchLabel = (name) => eventually(async () => assert.equal(await reopened.launch.innerText(), name));
      await other.page.goto(link);
      await reopened.hasTrials(30);
      await hasLaunchLabel("Launch 5 trials");
      // Its choice goes on with the text.
      await reopened.paste(`${THIRTY} --b "[1, 2]"`);
      await reopened.hasTrials(60);
      await hasLaunchLabel("Launch 10 trials");

      for (const [from, to] of [["range(30)", "range(31)"], ["range(30)", "range(1,+31)"], ["pick=0,3-5,9", "pick=0,3-5,99"]]) {
        const written = (text) => text.replace("(", "%28").replace(")", "%29");
        const tampered = link.replace(written(from), written(to));
        assert.notEqual(tampered, link);
        await other.page.goto("about:blank");
        await other.page.goto(tampered);
        await hasLaunchLabel("Launch 0 trials");
        const note = other.page.getByRole("status").filter({ hasText: "The link's choice" });
        await eventually(async () => {
          assert.match(await note.innerText(), /The link's choice of 5 trials does not fit this command: none is chosen\./);
        });
      }
      assert.deepEqual(other.browserErrors, []);
    } finally {
      await other.close();
    }
  });

  test("in the address is always that of the plan in view", async () => {
    await planner.paste('grid run file.py --a "range(2, 30)"');
    await planner.hasTrials(28);
    await address(/range%282,\+30%29.*&pick=1-3,7~/);
    await page.reload();
    await planner.hasTrials(28);
    await hasLaunchLabel("Launch 4 trials");
    await reportsNoLoss();
  });
});
