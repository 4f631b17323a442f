/** A running `sleeper watch --json`, and what it has told. */
import { randomUUID } from 'node:crypto';
import { startSleeper } from '../harness/cli.ts';
import { type Owner, type Target, makeDirectory } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';

/** Reached only by a test that fails: a watcher starts, looks, and captures, on a machine that may be shared by many. */
const tellsWithinMs = 120_000;

/** One line of `--json`. */
export interface Told {
  readonly event: string;
  readonly pid?: number;
  readonly rule?: string;
  readonly report?: string;
  readonly reason?: string;
  readonly owner?: { readonly pid: number; readonly command: string };
  readonly trigger?: { readonly kind: string; readonly reason: string; readonly incident?: string };
  readonly verdict?: { readonly kind: string };
  readonly reports?: readonly { readonly pid: number; readonly verdict: string }[];
  readonly [fact: string]: unknown;
}

export interface Watching extends Target {
  readonly archive: string;
  /** All that it told so far. */
  told(): Told[];
  /** Waits until it has told this. */
  tells(what: string, find: (told: Told) => boolean): Promise<Told>;
}

/** A word that no other process of this machine has in its command line. */
export function uniqueToken(): string {
  return `token-${randomUUID()}`;
}

/**
 * Starts it; the archive is its own unless one is given.
 * @param options `within`: a command that starts it, and becomes it
 */
export function startWatch(
  owner: Owner,
  args: readonly string[],
  options: {
    readonly archive?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly within?: readonly string[];
  } = {},
): Watching {
  const archive = options.archive ?? makeDirectory(owner, 'archive');
  const watch = startSleeper(owner, ['watch', ...args, '--json'], { ...options, archive });
  const told = (): Told[] =>
    watch.lines.flatMap((line) => (line.startsWith('{"event"') ? (JSON.parse(line) as Told) : []));
  return {
    ...watch,
    archive,
    told,
    tells: async (what, find) => {
      try {
        return await waitFor(`the watcher tells ${what}`, () => told().find(find), tellsWithinMs);
      } catch (cause) {
        throw new Error(`It told only:\n${watch.lines.join('\n')}`, { cause });
      }
    },
  };
}
