/** Which reports somebody wants: by their names, which cost nothing, and by their lines of the index. Pure. */
import { parseReportName, stemOf } from './file-name.ts';
import { factsOfLine, parseIndexLine } from './index-file.ts';

/** What a person asks for; all of it together. */
export interface Wanted {
  /** Wall clock, milliseconds since 1970. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Kinds of trigger or verdict: any of them. */
  readonly kinds?: readonly string[];
  /** Part of a signature. */
  readonly signature?: string;
  readonly pid?: number;
  readonly host?: string;
  /** In summaries, reasons, functions and signatures, whatever the case. */
  readonly search?: string;
  readonly isPinned?: true;
}

export type SortKey = 'time' | 'size' | 'kind' | 'count';

/** True when something is wanted that names tell. */
export function asksNames({ sinceMs, untilMs, pid, host, isPinned }: Wanted): boolean {
  return [sinceMs, untilMs, pid, host, isPinned].some((filter) => filter !== undefined);
}

/** True when names alone do not tell what is wanted. */
export function needsFacts({ kinds, signature, search }: Wanted): boolean {
  return kinds !== undefined || signature !== undefined || search !== undefined;
}

/** False when the name tells that a report is not wanted. */
export function isWantedByName(
  fileName: string,
  { sinceMs, untilMs, pid, host, isPinned }: Wanted,
  pins: { readonly isPinned: (stem: string) => boolean },
): boolean {
  if (isPinned === true && !pins.isPinned(stemOf(fileName))) return false;
  const name = parseReportName(fileName);
  return (
    name !== null &&
    name.capturedAtMs >= (sinceMs ?? -Infinity) &&
    name.capturedAtMs <= (untilMs ?? Infinity) &&
    (pid === undefined || name.pid === pid) &&
    (host === undefined || name.hostname === host)
  );
}

/** Whether a report is wanted by what the index tells of it. @param text its line; undefined when it cannot be read */
export function isWantedByFacts(
  text: string | undefined,
  fileName: string,
  { kinds, signature, search }: Wanted,
): boolean {
  const line = text === undefined ? null : parseIndexLine(text);
  const found = line !== null && 'stem' in line ? line.signature : undefined;
  return (
    (signature === undefined || found?.includes(signature) === true) &&
    (kinds === undefined || isOfKind(text, found, fileName, kinds)) &&
    (search === undefined ||
      (text !== undefined && mentions(text, found ?? '', search.toLowerCase())))
  );
}

function isOfKind(
  text: string | undefined,
  signature: string | undefined,
  fileName: string,
  kinds: readonly string[],
): boolean {
  if (kinds.includes(parseReportName(fileName)?.triggerKind ?? '')) return true;
  // A signature begins with the kind of the verdict, as a rule: no need to parse.
  if (kinds.includes(signature?.split(' ', 1)[0] ?? '')) return true;
  if (text === undefined || !kinds.some((kind) => text.includes(`"${kind}"`))) return false;
  return kinds.includes(factsOfLine(text)?.header.verdict.kind ?? '');
}

function mentions(text: string, signature: string, search: string): boolean {
  // The line as a whole rules most of them out.
  const isWritten = !/["\\]/.test(search);
  if (isWritten && !text.toLowerCase().includes(search)) return false;
  const facts = factsOfLine(text);
  const words = [facts?.header.verdict.summary, facts?.header.trigger.reason, signature];
  return [...words, ...(facts?.functions ?? [])].some(
    (word) => word?.toLowerCase().includes(search) === true,
  );
}
