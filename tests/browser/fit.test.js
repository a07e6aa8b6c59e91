// A budget and a deadline: what keeps within them is shown as the command that it would become, with its figures, and a button
// writes it. The terminal proposes the same.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner } from "./planner.js";
import { BINARY, EXAMPLES, startServer } from "./server.js";

const COMMAND = 'grid run --instance_type g4dn.xlarge --seed 7 digits.py --layers "range(20)"';
const PLAN = ["plan", "--cluster", "local", "--run-time", "1 hour"];

describe("a budget and a deadline", { concurrency: false }, () => {
  let server, browser, tab, planner, budget, deadline, proposal;

  before(async () => {
    server = await startServer(EXAMPLES);
    browser = await launchBrowser();
    tab = await newPage(browser);
    planner = new Planner(tab.page);
    budget = tab.page.getByRole("textbox", { name: "Budget" });
    deadline = tab.page.getByRole("textbox", { name: "Deadline" });
    proposal = tab.page.getByRole("group", { name: "Proposal" });
    await tab.page.goto(await server.startAddress);
    await planner.paste(COMMAND);
    await tab.page.getByRole("spinbutton", { name: "Parallel trials" }).fill("2");
    await planner.runTime.fill("1 hour");
    await planner.hasTrials(20);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const apply = () => proposal.getByRole("button", { name: "Use this command" });

  test("is met by the command that the terminal proposes, with its likely and high figure", async () => {
    const { stdout } = await promisify(execFile)(BINARY, [...PLAN, "--parallel", "2", "--budget", "5", COMMAND]);
    const line = stdout.trim();
    assert.match(line, /^grid run .*--strategy random_search --num_trials 9 --seed 7 digits\.py/);
    await budget.fill("$5");
    await eventually(async () => {
      const text = await proposal.innerText();
      assert.ok(text.includes(line), text);
      assert.match(text, /Left out: 11 of 20 trials; 9 fit, drawn at random with seed 7/);
      assert.match(text, /Cost: likely \$4\.\d\d, high \$\d+\.\d\d/);
    });
    assert.equal(await planner.command.inputValue(), COMMAND);
    await apply().click();
    await planner.hasCommand(line);
    await planner.hasTrials(9);
    await eventually(async () => assert.match(await proposal.innerText(), /Nothing is left out: all 9 trials fit/));
    await planner.undo.click();
    await planner.hasCommand(COMMAND);
    await planner.hasTrials(20);
  });

  test("drops a choice of trials with a word, and Undo brings it back", async () => {
    await planner.select(1).click();
    await eventually(async () => assert.match(await planner.estimate.innerText(), /19 of 20 trials/));
    await apply().click();
    await planner.hasTrials(9);
    assert.match(await tab.page.locator("body").innerText(), /Your choice of 19 trials belonged to the command before/);
    await planner.undo.click();
    await eventually(async () => assert.match(await planner.estimate.innerText(), /19 of 20 trials/));
    await planner.undo.click();
  });

  test("can be met on another machine, which the command then names", async () => {
    await eventually(async () => assert.match(await proposal.innerText(), /Or all 20 trials fit on .*: likely \$/));
    const button = proposal.getByRole("button", { name: /^Run on / }).first();
    const machine = (await button.innerText()).replace("Run on ", "").split(" ")[0];
    await button.click();
    await eventually(async () => assert.ok((await planner.command.inputValue()).includes(`--instance_type ${machine} `)));
    await planner.undo.click();
    await planner.hasCommand(COMMAND);
  });

  test("of time can be met by more trials at once", async () => {
    await budget.fill("");
    await deadline.fill("5h");
    const button = proposal.getByRole("button", { name: /^Run \d+ at once$/ });
    const count = (await button.innerText()).match(/\d+/)[0];
    await button.click();
    const parallel = tab.page.getByRole("spinbutton", { name: "Parallel trials" });
    await eventually(async () => assert.equal(await parallel.inputValue(), count));
    await eventually(async () => assert.match(await proposal.innerText(), /all 20 trials fit/));
    await planner.undo.click();
    await eventually(async () => assert.equal(await parallel.inputValue(), "2"));
  });

  test("that cannot be read, or is below one trial, says so at its place", async () => {
    await deadline.fill("soon");
    assert.equal(await deadline.getAttribute("aria-invalid"), "true");
    await eventually(async () => assert.match(await planner.estimate.innerText(), /expected a length of time, such as 8h/));
    await deadline.fill("");
    await budget.fill("0");
    await eventually(async () => assert.match(await planner.estimate.innerText(), /expected dollars above zero/));
    await budget.fill("0.01");
    await eventually(async () => assert.match(await proposal.innerText(), /not even one trial fits; cost: likely \$0\.5/));
    await planner.runTime.fill("");
    await eventually(async () => assert.match(await proposal.innerText(), /needs a run time/));
  });

  test("of a plan too large to search at every pause is met when asked", async () => {
    await planner.paste('grid run --instance_type g4dn.xlarge digits.py --layers "range(1000)" --epochs "range(1000)"');
    await planner.runTime.fill("1 hour");
    await budget.fill("500");
    await tab.page.getByRole("button", { name: "Find what fits" }).click();
    await eventually(async () => assert.match(await proposal.innerText(), /Left out: 999,\d\d\d of 1,000,000 trials/), 30_000);
    assert.deepEqual(tab.browserErrors, []);
  });
});
