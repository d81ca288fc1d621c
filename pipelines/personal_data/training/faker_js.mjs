// Writes the names of all locales of @faker-js/faker as {locale: [[first names], [surnames]]}.
//
//     node faker_js.mjs NPM_FOLDER
import { readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const folder = resolve(process.argv[2]);
const unpacked = readdirSync(folder).find((name) => /faker-js.*[^z]$/.test(name) && !name.endsWith(".json"));
const { allLocales } = await import(join(folder, unpacked, "package", "dist", "index.js"));

const strings = (node) =>
  Array.isArray(node) ? node.filter((name) => typeof name === "string") : Object.values(node ?? {}).flatMap(strings);
const found = {};
for (const [locale, { person }] of Object.entries(allLocales)) {
  const names = [strings(person?.first_name), strings(person?.last_name)];
  if (locale !== "base" && names.flat().length) found[locale] = names;
}
writeFileSync(join(folder, "faker-js.json"), JSON.stringify(found));
