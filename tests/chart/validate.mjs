// Says what is wrong with custom resources: a JSON list of objects on standard input, a line for each fault.
//
// The models check kinds of values, patterns and what must be there, as the API server would; names that they do not know they let
// pass, so that each key is looked for in their declarations too.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const PACKAGES = {
  "cert-manager.io/v1": "@kubernetes-models/cert-manager",
  "gateway.networking.k8s.io/v1": "@kubernetes-models/gateway-api",
};

function* keys(node) {
  if (Array.isArray(node)) for (const one of node) yield* keys(one);
  else if (node && typeof node === "object")
    for (const [key, value] of Object.entries(node)) {
      yield key;
      if (key !== "metadata") yield* keys(value); // labels and annotations are anybody's
    }
}

function declared(name) {
  const folder = dirname(require.resolve(`${name}/package.json`));
  const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".d.ts"));
  const text = files.map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
  return new Set(text.match(/"?\w+"?(?=\??:)/g).map((word) => word.replaceAll('"', "")));
}

for (const object of JSON.parse(readFileSync(0, "utf8"))) {
  const { apiVersion, kind, metadata } = object;
  const name = PACKAGES[apiVersion];
  const say = (fault) => console.log(`${kind} ${metadata?.name}: ${fault}`);
  if (!name) {
    say(`no schema of ${apiVersion}`);
    continue;
  }
  const models = await import(`${name}/${apiVersion}`);
  try {
    new models[kind](object).validate();
  } catch (error) {
    say(error.message);
  }
  const known = declared(name);
  for (const key of keys(object)) if (!known.has(key)) say(`no field is called ${key}`);
}
