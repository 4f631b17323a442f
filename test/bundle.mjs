/**
 * Puts the command line together: dist/bundle/, a few files instead of some hundreds, of the same compiled modules. Loading
 * a module costs a third of a millisecond, and `sleeper dump` needs three hundred. Packages that most commands need are put
 * in for the same reason: of valibot only what is used, and CommonJS as modules, which spares Node the search for their
 * names. Commands that need little load little: what is imported on demand stays in files of its own. The agent is one file, for
 * the same reason. bin/sleeper.js and src/agent/agent.cts use the bundle where it is up to date; tests work with the modules
 * themselves.
 * `node test/bundle.mjs [DIRECTORY]`
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import commonjs from '@rollup/plugin-commonjs';
import { rollup } from '@rollup/wasm-node';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(root, 'dist');
/** Elsewhere when asked for. */
const out = path.resolve(process.argv[2] ?? path.join(dist, 'bundle'));
/** Packages that are put in, by the file that is taken. */
const packages = new Map([
  ['acorn', 'acorn/dist/acorn.mjs'],
  ['commander', 'commander/index.js'],
  ['msgpackr/unpack-no-eval', 'msgpackr/dist/unpack-no-eval.cjs'],
  ['valibot', 'valibot/dist/index.mjs'],
]);
const esbuild = path.join(root, 'node_modules/@esbuild/linux-x64/bin/esbuild');
const nothing = '\0nothing';
const modulesOf = (name) => path.join(root, 'node_modules', name);
/** What every capture needs is one file: it would be loaded whole in any case. */
const captureStages = new RegExp(
  `^${dist}/(reader|capture|probe(?!/service)|diagnose)/|^${modulesOf('acorn')}/`,
);

/** What `sleeper --help` needs, too. */
const base = new RegExp(
  `^${dist}/(report/|(errors|limits|native|probe/fact|reader/memory/(process|cache)-files)\\.js)|^${modulesOf('valibot')}/`,
);

/** What lists them by their names and the index. */
const listingStages = new RegExp(
  `^${dist}/(archive/(names|location|file-name|atomic-write|sidecars|catalog|index-file|index-reader|list|select)|encode/report-header)\\.`,
);

/** What reads reports: whoever shows or lists one needs all of it, and what writes them needs a library besides. */
const archiveStages = new RegExp(
  `^${dist}/(archive/(?!bundle|exchange)|encode/(?!encode\\.|pack|section-writer|plain))`,
);

/** What Commander starts other programs with, as subcommands; ours are none, and half of Node's network comes with it. */
const isNeedless = (id, importer) =>
  id === 'node:child_process' && importer?.includes(modulesOf('commander')) === true;

/** Modules find files beside themselves, such as the addon: each keeps the place it was compiled to. */
const keepPlaces = {
  name: 'keep-places',
  resolveId(id, importer) {
    if (isNeedless(id, importer)) return nothing;
    const file = packages.get(id);
    return file === undefined ? null : modulesOf(file);
  },
  load: (id) => (id === nothing ? 'export default {}' : null),
  resolveImportMeta(property, { moduleId }) {
    if (property !== 'url') return null;
    return `new URL(${JSON.stringify(path.relative(out, moduleId))}, import.meta.url).href`;
  },
};

/** Modules of Node's of which we use functions alone, and in few commands: loaded at the first call. */
const atFirstCall = new Set(['node:crypto']);

/**
 * Takes Node's own modules without the namespaces that ES modules are given of them: to fill one in, Node touches every
 * export, and so loads what is loaded on demand, streams among it. A tenth of the start.
 */
const takeBuiltins = {
  name: 'take-builtins',
  renderChunk(code) {
    let taken = '';
    let from = 0;
    for (const node of this.parse(code).body) {
      const name = node.type === 'ImportDeclaration' ? node.source.value : '';
      if (!name.startsWith('node:')) continue;
      taken += code.slice(from, node.start);
      for (const specifier of node.specifiers) taken += takeOne(name, specifier);
      from = node.end;
    }
    return { code: taken + code.slice(from), map: null };
  },
};

function takeOne(name, { type, local, imported }) {
  const module = `globalThis.process.getBuiltinModule('${name}')`;
  if (type !== 'ImportSpecifier') return `const ${local.name} = ${module}; `;
  return atFirstCall.has(name)
    ? `const ${local.name} = (...passed) => ${module}.${imported.name}(...passed); `
    : `const { ${imported.name}: ${local.name} } = ${module}; `;
}

/**
 * The log's package and the ten that it needs, in one file beside the others: a program that dies waits for the line that says where its
 * report is. By esbuild, as they ask for Node's modules in their midst.
 * @returns names of the packages
 */
function bundlePino() {
  const listing = path.join(out, 'pino.json');
  const require = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;
  const args = [
    ...['--bundle', '--platform=node', '--format=esm', '--target=node20', '--legal-comments=none'],
    ...['--log-level=warning', `--banner:js=${require}`, `--metafile=${listing}`],
    `--outfile=${path.join(out, 'pino.js')}`,
  ];
  const input = `export { pino } from 'pino';`;
  execFileSync(esbuild, args, { input, cwd: root, stdio: ['pipe', 'inherit', 'inherit'] });
  const files = Object.keys(JSON.parse(fs.readFileSync(listing, 'utf8')).inputs);
  fs.rmSync(listing);
  return files.flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
}

/** What their licences ask for. */
function licences(more) {
  const names = new Set([...packages.values()].map((file) => file.split('/', 1)[0]));
  return [...new Set([...names, ...more])]
    .map(
      (name) =>
        `${name}\n\n${fs.readFileSync(modulesOf(path.join(name, licenceOf(name))), 'utf8')}`,
    )
    .join('\n\n');
}

function licenceOf(name) {
  return fs.readdirSync(modulesOf(name)).find((file) => /^licen[cs]e/i.test(file)) ?? 'LICENSE';
}

/** What shows a report as text. */
const textStages = new RegExp(`^${dist}/view/(?!app/|html/|page|section-names)`);
/** What rollup adds for CommonJS: it is nobody's, and would have all load what only one of them needs. */
const commonHelpers = /^\0commonjsHelpers/;

/** The first that matches. */
const chunks = [
  ['base', commonHelpers],
  ['base', base],
  ['capture', captureStages],
  ['listing', listingStages],
  ['archive', archiveStages],
  ['text', textStages],
];

const bundle = await rollup({
  input: path.join(dist, 'cli', 'main.js'),
  external: (id, importer) =>
    !id.startsWith('.') && !path.isAbsolute(id) && !packages.has(id) && !isNeedless(id, importer),
  plugins: [keepPlaces, commonjs(), takeBuiltins],
  onwarn(warning) {
    throw new Error(`bundle: ${warning.message}`);
  },
});
fs.rmSync(out, { recursive: true, force: true });
await bundle.write({
  dir: out,
  format: 'es',
  chunkFileNames: '[name].js',
  hoistTransitiveImports: false,
  paths: { pino: './pino.js' },
  manualChunks: (id) => chunks.find(([, modules]) => modules.test(id))?.[0],
});
await bundle.close();

/** The agent: one CommonJS file, with what its modules find from where they are. */
function bundleAgent() {
  const entry = path.join(dist, 'agent', 'arm.cjs');
  const place = JSON.stringify(path.relative(out, path.dirname(entry)));
  const args = [
    ...[entry, '--bundle', '--platform=node', '--format=cjs', '--target=node18'],
    ...['--define:__dirname=agentPlace', '--log-level=warning', '--legal-comments=none'],
    `--banner:js=const agentPlace = require('node:path').join(__dirname, ${place});`,
    `--outfile=${path.join(out, 'agent.cjs')}`,
  ];
  execFileSync(esbuild, args);
}
// Without comments, and with letters that are not ASCII as escapes: the ones are read over at every start, and one of the
// others doubles the text that V8 keeps. Lines stay lines, so that a stack tells something.
const files = fs.readdirSync(out).map((name) => path.join(out, name));
const options = [
  '--legal-comments=none',
  '--charset=ascii',
  '--target=node20',
  '--log-level=warning',
];
execFileSync(esbuild, [...files, ...options, '--allow-overwrite', `--outdir=${out}`]);
bundleAgent();
fs.writeFileSync(path.join(out, 'LICENCES'), licences(bundlePino()));
// Last: without it the bundle does not count.
fs.writeFileSync(
  path.join(out, 'built-from'),
  String(fs.statSync(path.join(dist, 'tsconfig.tsbuildinfo')).mtimeMs),
);
