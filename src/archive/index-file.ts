/**
 * The index of an archive: one line for each report, so that a listing of 100,000 opens one file. It is a cache and may be deleted
 * at any time: the directory is the truth, and what a line does not tell is read from the report and written down again.
 *
 *   <stem> TAB <bytes> TAB <stem of the report of the same signature before it> TAB <signature> TAB <facts as JSON>
 *   - <stem> TAB <bytes>                       the report was deleted
 *
 * Lines are appended with one write each to a file opened with O_APPEND, which the kernel does not mix with those of other
 * writers; nobody locks. A line that a dying writer or a full disk cut is no line: each begins on a new one.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import * as v from 'valibot';
import { ReportHeader } from '../encode/report-header.ts';
import { limits } from '../limits.ts';
import type { SafeDirectory } from './location.ts';

export const indexName = '.index';

/** What the index tells of a report besides its name. */
export interface IndexFacts {
  readonly header: ReportHeader;
  /** Functions of the guilty thread, for searches: `priceOrder src/pricing.js:57`. */
  readonly functions: readonly string[];
}

/** One line of a report. */
export interface IndexLine {
  readonly stem: string;
  readonly bytes: number;
  /** Empty when it is the first of its signature. */
  readonly previous: string;
  readonly signature: string;
}

/** A line that says that a report is gone. */
export interface GoneLine {
  readonly gone: string;
  readonly bytes: number;
}

const maxSummaryChars = 400;
const maxFunctions = 12;
const maxFunctionChars = 120;

/** The line of a new report. */
export function formatIndexLine(
  stem: string,
  bytes: number,
  previous: string,
  { header, functions }: IndexFacts,
): string {
  const { trigger, verdict, signature } = header;
  const facts = {
    formatVersion: header.formatVersion,
    minReaderVersion: header.minReaderVersion,
    id: header.id.slice(0, 100),
    capturedAt: header.capturedAt.slice(0, 40),
    trigger: { kind: trigger.kind.slice(0, 40), reason: cut(trigger.reason) },
    verdict: {
      kind: verdict.kind.slice(0, 40),
      summary: cut(verdict.summary),
      confidence: verdict.confidence.slice(0, 20),
    },
    functions: functions.slice(0, maxFunctions).map((name) => name.slice(0, maxFunctionChars)),
  };
  return `${stem}\t${bytes}\t${previous}\t${plain(signature)}\t${JSON.stringify(facts)}`;
}

/** The line that follows a deletion. */
export function formatGoneLine(stem: string, bytes: number): string {
  return `-${stem}\t${bytes}`;
}

/** @returns null for what a dying writer left */
export function parseIndexLine(line: string): IndexLine | GoneLine | null {
  if (line.startsWith('-')) {
    const [stem = '', bytes] = line.slice(1).split('\t');
    return { gone: stem, bytes: Number(bytes) || 0 };
  }
  const first = line.indexOf('\t');
  const second = line.indexOf('\t', first + 1);
  const third = line.indexOf('\t', second + 1);
  const fourth = line.indexOf('\t', third + 1);
  if (first <= 0 || fourth === -1 || !isWholeLine(line)) return null;
  return {
    stem: line.slice(0, first),
    bytes: Number(line.slice(first + 1, second)),
    previous: line.slice(second + 1, third),
    signature: line.slice(third + 1, fourth),
  };
}

/** The facts of a line of a report; null when somebody changed it. */
export function factsOfLine(line: string): IndexFacts | null {
  try {
    const fourth = line.indexOf('\t{');
    const signature = line.slice(line.lastIndexOf('\t', fourth - 1) + 1, fourth);
    const { functions, ...fields } = JSON.parse(line.slice(fourth + 1)) as Record<string, unknown>;
    const header = v.safeParse(ReportHeader, { ...fields, signature });
    if (!header.success || !Array.isArray(functions)) return null;
    return { header: header.output, functions: functions.map(String) };
  } catch {
    return null;
  }
}

/** False for what a dying writer left, and what does not say whose facts it holds. */
function isWholeLine(line: string): boolean {
  return line.endsWith('}') && line.includes('"functions":[');
}

/** The same line with another size: the report was compressed. */
export function withBytes(line: string, bytes: number): string {
  return line.replace(/\t\d+\t/, `\t${bytes}\t`);
}

/** Appends lines. Failures cost nothing but time later: the index can be rebuilt. */
export async function appendToIndex(
  directory: SafeDirectory,
  lines: readonly string[],
): Promise<void> {
  if (lines.length === 0) return;
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  const file = await open(directory.pathOf(indexName), flags, 0o600).catch(() => null);
  if (file === null) return;
  try {
    // A line that was cut before must not swallow this one.
    await file.write(`\n${lines.join('\n')}\n`).catch(() => undefined);
  } finally {
    await file.close();
  }
}

/**
 * Reads the index from a byte on.
 * @param path of the index file; a missing one, a link or another's is an empty index
 * @returns its lines and its whole length
 */
export async function readIndexFrom(
  path: string,
  from: number,
): Promise<{ readonly lines: string[]; readonly bytes: number }> {
  const none = { lines: [], bytes: 0 };
  const file = await open(
    path,
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  ).catch(() => null);
  if (file === null) return none;
  try {
    const { size, uid } = await file.stat();
    if (size > limits.maxIndexBytes || (uid !== process.geteuid?.() && uid !== 0)) return none;
    if (size <= from) return { lines: [], bytes: size };
    const buffer = Buffer.allocUnsafe(size - from);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
    return { lines: buffer.toString('utf8', 0, bytesRead).split('\n'), bytes: from + bytesRead };
  } catch {
    return none;
  } finally {
    await file.close();
  }
}

function cut(text: string): string {
  return text.length > maxSummaryChars ? `${text.slice(0, maxSummaryChars)}…` : text;
}

/** Without what would end the field or the line. */
function plain(text: string): string {
  return text.replace(/[\t\n\r]/g, ' ').slice(0, maxSummaryChars);
}
