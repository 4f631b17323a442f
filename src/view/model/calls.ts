/** The lines of an error's stack, with the places before compilation where they are known. */
import type { ErrorRecord } from '../../report/schema.ts';
import { shortenPath } from './origin.ts';

/** One `at …` line. */
export interface Call {
  /** Absent: the place alone. */
  readonly name?: string;
  readonly place: string;
  /** Place in the file that ran, where `place` is another one; else empty. */
  readonly compiled: string;
  readonly isInternal: boolean;
  readonly isOwn: boolean;
}

/** `at f (/srv/app/a.js:1:2)` lines of error.stack; its title is not among them. */
export function callsOf({ stack, originals = [] }: ErrorRecord, cwd: string | undefined): Call[] {
  if (stack === undefined) return [];
  const byRow = new Map(originals.map((original) => [original.row, original]));
  return stack.split('\n', 2_000).flatMap((text, row): Call[] => {
    if (!/^\s+at /.test(text)) return [];
    const match = /^at (?:(.*) \((.*)\)|(.*))$/.exec(text.trim());
    const ran = shortenPath(match?.[2] ?? match?.[3] ?? text.trim(), cwd);
    const original = byRow.get(row);
    const place =
      original === undefined
        ? ran
        : `${shortenPath(original.file, cwd)}:${original.line}:${original.column}`;
    const name = original?.function ?? match?.[1];
    const isInternal = /^(?:async )?node:/.test(place);
    return [
      {
        ...(name !== undefined && { name }),
        place,
        compiled: original === undefined ? '' : ran,
        isInternal,
        isOwn: !isInternal && !place.includes('node_modules/'),
      },
    ];
  });
}
