/*
 * sessionize.js sends the events of a web page to a pg_sessionize collector.
 *
 *   <script src="https://collect.example/sessionize.js" data-key="KEY" defer></script>
 *   <script>sessionize.track('sign_up', { plan: 'free' }); sessionize.identify('ann');</script>
 *
 * data-collector: another address; data-pages="off": page views by sessionize.page() only. Events
 * wait in localStorage until the collector has them; one that is sent twice counts once.
 */
(function () {
  'use strict';
  var script = document.currentScript, settings = script.dataset, memory = {}, busy = false, failures = 0, timer;
  var collector = (settings.collector || new URL(script.src, location.href).origin).replace(/\/+$/, '');
  var endpoint = collector + '/events' + (settings.key ? '?writeKey=' + encodeURIComponent(settings.key) : '');

  // The page's memory serves where localStorage is refused or full.
  function read(name) {
    if (name in memory) return memory[name];
    try { return JSON.parse(localStorage.getItem('sessionize.' + name)); } catch (e) { return null; }
  }
  function write(name, value) {
    try { localStorage.setItem('sessionize.' + name, JSON.stringify(value)); delete memory[name]; } catch (e) { memory[name] = value; }
    return value;
  }

  // 122 random bits as a UUID; crypto.randomUUID is missing on pages that came over plain HTTP.
  function uuid() {
    return '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, function (c) {
      return (c ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> c / 4).toString(16);
    });
  }
  function anonymousId() { return read('anonymous_id') || write('anonymous_id', uuid()); }

  function queue() { return read('queue') || []; }
  function now() { return new Date().toISOString(); }
  // The events of the next request: at most 50, and no more than a beacon may hold.
  function batch() {
    var size = 0;
    return queue().slice(0, 50).filter(function (event, i) {
      size += JSON.stringify(event).length;
      return !i || size < 6e4;
    });
  }
  function body(events) {
    return JSON.stringify(events.map(function (event) { return Object.assign({ sent_at: now() }, event); }));
  }
  function remove(events) {
    var ids = events.map(function (event) { return event.event_id; });
    write('queue', queue().filter(function (event) { return ids.indexOf(event.event_id) < 0; }));
  }

  function send() {
    var events = batch();
    if (busy || !events.length) return;
    busy = true;
    // text/plain needs no preflight request
    fetch(endpoint, { method: 'POST', body: body(events), headers: { 'Content-Type': 'text/plain' }, keepalive: true, credentials: 'omit' })
      .then(function (answer) {
        busy = false;
        if (answer.ok || [400, 401, 403, 413].indexOf(answer.status) >= 0) {
          if (!answer.ok) console.warn('sessionize: events refused', answer.status, events);
          failures = 0;
          remove(events);
          send();
        } else retry(answer.headers.get('Retry-After'));
      }, function () { busy = false; retry(); });
  }
  function retry(seconds) {
    clearTimeout(timer);
    timer = setTimeout(send, 1e3 * (+seconds || Math.min(60, Math.pow(2, failures++)) * (0.5 + Math.random() / 2)));
  }

  function track(name, properties) {
    write('queue', queue().slice(-999).concat({
      event_id: uuid(), event_name: name, occurred_at: now(),
      anonymous_id: anonymousId(), user_id: read('user_id') || undefined,
      properties: Object.assign({ page: location.pathname }, properties),
      context: { library: 'sessionize.js', locale: navigator.language, screen: screen.width + 'x' + screen.height }
    }));
    send();
  }
  function page(properties) {
    track('page_view', Object.assign({ title: document.title, url: location.href, referrer: document.referrer }, properties));
  }

  // A page that goes sees no answer: the events stay in the queue until another page sees one.
  addEventListener('pagehide', function () {
    var events = batch();
    if (events.length) navigator.sendBeacon(endpoint, body(events));
  });
  addEventListener('online', send);

  window.sessionize = {
    track: track,
    page: page,
    identify: function (userId, traits) { write('user_id', String(userId)); track('identify', traits); },
    reset: function () { write('user_id', null); write('anonymous_id', uuid()); },
    anonymousId: anonymousId,
    userId: function () { return read('user_id'); },
    waiting: function () { return queue().length; }
  };
  if (settings.pages !== 'off') {
    var push = history.pushState;
    history.pushState = function () {
      push.apply(history, arguments);
      page();
    };
    addEventListener('popstate', function () { page(); });
    page();
  }
  send();
})();
