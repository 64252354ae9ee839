// Opens each report in a browser, light and dark, wide and narrow, and says what the browser and axe-core complain of:
// node report.mjs BROWSER FILE...
import { chromium } from 'playwright-core';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

let axe;
try {
  axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
} catch {
  console.log('no axe-core');
}
const [executablePath, ...files] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
for (const file of files) {
  for (const [colorScheme, width] of [['light', 1200], ['dark', 1200], ['light', 360]]) {
    // the page forbids scripts; axe is one
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
    const page = await context.newPage();
    const say = (what) => console.log(`${file} ${colorScheme} ${width}: ${what}`);
    page.on('console', (m) => say(m.text()));
    page.on('pageerror', (e) => say(e.message));
    page.on('dialog', (d) => { say(`dialog ${d.message()}`); d.dismiss(); });
    page.on('request', (r) => { if (!r.url().startsWith('file:') && !r.url().startsWith('data:')) say(`loads ${r.url()}`); });
    await page.goto(`file://${file}`);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wider > 0) say(`is ${wider} pixels wider than the screen`);
    if (axe) {
      await page.evaluate(() => document.querySelectorAll('details').forEach((d) => { d.open = true; }));
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run());
      for (const v of violations) say(`${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html + ' ' + n.failureSummary).join('; ')}`);
    }
    await context.close();
  }
}
await browser.close();
console.log('done');
