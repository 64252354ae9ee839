// duckdb.mjs: DuckDB for run.pl.  Reads one JSON line {"sql": "..."} at a time and answers each with one JSON line,
// {"ms": elapsed, "row": [the first row's values as text]} or {"error": "..."}.
//
//   node duckdb.mjs FILE THREADS
import { createInterface } from 'node:readline';
import { DuckDBInstance } from '@duckdb/node-api';

const [file, threads] = process.argv.slice(2);
const instance = await DuckDBInstance.create(file, { threads });
const connection = await instance.connect();

async function answer(line) {
  try {
    const { sql } = JSON.parse(line);
    const begin = process.hrtime.bigint();
    const reader = await connection.runAndReadAll(sql);
    const ms = Number(process.hrtime.bigint() - begin) / 1e6;
    const row = reader.getRows()[0] ?? [];
    return { ms, row: row.map((value) => (value === null ? '' : String(value))) };
  } catch (error) {
    return { error: String(error.message ?? error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await answer(line)) + '\n');
}
