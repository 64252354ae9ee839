// Snowplow's browser tracker, which sends each event as an image's address.
import { run as post } from './snowplow.js';

export const run = (collector, tell) => post(collector, tell, { eventMethod: 'get', encodeBase64: false });
