// drive.mjs: opens a page for each tracker in Chromium, and writes a JSON line for each event that the page
// has told its tracker about: {"tracker", "event", "user"}, in the order of the calls.
//
//   node drive.mjs CHROMIUM COLLECTOR [TRACKER...]
//
// Errors of the pages go to stderr.
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
const [browserPath, collector, ...wanted] = process.argv.slice(2);
const trackers = readdirSync(join(here, 'pages')).map((file) => file.replace(/\.js$/, '')).filter((name) => wanted.length === 0 || wanted.includes(name));

async function bundle(tracker) {
  const result = await build({
    entryPoints: [join(here, 'pages', `${tracker}.js`)], bundle: true, write: false, format: 'iife', globalName: 'page', platform: 'browser', logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
  });
  return result.outputFiles[0].text;
}

async function visit(browser, site, tracker) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const told = [];
  let pending = 0;
  page.on('pageerror', (error) => console.error(`${tracker}: ${error}`));
  page.on('request', () => pending++);
  // what a tracker sends ends with the answer's headers: it does not read the rest
  page.on('response', () => pending--);
  await page.exposeFunction('tell', (event, user) => told.push({ tracker, event, user: user ?? null }));
  await page.goto(`${site}/${tracker}`);
  if (tracker === 'sessionize')
    await page.addScriptTag({ url: `${collector}/sessionize.js` }).catch((error) => console.error(`${tracker}: ${error}`));
  await page.addScriptTag({ content: await bundle(tracker) });
  await page.evaluate((at) => window.page.run(at, window.tell), collector);
  // trackers send after a while: until nothing was under way for two seconds, or some request was never answered
  for (let quiet = 0, waited = 0; quiet < 20 && waited < 150; waited++) {
    await page.waitForTimeout(100);
    quiet = pending <= 0 ? quiet + 1 : 0;
  }
  // and what they still have, when the page goes
  await page.goto('about:blank');
  await page.waitForTimeout(300);
  await context.close();
  return told;
}

const server = createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'text/html' });
  response.end(readFileSync(join(here, 'page.html')));
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const site = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
for (const tracker of trackers)
  for (const line of await visit(browser, site, tracker))
    process.stdout.write(`${JSON.stringify(line)}\n`);
await browser.close();
server.close();
