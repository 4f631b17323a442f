/** Whether the agent inside a process is having a report written just now: the process waits for it, and is told already. */
import { readdirSync } from 'node:fs';
import { readFact } from './fact.ts';
import { readStat } from './stat.ts';

/** Threads looked at: the agent's is among the first of a process. */
const maxThreads = 64;

/**
 * True while a helper of the agent is a child of the process. Source: /proc/PID/task/TID/children; kernels without
 * CONFIG_PROC_CHILDREN do not have it, and all processes are asked for their parent.
 */
export function isReportingItself(pid: number): boolean {
  const lists = readTids(pid).map((tid) =>
    readFact(`/proc/${pid}/task/${tid}/children`, (text) =>
      text.trim().split(/\s+/).filter(Boolean),
    ),
  );
  if (lists.some(({ known }) => known))
    return lists.some((children) => children.known && children.value.some(isHelper));
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name) || !isHelper(name)) return false;
    const stat = readStat(Number(name));
    return stat.known && stat.value.parentPid === pid;
  });
}

function readTids(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).slice(0, maxThreads);
  } catch {
    return [];
  }
}

/** A helper is a young process of ours: its command line is at once there. */
function isHelper(pid: string): boolean {
  const argv = readFact(`/proc/${pid}/cmdline`, (text) => text.split('\0'));
  return argv.known && argv.value[2] === 'agent-capture';
}
