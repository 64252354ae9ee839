// formats.mjs: messages written by independent encoders (avsc and protobufjs from npm, Debian's python3-avro), read by
// format_lines, with and without a schema registry.  TAP on standard output.
//
//   node formats.mjs FORMAT_LINES NODE_MODULES
import { spawn, execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { mkdtempSync, writeFileSync, readFileSync, rmSync, readdirSync, mkdirSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { tmpdir } from 'node:os';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Registry } from './registry.mjs';

const [program, modules] = process.argv.slice(2);
const require = createRequire(join(modules, 'x.js'));
const here = dirname(fileURLToPath(import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'sessionize-formats-'));
process.on('exit', () => rmSync(directory, { recursive: true }));
let tests = 0, failed = 0;

function ok(passed, name, got) {
	console.log(`${passed ? 'ok' : 'not ok'} ${++tests} - ${name}`);
	if (!passed) { failed++; console.log('# ' + JSON.stringify(got, (k, v) => typeof v === 'bigint' ? String(v) : v)); }
}
const skip = (name, why) => console.log(`ok ${++tests} - ${name} # SKIP ${why}`);
function is(got, expected, name) { ok(isDeepStrictEqual(got, expected), name, { got, expected }); }
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
const hex = bytes => Buffer.from(bytes).toString('hex');

// Lines: a running format_lines.
class Lines {
	constructor(...options) {
		this.process = spawn(program, options, { stdio: ['pipe', 'pipe', 'inherit'] });
		this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
	}
	// The outcome as [outcome, kind, text], the text being JSON or a reason.
	async read(bytes, headers = {}) {
		this.process.stdin.write(hex(bytes) + Object.entries(headers).map(([k, v]) => ` ${k}=${hex(v)}`).join('') + '\n');
		const { value, done } = await this.lines.next();
		if (done) return ['ended', '', ''];
		const [, outcome, kind, rest] = /^(\w+) (\w+) (.*)$/s.exec(value);
		return [outcome, kind, outcome === 'done' ? Buffer.from(rest, 'hex').toString() : rest];
	}
	async close() {
		this.process.stdin.end();
		if (this.process.exitCode === null && this.process.signalCode === null) await new Promise(resolve => this.process.on('exit', resolve));
		return this.process.exitCode;
	}
}

const framed = (id, bytes, indexes = []) => {
	const head = Buffer.alloc(5);
	head.writeUInt32BE(id, 1);
	return Buffer.concat([head, Buffer.from(indexes), bytes]);
};
const guid_bytes = guid => Buffer.concat([Buffer.from([1]), Buffer.from(guid.replaceAll('-', ''), 'hex')]);

// natural: what a value of avsc is as JSON, by the schema.
function natural(schema, value, names = {}) {
	if (Array.isArray(schema)) {
		if (value === null) return null;
		const [branch] = Object.keys(value);
		const chosen = schema.find(s => (s.name ?? s.type ?? s) === branch);
		return natural(names[chosen] ?? chosen, value[branch], names);
	}
	if (typeof schema === 'string' && names[schema]) return natural(names[schema], value, names);
	switch (schema.type ?? schema) {
		case 'record': names[schema.name] = schema; return Object.fromEntries(schema.fields.map(f => [f.name, natural(f.type, value[f.name], names)]));
		case 'array': return value.map(v => natural(schema.items, v, names));
		case 'map': return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, natural(schema.values, v, names)]));
		case 'bytes': case 'fixed': return Buffer.from(value).toString('base64');
		case 'float': return Math.fround(value);
		default: return value;
	}
}
// A float is read back from its shortest digits.
const rounded = (schema, json) => (schema.fields ?? []).reduce((o, f) => f.type === 'float' ? { ...o, [f.name]: Math.fround(o[f.name]) } : o, json);

async function avro_values() {
	const avsc = require('avsc');
	const schema = {
		type: 'record', name: 'Event', fields: [
			{ name: 'event_id', type: 'string' }, { name: 'n', type: 'int' }, { name: 'at', type: 'long' },
			{ name: 'ratio', type: 'double' }, { name: 'small', type: 'float' }, { name: 'yes', type: 'boolean' }, { name: 'nothing', type: 'null' },
			{ name: 'raw', type: 'bytes' }, { name: 'four', type: { type: 'fixed', name: 'Four', size: 4 } },
			{ name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
			{ name: 'tags', type: { type: 'array', items: 'string' } }, { name: 'sums', type: { type: 'map', values: 'long' } },
			{ name: 'choice', type: ['null', 'string', 'long', { type: 'array', items: ['null', 'double'] }] },
			{ name: 'next', type: ['null', 'Event'] },
		],
	};
	const file = join(directory, 'event.avsc');
	writeFileSync(file, JSON.stringify(schema));
	const type = avsc.Type.forSchema(schema, { wrapUnions: 'always' });
	const lines = new Lines('--schema-file', file);
	let wrong = 0, first;
	for (let i = 0; i < 500; i++) {
		const value = type.random(), bytes = type.toBuffer(value), expected = natural(schema, JSON.parse(JSON.stringify(value), (k, v) => v?.type === 'Buffer' ? Buffer.from(v.data) : v));
		const [outcome, kind, text] = await lines.read(bytes);
		let got; try { got = rounded(schema, JSON.parse(text)); } catch { got = text; }
		const fold = o => { for (let e = o; e; e = e.next) e.small = Math.fround(e.small); return o; };
		if (outcome !== 'done' || kind !== 'avro' || !isDeepStrictEqual(fold(got), fold(expected))) { wrong++; first ??= { outcome, got, expected }; }
	}
	ok(wrong === 0, '500 random records written by avsc are read as they are', { wrong, first });
	// what a text may have in it
	const texts = ['', '"\\\u0001\n\t\u0000', 'größer 𝄞', '\u2028'];
	wrong = 0;
	for (const text of texts) {
		const value = { ...type.random(), event_id: text, next: null };
		const [, , json] = await lines.read(type.toBuffer(value));
		if (JSON.parse(json).event_id !== text) wrong++;
	}
	ok(wrong === 0, 'quotation marks, control characters and other characters in a text');
	// each part of a message is no message
	const bytes = type.toBuffer({ ...type.random(), next: null });
	wrong = 0;
	for (let length = 0; length < bytes.length; length++) if ((await lines.read(bytes.subarray(0, length)))[0] !== 'bad') wrong++;
	if ((await lines.read(Buffer.concat([bytes, Buffer.from([0])])))[0] !== 'bad') wrong++;
	ok(wrong === 0, `a message that is cut off at any of ${bytes.length} places, or has a byte more, is bad`, wrong);
	is(await lines.close(), 0, 'the program ended well');
}

async function avro_one(schema, bytes, name = 'x') {
	const file = join(directory, name + '.avsc');
	writeFileSync(file, JSON.stringify(schema));
	const lines = new Lines('--schema-file', file);
	const answer = await lines.read(bytes);
	await lines.close();
	return answer;
}

async function avro_floats() {
	const avsc = require('avsc');
	for (const [type, values] of [['double', [0.1, 1e300, -0, 5e-324, 123456789.123456789, NaN, Infinity, -Infinity]], ['float', [Math.fround(0.1), 16777216, NaN, Infinity]]]) {
		const schema = { type: 'array', items: type };
		const [, , json] = await avro_one(schema, avsc.Type.forSchema(schema).toBuffer(values));
		is(JSON.parse(json).map(v => type === 'float' && typeof v === 'number' ? Math.fround(v) : v),
			values.map(v => Number.isFinite(v) ? v : String(v)), `${type}: shortest digits, and words for what is no number`);
	}
}

async function avro_hostile() {
	const zigzag = n => { let v = BigInt.asUintN(64, (BigInt(n) << 1n) ^ (BigInt(n) >> 63n)); const b = []; for (; v > 127n; v >>= 7n) b.push(Number(v & 127n) | 128); b.push(Number(v)); return Buffer.from(b); };
	const cases = {
		'an array of 2^62 nulls': [{ type: 'array', items: 'null' }, zigzag(2n ** 62n)],
		'a block of -2^63 items': [{ type: 'array', items: 'null' }, zigzag(-(2n ** 63n))],
		'2^40 empty records': [{ type: 'array', items: { type: 'record', name: 'E', fields: [] } }, zigzag(2n ** 40n)],
		'a text of 2^62 bytes': ['string', zigzag(2n ** 62n)],
		'a text of -1 bytes': ['string', zigzag(-1)],
		'a varint of 11 bytes': ['long', Buffer.alloc(11, 0xff)],
		'an int that is a long': ['int', zigzag(2n ** 31n)],
		'a union without such a branch': [['null', 'string'], zigzag(2)],
		'an enum of a negative number': [{ type: 'enum', name: 'K', symbols: ['A'] }, zigzag(-1)],
		'a boolean of 2': ['boolean', Buffer.from([2])],
		'a record in itself': [{ type: 'record', name: 'R', fields: [{ name: 'r', type: 'R' }] }, Buffer.alloc(0)],
		'a list of 100,000 links': [{ type: 'record', name: 'L', fields: [{ name: 'l', type: ['null', 'L'] }] }, Buffer.concat([Buffer.alloc(100000, 2), Buffer.from([0])])],
		'a decimal of 5,000 bytes': [{ type: 'bytes', logicalType: 'decimal', precision: 20000 }, Buffer.concat([zigzag(5000), Buffer.alloc(5000, 1)])],
		'a block that is more than the limit': [{ type: 'array', items: { type: 'array', items: 'null' } }, Buffer.concat([zigzag(10), ...Array(10).fill(Buffer.concat([zigzag(20000), zigzag(0)])), zigzag(0)])],
	};
	for (const [name, [schema, bytes]] of Object.entries(cases)) {
		const [outcome, , reason] = await avro_one(schema, bytes);
		ok(outcome === 'bad', `${name}: ${reason}`, outcome);
	}
}

async function avro_logical() {
	const avsc = require('avsc');
	const long = v => avsc.Type.forSchema('long').toBuffer(v), int = v => avsc.Type.forSchema('int').toBuffer(v);
	const bytes = array => Buffer.concat([long(array.length), Buffer.from(array)]);
	const fixed = (size, logical, more) => ({ type: 'fixed', name: 'F', size, logicalType: logical, ...more });
	const decimal = (scale, more) => ({ type: 'bytes', logicalType: 'decimal', precision: 30, scale, ...more });
	const cases = [
		[{ type: 'long', logicalType: 'timestamp-millis' }, long(1774789500250), '"2026-03-29T13:05:00.250Z"'],
		[{ type: 'long', logicalType: 'timestamp-millis' }, long(-1), '"1969-12-31T23:59:59.999Z"'],
		[{ type: 'long', logicalType: 'timestamp-millis' }, long(951782400000), '"2000-02-29T00:00:00.000Z"'],
		[{ type: 'long', logicalType: 'timestamp-millis' }, long(-62135596800000), '"0001-01-01T00:00:00.000Z"'],
		[{ type: 'long', logicalType: 'timestamp-millis' }, long(253402300800000), '"+010000-01-01T00:00:00.000Z"'],
		[{ type: 'long', logicalType: 'timestamp-micros' }, long(1774789500250001), '"2026-03-29T13:05:00.250001Z"'],
		[{ type: 'long', logicalType: 'timestamp-nanos' }, long(1774789500), '"1970-01-01T00:00:01.774789500Z"'],
		[{ type: 'long', logicalType: 'local-timestamp-millis' }, long(1774789500250), '"2026-03-29T13:05:00.250"'],
		[{ type: 'long', logicalType: 'local-timestamp-micros' }, long(0), '"1970-01-01T00:00:00.000000"'],
		[{ type: 'int', logicalType: 'date' }, int(20541), '"2026-03-29"'],
		[{ type: 'int', logicalType: 'date' }, int(-719162), '"0001-01-01"'],
		[{ type: 'int', logicalType: 'time-millis' }, int(47100250), '"13:05:00.250"'],
		[{ type: 'int', logicalType: 'time-millis' }, int(86400000), '86400000'],
		[{ type: 'long', logicalType: 'time-micros' }, long(1), '"00:00:00.000001"'],
		[{ type: 'string', logicalType: 'uuid' }, bytes(Buffer.from('4f7d2f6e-0000-4000-8000-000000000001')), '"4f7d2f6e-0000-4000-8000-000000000001"'],
		[fixed(16, 'uuid'), Buffer.from('4f7d2f6e000040008000000000000001', 'hex'), '"4f7d2f6e-0000-4000-8000-000000000001"'],
		[decimal(2), bytes([0x04, 0xd2]), '12.34'],
		[decimal(2), bytes([0xfb, 0x2e]), '-12.34'],
		[decimal(2), bytes([0xff]), '-0.01'],
		[decimal(0), bytes([0x80]), '-128'],
		[decimal(4), bytes([]), '0.0000'],
		[decimal(3), bytes([5]), '0.005'],
		[decimal(0), bytes([0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), String(2n ** 72n - 1n)],
		[decimal(0), bytes([0x80, ...Array(20).fill(0)]), String(-(2n ** 167n))],
		[fixed(8, 'decimal', { precision: 18, scale: 9 }), Buffer.from('ffffffffffffffff', 'hex'), '-0.000000001'],
		[fixed(12, 'duration'), Buffer.from('0100000002000000b20c0000', 'hex'), '"P1M2DT3.250S"'],
		[{ type: 'string', logicalType: 'timestamp-millis' }, bytes(Buffer.from('x')), '"x"'],
		[{ type: 'long', logicalType: 'unheard-of' }, long(7), '7'],
	];
	for (const [schema, value, expected] of cases) {
		const [, , json] = await avro_one(schema, value);
		is(json, expected, `${schema.type} ${schema.logicalType}: ${expected}`);
	}
	// decimals at random
	let wrong = 0;
	const file = join(directory, 'd.avsc');
	writeFileSync(file, JSON.stringify(decimal(5)));
	const lines = new Lines('--schema-file', file);
	for (let i = 0; i < 300; i++) {
		const length = 1 + Math.floor(Math.random() * 60), raw = Buffer.from(Array.from({ length }, () => Math.floor(Math.random() * 256)));
		const value = BigInt.asIntN(length * 8, BigInt('0x' + raw.toString('hex'))), digits = String(value < 0n ? -value : value).padStart(6, '0');
		const expected = `${value < 0n ? '-' : ''}${digits.slice(0, -5)}.${digits.slice(-5)}`;
		if ((await lines.read(bytes(raw)))[2] !== expected) wrong++;
	}
	await lines.close();
	is(wrong, 0, '300 random decimals of up to 60 bytes');
}

async function python_avro() {
	let output;
	try { output = execFileSync('/usr/bin/python3', [join(here, 'encode_avro.py')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }); }
	catch (error) { return skip('values written by python3-avro', String(error.stderr).trim().split('\n').at(-1)); }
	let wrong = 0, count = 0, first;
	for (const line of output.trim().split('\n')) {
		const { schema, bytes, json } = JSON.parse(line);
		const [outcome, , text] = await avro_one(schema, Buffer.from(bytes, 'hex'), 'python');
		count++;
		if (outcome !== 'done' || !isDeepStrictEqual(JSON.parse(text), json)) { wrong++; first ??= { schema, text, json }; }
	}
	ok(wrong === 0 && count > 10, `${count} values written by python3-avro`, first);
}

async function avro_schemas() {
	const bad = { 'no JSON': '{"type":', 'a type that is not defined': '"Nobody"', 'a union of none': '[]', 'a record without fields': '{"type":"record","name":"R"}', 'a type defined twice': '[{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":2}]' };
	for (const [name, text] of Object.entries(bad)) {
		writeFileSync(join(directory, 'bad.avsc'), text);
		const lines = new Lines('--schema-file', join(directory, 'bad.avsc'));
		const { value } = await lines.lines.next();
		ok(value.startsWith('invalid') && await lines.close() === 1, `${name}: ${value.replace(directory, '')}`);
	}
	const schema = { type: 'record', name: 'a.b.R', fields: [{ name: 'x', type: { type: 'fixed', name: 'F', size: 1 } }, { name: 'y', type: 'F' }, { name: 'z', type: 'a.b.F' }, { name: 'u', type: { type: 'record', name: 'U', namespace: 'other', fields: [{ name: 'v', type: 'a.b.F' }] } }] };
	is((await avro_one(schema, Buffer.from('abcd')))[2], '{"x":"YQ==","y":"Yg==","z":"Yw==","u":{"v":"ZA=="}}', 'namespaces');
}

async function registry_avro() {
	const avsc = require('avsc');
	const registry = await new Registry().listen();
	const address = { type: 'record', name: 'shop.Address', fields: [{ name: 'city', type: 'string' }] };
	registry.add({ subject: 'shop/address', schema: JSON.stringify(address) });
	const old = { type: 'record', name: 'shop.Event', fields: [{ name: 'event_id', type: 'string' }, { name: 'to', type: 'shop.Address' }] };
	const young = { type: 'record', name: 'shop.Event', fields: [{ name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } }, { name: 'event_id', type: 'string' }] };
	const references = [{ name: 'shop.Address', subject: 'shop/address', version: 1 }];
	const old_id = registry.add({ subject: 'events', schema: JSON.stringify(old), references });
	const young_id = registry.add({ subject: 'events', schema: JSON.stringify(young) });
	const json_id = registry.add({ subject: 'docs', schema: '{"type":"object"}', type: 'JSON' });
	const broken_id = registry.add({ subject: 'broken', schema: '{"type":"recor"}' });
	const strange_id = registry.add({ subject: 'strange', schema: 'x', type: 'THRIFT' });
	const known = {};
	avsc.Type.forSchema(address, { registry: known });
	const old_type = avsc.Type.forSchema(old, { registry: known }), young_type = avsc.Type.forSchema(young);
	const lines = new Lines('--registry', `http://127.0.0.1:1,${registry.url}/`);
	let wrong = 0;
	for (let i = 0; i < 50; i++) {
		const a = await lines.read(framed(old_id, old_type.toBuffer({ event_id: `o${i}`, to: { city: 'Graz' } })));
		const b = await lines.read(framed(young_id, young_type.toBuffer({ event_id: `y${i}`, at: 1774789500250 })));
		if (a[2] !== `{"event_id":"o${i}","to":{"city":"Graz"}}` || b[2] !== `{"at":"2026-03-29T13:05:00.250Z","event_id":"y${i}"}`) wrong++;
	}
	is(wrong, 0, 'messages of an old and a new writer, mixed, one by a reference to another schema');
	is(registry.asked.length, new Set(registry.asked).size, 'each question was asked once');
	const value = young_type.toBuffer({ event_id: 'g', at: 0 }), expected = '{"at":"1970-01-01T00:00:00.000Z","event_id":"g"}';
	is((await lines.read(Buffer.concat([guid_bytes(registry.guid(young_id)), value])))[2], expected, 'a GUID in front of the message');
	is((await lines.read(value, { __value_schema_id: guid_bytes(registry.guid(young_id)) }))[2], expected, 'a GUID in a header');
	is((await lines.read(value, { __value_schema_id: framed(young_id, Buffer.alloc(0)) }))[2], expected, 'an id in a header');
	is(await lines.read(framed(json_id, Buffer.from('{"event_id":"j"}'))), ['done', 'json', '{"event_id":"j"}'], 'JSON with a schema');
	is(await lines.read(Buffer.from(' {"event_id":"p"}')), ['done', 'json', ' {"event_id":"p"}'], 'JSON without one');
	ok((await lines.read(framed(broken_id, value)))[0] === 'bad', 'a schema that is not valid');
	ok((await lines.read(framed(young_id, old_type.toBuffer({ event_id: 'o', to: { city: 'Graz' } }))))[0] === 'bad', 'a message of another schema');
	// an id that nobody knows: asked again after two seconds, bad after that, then known
	const before = registry.asked.length;
	is((await lines.read(framed(9999, value)))[0], 'wait', 'an unknown id: wait at first');
	is((await lines.read(framed(9999, value)))[0], 'wait', 'not asked again at once');
	is(registry.asked.length, before + 1, 'one question');
	is((await lines.read(framed(strange_id, value)))[0], 'wait', 'an unknown kind of schema: wait at first');
	await sleep(2100);
	is((await lines.read(framed(9999, value)))[0], 'bad', 'the message is bad after the second question');
	is((await lines.read(framed(strange_id, value)))[0], 'bad', 'an unknown kind of schema is bad after the second question');
	is((await lines.read(framed(9998, value)))[0], 'wait', 'another unknown id');
	registry.add({ subject: 'late', schema: JSON.stringify(young), id: 9998 });
	await sleep(2100);
	is((await lines.read(framed(9998, value)))[2], expected, 'which comes in time');
	// failures: wait, whatever it is, and go on when it is over; what is known needs no registry
	const fresh = registry.add({ subject: 'fresh', schema: JSON.stringify(young), id: 5000 });
	for (const mode of ['error', 'page', 'hang', 'garbage']) {
		registry.mode = mode;
		const [outcome, , reason] = await lines.read(framed(fresh, value));
		ok(outcome === 'wait', `${mode}: ${reason}`, outcome);
		is((await lines.read(framed(young_id, value)))[2], expected, 'a known schema is read meanwhile');
		registry.mode = 'ok';
		let answer = ['wait'];
		for (let i = 0; i < 80 && answer[0] === 'wait'; i++) { await sleep(50); answer = await lines.read(framed(fresh + 0, value)); if (mode !== 'garbage') break; }
		await sleep(mode === 'garbage' ? 0 : 600);
		registry.entries = registry.entries.filter(e => mode === 'garbage' || e.id !== 5000);
		if (mode === 'garbage') is(answer[2], expected, 'and when the registry is well again');
		else registry.add({ subject: `fresh-${mode}`, schema: JSON.stringify(young), id: 5000 });
	}
	is(await lines.close(), 0, 'the program ended well');
	// a password
	registry.password = 'user:pass';
	let one = new Lines('--registry', registry.url);
	ok((await one.read(framed(young_id, value)))[0] === 'wait', 'without the password: wait');
	await one.close();
	one = new Lines('--registry', registry.url, '--user', 'user', '--password', 'pass', '--cache', directory);
	is((await one.read(framed(young_id, value)))[2], expected, 'with the password');
	await one.close();
	// copies on disk
	await registry.close();
	one = new Lines('--registry', registry.url, '--user', 'user', '--password', 'pass', '--cache', directory);
	is((await one.read(framed(young_id, value)))[2], expected, 'a copy on disk, without the registry');
	ok((await one.read(framed(old_id, value)))[0] === 'wait', 'a schema without a copy: wait');
	await one.close();
	one = new Lines();
	ok((await one.read(framed(young_id, value)))[0] === 'bad', 'an id where no registry is set');
	await one.close();
	one = new Lines('--format', 'json');
	is((await one.read(framed(json_id, Buffer.from('{}'))))[2], '{}', 'JSON with a schema needs no registry if all is JSON');
	await one.close();
	// schemas in a directory
	mkdirSync(join(directory, 'ids'));
	writeFileSync(join(directory, 'ids', '7.avsc'), JSON.stringify(young));
	one = new Lines('--directory', join(directory, 'ids'), '--format', 'avro');
	is((await one.read(framed(7, value)))[2], expected, 'a schema in a directory');
	is((await one.read(framed(8, value)))[0], 'wait', 'a file that is missing: wait at first');
	is((await one.read(Buffer.from('{}')))[0], 'bad', 'a message without an id where all are of Avro');
	await one.close();
}

function descriptor(proto) {
	const set = join(directory, 'one.desc');
	execFileSync('protoc', ['-I', directory, `--descriptor_set_out=${set}`, proto]);
	const bytes = readFileSync(set);
	let at = 1, length = 0;
	for (let shift = 0; ; shift += 7) { const b = bytes[at++]; length |= (b & 127) << shift; if (b < 128) break; }
	return bytes.subarray(at, at + length).toString('base64');
}

async function protobuf() {
	try { execFileSync('protoc', ['--version']); } catch { return skip('Protobuf', 'protoc is not installed'); }
	const protobufjs = require('protobufjs');
	mkdirSync(join(directory, 'shop'));
	writeFileSync(join(directory, 'shop', 'money.proto'), 'syntax = "proto3"; package shop; message Money { string currency = 1; int64 units = 2; }');
	writeFileSync(join(directory, 'event.proto'), `syntax = "proto3"; package shop; import "shop/money.proto"; import "google/protobuf/timestamp.proto";
		message Outer { message Inner { string inner_name = 1; message Deep { int32 d = 1; } } }
		message Event { string event_id = 1; google.protobuf.Timestamp occurred_at = 2; Money price = 3; repeated int32 numbers = 4; map<string, double> sums = 5;
			enum Kind { NONE = 0; BUY = 1; } Kind kind = 6; bytes raw = 7; bool yes = 8; oneof choice { string a = 9; int32 b = 10; } optional int32 maybe = 11; double ratio = 12; Event next = 13; uint64 big = 14; }`);
	const value = { event_id: 'e1', occurred_at: { seconds: 1774789500, nanos: 250000000 }, price: { currency: 'EUR', units: 5 }, numbers: [1, -2, 3], sums: { x: 1.5 }, kind: 1, raw: Buffer.from('abc'), yes: true, b: 0, ratio: Infinity, big: '18446744073709551615' };
	const typed = new protobufjs.Root();
	typed.resolvePath = (from, to) => to.startsWith('google') || to.startsWith('/') ? to : join(directory, to);
	typed.loadSync(join(directory, 'event.proto'), { keepCase: true });
	const Typed = typed.lookupType('shop.Event');
	const bytes = Buffer.from(Typed.encode(Typed.fromObject(value)).finish());
	const expected = { event_id: 'e1', occurred_at: '2026-03-29T13:05:00.250Z', price: { currency: 'EUR', units: '5' }, numbers: [1, -2, 3], sums: { x: 1.5 }, kind: 'BUY', raw: 'YWJj', yes: true, b: 0, ratio: 'Infinity', big: '18446744073709551615' };
	const set = join(directory, 'event.desc');
	execFileSync('protoc', ['-I', directory, '--include_imports', `--descriptor_set_out=${set}`, 'event.proto']);
	let lines = new Lines('--schema-file', set, '--message-type', 'shop.Event', '--format', 'protobuf');
	let answer = await lines.read(bytes);
	is(JSON.parse(answer[2]), expected, 'a message written by protobufjs, by a descriptor set');
	const zero = JSON.parse((await lines.read(Buffer.alloc(0)))[2]);
	is([zero.event_id, zero.yes, zero.ratio, zero.kind, zero.numbers, 'maybe' in zero, 'price' in zero, 'a' in zero], ['', false, 0, 'NONE', [], false, false, false],
		'fields without a presence of their own have their default value, others are left out');
	const decoded = execFileSync('protoc', ['-I', directory, '--decode=shop.Event', 'event.proto'], { input: bytes, encoding: 'utf8' });
	ok(/event_id: "e1"/.test(decoded) && /seconds: 1774789500/.test(decoded), 'protoc reads the same message', decoded);
	let wrong = 0;
	for (let i = 0; i < 200; i++) {
		const numbers = Array.from({ length: i % 20 }, () => Math.floor(Math.random() * 2 ** 31)), id = `é${i}\n"`, nested = { event_id: 'n', numbers, kind: 0, big: String(i) };
		const json = JSON.parse((await lines.read(Buffer.from(Typed.encode(Typed.fromObject({ event_id: id, numbers, next: nested })).finish())))[2]);
		if (json.event_id !== id || !isDeepStrictEqual(json.numbers, numbers) || !isDeepStrictEqual(json.next.numbers, numbers) || json.next.big !== String(i)) wrong++;
	}
	is(wrong, 0, '200 messages, nested ones too');
	// a text format written by protoc itself
	const text = 'event_id: "t" numbers: 7 price { units: -9 }';
	is(JSON.parse((await lines.read(execFileSync('protoc', ['-I', directory, '--encode=shop.Event', 'event.proto'], { input: text })))[2]).price, { currency: '', units: '-9' }, 'a message written by protoc');
	// hostile bytes
	const deep = Buffer.concat(Array.from({ length: 5000 }, (_, i) => i).reduce((inner) => [Buffer.concat([Buffer.from([0x6a]), protobufjs.Writer.create().uint32(Math.min(inner[0].length, 2 ** 28)).finish(), inner[0]])], [Buffer.alloc(0)]));
	const cases = { 'nested 5,000 deep': deep, 'a length of 2^31': Buffer.from([0x0a, 0x80, 0x80, 0x80, 0x80, 0x08]), 'cut off': bytes.subarray(0, bytes.length - 3), 'no tag': Buffer.from([0]), 'an end of a group': Buffer.from([0x0c]), 'invalid UTF-8': Buffer.from([0x0a, 1, 0xff]) };
	for (const [name, hostile] of Object.entries(cases)) { const [outcome, , reason] = await lines.read(hostile); ok(outcome === 'bad', `${name}: ${reason}`, outcome); }
	is(await lines.close(), 0, 'the program ended well');
	// two bytes that would become hundreds, half a million times
	lines = new Lines('--schema-file', set, '--message-type', 'shop.Event', '--max-body', '10000000');
	const many = Buffer.concat([Buffer.from([0x6a]), protobufjs.Writer.create().uint32(400000).finish(), Buffer.concat(Array(200000).fill(Buffer.from([0x6a, 0])))]);
	is((await lines.read(many))[0], 'bad', 'a message that would be too large as JSON');
	is(await lines.close(), 0, 'the program ended well');
	// with a registry
	const registry = await new Registry().listen();
	registry.add({ subject: 'money', schema: 'text', type: 'PROTOBUF', serialized: descriptor('shop/money.proto') });
	const id = registry.add({ subject: 'event', schema: 'text', type: 'PROTOBUF', serialized: descriptor('event.proto'), references: [{ name: 'shop/money.proto', subject: 'money', version: 1 }] });
	const unserialized = registry.add({ subject: 'old', schema: 'syntax = "proto3";', type: 'PROTOBUF' });
	const Inner = typed.lookupType('shop.Outer.Inner'), Deep = typed.lookupType('shop.Outer.Inner.Deep');
	lines = new Lines('--registry', registry.url);
	is(JSON.parse((await lines.read(framed(id, bytes, [2, 2])))[2]), expected, 'by a registry, with its reference, the second type');
	is((await lines.read(framed(id, Buffer.from(Inner.encode({ inner_name: 'i' }).finish()), [4, 0, 0])))[2], '{"inner_name":"i"}', 'a nested type');
	is((await lines.read(framed(id, Buffer.from(Deep.encode({ d: 5 }).finish()), [6, 0, 0, 0])))[2], '{"d":5}', 'a type nested in it');
	is((await lines.read(framed(id, Buffer.alloc(0), [0])))[2], '{}', 'the first type, in one byte');
	is((await lines.read(bytes, { __value_schema_id: Buffer.concat([guid_bytes(registry.guid(id)), Buffer.from([2, 2])]) }))[0], 'done', 'the GUID and the type in a header');
	ok((await lines.read(framed(id, bytes, [2, 20])))[0] === 'bad', 'a type that is not there');
	ok((await lines.read(framed(id, Buffer.alloc(0))))[0] === 'bad', 'no type at all');
	const [outcome, , reason] = await lines.read(framed(unserialized, bytes, [0]));
	ok(outcome === 'bad', `a registry without serialized schemas: ${reason}`);
	is(await lines.close(), 0, 'the program ended well');
	await registry.close();
}

await avro_values();
await avro_floats();
await avro_logical();
await avro_schemas();
await avro_hostile();
await python_avro();
await registry_avro();
await protobuf();
console.log(`1..${tests}`);
process.exitCode = failed > 0 ? 1 : 0;
