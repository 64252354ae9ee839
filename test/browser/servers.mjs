// servers.mjs: tells the SDKs for servers about events, and writes a JSON line for each: {"tracker", "event", "user"}.
//
//   node servers.mjs COLLECTOR
import { Analytics as Segment } from '@segment/analytics-node';
import Rudder from '@rudderstack/rudder-sdk-node';
import { newTracker, buildPageView, buildSelfDescribingEvent } from '@snowplow/node-tracker';
import { PostHog } from 'posthog-node';

const [collector] = process.argv.slice(2);
const told = [];
const tell = (tracker, event, user) => told.push({ tracker, event, user });

async function segment() {
  const analytics = new Segment({ writeKey: 'server', host: collector, path: '/v1/batch', flushAt: 5 });
  for (let n = 0; n < 12; n++) {
    analytics.track({ userId: `u${n % 3}`, event: 'server order', properties: { n } });
    tell('segment-node', 'server order', `u${n % 3}`);
  }
  await analytics.closeAndFlush({ timeout: 10000 });
}

async function rudder() {
  const analytics = new Rudder('server', { dataPlaneUrl: collector, flushAt: 4, gzip: true, logLevel: 'error' });
  for (let n = 0; n < 8; n++) {
    analytics.track({ userId: `u${n % 3}`, event: 'server order', properties: { n } });
    tell('rudder-node', 'server order', `u${n % 3}`);
  }
  await new Promise((done) => analytics.flush(done));
}

async function snowplow() {
  const failures = [];
  const tracker = newTracker({ namespace: 'server', appId: 'server' }, { endpoint: collector, eventMethod: 'post', bufferSize: 3, onRequestFailure: (error) => failures.push(error) });
  for (let n = 0; n < 6; n++) {
    tracker.setUserId(`u${n % 3}`);
    tracker.track(buildSelfDescribingEvent({ event: { schema: 'iglu:com.shop.example/server_order/jsonschema/1-0-0', data: { n } } }));
    tell('snowplow-node', 'server_order', `u${n % 3}`);
  }
  tracker.track(buildPageView({ pageUrl: 'https://shop.example/server', pageTitle: 'Server' }));
  tell('snowplow-node', 'page_view', 'u2');
  tracker.flush();
  await new Promise((done) => setTimeout(done, 2000));
  failures.forEach((error) => console.error(`snowplow-node: ${error}`));
}

async function posthog() {
  const client = new PostHog('phc_server', { host: collector, flushAt: 4, disableGeoip: true });
  for (let n = 0; n < 9; n++) {
    client.capture({ distinctId: `u${n % 3}`, event: 'server order', properties: { n } });
    tell('posthog-node', 'server order', `u${n % 3}`);
  }
  await client.shutdown();
}

for (const sdk of [segment, rudder, snowplow, posthog]) await sdk();
told.forEach((line) => process.stdout.write(`${JSON.stringify(line)}\n`));
process.exit(0);
