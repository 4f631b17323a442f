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
  ['msgpackr', 'msgpackr/pack.js'],
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
  `^${dist}/(report/|(errors|limits|native|probe/fact|reader/memory/process-files)\\.js)|^${modulesOf('valibot')}/`,
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

/** Of which we use functions alone, and in few commands: loaded at the first call. */
const late = {
  id: '\0crypto',
  replaces: 'node:crypto',
  names: ['createHash', 'randomBytes', 'randomUUID', 'timingSafeEqual'],
  code() {
    const one = (name) =>
      `export const ${name} = (...passed) => process.getBuiltinModule('${this.replaces}').${name}(...passed);`;
    return this.names.map(one).join('\n');
  },
};

/** Modules find files beside themselves, such as the addon: each keeps the place it was compiled to. */
const keepPlaces = {
  name: 'keep-places',
  resolveId(id, importer) {
    if (isNeedless(id, importer)) return nothing;
    if (id === late.replaces) return late.id;
    const file = packages.get(id);
    return file === undefined ? null : modulesOf(file);
  },
  load: (id) => (id === nothing ? 'export default {}' : id === late.id ? late.code() : null),
  resolveImportMeta(property, { moduleId }) {
    if (property !== 'url') return null;
    const place = JSON.stringify(path.relative(out, moduleId));
    return `require('node:url').pathToFileURL(require('node:path').join(__dirname, ${place})).href`;
  },
};

/**
 * The log's package and the ten that it needs, in one file beside the others: a program that dies waits for the line that says where its
 * report is. By esbuild, as they ask for Node's modules in their midst.
 * @returns names of the packages
 */
function bundlePino() {
  const listing = path.join(out, 'pino.json');
  const args = [
    ...['--bundle', '--platform=node', '--format=cjs', '--target=node20', '--legal-comments=none'],
    ...['--log-level=warning', `--metafile=${listing}`, `--outfile=${path.join(out, 'pino.cjs')}`],
  ];
  const input = `export { pino } from 'pino';`;
  execFileSync(esbuild, args, { input, cwd: root, stdio: ['pipe', 'inherit', 'inherit'] });
  const files = Object.keys(JSON.parse(fs.readFileSync(listing, 'utf8')).inputs);
  fs.rmSync(listing);
  return files.flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
}

/**
 * The agent: one CommonJS file, with what its modules find from where they are. Of the sources: what tsc makes of them are functions
 * around modules that look up each other's exports at each use, which takes longer to start than one scope.
 */
function bundleAgent() {
  const place = JSON.stringify(path.relative(out, path.join(dist, 'agent')));
  bundleOne(path.join(root, 'src/agent/arm.cts'), 'agent.cjs', [
    ...['--target=node18', '--define:__dirname=agentPlace'],
    `--banner:js='use strict'; const agentPlace = require('node:path').join(__dirname, ${place});`,
  ]);
}

/** What bin/sleeper.js loads, to load the rest. */
function bundleStart() {
  bundleOne(path.join(dist, 'cli', 'code-cache.cjs'), 'start.cjs', ['--target=node20']);
}

function bundleOne(entry, name, more) {
  const how = ['--bundle', '--platform=node', '--format=cjs', '--legal-comments=none'];
  const args = [entry, ...how, ...more, '--log-level=warning', `--outfile=${path.join(out, name)}`];
  execFileSync(esbuild, args);
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
/** What is added here and by Rollup: it is nobody's, and would have all load what only one of them needs. */
const commonHelpers = /^\0(commonjsHelpers|crypto)/;

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
    !/^[./\0]/.test(id) && !packages.has(id) && id !== late.replaces && !isNeedless(id, importer),
  plugins: [keepPlaces, commonjs()],
  onwarn(warning) {
    throw new Error(`bundle: ${warning.message}`);
  },
});
fs.rmSync(out, { recursive: true, force: true });
await bundle.write({
  dir: out,
  format: 'cjs',
  dynamicImportInCjs: false,
  entryFileNames: '[name].cjs',
  chunkFileNames: '[name].cjs',
  paths: { pino: './pino.cjs' },
  manualChunks: (id) => chunks.find(([, modules]) => modules.test(id))?.[0],
});
await bundle.close();

// Without comments, and with letters that are not ASCII as escapes: the ones are read over at every start, and one of the
// others doubles the text that V8 keeps. Lines stay lines, so that a stack tells something.
const files = fs.readdirSync(out).map((name) => path.join(out, name));
const options = [
  '--legal-comments=none',
  '--charset=ascii',
  '--target=node20',
  '--log-level=warning',
  '--out-extension:.js=.cjs',
];
execFileSync(esbuild, [...files, ...options, '--allow-overwrite', `--outdir=${out}`]);
bundleAgent();
bundleStart();
fs.writeFileSync(path.join(out, 'LICENCES'), licences(bundlePino()));
// Last: without it the bundle does not count.
fs.writeFileSync(
  path.join(out, 'built-from'),
  String(fs.statSync(path.join(dist, 'tsconfig.tsbuildinfo')).mtimeMs),
);
