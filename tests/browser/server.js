// Starts the real server, on a free port and an empty data folder, over a folder of training scripts.
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUILT_PAGE = join(ROOT, "dist");
export const BINARY = process.env.SWEEP ?? join(ROOT, "target/release/sweep");
const READY_WITHIN_MS = 30_000;
const STOPPED_WITHIN_MS = 10_000;

/** The examples that the project ships. */
export const EXAMPLES = join(ROOT, "examples");

/**
 * Starts a server with the text of a configuration file, on a data folder that stays where one is given. Resolves when it is ready, to its `origin`, the one-time `startAddress` that it printed and `stop()`.
 * Rejects with everything that it printed if it ends, or prints no address in time.
 */
export async function startServer(source, config = "", kept = undefined) {
  const data = kept ?? (await mkdtemp(join(tmpdir(), "sweep-test-")));
  const configFile = join(data, "sweep.toml");
  await writeFile(configFile, config);
  const origin = `http://127.0.0.1:${await freePort()}`;
  const options = ["serve", "--listen", origin.slice("http://".length), "--source", source, "--data", data, "--page", BUILT_PAGE].concat(
    ["--config", configFile],
  );
  const server = spawn(BINARY, options, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => server.once("close", resolve));
  let output = "";

  async function stop() {
    server.kill("SIGINT");
    const timer = setTimeout(() => server.kill("SIGKILL"), STOPPED_WITHIN_MS);
    await ended;
    clearTimeout(timer);
    if (!kept) await rm(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  const startAddress = new Promise((resolve, reject) => {
    const giveUp = (why) => reject(new Error(`the server ${why}:\n${output}`));
    const timer = setTimeout(() => giveUp("did not print its address"), READY_WITHIN_MS);
    const read = (chunk) => {
      output += chunk;
      const line = /^Open (http:\S+)/m.exec(output);
      if (line) {
        clearTimeout(timer);
        resolve(line[1]);
      }
    };
    server.stdout.setEncoding("utf8").on("data", read);
    server.stderr.setEncoding("utf8").on("data", read);
    server.once("error", (error) => giveUp(`did not start (${error.message})`));
    ended.then(() => giveUp("ended"));
  });
  try {
    return { origin, startAddress: await startAddress, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
