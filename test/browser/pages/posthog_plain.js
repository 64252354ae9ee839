// PostHog's browser SDK without compression.
import { run as compressed } from './posthog.js';

export const run = (collector, tell) => compressed(collector, tell, { disable_compression: true });
