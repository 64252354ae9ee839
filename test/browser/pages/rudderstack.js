// RudderStack's JavaScript SDK, with everything in one bundle.
import { RudderAnalytics } from '@rudderstack/analytics-js/bundled';

export async function run(collector, tell) {
  const analytics = new RudderAnalytics();
  await new Promise((ready) => {
    analytics.load('browser', collector, { configUrl: collector, onLoaded: ready, storage: { type: 'localStorage' } });
  });
  analytics.page('Docs', 'Home', { plan: 'x' });
  tell('page_view');
  for (const total of [9.5, 12]) {
    analytics.track('Order Completed', { total });
    tell('Order Completed');
  }
  analytics.identify('ann', { email: 'ann@shop.example' });
  tell('identify', 'ann');
}
