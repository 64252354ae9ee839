// closing.mjs: pages that send events in several ways and are closed at a random moment, mostly before the answer, and in
// the end a browser that is killed.  Writes a JSON line for each event: {"tracker": the way, "event": its id, "user": "answered"
// if the page had the answer 200}.
//
//   node closing.mjs CHROMIUM COLLECTOR PAGES SEED
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const [browserPath, collector, pages, seed] = process.argv.slice(2);
let state = Number(seed) % 2147483647 || 1;
const random = () => (state = state * 48271 % 2147483647) / 2147483647;

// send sends one event from inside of a page; a large body is on its way for a while.
function send([at, way, id]) {
  const body = JSON.stringify({ event_id: id, event_name: way, anonymous_id: id, properties: { fill: 'x'.repeat(way === 'large' ? 900000 : 1000) } });
  if (way === 'beacon')
    return navigator.sendBeacon(`${at}/events`, body);
  fetch(`${at}/events`, { method: 'POST', body, keepalive: way === 'keepalive' })
    .then((response) => response.status === 200 && window.answered(id)).catch(() => undefined);
  return true;
}

const server = createServer((request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>closing</title>'));
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const site = `http://127.0.0.1:${server.address().port}`;
const browserServer = await chromium.launchServer({ executablePath: browserPath, args: ['--no-sandbox'] });
const browser = await chromium.connect(browserServer.wsEndpoint());
const ways = ['beacon', 'keepalive', 'small', 'large', 'large'];
const sent = [];
const answered = new Set();

for (let n = 0; n <= pages; n++) {
  const page = await browser.newPage();
  await page.exposeFunction('answered', (id) => answered.add(id));
  await page.goto(`${site}/`);
  // so that a large body takes half a second
  const network = await page.context().newCDPSession(page);
  await network.send('Network.enable');
  await network.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 2000000 });
  for (const way of n < pages ? [ways[n % ways.length], ways[Math.floor(random() * ways.length)]] : ['large', 'small', 'beacon']) {
    const id = `closing-${sent.length}`;
    sent.push({ way, id });
    await page.evaluate(send, [collector, way, id]).catch((error) => console.error(`${id}: ${error}`));
  }
  if (random() < 0.7)
    await new Promise((wake) => setTimeout(wake, random() * random() * 800));
  if (n < pages)
    await page.close();
}
await browserServer.kill();
for (const { way, id } of sent)
  process.stdout.write(`${JSON.stringify({ tracker: way, event: id, user: answered.has(id) ? 'answered' : null })}\n`);
server.close();
