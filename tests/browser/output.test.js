// A trial's output as a terminal would leave it, its bytes for download, and the cause of a failure.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { Planner, readTable } from "./planner.js";
import { startServer } from "./server.js";

const LONG_LINES = 60_000;

/** What tqdm 4.70, rich 15, Keras 3 and spaCy 3 wrote, with some states of the bars left out; and the text that is left. */
const WRITTEN = [
  [
    "\repochs:   0%|               | 0/2 [00:00<?, ?it/s]\n\rbatch:   0%|                | 0/2 [00:00<?, ?it/s]\x1b[A\n" +
      "\rbatch: 100%|█████| 2/2 [00:00<00:00, 191.13it/s]\x1b[A\n\r                                                  \x1b[A" +
      "\repochs:  50%|██▌  | 1/2 [00:00<00:00, 357.66it/s]\repochs: 100%|█████| 2/2 [00:00<00:00, 3452.27it/s]\n",
    "epochs: 100%|█████| 2/2 [00:00<00:00, 3452.27it/s]\n",
  ],
  [
    "Epoch 2/3\n\r\x1b[1m 1/22\x1b[0m \x1b[37m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 3ms/step - accuracy: 0.8281 - loss: 0.7895" +
      "\x08".repeat(73) +
      "\r\x1b[1m22/22\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m0s\x1b[0m 4ms/step - accuracy: 0.8857 - loss: 0.4676 - val_loss: 0.5130\n",
    "Epoch 2/3\n22/22 ━━━━━━━━━━━━━━━━━━━━ 0s 4ms/step - accuracy: 0.8857 - loss: 0.4676 - val_loss: 0.5130\n",
  ],
  [
    "\x1b[?25l\r\x1b[2K\x1b[31mTraining\x1b[0m   \x1b[38;5;237m━━━━━━━━━━\x1b[0m \x1b[35m  0%\x1b[0m \x1b[36m-:--:--\x1b[0m\n" +
      "\x1b[32mValidation\x1b[0m \x1b[38;5;237m━━━━━━━━━━\x1b[0m \x1b[35m  0%\x1b[0m \x1b[36m-:--:--\x1b[0m" +
      "\r\x1b[2K\x1b[1A\x1b[2Kepoch \x1b[1;36m0\x1b[0m \x1b[1mloss\x1b[0m \x1b[1;36m0.5\x1b[0m\n" +
      "\x1b[31mTraining\x1b[0m   \x1b[38;2;249;38;114m━━━━━\x1b[0m\x1b[38;5;237m╺\x1b[0m\x1b[38;5;237m━━━━\x1b[0m \x1b[35m 50%\x1b[0m \x1b[36m0:00:01\x1b[0m\n" +
      "\x1b[32mValidation\x1b[0m \x1b[38;2;114;156;31m━━━━━━━━━━\x1b[0m \x1b[35m100%\x1b[0m \x1b[36m0:00:00\x1b[0m\n\x1b[?25h",
    "epoch 0 loss 0.5\nTraining   ━━━━━╺━━━━  50% 0:00:01\nValidation ━━━━━━━━━━ 100% 0:00:00\n",
  ],
  [
    "\x1b[38;5;2m✔ Saved pipeline to output directory\x1b[0m\n\x1b]8;id=6945927;https://x.example\x1b\\a link\x1b]8;;\x1b\\ and " +
      "\x1b[2mdim\x1b[0m \x1b[44mon blue\x1b[0m \x1b[7minverse\x1b[0m \x1b[3;4mslanted\x1b[0m <b>&amp;</b>\n\n模型\tok\x07\n",
    "✔ Saved pipeline to output directory\na link and dim on blue inverse slanted <b>&amp;</b>\n\n模型\tok\n",
  ],
  // Every one of the sixteen colours, and their bright neighbours as backgrounds.
  [
    [0, 1, 2, 3, 4, 5, 6, 7].map((n) => `\x1b[3${n}m ${n} \x1b[9${n}m ${n} \x1b[0;4${n}m ${n} \x1b[10${n}m ${n} \x1b[0m`).join("") + "\n",
    [0, 1, 2, 3, 4, 5, 6, 7].map((n) => ` ${n}  ${n}  ${n}  ${n} `).join("") + "\n",
  ],
];
const BYTES = Buffer.from(WRITTEN.map(([written]) => written).join(""));
const LEFT = WRITTEN.map(([, left]) => left).join("");

const SCRIPT = `import os, sys
case = sys.argv[2]
bytes = open("bytes", "rb").read()
for start in range(0, len(bytes), 7):
    os.write(1, bytes[start : start + 7])
if case == "missing":
    import torch_that_nobody_has
if case == "killed":
    os.kill(os.getpid(), 9)
if case == "status":
    sys.exit(3)
if case == "long":
    for number in range(${LONG_LINES}):
        print(f"\\x1b[32mline {number}\\x1b[0m of a long output, written to the end")
`;
const CASES = ["fine", "missing", "killed", "status", "long"];

describe("the output of a trial", { concurrency: false }, () => {
  let folder, server, browser, page, planner, browserErrors, sheet, log;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sweep-output-"));
    await writeFile(join(folder, "train.py"), SCRIPT);
    await writeFile(join(folder, "bytes"), BYTES);
    server = await startServer(folder);
    browser = await launchBrowser();
    ({ page, browserErrors } = await newPage(browser, { acceptDownloads: true }));
    planner = new Planner(page);
    sheet = page.getByRole("dialog", { name: /^Output of trial/ });
    log = sheet.getByRole("log", { name: "Output" });
    await page.goto(server.startAddress);
    await planner.paste(`grid run --name noisy train.py --case "[${CASES.map((name) => `'${name}'`).join(", ")}]"`);
    await planner.hasTrials(CASES.length);
    await planner.launch.click();
    await planner.tab("Runs").click();
    const trials = page.getByRole("table", { name: "Trials of noisy" });
    await eventually(async () => {
      const rows = await readTable(trials);
      assert.equal(rows.filter((row) => /^(completed|failed)/.test(row.Status)).length, CASES.length, JSON.stringify(rows));
    }, 30_000);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    if (await sheet.count()) await closeSheet();
    assert.deepEqual(browserErrors.splice(0), []);
  });

  /** Opens a case's sheet and waits until all of the output is there. */
  const open = async (name) => {
    await page.getByRole("button", { name: `Output of trial ${CASES.indexOf(name) + 1}`, exact: true }).click();
    await sheet.getByText("Complete").waitFor();
  };
  const closeSheet = async () => {
    await sheet.getByRole("button", { name: "Close" }).click();
    await eventually(async () => assert.equal(await sheet.count(), 0));
  };

  test("is what a terminal leaves of it", async () => {
    await open("fine");
    await eventually(async () => assert.equal(await log.evaluate((log) => log.textContent), LEFT));
    assert.equal((await log.innerText()).trimEnd(), LEFT.trimEnd());
    assert.equal(await sheet.getByRole("region", { name: "Cause" }).count(), 0);
  });

  test("has colours that can be read in both themes", async () => {
    await open("fine");
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      const found = await log.evaluate(contrasts);
      assert.ok(found.length > 40, `${found.length} texts`);
      for (const { text, contrast } of found) assert.ok(contrast >= 4.5, `${colorScheme}: ${text}: ${contrast}`);
    }
    await page.emulateMedia({ colorScheme: null });
  });

  test("can be downloaded to the byte", async () => {
    await open("fine");
    const [download] = await Promise.all([page.waitForEvent("download"), sheet.getByRole("link", { name: "Download" }).click()]);
    assert.equal(download.suggestedFilename(), "noisy-exp0.log");
    assert.deepEqual(await readFile(await download.path()), BYTES);
  });

  test("ends with the cause, in view, where the trial failed", async () => {
    for (const [name, words] of [
      ["missing", /^ModuleNotFoundError: No module named 'torch_that_nobody_has'\s+Failed: exit status 1$/],
      ["killed", /^Failed: ended by signal 9 \(SIGKILL\)\. Perhaps .* out of memory\.$/],
      ["status", /^Failed: exit status 3$/],
    ]) {
      await open(name);
      const cause = sheet.getByRole("region", { name: "Cause" });
      await eventually(async () => assert.match(await cause.innerText(), words));
      const { y, height } = await cause.boundingBox();
      assert.ok(y + height <= page.viewportSize().height, `${name}: ${y + height}`);
      if (process.env.SCREENSHOTS) await takeScreenshots(page, process.env.SCREENSHOTS, name);
      await closeSheet();
      }
  });

  test("is shown at its end where it is long", async () => {
    await open("long");
    const last = `line ${LONG_LINES - 1} of a long output, written to the end`;
    await eventually(async () => assert.ok((await log.evaluate((log) => log.textContent)).endsWith(`${last}\n`)));
    await sheet.getByText(/^Only the end of [\d,]+ bytes is shown\.$/).waitFor();
    // The first line that is shown is a whole one, and each line of it is in place.
    const lines = (await log.innerText()).trimEnd().split("\n");
    const first = Number(/^line (\d+) /.exec(lines[0])[1]);
    assert.equal(lines.length, LONG_LINES - first);
    const distanceToEnd = () => log.evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
    await eventually(async () => assert.ok((await distanceToEnd()) < 4));
    // It stays there where the space for it changes, as when a line above it arrives later.
    await page.setViewportSize({ width: 1100, height: 500 });
    await eventually(async () => assert.ok((await log.evaluate((log) => log.clientHeight)) < 400 && (await distanceToEnd()) < 4));
    // Once a person scrolls up, it stays where the person reads.
    await log.hover();
    await page.mouse.wheel(0, -600);
    await eventually(async () => assert.ok((await distanceToEnd()) > 300));
    await page.setViewportSize({ width: 1100, height: 700 });
    await eventually(async () => assert.ok((await log.evaluate((log) => log.clientHeight)) > 400));
    assert.ok((await distanceToEnd()) > 200);
  });
});

/** The contrast of every text below an element with what is behind it, by WCAG 2.2. Runs in the page. */
function contrasts(root) {
  const parse = (text) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([red, green, blue]) => {
    const linear = (byte) => (byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  };
  const background = (element) => {
    const color = parse(getComputedStyle(element).backgroundColor);
    return color[3] === 255 ? color : background(element.parentElement);
  };
  const found = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (!text.data.trim()) continue;
    const [one, two] = [parse(getComputedStyle(text.parentElement).color), background(text.parentElement)].map(luminance);
    found.push({ text: text.data.slice(0, 40), contrast: (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05) });
  }
  return found;
}

/** Pictures for the eye, of both widths and both colour schemes, into a folder. */
async function takeScreenshots(page, folder, name) {
  for (const width of [1440, 390]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png` });
    }
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize({ width: 1440, height: 900 });
}
