// shop.js is the tea shop: a page of a few views, whose clicks go to the collector by sessionize.js,
// and the panel on its right-hand side, which shows what the database has made of them.
'use strict';

const teas = [
  { id: 'sencha', name: 'Sencha', text: 'Green, fresh, a little salty.', price: 9.5, color: '#a9c686' },
  { id: 'assam', name: 'Assam', text: 'Black, strong, for milk.', price: 7.2, color: '#8c4a32' },
  { id: 'oolong', name: 'Oolong', text: 'Half way, with a scent of lilac.', price: 12.9, color: '#c99f5c' },
  { id: 'rooibos', name: 'Rooibos', text: 'Red, and no caffeine.', price: 6.4, color: '#b5502f' },
];
const $ = (id) => document.getElementById(id);
const cart = new Map();

// element makes an element; children are elements or text, so nothing is ever read as HTML.
function element(tag, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
}
const button = (label, onclick) => element('button', { onclick }, label);
const euros = (amount) => amount.toLocaleString('en', { style: 'currency', currency: 'EUR' });

function teaCard(tea) {
  const swatch = element('div', { className: 'swatch' });
  swatch.style.background = tea.color;
  return element('article', { className: 'tea' }, swatch, element('h3', {}, tea.name),
    element('p', {}, `${tea.text} ${euros(tea.price)}`), button('Add to cart', () => addToCart(tea)));
}

function addToCart(tea) {
  cart.set(tea, (cart.get(tea) ?? 0) + 1);
  $('cart-count').textContent = [...cart.values()].reduce((a, b) => a + b, 0);
  sessionize.track('add_to_cart', { product: tea.id, price: tea.price });
}

function buy() {
  const revenue = [...cart].reduce((sum, [tea, n]) => sum + tea.price * n, 0);
  sessionize.track('purchase', { revenue: Number(revenue.toFixed(2)), items: [...cart].map(([tea, n]) => ({ product: tea.id, quantity: n })) });
  cart.clear();
  $('cart-count').textContent = 0;
  go('/thanks');
}

function cartView() {
  if (cart.size === 0) return [element('h1', {}, 'Your cart'), element('p', {}, 'It is empty.')];
  const rows = [...cart].map(([tea, n]) => element('tr', {}, element('td', {}, tea.name), element('td', {}, String(n)), element('td', {}, euros(tea.price * n))));
  return [element('h1', {}, 'Your cart'), element('table', {}, ...rows), button('Buy', buy)];
}

const views = {
  '/': () => [element('h1', {}, 'Teas'), element('div', { className: 'teas' }, ...teas.map(teaCard))],
  '/about': () => [element('h1', {}, 'About'), element('p', {}, 'A shop that sells no tea: it shows how clicks become sessions.')],
  '/cart': cartView,
  '/thanks': () => [element('h1', {}, 'Thank you'), element('p', {}, 'No money has moved.')],
};

function show() {
  const path = views[location.pathname] ? location.pathname : '/';
  $('page').replaceChildren(...views[path]());
  document.title = `The tea shop: ${$('page').querySelector('h1').textContent}`;
  sessionize.page();
}
function go(path) {
  history.pushState(null, '', path);
  show();
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-page]');
  if (!link) return;
  event.preventDefault();
  go(link.getAttribute('href'));
});
addEventListener('popstate', show);

function showUser() {
  $('sign-in').textContent = sessionize.userId() ? `Sign out ${sessionize.userId()}` : 'Sign in';
}
$('sign-in').onclick = () => {
  if (sessionize.userId()) sessionize.reset();
  else sessionize.identify('ann');
  showUser();
};

// The panel

const shown = new Set();
const clock = (text) => new Date(text).toLocaleTimeString('en-GB');
const line = (left, right, isNew) => element('li', { className: isNew ? 'new' : '' }, element('span', {}, left), element('span', { className: 'at' }, right));

function showSession(session) {
  const facts = { 'session': session.session_id, 'visitor': session.session_key, 'user': session.user_id ?? 'not known yet', 'began': clock(session.started_at),
    'lasts': `${Math.round(session.seconds)} s`, 'events': session.events, 'page views': session.page_views, 'entry page': session.entry_page,
    'exit page': session.exit_page, 'bounce': session.is_bounce ? 'yes' : 'no', 'revenue': euros(Number(session.revenue ?? 0)) };
  $('session').replaceChildren(...Object.entries(facts).flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, String(value ?? ''))]));
}

function showEvents(events) {
  const items = events.map((event) => line(`${event.event_name} ${event.page ?? ''}`, clock(event.event_time), shown.size > 0 && !shown.has(event.event_id)));
  const fresh = events.filter((event) => !shown.has(event.event_id));
  if (shown.size > 0 && fresh.length > 0)
    $('latency').textContent = `(the last one was here ${Math.max(0, Date.now() - Math.max(...fresh.map((event) => new Date(event.event_time))))} ms after the click)`;
  fresh.forEach((event) => shown.add(event.event_id));
  $('events').replaceChildren(...items);
}

function problem(text) {
  $('problem').hidden = !text;
  $('problem').textContent = text;
}

async function refresh() {
  try {
    const answer = await fetch(`/query?key=${encodeURIComponent(sessionize.anonymousId())}`);
    if (!answer.ok) throw new Error(`the collector answered ${answer.status}`);
    const { sessions, events } = await answer.json();
    if (sessions.length > 0) showSession(sessions[0]);
    showEvents(events);
    $('earlier').replaceChildren(...sessions.slice(1).map((session) => line(`${session.events} events from ${session.entry_page ?? 'no page'}`, clock(session.started_at))));
    problem(sessionize.waiting() ? `${sessionize.waiting()} events wait to be sent` : '');
  } catch (error) {
    problem(`${error.message}. ${sessionize.waiting()} events wait in this browser; they are sent when the collector is there again.`);
  }
  setTimeout(refresh, document.hidden ? 2000 : 250);
}

document.querySelectorAll('.here').forEach((place) => { place.textContent = location.origin; });
show();
showUser();
refresh();
