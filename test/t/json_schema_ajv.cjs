// Random JSON Schemas and documents, and what ajv says of them, for 081_json_schema_ajv.pl.
//
//   NODE_PATH=... node json_schema_ajv.cjs SEED PAIRS
//
// One line for each pair, for COPY: draft, whether formats are asserted, schema, document, ajv's verdict, and why a
// difference is explained, by the names in docs/testing.md; empty if it is not.
'use strict';
const Ajv7 = require('ajv').default;
const Ajv2020 = require('ajv/dist/2020').default;
const addFormats = require('ajv-formats').default;

const DOCUMENTS = 8;	// for each schema

let state = Number(process.argv[2]) >>> 0;
function random() {
	state = (state + 0x6D2B79F5) >>> 0;
	let t = Math.imul(state ^ (state >>> 15), state | 1);
	t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
	return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = n => Math.floor(random() * n);
const chance = p => random() < p;
const pick = list => list[below(list.length)];
const some = (list, most) => list.filter(() => chance(most / list.length));
const times = (n, f) => Array.from({ length: n }, (_, i) => f(i));

// ---- values

const KEYS = ['a', 'b', 'c', 'aa', 'ab', 'x1', 'x2', 'ä', 'long name', 'a/b', 'p~q', '', 'Key', '日本'];
const STRINGS = ['', 'a', 'b', 'ab', 'abc', 'aaaa', 'x1', 'x22', 'A-17', 'ä', 'äöü', '日本語', '😀', '😀😀x', ' ', 'a b', '12', '1a', 'foo@bar', 'line\nend', 'Z', '_', '-'];
const NUMBERS = [0, 1, 2, 3, 4, 5, 6, 7, 10, 12, 15, 100, -1, -2, -3, -10, 0.5, 1.5, 2.5, -0.5, 0.25, 0.75, 1e3, 1e10, 123456, 9007199254740991, 1e-3, 0.1, 0.3, 1.1, 19.99];
const PATTERNS = ['^a', 'b$', '^[a-z]+$', '^[A-Z]-[0-9]+$', '\\d', '^\\d{2}$', '^x', '^(a|b)+$', '^.{2,3}$', '^\\w*$', '\\s', '^[^a]', '^(?!a)', '(?=.*b)a', 'a|^$', '^\\p{L}+$',
	'^\\p{Lu}', '[^\\x00-\\x7F]', '^\\S{1,3}$', '^a?b?c?$', '(ab)+', '^(?:x\\d)+$', '\\u{1F600}', 'x{2,}', '\\bb', '^.$', '[\\d-]', '^[\\w ]+$', '(?<=a)b', '(?<!a)b', '^$', 'a.b', '\\W', '\\D$'];
const FORMATS = {
	'date': ['2026-12-01', '2026-02-30', '2024-02-29', '2026-13-01', '26-12-01', '2026-1-1', '2026-12-32'],
	'time': ['12:00:00Z', '23:59:60Z', '24:00:00Z', '12:00:00', '12:00:00+01:00', '12:00:00.5-00:30', '12:60:00Z', '12:00:00+24:00', '08:30:06 PST'],
	'date-time': ['2026-12-01T04:42:05Z', '2026-12-01T04:42:05.123+02:00', '2026-12-01 04:42:05Z', '2026-12-01T04:42:05', '2026-12-01t04:42:05z', '1998-12-31T23:59:60Z', '2026-12-01T25:42:05Z'],
	'duration': ['P1D', 'PT1H', 'P1Y2M3DT4H5M6S', 'P4W', 'P', 'PT', 'P1', '1D', 'P1YT', 'P1D2H', 'P2D1Y', 'PT0.5S', 'P1W2D'],
	'ipv4': ['127.0.0.1', '256.0.0.1', '1.2.3', '01.2.3.4', '1.2.3.4.5', '255.255.255.255', '1.2.3.4 '],
	'ipv6': ['::1', '::', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7', '::ffff:1.2.3.4', '1::2::3', ':1', '12345::', 'fe80::a%eth1', '1:2:3:4:5:6:1.2.3.4'],
	'uuid': ['2eb8aa08-aa98-11ea-b4aa-73b441d16380', '2EB8AA08-AA98-11EA-B4AA-73B441D16380', '2eb8aa08aa9811eab4aa73b441d16380', '2eb8aa08-aa98-11ea-73b441d16380', '2eb8aa08-aa98-11ea-b4aa-73b441d1638g'],
	'json-pointer': ['', '/', '/a/b', '/a~0b', '/a~2', 'a', '#/a', '/~'],
	'relative-json-pointer': ['0', '1/a', '0#', '01', '-1', '', '2/a~0', '1a'],
	'email': ['joe@example.com', 'joe', 'joe@', '@example.com', 'joe.b@example.com', '.joe@example.com', 'joe..b@example.com', 'a@b', 'joe@ex_ample.com', '"joe b"@example.com'],
	'hostname': ['example.com', 'a', '-a.com', 'a-.com', 'a..b', 'xn--nxasmq6b.example', 'ex_ample', '1.2', 'a.'],
	'uri': ['http://a.example/b?c#d', 'urn:a:b', '//a.b', 'a', 'http://a b', 'http:// ', 'mailto:a@b.c', 'http://[::1]/', 'http://a/%zz', 'http://a/%41', ':x', 'http://a/{x}'],
	'uri-reference': ['http://a.example/b', '/a', '#a', 'a b', '\\\\a', '?x', '%zz', '..'],
	'regex': ['a+', '[', '(a', 'a)', '\\d', '^a$', '(?<n>a)', 'a{2,1}', '*a', '\\a'],
};

function value(depth) {
	switch (below(depth > 0 ? 7 : 5)) {
		case 0: return null;
		case 1: return chance(0.5);
		case 2: return pick(NUMBERS);
		case 3: case 4: return pick(STRINGS);
		case 5: return times(below(4), () => value(depth - 1));
		default: return Object.fromEntries(times(below(4), () => [pick(KEYS), value(depth - 1)]));
	}
}

// ---- schemas

let draft;
let defs;	// how many "$defs" there are
let formats;
const LIST = { 2020: 'prefixItems', 7: 'items' };

// A schema for the same value may refer to definitions behind its own only, so that there is no circle.
function reference(own, inPlace) {
	const targets = times(defs, i => i).filter(i => !inPlace || i > own);
	if (!inPlace && chance(0.3)) return '#';
	if (targets.length === 0) return null;
	const i = pick(targets);
	const place = draft === 2020 ? '#/$defs/d' + i : '#/definitions/d' + i;
	return chance(0.3) ? '#anchor' + i : place;
}

function child(depth, own) { return schema(depth - 1, own, false); }
function beside(depth, own) { return schema(depth - 1, own, true); }

const names = most => some(KEYS, most).filter(k => k !== '' || chance(0.1));

const KEYWORDS = {
	type: s => { const all = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object']; s.type = chance(0.7) ? pick(all) : [...new Set([pick(all), pick(all), pick(all)])]; },
	enum: s => { s.enum = times(1 + below(chance(0.2) ? 30 : 4), () => value(2)); },
	const: s => { s.const = value(2); },
	multipleOf: s => { s.multipleOf = pick(chance(0.95) ? [1, 2, 3, 5, 0.5, 0.25, 7, 10, 100, 1.5] : [0.1, 0.01, 1e-3, 0.3]); },
	minimum: s => { s.minimum = pick(NUMBERS); },
	maximum: s => { s.maximum = pick(NUMBERS); },
	exclusiveMinimum: s => { s.exclusiveMinimum = pick(NUMBERS); },
	exclusiveMaximum: s => { s.exclusiveMaximum = pick(NUMBERS); },
	minLength: s => { s.minLength = below(4); },
	maxLength: s => { s.maxLength = below(5); },
	pattern: s => { s.pattern = pick(PATTERNS); },
	format: s => { s.format = pick(Object.keys(FORMATS)); },
	minItems: s => { s.minItems = below(3); },
	maxItems: s => { s.maxItems = below(4); },
	uniqueItems: s => { s.uniqueItems = chance(0.9); },
	items: (s, d, o) => { if (!s.items) s.items = child(d, o); },
	list: (s, d, o) => {
		s[LIST[draft]] = times(1 + below(3), () => child(d, o));
		if (draft === 7 && chance(0.7)) s.additionalItems = child(d, o);
	},
	contains: (s, d, o) => {
		s.contains = child(d, o);
		if (draft === 2020 && chance(0.5)) s.minContains = below(3);
		if (draft === 2020 && chance(0.4)) s.maxContains = below(3);
	},
	minProperties: s => { s.minProperties = below(3); },
	maxProperties: s => { s.maxProperties = below(5); },
	required: s => { s.required = names(1.5); },
	properties: (s, d, o) => { s.properties = Object.fromEntries(some(KEYS, 3).map(k => [k, child(d, o)])); },
	patternProperties: (s, d, o) => { s.patternProperties = Object.fromEntries(times(1 + below(2), () => [pick(PATTERNS), child(d, o)])); },
	additionalProperties: (s, d, o) => { s.additionalProperties = chance(0.4) ? false : child(d, o); },
	propertyNames: (s, d, o) => { s.propertyNames = pick([{ pattern: pick(PATTERNS) }, { minLength: 1 }, { maxLength: 2 }, { enum: some(KEYS, 6) }, child(d, o)]); },
	dependentRequired: s => {
		s[draft === 2020 ? 'dependentRequired' : 'dependencies'] = Object.fromEntries(some(KEYS, 2).map(k => [k, names(1.5)]));
	},
	dependentSchemas: (s, d, o) => {
		const name = draft === 2020 ? 'dependentSchemas' : 'dependencies';
		s[name] = Object.assign(s[name] || {}, Object.fromEntries(some(KEYS, 2).map(k => [k, beside(d, o)])));
	},
	allOf: (s, d, o) => { s.allOf = times(1 + below(3), () => beside(d, o)); },
	anyOf: (s, d, o) => { s.anyOf = times(1 + below(3), () => beside(d, o)); },
	oneOf: (s, d, o) => { s.oneOf = times(1 + below(3), () => beside(d, o)); },
	not: (s, d, o) => { s.not = beside(d, o); },
	if: (s, d, o) => {
		s.if = beside(d, o);
		if (chance(0.8)) s.then = beside(d, o);
		if (chance(0.8)) s.else = beside(d, o);
	},
	ref: (s, d, o, inPlace) => { const to = reference(o, inPlace); if (to !== null) s.$ref = to; },
	dynamicRef: (s, d, o, inPlace) => { if (!inPlace && draft === 2020) s.$dynamicRef = '#node'; },
	unevaluatedItems: (s, d, o) => { if (draft === 2020) s.unevaluatedItems = chance(0.5) ? false : child(d, o); },
	unevaluatedProperties: (s, d, o) => { if (draft === 2020) s.unevaluatedProperties = chance(0.5) ? false : child(d, o); },
	title: s => { s.title = 'a title'; },
};
// keywords that go together, so that documents come to them
const GROUPS = [
	['type', 'enum', 'const'], ['multipleOf', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'type'],
	['minLength', 'maxLength', 'pattern', 'format', 'type'],
	['minItems', 'maxItems', 'uniqueItems', 'items', 'list', 'contains', 'unevaluatedItems'], ['list', 'items', 'contains', 'allOf', 'anyOf', 'unevaluatedItems', 'if', 'ref'],
	['minProperties', 'maxProperties', 'required', 'properties', 'patternProperties', 'additionalProperties', 'propertyNames', 'dependentRequired', 'dependentSchemas'],
	['properties', 'patternProperties', 'allOf', 'anyOf', 'oneOf', 'if', 'dependentSchemas', 'unevaluatedProperties', 'ref'],
	['allOf', 'anyOf', 'oneOf', 'not', 'if', 'ref', 'dynamicRef'], ['ref', 'dynamicRef'], Object.keys(KEYWORDS),
];
const LEAVES = ['type', 'enum', 'const', 'multipleOf', 'minimum', 'maximum', 'exclusiveMinimum', 'minLength', 'maxLength', 'pattern', 'format', 'minItems', 'uniqueItems', 'required', 'maxProperties', 'ref', 'title'];

function schema(depth, own, inPlace) {
	if (chance(0.08)) return chance(0.6);
	const s = {};
	const group = depth > 0 ? pick(GROUPS) : LEAVES;
	for (let n = 1 + below(depth > 0 ? 4 : 2); n > 0; n--)
		KEYWORDS[pick(group)](s, depth, own, inPlace);
	// what ajv is known to do otherwise shall be rare
	if (s.$dynamicRef && chance(0.95)) return { $dynamicRef: s.$dynamicRef };
	if (s.$ref && draft === 7 && chance(0.95)) return { $ref: s.$ref };
	if (s.contains !== undefined && chance(0.9)) {
		delete s.prefixItems;
		delete s.unevaluatedItems;
		if (Array.isArray(s.items)) delete s.items;
	}
	return s;
}

let number = 0;

function rootSchema() {
	number++;
	defs = below(4);
	let s = schema(3, -1, true);
	if (typeof s !== 'object') s = { allOf: [s] };
	if (draft === 7) s.$schema = 'http://json-schema.org/draft-07/schema#';
	const all = {};
	for (let i = 0; i < defs; i++) {
		let d = schema(2, i, true);
		if (typeof d !== 'object' || (draft === 7 && d.$ref)) d = { allOf: [d] };
		if (draft === 2020) d.$anchor = 'anchor' + i; else d.$id = '#anchor' + i;
		all['d' + i] = d;
	}
	if (defs > 0) s[draft === 2020 ? '$defs' : 'definitions'] = all;
	s.$id = `http://test.example/${number}`;
	if (draft === 2020) s.$dynamicAnchor = 'node';
	return s;
}

// A tree that a second schema makes stricter by "$dynamicAnchor".
function treeSchema() {
	number++;
	draft = 2020;
	defs = 0;
	const tree = Object.assign({ $id: `tree${number}`, $dynamicAnchor: 'node', type: 'object',
		properties: { a: child(2, -1), b: { type: 'array', items: { $dynamicRef: '#node' } }, c: { $dynamicRef: '#node' } } }, chance(0.3) ? { required: ['a'] } : {});
	const s = { $id: `http://test.example/${number}`, $ref: `tree${number}`, $defs: { tree } };
	const dynamic = chance(0.8);
	if (dynamic) s.$dynamicAnchor = 'node';
	// a schema below it may have "$dynamicRef": "#node", which means nothing without the anchor
	KEYWORDS[pick(['minProperties', 'required', 'maxProperties'].concat(dynamic ? ['unevaluatedProperties', 'propertyNames'] : []))](s, 2, -1, true);
	return s;
}

// ---- documents that are near a schema

const TEXTS = { '^[A-Z]-[0-9]+$': ['A-17', 'Z-0'], '^\\d{2}$': ['12', '99'], '^(a|b)+$': ['ab', 'bba'], '(ab)+': ['abab'], '^(?:x\\d)+$': ['x1x2'], '\\u{1F600}': ['😀'], 'x{2,}': ['xx', 'axxx'] };

function integer(s) {
	const low = s.minimum ?? (s.exclusiveMinimum !== undefined ? s.exclusiveMinimum + 1 : (s.maximum ?? s.exclusiveMaximum ?? 4) - 4);
	let n = low + (chance(0.5) ? 0 : below(4));
	if (s.multipleOf) n = Math.ceil(n / s.multipleOf) * s.multipleOf;
	return n;
}

function near(s, root, depth) {
	if (typeof s !== 'object' || depth <= 0) return value(1);
	const up = x => near(x, root, depth - 1);
	const ways = [];
	if (s.$ref) ways.push(() => up(target(root, s.$ref)));
	if (s.$dynamicRef) ways.push(() => up(root));
	if (s.const !== undefined) ways.push(() => s.const);
	if (s.enum) ways.push(() => pick(s.enum));
	for (const list of [s.allOf, s.anyOf, s.oneOf]) if (list) ways.push(() => up(pick(list)));
	if (s.if) ways.push(() => up(s.then ?? s.if), () => up(s.else ?? {}));
	const type = Array.isArray(s.type) ? pick(s.type) : s.type;
	const has = names => names.some(n => s[n] !== undefined);
	if (type === 'object' || has(['properties', 'patternProperties', 'required', 'additionalProperties', 'propertyNames', 'minProperties', 'maxProperties', 'dependentRequired', 'dependentSchemas', 'dependencies', 'unevaluatedProperties']))
		ways.push(() => object(s, root, depth), () => object(s, root, depth));
	if (type === 'array' || has(['items', 'prefixItems', 'contains', 'minItems', 'maxItems', 'uniqueItems', 'unevaluatedItems']))
		ways.push(() => array(s, root, depth), () => array(s, root, depth));
	if (type === 'integer' || type === 'number' || has(['minimum', 'maximum', 'multipleOf', 'exclusiveMinimum', 'exclusiveMaximum']))
		ways.push(() => integer(s), () => integer(s));
	if (type === 'string' || has(['minLength', 'maxLength', 'pattern', 'format']))
		ways.push(() => string(s), () => string(s));
	if (type === 'null') ways.push(() => null);
	if (type === 'boolean') ways.push(() => chance(0.5));
	return ways.length > 0 ? pick(ways)() : value(2);
}

function string(s) {
	if (s.format && (!s.pattern || chance(0.5))) return pick(FORMATS[s.format] || STRINGS);
	if (s.pattern) {
		if (TEXTS[s.pattern] && chance(0.5)) return pick(TEXTS[s.pattern]);
		const matching = STRINGS.filter(t => new RegExp(s.pattern, 'u').test(t));
		if (matching.length > 0 && chance(0.8)) return pick(matching);
	}
	const fitting = STRINGS.filter(t => [...t].length >= (s.minLength ?? 0) && [...t].length <= (s.maxLength ?? 99));
	return pick(fitting.length > 0 ? fitting : STRINGS);
}

function array(s, root, depth) {
	const up = x => near(x, root, depth - 1);
	const prefix = Array.isArray(s.items) ? s.items : s.prefixItems ?? [];
	const rest = Array.isArray(s.items) ? s.additionalItems : s.items ?? s.unevaluatedItems;
	const out = prefix.slice(0, chance(0.8) ? 9 : below(2)).map(up);
	const least = Math.max(s.minItems ?? 0, s.contains !== undefined ? s.minContains ?? 1 : 0);
	while (out.length < least || (chance(0.4) && out.length < 16)) out.push(s.contains !== undefined && chance(0.6) ? up(s.contains) : up(rest ?? {}));
	return out;
}

function object(s, root, depth) {
	const up = x => near(x, root, depth - 1);
	const out = {};
	for (const k of s.required ?? []) if (chance(0.95)) out[k] = up((s.properties ?? {})[k] ?? s.additionalProperties ?? {});
	for (const k of Object.keys(s.properties ?? {})) if (chance(0.7)) out[k] = up(s.properties[k]);
	for (const p of Object.keys(s.patternProperties ?? {})) {
		const names = KEYS.filter(k => new RegExp(p, 'u').test(k));
		if (names.length > 0 && chance(0.7)) out[pick(names)] = up(s.patternProperties[p]);
	}
	for (const deps of [s.dependentSchemas, s.dependencies, s.dependentRequired])
		for (const k of Object.keys(deps ?? {})) {
			if (chance(0.5)) continue;
			out[k] = out[k] ?? value(1);
			if (Array.isArray(deps[k])) for (const other of deps[k]) out[other] = out[other] ?? value(1);
			else { const more = up(deps[k]); if (more !== null && typeof more === 'object' && !Array.isArray(more)) Object.assign(out, more); }
		}
	for (const list of [s.allOf, s.anyOf, s.oneOf, s.if ? [s.if, s.then ?? true] : undefined, s.$ref ? [target(root, s.$ref)] : undefined])
		for (const one of list ?? []) {
			if (chance(0.4)) continue;
			const more = up(one);
			if (more !== null && typeof more === 'object' && !Array.isArray(more)) Object.assign(out, more);
		}
	while (Object.keys(out).length < (s.minProperties ?? 0)) out[pick(KEYS) + below(9)] = up(s.additionalProperties ?? {});
	if (chance(0.2) && s.additionalProperties !== false) out[pick(KEYS)] = up(s.additionalProperties ?? s.unevaluatedProperties ?? {});
	return out;
}

function target(root, ref) {
	const all = root.$defs ?? root.definitions ?? {};
	if (ref === '#') return root;
	if (ref.startsWith('tree')) return all.tree;
	return all['d' + ref.slice(-1)] ?? true;
}

// Change a value a little.
function mutate(v) {
	if (Array.isArray(v) && v.length > 0) {
		const out = v.slice();
		const i = below(v.length);
		switch (below(5)) {
			case 0: out.splice(i, 1); break;
			case 1: out.push(v[i]); break;
			case 2: out.push(value(1)); break;
			case 3: out.reverse(); break;
			default: out[i] = mutate(v[i]);
		}
		return out;
	}
	if (v !== null && typeof v === 'object' && !Array.isArray(v) && Object.keys(v).length > 0) {
		const out = Object.assign({}, v);
		const k = pick(Object.keys(v));
		switch (below(4)) {
			case 0: delete out[k]; break;
			case 1: out[pick(KEYS)] = value(1); break;
			case 2: out[k] = value(1); break;
			default: out[k] = mutate(v[k]);
		}
		return out;
	}
	if (typeof v === 'number' && chance(0.7)) return pick([v + 1, v - 1, v + 0.5, -v, v * 2]);
	if (typeof v === 'string' && chance(0.7)) return pick([v + 'a', v + v, [...v].slice(1).join(''), [...v].reverse().join(''), v + ' ']);
	return value(2);
}

// ---- texts of JSON, in which numbers are spelt in several ways

function spell(n) {
	const text = Object.is(n, -0) ? '0' : String(n);
	if (!Number.isInteger(n) || text.includes('e') || !chance(0.3)) return text;
	return pick([`${text}.0`, `${text}e0`, `${text}.00`, n === 0 ? '0' : `${text}0e-1`, n % 10 === 0 && n !== 0 ? `${n / 10}e1` : `${text}E+0`]);
}

function write(v) {
	if (typeof v === 'number') return spell(v);
	if (Array.isArray(v)) return '[' + v.map(write).join(',') + ']';
	if (v !== null && typeof v === 'object') return '{' + Object.entries(v).map(([k, x]) => JSON.stringify(k) + ':' + write(x)).join(',') + '}';
	return JSON.stringify(v);
}

// ---- what is known to differ

function each(s, visit) {
	if (s === null || typeof s !== 'object') return;
	visit(s);
	for (const x of Object.values(s)) each(x, visit);
}

// Whether some schema that is applied to the same value is as asked.
function inPlace(s, asked) {
	return [s.allOf, s.anyOf, s.oneOf, [s.not, s.if, s.then, s.else], Object.values(s.dependentSchemas ?? {}), s.$ref || s.$dynamicRef ? [{ unevaluatedItems: false, unevaluatedProperties: false }] : []].some(
		list => (list ?? []).some(y => y !== null && typeof y === 'object' && (asked(y) || inPlace(y, asked))));
}

const involves = (s, asked) => asked(s) || inPlace(s, asked);

// Each is a fault of ajv 8.20, or something that it does otherwise on purpose.
const KNOWN = {
	'doubles': x => typeof x.multipleOf === 'number' && x.multipleOf * 4 % 1 !== 0,
	'beside a reference of draft-07': x => draft === 7 && typeof x.$ref === 'string' && Object.keys(x).length > 1,
	'beside a dynamic reference': x => typeof x.$dynamicRef === 'string' && Object.keys(x).length > 1,
	'contains beside other items': x => involves(x, y => y.contains !== undefined) &&
		involves(x, y => y.prefixItems !== undefined || y.unevaluatedItems !== undefined || Array.isArray(y.items)),
	'an if alone': (x, root) => x.if !== undefined && x.then === undefined && x.else === undefined && JSON.stringify(root).includes('"unevaluated'),
	'what a branch evaluates that fails': x => (x.unevaluatedItems !== undefined && inPlace(x, y => y.unevaluatedItems !== undefined || y.contains !== undefined ||
			y.prefixItems !== undefined || Array.isArray(y.items) || inPlace(y, z => z.items !== undefined))) ||
		(x.unevaluatedProperties !== undefined && inPlace(x, y => y.unevaluatedProperties !== undefined || y.additionalProperties !== undefined || y.patternProperties !== undefined)),
	'items of a branch': x => x.unevaluatedItems !== undefined && inPlace(x, y => y.items !== undefined),
	'the empty name is required': x => Array.isArray(x.required) && x.required.includes('') || [x.dependentRequired, x.dependencies].some(
		y => y !== null && typeof y === 'object' && Object.values(y).some(names => Array.isArray(names) && names.includes(''))),
};


function works(f) {
	try { f(); return true; } catch (e) { return false; }
}

// Strings of which ajv-formats says something else than the standards that JSON Schema names.
const FORMAT_STRINGS = {
	'uri': t => /^[a-z][a-z0-9+.-]*:$/i.test(t),	// nothing behind the scheme, which RFC 3986 allows
	// RFC 3986: what is before a colon in the first segment is a scheme, which begins with a letter
	'uri-reference': t => /^[^/?#]*:/.test(t) && !/^[a-z][a-z0-9+.-]*:/i.test(t),
	'hostname': t => t.endsWith('.'),	// the test suite: no dot at the end
	'email': t => !t.includes('.', t.lastIndexOf('@')) || t.startsWith('"'),	// RFC 5321: a domain without a dot, a quoted name
	'date-time': t => /^\S* \S*$/.test(t),	// RFC 3339's grammar has a T
	'regex': t => works(() => new RegExp(t)) && !works(() => new RegExp(t, 'u')),	// ECMA-262 with Unicode
};

// Whether a value has a number that no double holds exactly.
function isLarge(v, least = Number.MAX_SAFE_INTEGER) {
	if (typeof v === 'number') return Math.abs(v) > least;
	return v !== null && typeof v === 'object' && Object.values(v).some(x => isLarge(x, least));
}

// Whether something must be a multiple of a fraction, where the quotient may have no room for its own.
function hasFraction(s) {
	let found = false;
	each(s, x => { if (typeof x.multipleOf === 'number' && !Number.isInteger(x.multipleOf)) found = true; });
	return found;
}

// Whether "contains" is asked of several values, and one of them may be an empty array: ajv then goes by the value before.
function repeatsContains(s, v) {
	let repeats = false;
	let empty = false;
	const asks = y => typeof y === 'object' && y !== null && involves(y, z => z.contains !== undefined || z.$ref !== undefined || z.$dynamicRef !== undefined);
	each(s, x => {
		const loops = [x.items, x.additionalItems, x.unevaluatedItems, x.contains, x.additionalProperties, x.unevaluatedProperties].concat(Object.values(x.patternProperties ?? {}));
		if (loops.some(y => !Array.isArray(y) && asks(y))) repeats = true;
	});
	each([v], y => { if (Object.values(y).some(z => Array.isArray(z) && z.length === 0)) empty = true; });
	return repeats && empty && JSON.stringify(s).includes('"contains"');
}

function explain(s) {
	const why = new Set();
	if (isLarge(s)) why.add('doubles');
	each(s, x => {
		for (const name of Object.keys(KNOWN)) if (KNOWN[name](x, s)) why.add(name);
	});
	return why;
}

function explainFormats(s, v) {
	let found = false;
	each(s, x => {
		const known = FORMAT_STRINGS[x.format];
		if (known) each([v], y => { for (const t of [...Object.keys(y), ...Object.values(y)]) if (typeof t === 'string' && known(t)) found = true; });
	});
	return found;
}

// ---- all of it

const options = { strict: false, logger: false, validateSchema: false, allErrors: false, unicodeRegExp: true, ownProperties: true };
const ajvs = { 2020: [], 7: [] };
for (const assert of [false, true]) {
	for (const [name, Ajv] of [[2020, Ajv2020], [7, Ajv7]]) {
		const ajv = new Ajv({ ...options, validateFormats: assert });
		addFormats(ajv);
		ajvs[name][Number(assert)] = ajv;
	}
}

const escape = text => text.replace(/\\/g, '\\\\').replace(/\t/g, '\\t').replace(/\n/g, '\\n').replace(/\r/g, '\\r');

let out = '';
for (let left = Number(process.argv[3]); left > 0;) {
	draft = chance(0.6) ? 2020 : 7;
	formats = chance(0.5);
	const s = chance(0.05) ? treeSchema() : rootSchema();
	const text = write(s);
	const ajv = ajvs[draft][Number(formats)];
	const own = JSON.parse(text);
	const why = explain(own);
	let check;
	let failed;
	try { check = ajv.compile(own); } catch (e) { failed = 'error: ' + e.message; }
	for (let n = Math.min(DOCUMENTS, left); n > 0; n--, left--) {
		let v = near(s, s, 5);
		while (chance(0.35)) v = mutate(v);
		const doc = write(v);
		let verdict = failed;
		if (check) {
			try { verdict = String(check(JSON.parse(doc))); } catch (e) { verdict = 'error: ' + e.message; }
		}
		const reasons = new Set(why);
		if (verdict.startsWith('error')) reasons.add('ajv breaks off');
		if (isLarge(v) || (isLarge(v, 2 ** 50) && hasFraction(own))) reasons.add('doubles');
		if (formats && explainFormats(own, v)) reasons.add('formats');
		if (repeatsContains(own, v)) reasons.add('contains of several values');
		out += [draft, formats, text, doc, verdict, [...reasons].sort().join(', ')].map(x => escape(String(x))).join('\t') + '\n';
	}
	ajv.removeSchema();
	if (out.length > 1 << 20) { require('fs').writeSync(1, out); out = ''; }
}
require('fs').writeSync(1, out);
