// Drives Firefox over WebDriver BiDi: node firefox.mjs EXECUTABLE ADDRESS... prints, as JSON, what each live page showed.

import puppeteer from "puppeteer-core";

const [executablePath, ...addresses] = process.argv.slice(2);
const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true, protocolTimeout: 180_000 });

/** Until a condition of the page holds. @param {any} page @param {string} condition */
async function until(page, condition) {
  const ends = Date.now() + 120_000;
  while (Date.now() < ends) {
    // The page loads itself again, once, and what is asked meanwhile fails.
    if (await page.evaluate(condition).catch(() => false)) return;
    await new Promise((go) => setTimeout(go, 100));
  }
  throw new Error(`never: ${condition}`);
}

try {
  const shown = [];
  for (const address of addresses) {
    const page = await browser.newPage();
    await page.goto(address);
    await until(page, "[...document.querySelectorAll('button')].some((one) => one.textContent.includes('Make this page live'))");
    await page.evaluate("[...document.querySelectorAll('button')].find((one) => one.textContent.includes('Make this page live')).click()");
    await until(page, "Boolean(window.live)");
    const ran = await page.evaluate("window.live.runAll()");
    shown.push({ address, ran, errors: await page.evaluate("document.querySelectorAll('.live-error').length") });
    await page.close();
  }
  process.stdout.write(JSON.stringify(shown));
} finally {
  await browser.close();
}
