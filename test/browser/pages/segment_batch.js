// Segment's analytics.js, which collects events and sends them together.
import { AnalyticsBrowser } from '@segment/analytics-next';

export async function run(collector, tell) {
  const analytics = AnalyticsBrowser.load({ writeKey: 'browser', cdnURL: collector }, {
    integrations: {
      'Segment.io': { apiHost: `${new URL(collector).host}/v1`, protocol: 'http', deliveryStrategy: { strategy: 'batching', config: { size: 4, timeout: 300 } } },
    },
  });
  for (let n = 0; n < 10; n++) {
    await analytics.track('batched', { n });
    tell('batched');
  }
}
