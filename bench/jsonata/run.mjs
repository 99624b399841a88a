// Evaluate one JSONata expression on one document, as a program that was written for it would: compiled once.
//   node run.mjs EXPRESSION DOCUMENT      then a line "N" on standard input → a line of JSON: microseconds, and output
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import jsonata from "jsonata";

const [expression, document] = process.argv.slice(2).map((path) => readFileSync(path, "utf-8"));
const mapping = jsonata(expression);
for await (const line of createInterface({ input: process.stdin })) {
  const times = Number(line);
  let output;
  const start = process.hrtime.bigint();
  for (let n = 0; n < times; n += 1) output = await mapping.evaluate(JSON.parse(document));
  const microseconds = Number(process.hrtime.bigint() - start) / 1000 / times;
  console.log(JSON.stringify({ microseconds, output }));
}
