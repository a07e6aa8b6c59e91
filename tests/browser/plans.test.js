// What the page shows for a command, before anything is launched.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { uniform } from "./numpy.js";
import { Planner } from "./planner.js";
import { EXAMPLES as SEED, RANDOM_SEARCH, UNIFORM } from "./seed.js";
import { EXAMPLES, startServer } from "./server.js";

// A text, what is wrong with it, and a word that the problem shown must have.
const BAD = [
  { name: "an unclosed bracket", text: 'grid run file.py --batch_size "[8, 16"', word: /\]|clos/i },
  { name: "a range that never moves", text: 'grid run file.py --batch_size "range(1, 10, 0)"', word: /zero|0/i },
  { name: "too many arguments", text: 'grid run file.py --learning_rate "uniform(0, 1, 2, 3)"', word: /uniform|argument/i },
  { name: "an unquoted list", text: "grid run file.py --learning_rate [0.1, 0.2]", word: /quot/i },
  { name: "an unknown option", text: "grid run --stratgy none file.py", word: /--strategy/ },
  { name: "no script", text: "grid run --name alone", word: /script/i },
  { name: "an empty list", text: 'grid run file.py --batch_size "[]"', word: /no trials|empty/i },
];

describe("plans", { concurrency: false }, () => {
  let server, browser, page, planner, browserErrors, close;

  before(async () => {
    server = await startServer(EXAMPLES);
    browser = await launchBrowser();
    ({ page, browserErrors, close } = await newPage(browser));
    planner = new Planner(page);
    await page.goto(server.startAddress);
    await planner.hasTrials(4); // it opens with a sweep over the example
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(() => assert.deepEqual(browserErrors.splice(0), []));

  test("the page opens with the example's sweep, ready to launch", async () => {
    assert.match(await planner.command.inputValue(), /^grid run digits\.py /);
    assert.equal(await planner.problems.count(), 0);
    await eventually(async () => assert.equal(await planner.launch.innerText(), "Launch 4 trials"));
    assert.ok(await planner.launch.isEnabled());
  });

  for (const { name, text, columns, rows } of SEED) {
    test(`the seed's ${name}`, async () => {
      await planner.paste(text);
      await planner.hasTrials(rows.length);
      await eventually(async () => {
        assert.deepEqual(await planner.sweptColumns(), columns);
        assert.deepEqual(await planner.values(rows.length), rows);
      });
    });
  }

  test("the seed's uniform: NumPy's numbers for the seed that is shown", async () => {
    const { text, low, high, size } = UNIFORM;
    for (const command of [text, text.replace("grid run ", "grid run --seed 42 ")]) {
      await planner.paste(command);
      await planner.hasTrials(size);
      await eventually(async () => {
        const seed = Number((await planner.seed.inputValue()).replaceAll(",", ""));
        if (command !== text) assert.equal(seed, 42);
        assert.deepEqual((await planner.values(size)).flat().map(Number), uniform(seed, low, high, size));
      });
    }
  });

  test("the seed's random search: two distinct trials of the four, others for other seeds", async () => {
    const { text, columns, from } = RANDOM_SEARCH;
    const key = (row) => row.join(" ");
    const seen = new Set();
    for (let seed = 0; seed < 8; seed += 1) {
      await planner.paste(text.replace("--num_trials 2", `--num_trials 2 --seed ${seed}`));
      await planner.hasTrials(2);
      const rows = await eventually(async () => {
        assert.equal(await planner.seed.inputValue(), String(seed));
        return planner.values(2);
      });
      assert.deepEqual(await planner.sweptColumns(), columns);
      const order = rows.map((row) => from.findIndex((other) => key(other) === key(row)));
      assert.ok(order[0] >= 0 && order[0] < order[1], `two of the four, in their order: ${JSON.stringify(rows)}`);
      seen.add(String(order));
    }
    assert.ok(seen.size > 1, "another seed chooses others");
  });

  test("10^18 trials: the first rows, and any row gone to, with no more rows than a small plan has", async () => {
    const made = () => planner.grid.getByRole("row").count();
    await planner.paste('grid run file.py --a "range(0, 1000)"');
    await planner.hasTrials(1000);
    await eventually(async () => assert.deepEqual(await planner.values(2), [["0"], ["1"]]));
    const few = await made();
    assert.ok(few < 200, `${few} of 1000 rows are made`);
    await planner.paste('grid run file.py --a "range(0, 1000000000)" --b "range(0, 1000000000)"');
    await planner.hasTrials(10 ** 18);
    await eventually(async () => assert.deepEqual(await planner.values(2), [["0", "0"], ["1", "0"]]));
    const asShown = (number) => number.toString().replace(/\B(?=(\d{3})+$)/g, ",");
    for (const number of [10n ** 18n, 123456789987654322n, 2n]) {
      await planner.goTo.fill(String(number));
      await planner.goTo.press("Enter");
      const row = planner.grid.getByRole("row").filter({ has: page.getByRole("checkbox", { name: checkbox(number, asShown) }) });
      await row.waitFor();
      const cells = await planner.cells(row);
      assert.equal(cells["--a"], String((number - 1n) % 10n ** 9n));
      assert.equal(cells["--b"], String((number - 1n) / 10n ** 9n));
      assert.ok((await made()) <= 2 * few, `${await made()} rows are made at trial ${number}, ${few} of a small plan`);
    }
    await eventually(async () => assert.match(await planner.estimate.innerText(), /1,000,000,000,000,000,000/));
  });

  for (const { name, text, word } of BAD) {
    test(`bad input: ${name}`, async () => {
      await planner.paste(text);
      await eventually(async () => {
        assert.match((await planner.problems.allInnerTexts()).join("\n"), word);
        assert.ok(await planner.launch.isDisabled(), "nothing can be launched");
      });
    });
  }

  test("a link reopens the plan", async () => {
    const before = page.url();
    await planner.paste('grid run file.py --batch_size "[3, 4]"');
    await planner.hasTrials(2);
    const link = await eventually(async () => {
      assert.match(page.url(), /#./);
      assert.notEqual(page.url(), before);
      return page.url();
    });
    const other = await newPage(browser, { storageState: await page.context().storageState() });
    try {
      await other.page.goto(link);
      const reopened = new Planner(other.page);
      await reopened.hasTrials(2);
      assert.deepEqual(await reopened.values(2), [["3"], ["4"]]);
      assert.deepEqual(other.browserErrors, []);
    } finally {
      await other.close();
    }
  });

  test("trials are chosen one by one", async () => {
    await planner.paste('grid run file.py --batch_size "[8, 16, 32, 64]"');
    await planner.hasTrials(4);
    await planner.select(2).uncheck();
    await eventually(async () => assert.equal(await planner.launch.innerText(), "Launch 3 trials"));
    await planner.select(1).uncheck();
    await planner.select(4).uncheck();
    await eventually(async () => assert.equal(await planner.launch.innerText(), "Launch 1 trial"));
  });
});

const checkbox = (number, asShown) => new RegExp(`^Select trial (${number}|${asShown(number)})$`);
