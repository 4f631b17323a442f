/** The Node.js processes that npm, a shell, `timeout` or an init of a container has started: theirs is the pid that people find first. */
import { limits } from '../limits.ts';
import { parseCommandLine } from './command-line.ts';
import { readFact, readLinkFact } from './fact.ts';
import { listChildren } from './neighbours.ts';
import { isNodeFile } from './node-executable.ts';

/** With `-e` it is the program's text. */
const maxProgramChars = 80;

/** A Node.js process, in a few words. */
export interface NodeDescendant {
  readonly pid: number;
  /** What it runs: `node server.js`. */
  readonly name: string;
}

/** The nearest first, at most limits.maxNeighbours; what is below a Node.js process is its own. */
export function findNodeDescendants(pid: number): NodeDescendant[] {
  const found: NodeDescendant[] = [];
  const pending = listChildren(pid);
  for (let seen = 0; seen < pending.length && seen < limits.maxNeighbours; seen++) {
    const child = pending[seen] ?? 0;
    const executable = readLinkFact(`/proc/${child}/exe`);
    if (executable.known && isNodeFile(child, executable.value))
      found.push({ pid: child, name: nameOf(child) });
    else pending.push(...listChildren(child));
  }
  return found;
}

/** Arguments may be secrets; the program is none. */
function nameOf(pid: number): string {
  const words = readFact(`/proc/${pid}/cmdline`, parseCommandLine);
  const program = words.known ? words.value.slice(1).find((word) => !word.startsWith('-')) : null;
  return program == null ? 'node' : `node ${program.slice(0, maxProgramChars)}`;
}
