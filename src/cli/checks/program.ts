/** Where the program's files are: deleted or replaced on disk, in other namespaces, stripped. Reading goes on all the same. */
import { statSync } from 'node:fs';
import { readFact, readLinkFact } from '../../probe/fact.ts';
import { inexactTables } from '../../reader/target.ts';
import type { Check } from './check.ts';

/** @param missing what the reader said that it lacks, by name */
export function checkProgram(
  pid: number,
  missing: readonly { readonly what: string; readonly reason: string }[],
): Check[] {
  return [checkFile(pid), ...checkNamespaces(pid), ...checkSymbols(pid, missing)];
}

/** /proc/PID/exe opens the very file that runs, wherever it is; its path may mean something else by now. */
function checkFile(pid: number): Check {
  const what = 'program file';
  const link = readLinkFact(`/proc/${pid}/exe`);
  if (!link.known) return { what, ok: false, optional: true, found: link.reason };
  const path = link.value.replace(/ \(deleted\)$/, '');
  if (
    isSameFile(`/proc/${pid}/exe`, `/proc/${pid}/root${path}`) ||
    isSameFile(`/proc/${pid}/exe`, path)
  )
    return { what, ok: true, found: `${path} is the file that runs` };
  const state =
    link.value === path ? 'is another file than the one that runs' : 'was deleted or replaced';
  return {
    what,
    ok: true,
    found: `${path} ${state}; it is read through /proc/${pid}/exe`,
    mend: `for a core of it, keep the file: cp /proc/${pid}/exe node-${pid}; sleeper core CORE --node node-${pid}`,
  };
}

function isSameFile(left: string, right: string): boolean {
  try {
    const [a, b] = [statSync(left), statSync(right)];
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    return false;
  }
}

function checkNamespaces(pid: number): Check[] {
  const checks: Check[] = [];
  if (isForeign(pid, 'mnt') || isOtherRoot(pid))
    checks.push({
      what: 'file system',
      ok: true,
      found: `it has another root or other mounts than we; its files are read through /proc/${pid}/root`,
      mend: `to see them as it does: nsenter --target ${pid} --mount --root`,
    });
  if (isForeign(pid, 'pid')) {
    const inner = readFact(`/proc/${pid}/status`, (text) => /^NSpid:.*\s(\d+)$/m.exec(text)?.[1]);
    const own =
      inner.known && inner.value !== undefined ? `; its own name for itself is ${inner.value}` : '';
    checks.push({
      what: 'process numbers',
      ok: true,
      found: `it lives in another pid namespace${own}`,
      mend: `use the number that this side knows it by: sleeper dump ${pid}`,
    });
  }
  return checks;
}

function isForeign(pid: number, kind: 'mnt' | 'pid'): boolean {
  const theirs = readLinkFact(`/proc/${pid}/ns/${kind}`);
  const ours = readLinkFact(`/proc/self/ns/${kind}`);
  return theirs.known && ours.known && theirs.value !== ours.value;
}

function isOtherRoot(pid: number): boolean {
  const root = readLinkFact(`/proc/${pid}/root`);
  return root.known && root.value !== '/';
}

function checkSymbols(
  pid: number,
  missing: readonly { readonly what: string; readonly reason: string }[],
): Check[] {
  const stripped = missing.find(({ what }) => what === 'symbols of the program');
  const unknown = missing.find(({ what }) => what.startsWith(inexactTables));
  const check = (what: string, found: string, mend: string): Check => ({
    what,
    ok: false,
    optional: true,
    found: found.replace(/^[\w-]+: /, ''),
    mend,
  });
  return [
    ...(stripped === undefined
      ? []
      : [
          check(
            'symbols',
            stripped.reason,
            'run an official build of Node.js: `npx node@lts`, or from nodejs.org',
          ),
        ]),
    ...(unknown === undefined
      ? []
      : [
          check(
            'version',
            unknown.reason,
            `npm install --global sleeper-agent@latest, then sleeper doctor ${pid}`,
          ),
        ]),
  ];
}
