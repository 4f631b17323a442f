/** Reports that the agent inside a process writes: asked over its socket, or poked by gdb. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NamedReport, findByProcess } from '../archive/names.ts';
import { locateArchive } from '../archive/location.ts';
import { readReport } from '../archive/read.ts';
import { SleeperError } from '../errors.ts';
import { connectAgent } from '../probe/agent.ts';
import { readLinkFact } from '../probe/fact.ts';
import { requireNodeProcess } from '../probe/identity.ts';
import { readProcessFacts } from '../probe/process-facts.ts';
import { readStatus } from '../probe/stat.ts';
import type { Report } from '../report/schema.ts';

/** A report, and where the agent sealed it. */
export interface AgentDump {
  readonly report: Report;
  readonly path: string;
}

/** Asks the agent. @throws SleeperError ERR_SLEEPER_NO_AGENT, ERR_SLEEPER_TIMED_OUT and as requireNodeProcess() */
export async function dumpByAgent(pid: number, deadlineMs: number): Promise<AgentDump> {
  requireNodeProcess(pid);
  const agent = connectAgent(pid);
  try {
    const path = await agent.capture('sleeper dump --via agent', deadlineMs);
    if (!path.known) {
      throw new SleeperError(
        'ERR_SLEEPER_TIMED_OUT',
        `The agent in process ${pid} wrote no report: ${path.reason}.`,
        { pid, reason: path.reason },
      );
    }
    return { report: await readReport(path.value), path: path.value };
  } finally {
    agent.close();
  }
}

/** Time between two looks into the archive for the report to appear. */
const archivePollMs = 50;
/** File names keep whole seconds. */
const nameResolutionMs = 1_000;

/**
 * Sets the agent's mailbox with gdb, which calls nothing in the process, and waits for the report.
 * @throws SleeperError ERR_SLEEPER_GDB, ERR_SLEEPER_NO_AGENT, ERR_SLEEPER_TIMED_OUT and as requireNodeProcess()
 */
export async function dumpByGdb(pid: number, deadlineMs: number): Promise<AgentDump> {
  requireNodeProcess(pid);
  const endsAtMs = Date.now() + deadlineMs;
  const archive = await findAgentArchive(pid);
  const sinceMs = Date.now() - nameResolutionMs;
  const ofProcess = (): Promise<NamedReport[]> => findByProcess(archive, new Set([pid]), sinceMs);
  const known = new Set((await ofProcess()).map(({ path }) => path));
  await pokeMailbox(pid, deadlineMs);
  while (Date.now() < endsAtMs) {
    const entry = (await ofProcess()).find(({ path }) => !known.has(path));
    if (entry !== undefined) return { report: await readReport(entry.path), path: entry.path };
    await sleep(archivePollMs);
  }
  throw new SleeperError(
    'ERR_SLEEPER_TIMED_OUT',
    `gdb poked the agent in process ${pid}, but no report appeared in ${archive} within ${deadlineMs} ms.`,
    { pid, archive },
  );
}

/** The agent writes where the target's own environment says. */
async function findAgentArchive(pid: number): Promise<string> {
  const { env } = await readProcessFacts(pid, nameResolutionMs);
  const status = readStatus(pid);
  return locateArchive(
    undefined,
    env.known ? env.value : {},
    status.known ? status.value.userId : undefined,
  );
}

/** The short form: symbols of one library only, so that the process stands still for a moment only. */
function gdbArguments(pid: number): string[] {
  const executable = readLinkFact(`/proc/${pid}/exe`);
  return [
    ...['-nx', '-batch', '-iex', 'set auto-solib-add off'],
    ...(executable.known ? ['-iex', `file ${executable.value}`] : []),
    ...['-ex', `attach ${pid}`],
    ...['-ex', 'sharedlibrary sleeper'],
    ...['-ex', 'set var sleeper_mailbox = 1'],
    ...['-ex', 'detach'],
  ];
}

function pokeMailbox(pid: number, deadlineMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('gdb', gdbArguments(pid), { timeout: deadlineMs }, (error, _stdout, stderr) => {
      const said = stderr.trim().split('\n').at(-1) ?? '';
      if (/No symbol "?sleeper_mailbox/.test(stderr)) {
        reject(
          new SleeperError(
            'ERR_SLEEPER_NO_AGENT',
            `No agent is loaded in process ${pid}: ${said}`,
            {
              pid,
            },
          ),
        );
      } else if (/ptrace: |Could not attach/.test(stderr)) {
        reject(
          new SleeperError(
            'ERR_SLEEPER_ATTACH_DENIED',
            `gdb cannot attach to process ${pid}: ${said}`,
            {
              pid,
            },
          ),
        );
      } else if (error !== null) {
        reject(
          new SleeperError(
            'ERR_SLEEPER_GDB',
            `Cannot poke process ${pid} with gdb: ${said === '' ? error.message : said}`,
            { pid },
            { cause: error },
          ),
        );
      } else {
        resolve();
      }
    });
  });
}
