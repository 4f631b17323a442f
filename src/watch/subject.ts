/** What is known of a watched process besides how it does: to choose it, and to name it to people. */
import { readFact, readTargetMemoryFact } from '../probe/fact.ts';
import type { ProcessIdentity } from '../probe/identity.ts';
import { parseCgroup } from '../probe/process-facts.ts';
import type { Filter } from './settings.ts';

export interface Subject {
  readonly identity: ProcessIdentity;
  readonly parentPid: number;
  readonly userId: number;
  readonly executable: string;
  /** Command line, words joined by spaces; a process that set its title has that instead. Empty when not to be had. */
  readonly argv: string;
  /** False: it could not be read in time, and may be another time. */
  readonly isArgvKnown: boolean;
  /** The kernel's name of the main thread. */
  readonly name: string;
  readonly cgroup: string;
}

/** A sick process may hold the lock that its command line lies behind. */
const argvDeadlineMs = 500;
const maxArgvChars = 4_096;

/** Reads it. */
export async function readSubject(
  basis: Pick<Subject, 'identity' | 'parentPid' | 'userId' | 'executable'>,
): Promise<Subject> {
  const { pid } = basis.identity;
  const argv = await readTargetMemoryFact(`/proc/${pid}/cmdline`, (text) => text, argvDeadlineMs);
  const name = readFact(`/proc/${pid}/comm`, (text) => text.trim());
  const cgroup = readFact(`/proc/${pid}/cgroup`, parseCgroup);
  return {
    ...basis,
    isArgvKnown: argv.known,
    argv: argv.known ? argv.value.slice(0, maxArgvChars).replace(/\0+/g, ' ').trim() : '',
    name: name.known ? name.value : '',
    cgroup: cgroup.known ? cgroup.value : '',
  };
}

/** True when everything that the filter names fits. */
export function passes(subject: Subject, filter: Filter): boolean {
  const { name, argv, users, cgroup } = filter;
  return (
    (name === undefined ||
      name.test(subject.name) ||
      name.test(subject.argv.split(' ')[0] ?? '')) &&
    (argv === undefined || argv.test(subject.argv)) &&
    (users === undefined || users.includes(subject.userId)) &&
    (cgroup === undefined || cgroup.test(subject.cgroup))
  );
}

/** True for processes of ours that must not be watched: this watcher, its capture processes, helpers of agents. */
export function isOwnWork(subject: Subject): boolean {
  if (subject.identity.pid === process.pid) return true;
  return /(^|\/)(sleeper(\.js)? agent-capture|cli\/capturer\.js)( |$)/.test(subject.argv);
}
