/** The middle rungs of the ladder: the agent and the reader, each with its deadline, each with its reason when it fails. */
import { SleeperError } from '../errors.ts';
import type { AgentClient, IsolateAnswer } from '../probe/agent.ts';
import type { KeptStack } from '../reader/kept-stack.ts';
import type {
  EventLoopClock,
  KnownIsolate,
  ProcessReading,
  ReadOptions,
  ThreadReading,
} from '../reader/reading.ts';
import type { Missing } from '../report/schema.ts';
import { within } from './within.ts';

/** The rungs, replaceable by tests. */
export interface CaptureDependencies {
  readProcess(pid: number, options: ReadOptions): ProcessReading | Promise<ProcessReading>;
  readKeptStack(
    pid: number,
    kept: KeptStack,
    deadlineMs: number,
  ): ThreadReading | null | Promise<ThreadReading | null>;
  openEventLoop(pid: number): EventLoopClock | Promise<EventLoopClock>;
  connectAgent(pid: number): AgentClient;
}

/** Each question to the agent may take this long (plus the client's slack). */
const agentTimeoutMs = 150;

/** Asks the agent for leave to trace and for its isolates. Empty when there is no agent, or it does not answer. */
export async function askAgent(
  pid: number,
  dependencies: Pick<CaptureDependencies, 'connectAgent'>,
  missing: Missing[],
): Promise<readonly (KnownIsolate & Partial<IsolateAnswer>)[]> {
  let agent: AgentClient;
  try {
    agent = dependencies.connectAgent(pid);
  } catch (error) {
    missing.push({ what: 'agent', reason: agentAbsence(error) });
    return [];
  }
  try {
    const allowed = await agent.allow(agentTimeoutMs);
    if (!allowed.known) missing.push({ what: 'agent', reason: allowed.reason });
    const answer = allowed.known ? await agent.probe(agentTimeoutMs) : allowed;
    if (answer.known) return answer.value;
    if (allowed.known) missing.push({ what: 'agent', reason: answer.reason });
    return [];
  } finally {
    agent.close();
  }
}

function agentAbsence(error: unknown): string {
  if (error instanceof SleeperError && error.code === 'ERR_SLEEPER_NO_AGENT') {
    return 'not loaded in this process';
  }
  return error instanceof Error ? error.message : String(error);
}

/** Errors of the reader that mean there is nothing to report on. */
const fatalReaderErrors = new Set(['ERR_SLEEPER_NOT_NODE']);

/** Lets the reader read, if there is time. */
export async function climb(
  pid: number,
  isolates: readonly KnownIsolate[],
  wishes: { readonly timeMs: number } & Pick<ReadOptions, 'tasks' | 'values' | 'looks'>,
  dependencies: CaptureDependencies,
  missing: Missing[],
): Promise<ProcessReading | null> {
  const { timeMs, ...rest } = wishes;
  if (timeMs <= 0) {
    missing.push({ what: 'reader', reason: 'no time left' });
    return null;
  }
  try {
    const options = { deadlineMs: timeMs, ...rest, ...(isolates.length > 0 && { isolates }) };
    const reading = await within(async () => dependencies.readProcess(pid, options), timeMs);
    if (reading.known) return reading.value;
    missing.push({ what: 'reader', reason: reading.reason });
  } catch (error) {
    if (error instanceof SleeperError && fatalReaderErrors.has(error.code)) throw error;
    missing.push({
      what: 'reader',
      reason: error instanceof Error ? error.message : String(error),
    });
  }
  return null;
}
