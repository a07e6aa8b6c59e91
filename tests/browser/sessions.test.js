// Browsers that are signed in: listed in the dialog Connection, and signed out together.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { eventually, launchBrowser, newPage } from "./browser.js";
import { EXAMPLES, startServer } from "./server.js";

const USER = "ada";
const KEY = "k-sessions-91c2";

describe("signed-in browsers", { concurrency: false }, () => {
  let server, browser, first, second;

  const dialog = ({ page }) => page.getByRole("dialog", { name: "Connection" });
  const lines = (one) => dialog(one).getByRole("list", { name: "Signed-in browsers" }).getByRole("listitem");
  const openDialog = ({ page }, word) => page.getByRole("banner").getByRole("button", { name: word, exact: true }).click();

  before(async () => {
    process.env.SWEEP_USER = USER;
    process.env.SWEEP_API_KEY = KEY;
    server = await startServer(EXAMPLES);
    delete process.env.SWEEP_USER;
    delete process.env.SWEEP_API_KEY;
    browser = await launchBrowser();
    first = await newPage(browser);
    second = await newPage(browser);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(() => assert.deepEqual(first.browserErrors.splice(0), []));

  test("both are listed, and which one this is", async () => {
    await first.page.goto(server.startAddress);
    await second.page.goto(server.origin);
    second.browserErrors.length = 0; // nobody is signed in yet: 401
    await openDialog(second, "Sign in");
    await dialog(second).getByRole("textbox", { name: "User" }).fill(USER);
    await dialog(second).getByRole("textbox", { name: "API key" }).fill(KEY);
    await dialog(second).getByRole("button", { name: "Sign in", exact: true }).click();
    await eventually(async () => assert.equal(await dialog(second).count(), 0));
    await openDialog(first, USER);
    await eventually(async () => {
      const texts = await lines(first).allInnerTexts();
      assert.equal(texts.length, 2, JSON.stringify(texts));
      assert.equal(texts.filter((text) => /^Chrome on Linux\s+this browser, signed in now$/.test(text)).length, 1, JSON.stringify(texts));
      assert.equal(texts.filter((text) => /used within the hour, signed in/.test(text)).length, 1);
    });
  });

  test("one signs out everywhere, and the other is signed out at once", async () => {
    await dialog(first).getByRole("button", { name: "Sign out everywhere" }).click();
    await dialog(first).getByText("Sign in with the user and API key").waitFor();
    await dialog(second).getByText("Sign in with the user and API key").waitFor();
    assert.deepEqual(
      second.browserErrors.filter((error) => !/ 401/.test(error)),
      [],
    );
    assert.equal(await lines(second).count(), 0);
  });
});
