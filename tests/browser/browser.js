// Starts Chromium, and opens pages that record every error that a developer would see in the console.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

// The last ones keep the browser from calling its vendor's servers.
const OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"].concat(
  ["--disable-background-networking", "--disable-component-update", "--disable-sync"],
);
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The path in the variable CHROMIUM, or any Chromium or Chrome on PATH. */
function findBrowser() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  if (!found) throw new Error("no Chromium on PATH; name one with CHROMIUM=path");
  return found;
}

export function launchBrowser() {
  return chromium.launch({ executablePath: findBrowser(), args: OPTIONS });
}

/**
 * Opens a page that shares no cookies or storage with another. `browserErrors` is a list that grows by every console error
 * or warning, uncaught exception, failed request and answer of 400 or above.
 */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const browserErrors = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) browserErrors.push(`console ${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => browserErrors.push(`exception: ${error.message}`));
  page.on("requestfailed", (request) => {
    // Requests that the page itself cancels (when a view or the page is closed) end as aborted.
    const reason = request.failure()?.errorText;
    if (reason !== "net::ERR_ABORTED") browserErrors.push(`request failed: ${request.url()} ${reason}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) browserErrors.push(`answer ${response.status()}: ${response.url()}`);
  });
  return { page, browserErrors, close: () => context.close() };
}

/** Calls `probe` until it returns without throwing. Throws its last error once `within` milliseconds have passed. */
export async function eventually(probe, within = 10_000) {
  const deadline = Date.now() + within;
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
