/** Of the beginning of a report file the frames of its guilty thread, for those who look through many reports. Whatever the bytes hold, it throws nothing. */
import * as v from 'valibot';
import { SampleFrame } from '../report/schema.ts';
import { Assembly } from './assemble.ts';
import { inflate, isCompressed } from './compress.ts';
import { scanEntries } from './scan.ts';
import { SectionReader, hasSections } from './section-reader.ts';
import { sectionNames } from './sections.ts';
import { unpack } from './unpack.ts';

const Threads = v.array(
  v.looseObject({
    tid: v.exactOptional(v.number()),
    kind: v.exactOptional(v.string()),
    frames: v.array(v.unknown()),
  }),
);

/** Sections that come behind those of the guilty thread. */
const later: ReadonlySet<string> = new Set(
  sectionNames.slice(sectionNames.indexOf('guilty thread') + 1),
);

/**
 * Frames that are there, innermost first; none when the bytes end before them.
 * @param prefix first bytes of the file
 * @param tid    the thread that the verdict blames
 */
export function decodeGuiltyFrames(prefix: Buffer, tid: number | undefined): SampleFrame[] {
  try {
    const bytes = isCompressed(prefix) ? inflate(prefix).bytes : prefix;
    const threads = v.parse(Threads, hasSections(bytes) ? fromSections(bytes) : fromMap(bytes));
    const guilty =
      threads.find((thread) => tid !== undefined && thread.tid === tid) ??
      threads.find(({ kind }) => kind === 'main');
    return (guilty?.frames ?? []).filter((frame) => v.is(SampleFrame, frame));
  } catch {
    return []; // cut before it, or no report at all: others say so
  }
}

function fromSections(bytes: Buffer): unknown {
  const assembly = new Assembly();
  for (const { head, value } of new SectionReader(bytes).sections()) {
    if (later.has(head.section)) break;
    if (head.section === 'guilty thread') assembly.add(head, value);
  }
  return assembly.finish()['threads'];
}

function fromMap(bytes: Buffer): unknown {
  for (const { key, start, end } of scanEntries(bytes)) {
    if (key === 'threads') return unpack(bytes.subarray(start, end));
  }
  return [];
}
