// Segment's analytics.js, which asks the collector for its settings in place of a CDN.
import { AnalyticsBrowser } from '@segment/analytics-next';

export async function run(collector, tell) {
  const analytics = AnalyticsBrowser.load({ writeKey: 'browser', cdnURL: collector }, {
    integrations: { 'Segment.io': { apiHost: `${new URL(collector).host}/v1`, protocol: 'http' } },
  });
  await analytics.page('Home', { plan: 'x' });
  tell('page_view');
  for (const total of [9.5, 12, 0.1]) {
    await analytics.track('Order Completed', { total, nested: { a: [1, 2] } });
    tell('Order Completed');
  }
  await analytics.identify('ann', { email: 'ann@shop.example' });
  tell('identify', 'ann');
  await analytics.track('Ünïcode ✓', { text: '\u{1F375} "quoted" \\' });
  tell('Ünïcode ✓', 'ann');
}
