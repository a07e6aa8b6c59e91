// The page as its users know it: by roles and accessible names, which are a fixed interface, never by elements or classes.
import assert from "node:assert/strict";
import { eventually } from "./browser.js";

/** 2^53: `aria-rowcount` is -1 above it. */
const MAX_COUNTED = 2 ** 53;

export class Planner {
  constructor(page) {
    this.page = page;
    this.command = page.getByRole("textbox", { name: "Command", exact: true });
    this.problems = page.getByRole("list", { name: "Problems" }).getByRole("listitem");
    this.grid = page.getByRole("grid", { name: "Trials" });
    this.goTo = page.getByRole("spinbutton", { name: "Go to trial" });
    this.seed = page.getByRole("spinbutton", { name: "Seed" });
    this.runTime = page.getByRole("textbox", { name: "Run time" });
    this.estimate = page.getByRole("region", { name: "Estimate" });
    this.config = page.getByRole("textbox", { name: "Config file", exact: true });
    this.undo = page.getByRole("button", { name: "Undo", exact: true });
    this.redo = page.getByRole("button", { name: "Redo", exact: true });
    this.launch = page.getByRole("button", { name: /^Launch\b/ });
    this.machine = page.getByRole("combobox", { name: "Instance type", exact: true });
    this.machineOptions = page.getByRole("listbox", { name: "Instance types" }).getByRole("option");
  }

  /** Chooses a machine as a person does: by typing a part of its name and clicking it. */
  async chooseMachine(name, typed = name) {
    await this.machine.fill(typed);
    await this.machineOptions.filter({ hasText: name }).first().click();
    await eventually(async () => assert.equal(await this.machine.inputValue(), name));
  }

  tab(name) {
    return this.page.getByRole("tab", { name });
  }

  select(number) {
    return this.grid.getByRole("checkbox", { name: `Select trial ${number}`, exact: true });
  }

  /** Replaces the text of the Command box. */
  async paste(text) {
    await this.command.fill(text);
  }

  /** Waits until the Command box holds `text`. */
  async hasCommand(text) {
    await eventually(async () => assert.equal(await this.command.inputValue(), text));
  }

  /** Waits until `box` has the focus and its selection is `start` to `end`. */
  async hasCursor(box, start, end = start) {
    await eventually(async () => {
      const found = await box.evaluate((box) => [box.selectionStart, box.selectionEnd, box === document.activeElement]);
      assert.deepEqual(found, [start, end, true]);
    });
  }

  /** Waits until the grid has `count` trials, by its `aria-rowcount`. */
  async hasTrials(count) {
    const rows = count + 1 > MAX_COUNTED ? -1 : count + 1; // the header is one
    await eventually(async () => assert.equal(await this.grid.getAttribute("aria-rowcount"), String(rows)));
  }

  /** The grid's column headers, in order. */
  async columns() {
    return (await this.grid.getByRole("columnheader").allInnerTexts()).map(firstLine);
  }

  /** The swept columns: those between `Trial` and `Time`. */
  async sweptColumns() {
    const columns = await this.columns();
    return columns.slice(columns.indexOf("Trial") + 1, columns.indexOf("Time"));
  }

  /** The row at `aria-rowindex` = `number` + 1 as an object, column header to text; fails when it is not drawn. */
  async trial(number) {
    const row = this.grid.locator(`[role=row][aria-rowindex="${number + 1}"]`);
    return this.cells(row);
  }

  /** The texts of a row of the grid, by column header. */
  async cells(row) {
    const columns = await this.columns();
    const cells = await row.locator("[role=gridcell], [role=rowheader]").allInnerTexts();
    assert.equal(cells.length, columns.length, `a cell for each column: ${JSON.stringify({ columns, cells })}`);
    return Object.fromEntries(columns.map((column, i) => [column, cells[i].trim()]));
  }

  /** The values of the swept columns of the first `count` trials. */
  async values(count) {
    const columns = await this.sweptColumns();
    const rows = [];
    for (let number = 1; number <= count; number += 1) {
      const trial = await this.trial(number);
      rows.push(columns.map((column) => trial[column]));
    }
    return rows;
  }
}

/** The rows of a table (not the grid) as objects, column header to text. */
export async function readTable(table) {
  const columns = (await table.getByRole("columnheader").allInnerTexts()).map(firstLine);
  const rows = [];
  for (const row of await table.getByRole("row").all()) {
    const cells = await row.locator("td, [role=cell], [role=rowheader], th[scope=row]").allInnerTexts();
    if (cells.length === columns.length) rows.push(Object.fromEntries(columns.map((c, i) => [c, cells[i].trim()])));
  }
  return rows;
}

const firstLine = (text) => text.trim().split("\n")[0].trim();
