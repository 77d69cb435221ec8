// Python for one page, in a thread of its own.

const RUNTIME = new URL("../try/static/pyodide/", import.meta.url).href;
const quiet = { messageCallback() {} };

/** What a page needs that has a widget. */
const WIDGETS = ["anywidget", "ipywidgets"];
let widgets;

const starting = start();
let queue = starting;

async function start() {
  const { loadPyodide } = await import(`${RUNTIME}pyodide.mjs`);
  const python = await loadPyodide({ indexURL: RUNTIME, lockFileURL: `${RUNTIME}pyodide-lock.json` });
  const source = fetch(new URL("page.py", import.meta.url)).then((answer) => answer.text());
  await python.loadPackage(["pydantic", "typing-extensions"], quiet);
  // Not loadPackage: that would bring IPython and ipywidgets too, which most pages never need.
  const wheel = python.lockfile.packages["repid-nb"].file_name;
  const packed = await (await fetch(RUNTIME + wheel)).arrayBuffer();
  python.unpackArchive(packed, "whl", { extractDir: "/lib/python3.14/site-packages" });
  let buffer = null;
  if (self.crossOriginIsolated) {
    buffer = new Uint8Array(new SharedArrayBuffer(1));
    python.setInterruptBuffer(buffer);
  }
  python.FS.writeFile("/lib/python3.14/site-packages/live_page.py", await source);
  const page = python.pyimport("live_page");
  page.know_cells();
  python.setStdout({ batched: (text) => tell("stream", { text: `${text}\n` }) });
  python.setStderr({ batched: (text) => tell("stream", { text: `${text}\n`, isError: true }) });
  postMessage({ type: "ready", buffer });
  return { python, page, buffer };
}

let running = -1;

/** @param {string} type @param {object} message */
function tell(type, message) {
  postMessage({ type, cell: running, ...message });
}

onmessage = async ({ data }) => {
  const { python, page, buffer } = await starting;
  if (data.type === "interrupt") interrupt(page, buffer);
  else if (data.type === "comm") page.hear(data.comm, data.text);
  else if (data.type === "complete")
    postMessage({ type: "completions", id: data.id, text: page.complete(data.source) });
  else if (data.type === "run") queue = queue.then(() => run(python, page, buffer, data));
};

/** Whether the page has asked to stop the cell that is about to run: its packages are being loaded. */
let isStopped = false;
let isInPython = false;

function interrupt(page, buffer) {
  // Where a message is read Python awaits: left in memory, the interrupt would cut into what stops the cell.
  if (buffer) Atomics.store(buffer, 0, 0);
  if (isInPython) page.interrupt();
  else if (running !== -1) isStopped = true;
}

async function run(python, page, buffer, { cell, source }) {
  running = cell;
  isStopped = false;
  let isGood = false;
  try {
    // Without the lines that are IPython's: a file that a cell writes has imports too.
    await python.loadPackagesFromImports(source.replace(/^(%%|!).*$/gm, ""), quiet);
    if (/\b(Workbench|ipywidgets|anywidget|guess|join)\b/.test(source)) {
      widgets ??= python.loadPackage(WIDGETS, quiet).then(() => page.let_widgets_speak());
      await widgets;
    }
    // Pressed while nothing ran, the button is not meant for this cell.
    buffer?.fill(0);
    isInPython = true;
    if (isStopped) tell("output", { kind: "error", text: "Stopped." });
    else isGood = await page.run_cell(cell, source);
  } catch (error) {
    tell("output", { kind: "error", text: String(error) });
  }
  isInPython = false;
  running = -1;
  postMessage({ type: "done", cell, isGood });
}
