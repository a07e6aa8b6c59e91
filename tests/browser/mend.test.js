// What people paste, the button that mends it, and the plan that it makes: each kind of fault at least twice.
import assert from "node:assert/strict";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner, readTable } from "./planner.js";
import { EXAMPLES, startServer } from "./server.js";

const COMMIT = "0123456789012345678901234567890123456789";
const GRID_RUN = `https://platform.grid.ai/#/runs?script=https://github.com/org/repo/blob/${COMMIT}/train.py&cloud=grid`;

// A text as it is pasted; whether it can be launched so; and each button to click, with the text and the trials that it
// makes: a number, or the swept values. Before each click but the first is Undo, unless it goes on with `then`. `left`
// problems stay, none otherwise. The first button of a problem is the likeliest.
const KINDS = {
  "characters that nobody sees": [
    {
      text: 'grid run f.py --a "[1,2]" \\ ',
      clicks: [{ button: "Remove the \\", says: 'grid run f.py --a "[1,2]" ', values: [["1"], ["2"]] }],
    },
    {
      text: 'grid run \\ \n  f.py --a "[1,2]" \\\t\n  --b 3',
      clicks: [
        // Of all lines at once.
        { button: "Remove the blank behind \\", says: 'grid run \\\n  f.py --a "[1,2]" \\\n  --b 3', trials: 2 },
      ],
    },
    {
      text: 'grid run f.py --learn\u00ading_rate "[1,2]"',
      clicks: [
        {
          button: "Remove the soft hyphen (U+00AD)",
          says: 'grid run f.py --learning_rate "[1,2]"',
          columns: ["--learning_rate"],
          trials: 2,
        },
      ],
    },
    {
      text: 'grid run f.py --a "[1,\u00a02]"',
      clicks: [{ button: "Use a plain blank", says: 'grid run f.py --a "[1, 2]"', values: [["1"], ["2"]] }],
    },
    {
      text: `grid run f.py --data "['C:\\data\\new', 'C:\\data\\old']"`,
      launchable: true,
      clicks: [
        {
          button: "Keep the backslashes",
          says: `grid run f.py --data "[r'C:\\data\\new', 'C:\\data\\old']"`,
          values: [["C:\\data\\new"], ["C:\\data\\old"]],
        },
      ],
    },
  ],
  "values that the script refuses": [
    {
      text: 'grid run f.py --lr "[-0.00001, -0.1]"',
      launchable: true,
      clicks: [{ button: "Write --lr=", says: 'grid run f.py --lr="[-0.00001, -0.1]"', values: [["-1e-05"], ["-0.1"]] }],
    },
    {
      text: "grid run f.py --lr -1e-05",
      launchable: true,
      clicks: [{ button: "Write --lr=", says: "grid run f.py --lr=-1e-05", trials: 1 }],
    },
  ],
  "fixes that mend": [
    {
      text: "grid run f.py --food '['pear', 'apple']'",
      clicks: [
        {
          button: "Quote the list with the other quote",
          says: `grid run f.py --food "['pear', 'apple']"`,
          values: [["pear"], ["apple"]],
        },
      ],
    },
    {
      text: 'grid run f.py --m "["pca"]"',
      clicks: [
        { button: "Quote the list with the other quote", says: `grid run f.py --m '["pca"]'`, values: [["pca"]] },
      ],
    },
    {
      text: 'grid run f.py --m "[bert-base-uncased, roberta-base]"',
      clicks: [
        {
          button: "Put each text in quotes",
          says: `grid run f.py --m "['bert-base-uncased', 'roberta-base']"`,
          values: [["bert-base-uncased"], ["roberta-base"]],
        },
      ],
    },
    {
      text: 'grid run f.py --d "[2021-01-01, 2021-02-01]"',
      clicks: [
        {
          button: "Put each text in quotes",
          says: `grid run f.py --d "['2021-01-01', '2021-02-01']"`,
          values: [["2021-01-01"], ["2021-02-01"]],
        },
      ],
    },
    {
      text: 'grid run f.py --a "[1 2]"',
      clicks: [
        { button: "Write commas", says: 'grid run f.py --a "[1, 2]"', values: [["1"], ["2"]] },
        { button: "Pass it as one text", says: `grid run f.py --a "['1 2']"`, values: [["1 2"]] },
      ],
    },
    {
      text: 'grid run f.py --a "[0.1;0.2]"',
      clicks: [
        { button: "Write commas", says: 'grid run f.py --a "[0.1, 0.2]"', values: [["0.1"], ["0.2"]] },
        { button: "Pass it as one text", says: `grid run f.py --a "['0.1;0.2']"`, values: [["0.1;0.2"]] },
      ],
    },
    {
      text: 'grid run f.py --t "[10:30, 11:00]"',
      clicks: [
        {
          button: "Put each text in quotes",
          says: `grid run f.py --t "['10:30', '11:00']"`,
          values: [["10:30"], ["11:00"]],
        },
      ],
    },
  ],
  "former spellings": [
    // What was asked for stays asked for: no machine of the default type has 7 CPUs.
    {
      text: "grid run --g_cpus 7 f.py",
      clicks: [{ button: "Change to --cpus", says: "grid run --cpus 7 f.py", left: 1 }],
    },
    {
      text: "grid run --g_use_spot f.py",
      clicks: [{ button: "Change to --use_spot", says: "grid run --use_spot f.py", trials: 1, spot: true }],
    },
    {
      text: 'grid train f.py --lr "[1,2]"',
      launchable: true,
      clicks: [{ button: "Change to run", says: 'grid run f.py --lr "[1,2]"', values: [["1"], ["2"]] }],
    },
  ],
  "sweeps that are none": [
    {
      text: 'grid run f.py --n "(10, 100, 20)"',
      launchable: true,
      clicks: [
        {
          button: "Write range(10, 100, 20)",
          says: 'grid run f.py --n "range(10, 100, 20)"',
          values: [["10"], ["30"], ["50"], ["70"], ["90"]],
        },
        { button: "Write [10, 100, 20]", says: 'grid run f.py --n "[10, 100, 20]"', values: [["10"], ["100"], ["20"]] },
        { button: "Pass it as it stands", says: `grid run f.py --n "['(10, 100, 20)']"`, values: [["(10, 100, 20)"]] },
      ],
    },
    {
      text: 'grid run f.py --x = "[1,2]"',
      launchable: true,
      clicks: [{ button: "Join it to its flag", says: 'grid run f.py --x="[1,2]"', columns: ["--x"], trials: 2 }],
    },
    {
      text: 'grid run f.py lr="[0.1, 0.2]" model.hidden="[8, 16]"',
      launchable: true,
      clicks: [
        {
          button: "Sweep over its items",
          says: `grid run f.py "['lr=0.1', 'lr=0.2']" model.hidden="[8, 16]"`,
          values: [["lr=0.1"], ["lr=0.2"]],
          left: 1,
        },
        {
          then: true,
          button: "Sweep over its items",
          says: `grid run f.py "['lr=0.1', 'lr=0.2']" "['model.hidden=8', 'model.hidden=16']"`,
          columns: ["#1", "#2"],
          trials: 4,
        },
      ],
    },
    {
      text: 'grid run f.py --lr "[1,2]" --lr 5',
      launchable: true,
      clicks: [
        { button: 'Keep only --lr "[1,2]"', says: 'grid run f.py --lr "[1,2]"', values: [["1"], ["2"]] },
        { button: "Keep only --lr 5", says: "grid run f.py --lr 5", trials: 1 },
      ],
    },
  ],
  "what a shell would have changed": [
    {
      text: "grid run f.py --data ~/x",
      launchable: true,
      clicks: [{ button: "Put it in single quotes", says: "grid run f.py --data '~/x'", trials: 1 }],
    },
    {
      text: "grid run f.py --data C:\\data\\new",
      launchable: true,
      clicks: [{ button: "Put it in single quotes", says: "grid run f.py --data 'C:\\data\\new'", trials: 1 }],
    },
  ],
  "run names": [
    {
      text: "grid run --name abc f.py --x 1\ngrid run --name abc f.py --x 2",
      launchable: true,
      clicks: [
        {
          button: "Call it abc-2",
          says: "grid run --name abc f.py --x 1\ngrid run --name abc-2 f.py --x 2",
          values: [["1"], ["2"]],
        },
      ],
    },
    {
      text: 'grid run --name abc f.py --x 1\ngrid run --name abc-2 f.py\ngrid run --name abc f.py --x "[3]"',
      launchable: true,
      clicks: [
        {
          button: "Call it abc-3",
          says: 'grid run --name abc f.py --x 1\ngrid run --name abc-2 f.py\ngrid run --name abc-3 f.py --x "[3]"',
          trials: 3,
        },
      ],
    },
  ],
  "floats in equal steps, and badges": [
    {
      text: 'grid run f.py --x "arange(0, 1, 0.25)"',
      launchable: true,
      clicks: [
        {
          button: "Write steps(0, 1, 0.25)",
          says: 'grid run f.py --x "steps(0, 1, 0.25)"',
          values: [["0.0"], ["0.25"], ["0.5"], ["0.75"]],
        },
      ],
    },
    {
      text: `[![Grid](https://img.shields.io/badge/rid_AI-run-78FF96.svg)](${GRID_RUN}&use_spot)`,
      clicks: [{ button: "Write its command", says: "grid run --use_spot train.py", trials: 1, spot: true }],
    },
    {
      text: `${GRID_RUN}&instance=t2.medium&disk_size=200`,
      clicks: [
        {
          button: "Write its command",
          says: "grid run --instance_type t2.medium --memory 200 train.py",
          trials: 1,
        },
      ],
    },
  ],
};

describe("pasted texts, mended by clicks", { concurrency: false }, () => {
  let folder, server, browser, page, planner, browserErrors;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sweep-mend-"));
    await cp(join(EXAMPLES, "digits.py"), join(folder, "digits.py"));
    await cp(join(EXAMPLES, "data"), join(folder, "data"), { recursive: true });
    server = await startServer(folder);
    browser = await launchBrowser();
    ({ page, browserErrors } = await newPage(browser));
    planner = new Planner(page);
    await page.goto(server.startAddress);
    await planner.hasTrials(4);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  afterEach(() => assert.deepEqual(browserErrors.splice(0), []));

  const fix = (name) => planner.problems.getByRole("button", { name, exact: true }).first();
  const hasProblems = (count) => eventually(async () => assert.equal(await planner.problems.count(), count));

  /** Whether the button is the first one that mends its problem. */
  async function isFirst(name) {
    const button = page.getByRole("button", { name, exact: true });
    const problem = planner.problems.filter({ has: button }).first();
    const names = await problem.getByRole("button").filter({ hasNotText: /line \d+$/ }).allInnerTexts();
    assert.equal(names[0], name);
  }

  async function checkPlan({ says, trials, values, columns, left = 0, spot }) {
    await planner.hasCommand(says);
    await hasProblems(left);
    if (values || trials) await planner.hasTrials(trials ?? values.length);
    if (columns) assert.deepEqual(await planner.sweptColumns(), columns);
    if (values) await eventually(async () => assert.deepEqual(await planner.values(values.length), values));
    if (values && !left) assert.ok(await planner.launch.isEnabled());
    if (spot) assert.equal(await page.getByRole("switch", { name: "Spot" }).getAttribute("aria-checked"), "true");
  }

  for (const [kind, cases] of Object.entries(KINDS)) {
    describe(kind, { concurrency: false }, () => {
      for (const { text, launchable = false, clicks } of cases) {
        test(text, async () => {
          await planner.paste(text);
          await planner.hasCommand(text);
          for (const [place, { then, button, ...plan }] of clicks.entries()) {
            if (place > 0 && !then) {
              await planner.undo.click();
              await planner.hasCommand(text);
            }
            await fix(button).waitFor();
            if (place === 0) await isFirst(button);
            if (place === 0) assert.equal(await planner.launch.isEnabled(), launchable);
            await fix(button).click();
            await checkPlan(plan);
          }
        });
      }
    });
  }

  const runs = () => page.getByRole("table", { name: "Runs", exact: true });
  const launchNote = (words) => page.getByRole("status").filter({ hasText: words });

  test("two commands of one name are launched under two, which the warning says before", async () => {
    await planner.tab("Plan").click();
    await planner.paste("grid run --name abc digits.py --epochs 1\ngrid run --name abc digits.py --epochs 2");
    await planner.hasTrials(2);
    await planner.problems.filter({ hasText: /called abc too, so this run will be called abc-2/ }).waitFor();
    const sent = [];
    const note = (response) => {
      const request = response.request();
      if (request.method() === "POST" && /\/runs$/.test(response.url())) {
        sent.push([request.postDataJSON().name, response.ok()]);
      }
    };
    page.on("response", note);
    await planner.launch.click();
    await eventually(async () => {
      const rows = (await readTable(runs())).map((row) => Object.values(row).join(" | "));
      assert.equal(rows.filter((row) => /\babc(-2)?\b.*completed/s.test(row)).length, 2, rows.join("\n"));
    }, 30_000);
    page.off("response", note);
    assert.deepEqual(sent, [["abc", true], ["abc-2", true]]);
  });

  test("a script that is not in the source is refused at launch, with the likely one", async () => {
    const before = await runs().getByRole("row").count();
    await planner.tab("Plan").click();
    await planner.paste('grid run digit.py --epochs "[1, 2]"');
    await planner.hasTrials(2);
    await page.keyboard.press("Control+Enter");
    await launchNote(/digit\.py.*did you mean digits\.py/is).waitFor();
    // The console says that the server refused, and nothing else.
    const refused = browserErrors.splice(0);
    assert.ok(refused.every((line) => /\b4\d\d\b/.test(line)), refused.join("\n"));
    await planner.tab("Runs").click();
    assert.equal(await runs().getByRole("row").count(), before);
  });
});
