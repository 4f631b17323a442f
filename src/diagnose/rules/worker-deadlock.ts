/** Main thread and workers wait for each other in Atomics.wait(). */
import { type Rule, certainIf, looksEvidence, loopEvidence } from '../evidence.ts';
import { isMachineFrame } from '../../report/machine-frame.ts';
import type { Capture, Frame, Thread, Variable } from '../../report/schema.ts';
import { isAppFrame } from '../scene.ts';
import { describeFrame, nameFrame } from '../words.ts';

/** Atomics.wait(array, index, value, timeout) */
const timeoutArgument = 3;

/** The main thread in Atomics.wait() without a timeout, a worker too, and nobody left who runs and could notify them. */
export const workerDeadlock: Rule = (scene) => {
  const { main, capture } = scene;
  const threads = capture.threads.filter(({ kind }) => kind === 'worker');
  const waiting = threads.filter((thread) => isWaiting(thread) && !hasTimeout(thread));
  if (!isWaiting(main) || hasTimeout(main) || waiting.length === 0) return null;
  const others = threads.filter((thread) => !waiting.includes(thread));
  if (others.some(isActive)) return null;
  const everybody = others.length === 0;
  const all = [main, ...waiting];
  return {
    kind: 'worker-deadlock',
    summary: `The main thread and ${waiting.length === 1 ? 'a worker wait' : `${waiting.length} workers wait`} in Atomics.wait(), and nobody is left to notify them: ${all
      .slice(0, 3)
      .map((thread) => placeOfWait(thread, capture))
      .join('; ')}.`,
    confidence: certainIf(everybody && scene.isSteady),
    thread: main.tid,
    evidence: [
      ...all.slice(0, 6).map((thread) => ({ text: waitEvidence(thread, capture) })),
      ...holderEvidence(all),
      ...looksEvidence(scene),
      ...loopEvidence(scene),
    ],
    advice:
      'Take several locks in the same order in all threads, give Atomics.wait() a timeout, and use Atomics.waitAsync() on the main thread.',
  };
};

function isWaiting(thread: Thread): boolean {
  return thread.vmState === 'ATOMICS_WAIT';
}

/** In JavaScript, or at work: it may still notify somebody. */
function isActive({ frames, state, vmState }: Thread): boolean {
  return state === 'R' || vmState === 'JS' || frames.some((frame) => !isMachineFrame(frame));
}

function waitCall({ frames }: Thread): Frame | undefined {
  return frames.find(
    (frame) => frame.function === 'wait' && frame.kind === 'native' && !isMachineFrame(frame),
  );
}

function hasTimeout(thread: Thread): boolean {
  const timeout = waitCall(thread)?.arguments.at(timeoutArgument)?.value;
  return timeout?.type === 'number' && timeout.preview !== 'Infinity';
}

function nameThread({ kind, tid, workerId }: Thread): string {
  if (kind === 'main') return `main thread ${tid}`;
  return workerId === undefined ? `worker thread ${tid}` : `worker ${workerId} (thread ${tid})`;
}

function placeOfWait(thread: Thread, capture: Capture): string {
  const app = thread.frames.find(isAppFrame);
  const name = thread.kind === 'main' ? 'the main thread' : nameThread(thread);
  return app === undefined ? name : `${name} in ${nameFrame(app, capture)}`;
}

function waitEvidence(thread: Thread, capture: Capture): string {
  const cell = cellOf(thread);
  const app = thread.frames.find(isAppFrame);
  const where = app === undefined ? '' : ` in ${describeFrame(app, capture)}`;
  return `${nameThread(thread)} is in Atomics.wait()${cell === null ? '' : ` on ${cell.words}`}${where}`;
}

interface Cell {
  readonly address: string;
  readonly words: string;
}

/** What it waits on: memory that both threads know by the same address. */
function cellOf(thread: Thread): Cell | null {
  const [array, index] = waitCall(thread)?.arguments ?? [];
  const address = array?.value.dataAddress;
  if (array === undefined || address === undefined) return null;
  const at = `${address}[${index?.value.preview ?? '?'}]`;
  return { address: at, words: `${array.value.preview} at ${at}` };
}

/** Nobody else can change the cells, so what one waits for must be another's to give. */
function holderEvidence(threads: readonly Thread[]): { text: string }[] {
  const waits = threads.flatMap((thread) => {
    const cell = cellOf(thread);
    return cell === null ? [] : [{ thread, cell }];
  });
  if (waits.length < 2) return [];
  const places = new Set(waits.map(({ cell }) => cell.address));
  if (places.size === 1) return [{ text: 'all of them wait on the same place in shared memory' }];
  return waits.flatMap(({ thread, cell }) => {
    const others = waits.filter((other) => other.cell.address !== cell.address);
    const holders = others.filter((other) => namesCell(other.thread, cell.address));
    const [holder] = holders;
    if (holder === undefined || holders.length > 1) return [];
    return [
      {
        text: `the lock at ${cell.address}, which ${nameThread(thread)} waits for, most likely is held by ${nameThread(holder.thread)}: its functions know it, and it waits for another`,
      },
    ];
  });
}

/** True when the memory is among the arguments and variables of the thread's functions. */
function namesCell({ frames }: Thread, address: string): boolean {
  const array = address.slice(0, address.indexOf('['));
  const holds = ({ value }: Variable): boolean =>
    value.dataAddress === array || (value.properties?.some(holds) ?? false);
  return frames.some((frame) =>
    [...frame.arguments, ...frame.locals, ...(frame.closure ?? [])].some(holds),
  );
}
