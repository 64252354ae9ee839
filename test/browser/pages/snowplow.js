// Snowplow's browser tracker: page views, structured and self-describing events.
import { newTracker, trackPageView, trackStructEvent, trackSelfDescribingEvent, setUserId, flushBuffer } from '@snowplow/browser-tracker';

export async function run(collector, tell, options = {}) {
  newTracker('sp', collector, { appId: 'shop', contexts: { session: true, webPage: true, browser: true }, ...options });
  trackPageView({ title: 'Home' });
  tell('page_view');
  trackStructEvent({ category: 'shop', action: 'add_to_cart', label: 'sencha', property: 'p', value: 9.5 });
  tell('add_to_cart');
  setUserId('ann');
  trackSelfDescribingEvent({ event: { schema: 'iglu:com.shop.example/order_completed/jsonschema/1-0-0', data: { total: 9.5, text: '✓' } } });
  tell('order_completed', 'ann');
  flushBuffer();
}
