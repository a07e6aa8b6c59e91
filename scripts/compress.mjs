// Compresses the built page once, as well as it can be, so that the server only has to send files: beside FILE it writes
// FILE.br and FILE.gz, where they are smaller. index.html.br comes last: build.sh takes it as the sign of a finished build.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import zlib from "node:zlib";

const WORTH_IT = new Set([".css", ".csv", ".html", ".js", ".json", ".mjs", ".svg", ".txt", ".wasm", ".webmanifest"]);
const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);

async function compress(path) {
  const bytes = await readFile(path);
  const packed = {
    ".gz": await gzip(bytes, { level: 9 }),
    ".br": await brotli(bytes, { params: { [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }), // quality 11 by default
  };
  for (const [ending, result] of Object.entries(packed)) {
    if (result.length < bytes.length) await writeFile(path + ending, result);
  }
  if (extname(path) === ".wasm") {
    console.log(`${path}: ${bytes.length} bytes, ${packed[".br"].length} as Brotli, ${packed[".gz"].length} as gzip`);
  }
}

const folder = process.argv[2];
const files = (await readdir(folder, { recursive: true })).filter((path) => WORTH_IT.has(extname(path)));
await Promise.all(files.filter((path) => path !== "index.html").map((path) => compress(join(folder, path))));
await compress(join(folder, "index.html"));
