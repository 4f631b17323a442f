/**
 * `sleeper agent-capture --standby PID`: started in advance by a watcher that is root, with the rights of the user of that process
 * (src/watch/standby-process.ts). It gets ready, says `READY`, and waits for one question: the pid of the process that asks, in a line
 * of its own, then the request. When the watcher lets go or dies its input ends, and so does it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFact } from '../probe/fact.ts';
import { parseEnvironment } from '../probe/process-facts.ts';
import { type Answer, answerAgent } from './answer-agent.ts';

/** Where this user keeps caches and archives. What the program has set for its reports comes with the request. */
const places = ['HOME', 'TMPDIR', 'XDG_CACHE_HOME', 'XDG_RUNTIME_DIR', 'XDG_STATE_HOME'];

/**
 * @param pid a process of our user, whose environment tells the places
 * @param readInput all that comes on standard input
 * @returns null: nobody asked
 */
export async function standBy(
  pid: number,
  readInput: () => Promise<string>,
): Promise<Answer | null> {
  // What has begun is finished; standard input tells when it is over.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => undefined);
  takePlaces(pid);
  const { getReady } = await import('./get-ready.ts');
  await getReady(pid, rehearse);
  process.stdout.write('READY\n');
  const input = await readInput();
  const end = input.indexOf('\n');
  if (end < 0) return null;
  return answerAgent(() => Promise.resolve(input.slice(end + 1)), Number(input.slice(0, end)));
}

/** By us, with this user's rights, and not by root. */
function takePlaces(pid: number): void {
  const environment = readFact(`/proc/${pid}/environ`, (text) =>
    parseEnvironment(Buffer.from(text, 'latin1').toString()),
  );
  if (!environment.known) return;
  for (const name of places) {
    const value = environment.value[name];
    if (value !== undefined) process.env[name] = value;
  }
}

/** Has something of everything that is read first of a process that dies. Ends by itself, should we be killed. */
const sleeping = `
  async function suspend(order) { await new Promise(() => undefined); return order; }
  function sleep(order) {
    suspend(order);
    require('node:fs').writeSync(1, '.');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000);
    return order;
  }
  sleep({ id: 1, items: ['a'] });
`;

/** On a child: it is ours to stop, also where only descendants may be traced, and small. */
async function rehearse(): Promise<void> {
  const { tryCapture } = await import('./get-ready.ts');
  // The last two words tell watchers what it is.
  const words = ['--eval', sleeping, process.argv[1] ?? '', 'agent-capture'];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'ignore'] });
  const { pid } = child;
  child.on('error', () => undefined); // its output closes
  try {
    await Promise.race([once(child.stdout, 'data'), once(child.stdout, 'close')]);
    if (pid !== undefined) await tryCapture(pid);
  } finally {
    child.kill('SIGKILL');
  }
}
