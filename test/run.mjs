/**
 * `npm test` after set-up: format check and lint, then every compiled test file, and node's own summary last.
 * `node test/run.mjs archive zoo` runs only the test files whose path contains one of the words.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const words = process.argv.slice(2);

/** Suites spin, freeze and crash processes: more than two at a time starve each other on a small machine. */
const concurrency = 2;
/** A suite that takes longer is stuck: the slowest one needs well under half of it. */
const suiteTimeoutMs = 600_000;
/**
 * Suites that failed are run once more, alone: what a test sees of a real process depends on what else the machine does. What
 * fails then fails the run; what passes is told as unsteady, and is a fault to be found. More than these are no accident.
 */
const maxSecondTries = 4;

function start(args, stdio) {
  // The cache of whoever runs the tests is not theirs.
  const env = { ...process.env, XDG_CACHE_HOME: path.join(root, 'test', 'artifacts', 'cache') };
  // Node.js 20 reads the certificates that it names before it starts, for 60 ms; no test leaves the machine.
  delete env.NODE_EXTRA_CA_CERTS;
  const child = spawn(process.execPath, args, { cwd: root, stdio, env });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      resolve({ status: status ?? 1, signal, output });
    });
  });
}

/** Both at once; silent when clean. @returns whether both are */
async function checkSources() {
  const bin = (...parts) => path.join(root, 'node_modules', ...parts);
  const checks = await Promise.all([
    start([bin('prettier', 'bin', 'prettier.cjs'), '--check', '.'], 'pipe'),
    start([bin('eslint', 'bin', 'eslint.js'), '.'], 'pipe'),
  ]);
  for (const check of checks) if (check.status !== 0) process.stdout.write(check.output);
  const isClean = checks.every((check) => check.status === 0);
  console.log(`format and lint: ${isClean ? 'clean' : 'FAILED'}`);
  return isClean;
}

function findTests(directory) {
  return fs.readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) return findTests(file);
    return entry.name.endsWith('.test.js') ? [file] : [];
  });
}

/** A test may be defined in a file that suites share, such as those of the zoo: then it is one of these suites. */
function suitesWith(file) {
  if (tests.includes(file)) return [file];
  const name = path.basename(file);
  return tests.filter((suite) => fs.readFileSync(path.join(root, suite), 'utf8').includes(name));
}

/** @returns exit status, and the files that define what failed */
async function runSuites(suites, atOnce) {
  const failures = path.join(root, 'test', 'artifacts', 'failed-files');
  fs.mkdirSync(path.dirname(failures), { recursive: true });
  const { status } = await start(
    [
      '--test',
      `--test-concurrency=${String(atOnce)}`,
      `--test-timeout=${String(suiteTimeoutMs)}`,
      `--test-reporter=${process.stdout.isTTY ? 'spec' : './test/tap-failures-last.mjs'}`,
      '--test-reporter-destination=stdout',
      '--test-reporter=./test/failed-files.mjs',
      `--test-reporter-destination=${failures}`,
      ...suites,
    ],
    'inherit',
  );
  const failed = fs.readFileSync(failures, 'utf8').split('\n').filter(Boolean);
  return { status, failed: failed.map((file) => path.relative(root, file)) };
}

function tellAndRunAgain(suites) {
  console.log(`# Once more, alone: ${suites.join(', ')}`);
  return runSuites(suites, 1);
}

const tests = findTests(path.join(root, 'test', 'out'))
  .map((file) => path.relative(root, file))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();

if (words.length === 0 && !(await checkSources())) {
  process.exitCode = 1;
} else if (tests.length === 0) {
  console.error(`No compiled test file matches: ${words.join(' ')}`);
  process.exitCode = 1;
} else {
  const first = await runSuites(tests, concurrency);
  const again = first.failed.length <= maxSecondTries ? first.failed.map(suitesWith) : [];
  // What cannot be told to belong to a suite is not tried again: it has failed.
  const isTried = again.length > 0 && again.every((suites) => suites.length > 0);
  const second = isTried ? await tellAndRunAgain([...new Set(again.flat())]) : first;
  for (const file of first.failed.filter((one) => !second.failed.includes(one)))
    console.log(`# UNSTEADY ${file}: failed beside another suite, passed alone`);
  process.exitCode = second.status;
}
