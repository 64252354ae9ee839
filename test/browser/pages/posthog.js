// PostHog's browser SDK, which compresses what it sends.
import posthog from 'posthog-js/dist/module.no-external';

export async function run(collector, tell, options = {}) {
  posthog.init('phc_browser', {
    api_host: collector, opt_out_useragent_filter: true, autocapture: false, capture_pageview: false, capture_pageleave: false,
    advanced_disable_flags: true, disable_external_dependency_loading: true, disable_session_recording: true, disable_surveys: true,
    persistence: 'localStorage', request_batching: true, ...options,
  });
  posthog.capture('$pageview');
  tell('page_view');
  posthog.identify('ann', { email: 'ann@shop.example' });
  tell('$identify', 'ann');
  for (const total of [9.5, 12]) {
    posthog.capture('order completed', { total });
    tell('order completed', 'ann');
  }
}
