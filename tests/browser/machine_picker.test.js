// The box Instance type: machines are searched as one types, and chosen by keys or mouse; Undo takes a choice back.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner } from "./planner.js";
import { EXAMPLES, startServer } from "./server.js";

const COMMAND = 'grid run digits.py --layers "[0, 1]"';
const on = (machine) => `grid run --instance_type ${machine} digits.py --layers "[0, 1]"`;

describe("the box Instance type", { concurrency: false }, () => {
  let server, browser, tab, planner, page;

  before(async () => {
    server = await startServer(EXAMPLES);
    browser = await launchBrowser();
    tab = await newPage(browser);
    ({ page } = tab);
    planner = new Planner(page);
    await page.goto(await server.startAddress); // which opens once
    await planner.paste(COMMAND);
    await planner.hasTrials(2);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const names = async () => (await planner.machineOptions.allInnerTexts()).map((text) => text.split("\n")[0]);
  const isOpen = () => planner.machine.getAttribute("aria-expanded");
  /** The name of the option that Enter would choose, as a screen reader is given it. */
  const active = async () => {
    const id = await planner.machine.getAttribute("aria-activedescendant");
    return (await page.locator(`#${id}`).innerText()).split("\n")[0];
  };

  test("is searched by name, nickname, GPU, count and size", async () => {
    for (const [typed, first, all] of [
      ["m5a", "m5a.large", /^m5a\./],
      ["M5A.LARGE", "m5a.large", /^m5a\.large/],
      ["8_v100_16gb", "p3.16xlarge", /^p3\.16xlarge$/],
      ["8 v100", "p3.16xlarge", /^p3/],
      ["a100", undefined, /./],
      ["lambda 8 h100", "gpu_8x_h100_sxm5", /^gpu_8x/],
    ]) {
      await planner.machine.fill(typed);
      await eventually(async () => {
        const found = await names();
        assert.ok(found.length > 0, typed);
        if (first) assert.equal(found[0], first, typed);
        for (const name of found) assert.match(name, all, typed);
      });
    }
    await planner.machine.fill("a100");
    await eventually(async () => {
      for (const text of await planner.machineOptions.allInnerTexts()) assert.match(text, /× A100/);
    });
    await planner.machine.fill("no such machine");
    await eventually(async () => assert.equal(await planner.machineOptions.count(), 0));
    await page.getByText("No machine fits.").waitFor();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    assert.equal(await isOpen(), "false");
    assert.equal(await planner.machine.inputValue(), "m5a.large");
    await planner.hasCommand(COMMAND);
  });

  test("is used by keys alone, and Undo takes the choice back", async () => {
    await planner.machine.focus();
    assert.equal(await isOpen(), "false", "the focus alone opens nothing");
    await page.keyboard.press("ArrowDown");
    assert.equal(await isOpen(), "true");
    await eventually(async () => assert.equal(await active(), "m5a.large", "it opens at the present machine"));
    const chosen = page.getByRole("listbox", { name: "Instance types" }).getByRole("option", { selected: true });
    await eventually(async () => assert.match(await chosen.innerText(), /^m5a\.large/));
    const all = await names();
    await page.keyboard.press("Home");
    await eventually(async () => assert.equal(await active(), all[0]));
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowDown");
    await eventually(async () => assert.equal(await active(), all[1]));
    await page.keyboard.press("End");
    await eventually(async () => assert.equal(await active(), all.at(-1)));
    await page.keyboard.press("ArrowDown");
    assert.equal(await active(), all.at(-1));
    // The list has been scrolled to it, and the page has not.
    const inView = await planner.machineOptions.last().evaluate((option) => {
      const [box, list] = [option.getBoundingClientRect(), option.parentElement.getBoundingClientRect()];
      return box.top >= list.top - 1 && box.bottom <= list.bottom + 1;
    });
    assert.ok(inView);
    await page.keyboard.press("Control+a");
    await page.keyboard.type("1 t4");
    await eventually(async () => assert.equal((await names()).length > 1, true));
    await page.keyboard.press("ArrowDown");
    const second = (await names())[1];
    await eventually(async () => assert.equal(await active(), second));
    await page.keyboard.press("Enter");
    await planner.hasCommand(on(second));
    assert.equal(await isOpen(), "false");
    assert.equal(await planner.machine.inputValue(), second);
    // What is typed and not chosen goes first, then the choice.
    await page.keyboard.type("zzz");
    await page.keyboard.press("Control+z");
    await eventually(async () => assert.equal(await planner.machine.inputValue(), second));
    await planner.hasCommand(on(second));
    await page.keyboard.press("Control+z");
    await planner.hasCommand(COMMAND);
    await eventually(async () => assert.equal(await planner.machine.inputValue(), "m5a.large"));
    await page.keyboard.press("Control+y");
    await planner.hasCommand(on(second));
    await planner.undo.click();
    await planner.hasCommand(COMMAND);
  });

  test("takes a name or nickname that is typed in full when it is left", async () => {
    await planner.machine.fill("1_t4_16gb");
    await page.keyboard.press("Tab");
    await planner.hasCommand(on("g4dn.xlarge"));
    assert.equal(await isOpen(), "false");
    await planner.undo.click();
    await planner.machine.fill("g4dn");
    await page.keyboard.press("Tab");
    await eventually(async () => assert.equal(await planner.machine.inputValue(), "m5a.large"));
    await planner.hasCommand(COMMAND);
  });

  test("shows each machine's size and both prices, by mouse on a small screen too", async () => {
    const folder = process.env.SCREENSHOTS;
    for (const width of [1440, 390]) {
      for (const colorScheme of ["light", "dark"]) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        await planner.machine.click();
        await planner.machine.fill("8 v100");
        await eventually(async () => {
          const text = (await planner.machineOptions.first().innerText()).replaceAll(/\s+/g, " ");
          assert.match(text, /^p3\.16xlarge 64 vCPU, 488 GB, 8 × V100 · Grid · old price \$25\.70\/h spot \$7\.71\/h$/);
        });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        assert.ok(!wide, "nothing stands beyond the page's edge");
        if (folder) {
          await page.screenshot({ path: `${folder}/picker-${width}-${colorScheme}.png` });
          await planner.machine.fill("");
          await page.screenshot({ path: `${folder}/picker-all-${width}-${colorScheme}.png` });
          await planner.machine.fill("8 v100");
        }
        await planner.machineOptions.first().click();
        await planner.hasCommand(on("p3.16xlarge"));
        assert.ok(await planner.machine.evaluate((box) => box === document.activeElement));
        await page.keyboard.press("Control+z");
        await planner.hasCommand(COMMAND);
        await page.keyboard.press("Tab");
      }
    }
    assert.deepEqual(tab.browserErrors, []);
  });
});
