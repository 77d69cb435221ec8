// Compiles, in the browser's own Python, what its pages import: node precompile.mjs FOLDER, which holds the runtime.

import { readFileSync, realpathSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = realpathSync(process.argv[2]);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);
const python = await loadPyodide({
  indexURL: `${folder}/`,
  lockFileURL: `${folder}/page-lock.json`,
  packages: ["repid-nb"],
  // Equal sources make an equal site.
  env: { PYTHONHASHSEED: "0" },
});
const modules = { live_page: "live/page.py", precompile: "precompile.py" };
for (const [name, file] of Object.entries(modules))
  python.FS.writeFile(`/lib/python3.14/site-packages/${name}.py`, readFileSync(new URL(file, import.meta.url)));
for (const [place, root] of [
  ["/runtime", folder],
  ["/notebooks", fileURLToPath(new URL("../notebooks", import.meta.url))],
]) {
  python.FS.mkdirTree(place);
  python.FS.mount(python.FS.filesystems.NODEFS, { root }, place);
}
// What the cells show goes nowhere.
globalThis.postMessage = () => {};
try {
  const precompile = python.pyimport("precompile");
  await precompile.run_chapters();
  precompile.write_archives();
  // What a cell has left running would keep this program.
  process.exit();
} catch (error) {
  // Uncaught, it would come with the line of Pyodide that raised it, which is all of Pyodide.
  console.error(error.message);
  process.exit(1);
}
