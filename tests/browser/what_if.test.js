// The plan on other machines: a table beside the estimate, whose rows are what `sweep plan --machines` prints, and from which
// a machine goes into the command.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner, readTable } from "./planner.js";
import { BINARY, EXAMPLES, startServer } from "./server.js";

const COMMAND = 'grid run --instance_type 1_t4_16gb digits.py --layers "[0, 1, 2, 3]" # T4';
const RUN_TIME = "3 hours";

describe("the table Machines", { concurrency: false }, () => {
  let server, browser, tab, planner, table;

  before(async () => {
    server = await startServer(EXAMPLES);
    browser = await launchBrowser();
    tab = await newPage(browser);
    planner = new Planner(tab.page);
    table = tab.page.getByRole("table", { name: "Machines" });
    await tab.page.goto(await server.startAddress);
    await planner.paste(COMMAND);
    await planner.runTime.fill("");
    await planner.hasTrials(4);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** The rows once they are those of the present plan. */
  async function rows() {
    await eventually(async () => assert.equal(await table.getAttribute("aria-busy"), "false"));
    const found = await readTable(table);
    return found.map((row) => {
      const [name, kind] = row.Machine.split("\n");
      const [machine, ...words] = name.split(" ");
      const marks = words.map((word) => (word === "Pareto-optimal" ? "front" : word));
      return { machine, marks, spot: kind.startsWith("interruptible"), time: row.Time.split("\n")[0], assumed: /same run time assumed/.test(row.Time), cost: row.Cost };
    });
  }
  const use = (name) => table.getByRole("button", { name: `Use ${name}`, exact: true });

  test("has prices for an hour before a run time is known", async () => {
    const found = await rows();
    assert.ok(found.length >= 4 && found.length <= 12, JSON.stringify(found));
    for (const row of found) assert.match(row.cost, /^\$[\d.]+\/h$/);
    assert.ok(found.some((row) => row.machine === "g4dn.xlarge"));
  });

  test("says that it is being refined after a change, and keeps its rows meanwhile", async () => {
    const busy = tab.page.evaluate(() => {
      const seen = [];
      const table = document.querySelector("table[aria-busy]");
      const note = () => seen.push([table.getAttribute("aria-busy"), table.querySelectorAll("tbody tr").length > 0]);
      new MutationObserver(note).observe(table, { attributes: true, attributeFilter: ["aria-busy"] });
      return new Promise((resolve) => setTimeout(() => resolve(seen), 3000));
    });
    await planner.runTime.fill(RUN_TIME);
    assert.deepEqual((await busy).slice(0, 2), [["true", true], ["false", true]]);
  });

  test("is what the terminal prints", async () => {
    const options = ["plan", "--machines", "--format", "jsonl", "--cluster", "local", "--run-time", RUN_TIME];
    const { stdout } = await promisify(execFile)(BINARY, [...options, COMMAND]);
    const printed = stdout.trim().split("\n").map((line) => JSON.parse(line));
    await tab.page.getByRole("button", { name: "Show all machines" }).click();
    const found = await rows();
    assert.ok(found.length > 100, String(found.length));
    for (const row of found) {
      const line = printed.find((line) => line.machine === row.machine && line.spot === row.spot);
      assert.ok(line, JSON.stringify(row));
      const cents = Number(row.cost.replace(/[$,]/g, "")); // not a number where it is `unknown`
      assert.ok(line.cost_usd ? Math.abs(cents - line.cost_usd.likely) < 0.0051 : row.cost === "unknown", JSON.stringify({ row, line }));
      assert.deepEqual(row.marks, line.marks, JSON.stringify({ row, line }));
      assert.equal(row.assumed, line.run_time === "assumed", JSON.stringify({ row, line }));
    }
    assert.equal(found[0].marks.includes("cheapest"), true);
    // The run time is known for the command's machine alone: no other is called fast.
    assert.deepEqual(found.filter((row) => row.marks.includes("fastest")).map((row) => row.machine), ["g4dn.xlarge"]);
    await tab.page.getByRole("button", { name: "Show fewer machines" }).click();
  });

  test("puts a machine into the command, and Undo takes it out", async () => {
    const [first] = await rows();
    const name = first.spot ? `${first.machine} interruptible` : first.machine;
    await use(name).click();
    const spot = first.spot ? " --use_spot" : "";
    await eventually(async () => {
      const text = await planner.command.inputValue();
      assert.equal(text.replace(" --use_spot", ""), `grid run --instance_type ${first.machine} digits.py --layers "[0, 1, 2, 3]" # T4`);
      assert.equal(text.includes("--use_spot"), spot !== "");
      assert.equal(await use(name).getAttribute("aria-pressed"), "true");
      assert.ok((await planner.estimate.innerText()).includes(`${first.cost}\n`), first.cost);
    });
    await planner.undo.click();
    await planner.hasCommand(COMMAND);
    await eventually(async () => assert.equal(await use("g4dn.xlarge").getAttribute("aria-pressed"), "true"));
  });

  test("works by keys, and the focus stays where it is", async () => {
    await rows();
    await use("g4dn.xlarge").focus();
    await tab.page.keyboard.press("ArrowUp");
    const name = await tab.page.evaluate(() => document.activeElement.getAttribute("aria-label"));
    assert.match(name, /^Use (?!g4dn\.xlarge$)/);
    await tab.page.keyboard.press("Enter");
    await eventually(async () => assert.notEqual(await planner.command.inputValue(), COMMAND));
    await rows();
    assert.equal(await tab.page.evaluate(() => document.activeElement.getAttribute("aria-label")), name);
    await tab.page.keyboard.press("Control+z");
    await planner.hasCommand(COMMAND);
  });

  test("has another beside it, by parallel trials, whose rows set that number", async () => {
    const parallel = tab.page.getByRole("spinbutton", { name: "Parallel trials" });
    await eventually(async () => {
      const found = await readTable(tab.page.getByRole("table", { name: "By parallel trials" }));
      assert.deepEqual(found.map((row) => [row["At once"], row.Time]), [["1", "12 h"], ["2", "6 h"], ["3", "6 h"], ["4", "3 h"]]);
    });
    const curve = tab.page.getByRole("figure", { name: "By parallel trials" }).getByRole("img");
    assert.equal(await curve.getAttribute("aria-label"), "Wall-clock by trials at once: 1 at once: 12 h; 2 at once: 6 h; 3 at once: 6 h; 4 at once: 3 h");
    await tab.page.getByRole("button", { name: "Use 4 at once" }).click();
    await eventually(async () => assert.equal(await parallel.inputValue(), "4"));
    assert.match(await planner.estimate.innerText(), /4 at a time\n+3 h/);
    await planner.undo.click();
    await eventually(async () => assert.equal(await parallel.inputValue(), ""));
  });

  test("keeps an answer that belongs to the last plan, however fast the text changes", async () => {
    for (const count of [5, 6, 7, 8]) await planner.paste(`grid run digits.py --layers "range(${count})"`);
    await planner.hasTrials(8);
    const found = await rows();
    const own = found.find((row) => row.machine === "m5a.large" && !row.spot);
    assert.equal(own.cost, (await planner.estimate.innerText()).match(/^\$[\d.]+$/m)[0]);
    assert.equal(own.cost, "$2.07"); // likely, of 8 × 3 h at $0.086
    assert.deepEqual(tab.browserErrors, []);
  });
});
