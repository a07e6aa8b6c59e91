// What the page offers around the Command box: the config file, one command for several, the reference, character names.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner } from "./planner.js";
import { EXAMPLES as SEED } from "./seed.js";
import { EXAMPLES, startServer } from "./server.js";

const YAML = `compute:
  train: {instance: g4dn.xlarge, use_spot: true}
hyper_params:
  settings: {strategy: grid_search}
  params: {--lr: [0.1, 0.2], --layers: "range(1, 4)"}
`;

describe("around the Command box", { concurrency: false }, () => {
  let server, browser, page, planner, browserErrors, close, config;

  before(async () => {
    server = await startServer(EXAMPLES);
    browser = await launchBrowser();
    ({ page, browserErrors, close } = await newPage(browser));
    planner = new Planner(page);
    config = page.getByRole("textbox", { name: "Config file" });
    await page.goto(server.startAddress);
    await planner.hasTrials(4);
  });
  after(async () => {
    await close?.();
    await browser?.close();
    await server?.stop();
  });
  afterEach(() => assert.deepEqual(browserErrors.splice(0), []));

  const button = (name) => page.getByRole("button", { name, exact: true });

  test("the seed's four commands become one, and can be had back", async () => {
    const four = SEED.find(({ name }) => name === "four commands").text;
    await planner.paste(four);
    await planner.hasTrials(4);
    await button("Write as one command").click();
    await eventually(async () => assert.match(await planner.command.inputValue(), /grid run file\.py --batch_size "\[8, 16, 32, 64\]"/));
    await planner.hasTrials(4);
    assert.deepEqual(await planner.values(4), [["8"], ["16"], ["32"], ["64"]]);
    assert.equal(await button("Write as one command").count(), 0);
    await planner.undo.click();
    await planner.hasCommand(four);
    await planner.redo.click();
    await planner.hasTrials(4);
    assert.notEqual(await planner.command.inputValue(), four);
  });

  test("a config file is pasted, read, kept in the link and taken out", async () => {
    await planner.paste("grid run f.py --n 1");
    await planner.hasTrials(1);
    await button("Config file").click();
    await config.fill(YAML);
    await planner.hasCommand("grid run --config config.yml f.py --n 1");
    await planner.hasTrials(6);
    assert.deepEqual(await planner.sweptColumns(), ["--lr", "--layers"]);
    assert.deepEqual(await planner.values(3), [["0.1", "1"], ["0.2", "1"], ["0.1", "2"]]);
    for (const name of ["Strategy", "Instance type"]) assert.ok(await page.getByRole("combobox", { name, exact: true }).isDisabled(), name);
    assert.ok(await page.getByRole("switch", { name: "Spot" }).isDisabled());
    assert.equal(await page.getByRole("switch", { name: "Spot" }).getAttribute("aria-checked"), "true");

    const link = await eventually(async () => {
      assert.match(page.url(), /config=compute/);
      return page.url();
    });
    const other = await newPage(browser, { storageState: await page.context().storageState() });
    try {
      await other.page.goto(link);
      await new Planner(other.page).hasTrials(6);
      assert.equal(await other.page.getByRole("textbox", { name: "Config file" }).inputValue(), YAML);
      assert.deepEqual(other.browserErrors, []);
    } finally {
      await other.close();
    }

    await button("Remove the config file").click();
    await planner.hasCommand("grid run f.py --n 1");
    await planner.hasTrials(1);
    assert.equal(await config.count(), 0);
    await planner.undo.click();
    await planner.hasTrials(6);
    assert.equal(await config.inputValue(), YAML);
    await button("Remove the config file").click();
  });

  test("a file that is named in the text keeps its name, and its commands", async () => {
    const text = "grid run a.py\ngrid run --config conf/sweep.yml f.py";
    await planner.paste(text);
    await drop(page, planner.command, ["sweep.yml", YAML.replaceAll("\n", "\r\n")]);
    await planner.hasTrials(7);
    await planner.hasCommand(text);
    assert.equal(await config.inputValue(), YAML);
    await button("Remove the config file").click();
  });

  test("a control that the file decides is locked, also by a null or a false", async () => {
    await planner.paste("grid run --config c.yml --use_spot f.py");
    await config.fill("compute:\n  train: {use_spot: false, instance: null}\n");
    await eventually(async () => assert.ok(await page.getByRole("switch", { name: "Spot" }).isDisabled()));
    assert.ok(await page.getByRole("combobox", { name: "Instance type", exact: true }).isDisabled());
    assert.ok(await page.getByRole("combobox", { name: "Strategy", exact: true }).isEnabled());
    assert.equal(await page.getByRole("switch", { name: "Spot" }).getAttribute("aria-checked"), "false");
    await button("Remove the config file").click();
  });

  test("a problem of the config file is told with its line, and mended there", async () => {
    await planner.paste("grid run --config c.yml f.py");
    await eventually(async () => assert.match((await planner.problems.allInnerTexts()).join("\n"), /config file/i));
    await config.fill("compute:\n  train: {instanse: g4dn.xlarge}\n");
    await eventually(async () => assert.match((await planner.problems.allInnerTexts()).join("\n"), /instanse[^]*config file, line 2/));
    await planner.problems.getByRole("button", { name: /`?instance`?/ }).last().click();
    await eventually(async () => assert.match(await config.inputValue(), /\{instance: g4dn\.xlarge\}/));
    await button("Remove the config file").click();
  });

  test("files are dropped and chosen: YAML is the config file, a script or text the command, others are refused", async () => {
    await planner.paste("grid run f.py");
    await drop(page, planner.command, ["sweep.yaml", YAML]);
    await planner.hasCommand("grid run --config sweep.yaml f.py");
    await planner.hasTrials(6);
    await button("Remove the config file").click();
    await drop(page, planner.command, ["runs.sh", 'grid run g.py --x "[1, 2]"\n'], ["more.sh", "grid run h.py\n"]);
    await planner.hasTrials(2);
    const alert = page.getByRole("alert").filter({ hasText: /\S/ });
    assert.match(await alert.innerText(), /more\.sh was not read: one file of a kind/);
    await planner.undo.click();
    await planner.hasCommand("grid run f.py");
    await drop(page, planner.command, ["train.py", "import sys\n"]);
    await eventually(async () => assert.match(await alert.innerText(), /train\.py was not read/));
    await planner.hasCommand("grid run f.py");

    await button("Config file").click();
    await page.getByLabel("Choose file…").setInputFiles({ name: "other.txt", mimeType: "text/yaml", buffer: Buffer.from(YAML) });
    await planner.hasCommand("grid run --config other.txt f.py");
    await planner.hasTrials(6);
    await button("Remove the config file").click();
  });

  test("the reference opens from the Command box, by keyboard, and gives the focus back", async () => {
    const open = button("Reference");
    await open.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "The sweep language" });
    await dialog.waitFor();
    const text = await dialog.innerText();
    for (const word of [/range\(1, 10, 2\)\s+1 {2}3 {2}5 {2}7 {2}9/, /0\.05488586225769321/, /loguniform/, /vonmises\(mu, kappa/, /--num_trials/]) {
      assert.match(text, word);
    }
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await eventually(async () => assert.ok(await open.evaluate((element) => element === document.activeElement)));
  });

  test("a character is named as in Python", async () => {
    await planner.paste(String.raw`grid run f.py --mark "['\N{BULLET}', '\N{greek small letter alpha}']"`);
    await planner.hasTrials(2);
    assert.deepEqual(await planner.values(2), [["•"], ["α"]]);
    await planner.paste(String.raw`grid run f.py --mark "['\N{BULET}']"`);
    await eventually(async () => assert.match((await planner.problems.allInnerTexts()).join("\n"), /no character has the name BULET/i));
  });
});

/** Drops files, each a name and a text, on an element as a browser does. */
async function drop(page, target, ...files) {
  const dataTransfer = await page.evaluateHandle((files) => {
    const data = new DataTransfer();
    for (const [name, text] of files) data.items.add(new File([text], name));
    return data;
  }, files);
  await target.dispatchEvent("dragover", { dataTransfer });
  await target.dispatchEvent("drop", { dataTransfer });
}
