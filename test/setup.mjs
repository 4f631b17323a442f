/**
 * Brings a checkout into a state in which it can run: packages, addon, compiled TypeScript and, with
 * `--with-tests`, the Node.js versions to look at, the debuggers and a browser. Does only what is missing; the second
 * run finds nothing to do. Plain Node.js, no packages: it must run before anything is installed.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => path.join(root, ...parts);
const withTests = process.argv.includes('--with-tests');

/** Ends set-up with words for a person; anything else thrown here is a bug. */
class SetupError extends Error {}

function checkMachine() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError(
      `sleeper-agent needs Linux on x64; this is ${process.platform} on ${process.arch}.`,
    );
  }
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupError(`sleeper-agent needs Node.js 20.19 or newer; this is ${process.version}.`);
  }
}

/** Runs a program with its output kept back; prints the end of it only when the program fails. */
function run(step, command, args, options = {}) {
  const startedAtMs = performance.now();
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  return new Promise((resolve, reject) => {
    const fail = (what) => {
      const lines = Buffer.concat(output).toString().trimEnd().split('\n');
      // npm names the cause first, compilers last.
      const told = lines.length <= 80 ? lines : [...lines.slice(0, 20), '…', ...lines.slice(-60)];
      reject(new SetupError(`${told.join('\n')}\nset-up: ${step} failed: ${what}`));
    };
    child.on('error', (error) => fail(error.message));
    child.on('close', (status, signal) => {
      if (status !== 0)
        return fail(`\`${command} ${args.join(' ')}\` ended with ${signal ?? status}`);
      console.log(`set-up: ${step} (${((performance.now() - startedAtMs) / 1000).toFixed(1)} s)`);
      resolve();
    });
  });
}

function isOnPath(program) {
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .some((directory) => directory !== '' && fs.existsSync(path.join(directory, program)));
}

const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

/** Files below `start` whose path matches, sorted; `node_modules` and build output are not entered. */
function listFiles(start, pattern) {
  if (!fs.existsSync(start)) return [];
  if (fs.statSync(start).isFile()) return [start];
  const found = [];
  for (const entry of fs.readdirSync(start, { withFileTypes: true })) {
    const file = path.join(start, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules') found.push(...listFiles(file, pattern));
    } else if (pattern.test(entry.name)) {
      found.push(file);
    }
  }
  return found.sort();
}

/** One hash over the names and contents of files, and over what else decides the result. */
function hashInputs(files, ...facts) {
  const hash = createHash('sha256').update(facts.join('\0'));
  for (const file of files) {
    hash.update(`\0${path.relative(root, file)}\0`).update(fs.readFileSync(file));
  }
  return hash.digest('hex');
}

const isStamped = (file, stamp) => fs.existsSync(file) && fs.readFileSync(file, 'utf8') === stamp;

/** Compares the lock file with npm's own record of what it installed. */
function arePackagesInstalled(directory) {
  const record = path.join(directory, 'node_modules', '.package-lock.json');
  if (!fs.existsSync(record)) return false;
  const installed = readJson(record).packages;
  const wanted = readJson(path.join(directory, 'package-lock.json')).packages;
  return Object.entries(wanted).every(
    ([name, entry]) =>
      name === '' ||
      entry.optional ||
      entry.devOptional ||
      (installed[name]?.version === entry.version && fs.existsSync(path.join(directory, name))),
  );
}

/** `npm ci` with the npm that started us, or the first one on the path. */
async function installPackages(directory, step) {
  if (arePackagesInstalled(directory)) return;
  const target = path.join(directory, 'node_modules');
  if (fs.lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()) {
    // `npm ci` would empty the folder behind the link, which somebody else may be using.
    throw new SetupError(`${target} is a symbolic link to packages that are not up to date.`);
  }
  const npmScript = process.env.npm_execpath;
  const [command, ...first] = npmScript ? [process.execPath, npmScript] : ['npm'];
  const args = [...first, 'ci', '--no-audit', '--no-fund', '--prefix', directory];
  await run(step, command, args, { cwd: directory });
}

function requireCompiler() {
  const missing = ['g++', 'make', 'python3'].filter((program) => !isOnPath(program));
  if (missing.length > 0) {
    throw new SetupError(
      `The native addon cannot be built: ${missing.join(', ')} not found.\n` +
        `Install with: ${process.getuid?.() === 0 ? '' : 'sudo '}apt-get install -y g++ make python3`,
    );
  }
}

async function buildAddon() {
  const stampFile = at('build', 'setup-stamp');
  const sources = [at('binding.gyp'), ...listFiles(at('native'), /\.(cc|c|h|S|gypi)$/)];
  const nodeAddonApi = readJson(at('node_modules', 'node-addon-api', 'package.json')).version;
  const stamp = hashInputs(sources, process.versions.node, nodeAddonApi);
  if (isStamped(stampFile, stamp) && fs.existsSync(at('build', 'Release', 'sleeper.node'))) return;
  requireCompiler();
  const prefix = path.dirname(path.dirname(fs.realpathSync(process.execPath)));
  const hasHeaders = fs.existsSync(path.join(prefix, 'include', 'node', 'node_api.h'));
  const args = [at('node_modules', 'node-gyp', 'bin', 'node-gyp.js'), 'rebuild'];
  if (hasHeaders) args.push(`--nodedir=${prefix}`);
  await run('native addon built', process.execPath, args);
  fs.writeFileSync(stampFile, stamp);
}

/** Deletes compiled files whose source is gone: a renamed test must not run under its old name. */
function deleteOrphans(outDirectory, sourceDirectory) {
  for (const file of listFiles(outDirectory, /\.(c?js|d\.c?ts|c?js\.map)$/)) {
    // The bundle has sources of its own, and says itself what it was made of: half of it would be worse than none.
    if (file.startsWith(at('dist', 'bundle') + path.sep)) continue;
    const name = path.relative(outDirectory, file).replace(/(\.d)?\.(c?)(js|ts)(\.map)?$/, '.$2ts');
    const hasSource = [name, `${name}x`].some((source) =>
      fs.existsSync(path.join(sourceDirectory, source)),
    );
    if (!hasSource) fs.rmSync(file);
  }
}

async function compile() {
  const stampFile = at('test', 'out', 'setup-stamp');
  const sources = [
    ...listFiles(at('src'), /\.(c?ts|tsx)$|^tsconfig\.json$/),
    ...listFiles(at('test'), /\.c?ts$|^tsconfig\.json$/).filter(
      (file) => !file.startsWith(at('test', 'out')),
    ),
    at('tsconfig.base.json'),
    at('tsconfig.json'),
  ];
  const compiler = readJson(at('node_modules', 'typescript', 'package.json')).version;
  const stamp = hashInputs(sources, compiler);
  if (isStamped(stampFile, stamp) && fs.existsSync(at('dist'))) return;
  deleteOrphans(at('dist'), at('src'));
  deleteOrphans(at('test', 'out'), at('test'));
  const args = [at('node_modules', 'typescript', 'bin', 'tsc'), '-b'];
  // A deleted output with an up-to-date build record would never come back without --force.
  if (!fs.existsSync(stampFile)) args.push('--force');
  await run('TypeScript compiled', process.execPath, args);
  fs.writeFileSync(stampFile, stamp);
}

/**
 * The browser's side of the viewer: one script and one style sheet, from TypeScript, by esbuild. Only its platform package is
 * installed: the package above it has an install script, and no need of one when the program is called by its path.
 */
async function bundleApp() {
  const out = at('dist', 'view', 'app');
  const stampFile = path.join(out, 'setup-stamp');
  const sources = [
    ...listFiles(at('src', 'view'), /\.(tsx?|css)$/),
    ...listFiles(at('src', 'report'), /\.ts$/),
  ];
  const versions = ['@esbuild/linux-x64', 'preact'].map(
    (name) => readJson(at('node_modules', name, 'package.json')).version,
  );
  const stamp = hashInputs(sources, ...versions);
  if (isStamped(stampFile, stamp)) return;
  const args = [
    ...[at('src', 'view', 'app', 'main.tsx'), at('src', 'view', 'app', 'style.css')],
    ...['--bundle', '--minify', '--format=iife', '--target=es2022', '--charset=utf8'],
    ...['--jsx=automatic', '--jsx-import-source=preact', '--legal-comments=none'],
    `--outdir=${out}`,
  ];
  const esbuild = at('node_modules', '@esbuild', 'linux-x64', 'bin', 'esbuild');
  await run('viewer bundled', esbuild, args);
  fs.writeFileSync(stampFile, stamp);
}

async function installPrograms() {
  const missing = ['gdb', 'lldb', 'chromium'].filter((program) => !isOnPath(program));
  if (missing.length === 0) return;
  const install = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) {
    throw new SetupError(`The tests need ${missing.join(' and ')}. Install with: sudo ${install}`);
  }
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  await run('package lists updated', 'apt-get', ['update'], options);
  await run(`${missing.join(', ')} installed`, 'apt-get', install.split(' ').slice(1), options);
}

/** The bundle is for people; tests work with the modules. */
async function bundleCommand() {
  const { mtimeMs } = fs.statSync(at('dist', 'tsconfig.tsbuildinfo'));
  const builtFrom = at('dist', 'bundle', 'built-from');
  if (fs.existsSync(builtFrom) && fs.readFileSync(builtFrom, 'utf8') === String(mtimeMs)) return;
  await run('command bundled', process.execPath, [at('test', 'bundle.mjs')]);
}

/**
 * Debian's own Node.js, split into a program and libnode.so, and the libraries it needs; unpacked, never installed over
 * what the machine has. Other distributions' packages of the same kind have other names.
 */
const debianPackages = [
  ...['libc-ares2', 'libbrotli1', 'libicu72', 'libnghttp2-14', 'libuv1'],
  ...['node-acorn', 'node-cjs-module-lexer', 'node-undici'],
];

async function unpackDebianNode() {
  // Where nothing looks for sources of ours; `npm ci` empties the folder, and the next set-up fills it again.
  const directory = at('test', 'matrix', 'node_modules', '.debian');
  if (fs.existsSync(path.join(directory, 'usr', 'bin', 'node'))) return;
  const packages = path.join(directory, 'packages');
  fs.mkdirSync(packages, { recursive: true });
  // The version of libnode is that of its nodejs; another source's nodejs may stand before it.
  const script = `set -e
    apt-cache show libnode108 >/dev/null 2>&1 || apt-get update
    version=$(apt-cache show libnode108 | sed -n 's/^Version: //p' | head -1)
    apt-get download "nodejs=$version" "libnode108=$version" ${debianPackages.join(' ')}
    for package in *.deb; do dpkg-deb -x "$package" ..; done`;
  await run("Debian's Node.js unpacked", 'sh', ['-c', script], { cwd: packages });
  fs.rmSync(packages, { recursive: true });
}

/** All steps at once; the first failure is told when all have ended, so that none is left running. */
async function all(...steps) {
  const failed = (await Promise.allSettled(steps)).filter((step) => step.status === 'rejected');
  if (failed.length > 0) throw failed[0].reason;
}

try {
  checkMachine();
  await installPackages(root, 'packages installed');
  await all(
    buildAddon(),
    compile().then(() => (withTests ? undefined : bundleCommand())),
    bundleApp(),
    ...(withTests
      ? [
          installPackages(at('test', 'matrix'), 'Node.js 18 to 26 installed')
            .then(installPrograms)
            .then(unpackDebianNode),
        ]
      : []),
  );
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
