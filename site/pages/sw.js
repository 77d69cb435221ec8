// The site without a network, and isolated from other sites, which lets a page share memory with its Python.
//
// The build writes in its own name and the list of all files: [path, hash, bytes], paths relative to this file.
const BUILD = "__BUILD__";
const FILES = new Map(__FILES__.map(([path, hash, bytes]) => [path, { hash, bytes }]));
const ROOT = new URL("./", self.location.href);
const PREFIX = `repid_nb ${ROOT.pathname} `;
const CACHE = PREFIX + BUILD;
const HASHES = address("__hashes__");
const AT_ONCE = 4;

/** @param {string} path */
function address(path) {
  return new URL(path, ROOT).href;
}

self.addEventListener("install", () => self.skipWaiting());

// A message may come before this event does.
const tookOver = new Promise((resolve) => {
  self.addEventListener("activate", (event) => {
    const done = takeOver();
    event.waitUntil(done);
    resolve(done);
  });
});

async function takeOver() {
  const cache = await caches.open(CACHE);
  const older = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  for (const name of older) {
    await copyUnchanged(await caches.open(name), cache);
    await caches.delete(name);
  }
  const hashes = [...FILES].map(([path, { hash }]) => [path, hash]);
  await cache.put(HASHES, new Response(JSON.stringify(hashes)));
  await self.clients.claim();
  if (older.length) for (const client of await self.clients.matchAll()) client.postMessage({ type: "updated" });
}

/** A new build fetches only what has changed. @param {Cache} older @param {Cache} cache */
async function copyUnchanged(older, cache) {
  const hashes = new Map((await (await older.match(HASHES))?.json()) ?? []);
  for (const [path, { hash }] of FILES) {
    const kept = hashes.get(path) === hash && (await older.match(address(path)));
    if (kept) await cache.put(address(path), kept);
  }
}

/** @param {Response} response */
function isolated(response) {
  if (response.status === 0 || response.type === "opaque") return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== ROOT.origin) return;
  // The next two are what JupyterLite's pages ask of a service worker.
  if (url.pathname === "/api/service-worker-heartbeat") event.respondWith(new Response("ok"));
  else if (!url.pathname.startsWith(ROOT.pathname)) return;
  else if (/\/api\/(drive|stdin\/)/.test(url.pathname)) event.respondWith(askPage(request, url));
  else if (request.method === "GET" && !(request.cache === "only-if-cached" && request.mode !== "same-origin"))
    event.respondWith(answer(event, url, request));
});

async function answer(event, url, request) {
  let path = decodeURIComponent(url.pathname.slice(ROOT.pathname.length));
  if (path === "" || path.endsWith("/")) path += "index.html";
  if (FILES.has(`${path}/index.html`))
    return Response.redirect(`${url.origin}${url.pathname}/${url.search}${url.hash}`, 302);
  if (!FILES.has(path)) return isolated(await fetch(request));
  const cache = await caches.open(CACHE);
  const kept = await cache.match(address(path));
  if (kept) return isolated(kept);
  const fresh = await fetch(address(path), { cache: "no-cache" });
  // The answer does not wait until it is kept: what is large is read while it comes.
  if (fresh.ok) event.waitUntil(cache.put(address(path), fresh.clone()).catch(console.warn));
  return isolated(fresh);
}

const pages = new BroadcastChannel("/sw-api.v1");

/** Ask the page what a kernel wants that stands still: a file, or what the reader types. */
async function askPage(request, url) {
  const message = await request.json();
  return new Promise((resolve) => {
    const listen = ({ data }) => {
      const isOurs = data.browsingContextId === message.browsingContextId && data.requestId === message.requestId;
      if (!isOurs || !("response" in data)) return;
      pages.removeEventListener("message", listen);
      resolve(isolated(new Response(JSON.stringify(data.response))));
    };
    pages.addEventListener("message", listen);
    pages.postMessage({ ...message, pathname: url.pathname });
  });
}

self.addEventListener("message", (event) => {
  if (event.data?.type === "keep") event.waitUntil(keepAll(event.source));
});

let keeping;

/** Fetch everything that is not kept yet, and tell the page how far that is. @param {Client} client */
async function keepAll(client) {
  // What the former build has kept is not missing; it is just being copied.
  if (self.registration.active?.state !== "activated") await tookOver;
  const cache = await caches.open(CACHE);
  const kept = new Set((await cache.keys()).map((request) => request.url));
  const missing = [...FILES].filter(([path]) => !kept.has(address(path)));
  const total = [...FILES.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  let done = total - missing.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  const tell = () => client?.postMessage({ type: "kept", done, total });
  tell();
  keeping ??= fetchAll(missing, cache, (bytes) => {
    done += bytes;
    tell();
  }).finally(() => (keeping = undefined));
  await keeping;
}

async function fetchAll(missing, cache, fetched) {
  const work = missing[Symbol.iterator]();
  const fetchSome = async () => {
    for (const [path, { bytes }] of work) {
      const response = await fetch(address(path), { cache: "no-cache" });
      if (!response.ok) continue;
      await cache.put(address(path), response);
      fetched(bytes);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, fetchSome));
}
