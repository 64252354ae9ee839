// registry.mjs: a stand-in for a schema registry with Confluent's API, in memory, which fails at will.
//
//   new Registry().listen(port)   port 0: any; .url has it
//   add({subject, schema, type, references, serialized})   returns the id
//   mode: 'ok', or what goes wrong: 'error' (500), 'page' (404 of some other server), 'hang', 'garbage'
import { createServer } from 'node:http';
import { createHash } from 'node:crypto';

export class Registry {
	entries = [];
	asked = [];
	mode = 'ok';
	password = null; // 'user:password'

	add({ subject = null, schema, type = null, references = null, serialized = null, id = 0 }) {
		const hex = createHash('md5').update(schema + JSON.stringify(references)).digest('hex');
		const guid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
		const version = this.entries.filter(e => e.subject === subject).length + 1;
		this.entries.push({ id: id || 101 + this.entries.length, guid, subject, version, schema, type, references, serialized });
		return this.entries.at(-1).id;
	}

	guid(id) { return this.entries.find(e => e.id === id).guid; }

	find(path) {
		const [, kind, name, , version] = path.split('/').slice(0).map(decodeURIComponent);
		if (kind === 'schemas' && name === 'ids') return this.entries.find(e => String(e.id) === path.split('/')[3]);
		if (kind === 'schemas' && name === 'guids') return this.entries.find(e => e.guid === path.split('/')[3]);
		return this.entries.find(e => e.subject === name && String(e.version) === version);
	}

	answer(request, response) {
		const url = new URL(request.url, 'http://registry');
		const say = (status, body) => { response.writeHead(status, { 'content-type': 'application/json' }); response.end(body); };
		this.asked.push(request.url);
		if (this.mode === 'hang') return;
		if (this.mode === 'error') return say(500, '{"error_code":50001,"message":"Error in the backend"}');
		if (this.mode === 'page') return say(404, '<html>not found</html>');
		if (this.mode === 'garbage') return say(200, '{"schema');
		if (this.password && request.headers.authorization !== 'Basic ' + Buffer.from(this.password).toString('base64'))
			return say(401, '{"error_code":401,"message":"Unauthorized"}');
		const entry = this.find(url.pathname);
		if (!entry) return say(404, '{"error_code":40403,"message":"Schema not found"}');
		const serialized = url.searchParams.get('format') === 'serialized' && entry.serialized;
		say(200, JSON.stringify({ subject: entry.subject ?? undefined, version: entry.version, id: entry.id, guid: entry.guid,
			schemaType: entry.type ?? undefined, references: entry.references ?? undefined, schema: serialized || entry.schema }));
	}

	async listen(port = 0) {
		this.server = createServer((request, response) => this.answer(request, response));
		await new Promise(resolve => this.server.listen(port, '127.0.0.1', resolve));
		this.url = `http://127.0.0.1:${this.server.address().port}`;
		return this;
	}

	close() { this.server.closeAllConnections(); return new Promise(resolve => this.server.close(resolve)); }
}
