/**
 * What a file that was cut or damaged still tells. Required fields that are lost get the emptiest value there is, and
 * `missing` says first of all what is lost and why. Nothing is guessed: a verdict that is lost is `unknown`.
 */
import type { Missing } from '../report/schema.ts';
import { ScanFault } from './scan.ts';
import type { Damage } from './section-reader.ts';
import { type SectionName, sectionNames } from './sections.ts';

/** Facts of a report that are known without opening it. */
export interface KnownFacts {
  readonly id: string;
  /** RFC 3339. */
  readonly capturedAt: string;
  readonly hostname: string;
  readonly pid: number;
  readonly triggerKind: string;
}

/** How the reading of a file went. */
export interface ReadingStory {
  /** Names of the sections that were read. */
  readonly seen: ReadonlySet<string>;
  readonly damages: readonly Damage[];
  readonly orphans: number;
  /** Length of the file, unpacked. */
  readonly bytes: number;
  /** The compressed file was cut. */
  readonly isCut: boolean;
  readonly known?: KnownFacts;
}

type Fields = Record<string, unknown>;

/** How people call what a section holds. */
const contents: Readonly<Record<SectionName, string>> = {
  report: 'trigger',
  verdict: 'verdict',
  process: 'process and host',
  error: 'error of a crash',
  missing: 'list of what is missing',
  'guilty thread': 'guilty thread',
  threads: 'other threads',
  tasks: 'suspended async functions',
  'event loop': 'handles, requests, timers',
  history: 'samples, breadcrumbs, timeline',
  environment: 'environment',
  rest: 'other fields',
  end: 'end mark',
};

/**
 * Fills what is lost, and tells it.
 * @throws ScanFault when the file does not hold, and nobody knows, which report this is
 */
export function completeFields(fields: Fields, story: ReadingStory): Fields {
  const losses = describeLosses(story);
  if (losses.length === 0) return fields;
  const { known } = story;
  if (typeof fields['id'] !== 'string') {
    if (known === undefined) {
      throw new ScanFault('it ends before it tells which report it is', story.bytes, true);
    }
    Object.assign(fields, headerFrom(known));
  }
  const lost = 'lost: the file of the report was cut or damaged';
  fields['verdict'] ??= {
    kind: 'unknown',
    summary: `The verdict is ${lost}.`,
    confidence: 'guess',
    evidence: [],
  };
  fields['signature'] ??= 'unknown';
  fields['host'] ??= { hostname: known?.hostname ?? 'unknown', kernel: 'unknown' };
  fields['process'] ??= { pid: known?.pid ?? 0 };
  for (const list of ['threads', 'tasks', 'handles', 'requests', 'timers']) fields[list] ??= [];
  fields['redactions'] ??= { count: 0, keys: [] };
  const missing = fields['missing'];
  fields['missing'] = [...losses, ...(Array.isArray(missing) ? (missing as unknown[]) : [])];
  return fields;
}

/** The first section of a file, from facts that are known without it. */
function headerFrom({ id, capturedAt, triggerKind }: KnownFacts): Fields {
  return {
    formatVersion: 2,
    minReaderVersion: 2,
    id,
    capturedAt,
    durationMs: 0,
    pausedMs: 0,
    trigger: { kind: triggerKind, reason: 'lost: the file of the report was cut or damaged' },
  };
}

function describeLosses({ seen, damages, orphans, bytes, isCut }: ReadingStory): Missing[] {
  const losses: Missing[] = [];
  for (const { kind, section, offset } of damages) {
    const name = section === undefined ? undefined : contents[section as SectionName];
    if (kind === 'cut') {
      losses.push({
        what: whatFollows(seen, section),
        reason: `unreadable: the file was cut${isCut ? '' : ` after ${bytes} bytes`}`,
      });
    } else {
      losses.push({
        what: `part of the report: ${name ?? 'a section'}`,
        reason: `unreadable: the file is damaged at byte ${offset}`,
      });
    }
  }
  if (orphans > 0) {
    losses.push({
      what: `${orphans} parts of the report`,
      reason: 'unreadable: what they belong to is lost',
    });
  }
  return losses;
}

/** The sections that come behind the last whole one; which of them there were, nobody knows. */
function whatFollows(seen: ReadonlySet<string>, cutIn: string | undefined): string {
  const positions = [...seen].map((name) => sectionNames.indexOf(name as SectionName));
  const last = Math.max(0, ...positions);
  const inside = sectionNames.indexOf(cutIn as SectionName);
  const lost = sectionNames.slice(Math.max(last, inside), -1).map((name) => contents[name]);
  return lost.length === 0
    ? 'the end mark of the report, perhaps with more before it'
    : `the rest of the report, of which there may have been: ${lost.join(', ')}`;
}
