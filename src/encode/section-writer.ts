/**
 * Writes the sections of one report one after the other, within its size limit. What does not fit is first written with less
 * inside, then not at all, and either is counted so that `missing` can tell it.
 */
import { limits } from '../limits.ts';
import { type CopyBounds, type PlainCopy, copyPlain } from './plain.ts';
import { packSection, packr } from './pack.ts';
import type { SectionName, SectionPath } from './sections.ts';

/** What may still be written. */
interface Budget {
  bytes: number;
  nodes: number;
}

/** One way to write a part. */
interface Reduction {
  /** Elements of a list are written so when this part of the list's budget is used, or when they do not fit otherwise. */
  readonly from: number;
  readonly bounds: CopyBounds;
  readonly lost: string;
}

/** From whole to bare. */
const reductions: readonly Reduction[] = [
  { from: 0, bounds: {}, lost: '' },
  { from: 0.5, bounds: { dropped: ['properties'] }, lost: 'the insides of values' },
  {
    from: 0.75,
    bounds: {
      dropped: ['properties', 'closure', 'receiver', 'before', 'after'],
      maxElements: 2_000,
      maxStringChars: 4_000,
    },
    lost: 'the insides of values, closures, long texts, and lists beyond 2,000 elements',
  },
  {
    from: 0.9,
    bounds: {
      dropped: ['properties', 'closure', 'receiver', 'source', 'locals', 'arguments'],
      maxElements: 100,
      maxStringChars: 500,
    },
    lost: 'values, source, long texts, and lists beyond 100 elements',
  },
];
/** A value is closed and written when it has so many bytes: what is lost by a cut is less than this. */
const sectionBytes = 16 << 10;
/** Of what is left at the end, each unfinished list may take this part. */
const shareOfMore = 0.5;
/** A head with a place. */
const headBytes = 80;
/** One element of a list takes at most this part of the budget of the list. */
const elementShare = 0.25;

/** Values kept for the losses and the end. */
const maxReserveNodes = 10_000;
/** Losses told one by one. */
const maxLosses = 50;
const tooLarge = 'over-limit: the report reached its size limit';

/** One place of a report, and what of it could not be written as it was. */
interface Loss {
  readonly what: string;
  readonly reason: string;
}

/** A list of the report, or a part of one. */
export interface ListPart {
  readonly section: SectionName;
  /** What `missing` calls its elements. */
  readonly what: string;
  readonly elements: readonly unknown[];
  readonly into: SectionPath;
  /** Position of the first element in the list of the report. */
  readonly from?: number;
}

/** A list on its way. */
interface ListJob extends ListPart {
  /** Elements written. */
  position: number;
  /** How many were written with less inside, by what they lost. */
  readonly reduced: Map<string, number>;
}

/** Sections of one report, in the order in which the methods are called. */
export class SectionWriter {
  #sections = 0;
  #bytes = 0;
  readonly #losses: Loss[] = [];
  readonly #left: Budget;
  readonly #fits: boolean;
  readonly #jobs: ListJob[] = [];

  /** @param fits all of the report fits: shares and reductions do not apply */
  constructor(maxBytes: number, fits: boolean) {
    this.#fits = fits;
    this.#left = { bytes: maxBytes, nodes: limits.maxReportNodes - maxReserveNodes };
  }

  /**
   * A map of fields, whole or reduced.
   * @param share part of what is left that it may take
   * @param what  what `missing` calls it
   */
  *map(
    section: SectionName,
    what: string,
    value: Readonly<Record<string, unknown>>,
    share: number,
    into?: SectionPath,
  ): Generator<Buffer, void> {
    const budget = this.#budget(share);
    const depth = into?.length ?? 0;
    for (const { bounds, lost } of reductions) {
      const copy = copyPlain(value, bounds, budget, depth);
      if (copy === null) continue;
      if (lost !== '') this.#lose(`in ${what}: ${lost}`);
      if (copy.nodes > 1) yield this.#pack(section, copy, into === undefined ? {} : { into });
      return;
    }
    this.#lose(what);
  }

  /** The elements of a list, in as many sections as it takes. Stops where its share ends; more() may go on. */
  *list(list: ListPart, share: number): Generator<Buffer, void> {
    const job = { ...list, position: 0, reduced: new Map<string, number>() };
    this.#jobs.push(job);
    yield* this.#continue(job, share);
  }

  /** A list that comes when all others had their shares. */
  later(list: ListPart): void {
    this.#jobs.push({ ...list, position: 0, reduced: new Map<string, number>() });
  }

  /** Spends what is left on the lists that were not finished, in their order. */
  *more(): Generator<Buffer, void> {
    for (const job of this.#jobs) {
      if (job.position < job.elements.length) yield* this.#continue(job, shareOfMore);
    }
  }

  *#continue(job: ListJob, share: number): Generator<Buffer, void> {
    const { section, elements, into, from = 0 } = job;
    const budget = this.#budget(share);
    const spent = { bytes: headBytes, nodes: 0 };
    let chunk: unknown[] = [];
    let size = { bytes: 0, nodes: 0 };
    const flush = (): Buffer => {
      const place = { into, from: from + job.position - chunk.length };
      const packed = this.#pack(section, { value: chunk, ...size }, place);
      spent.bytes += headBytes;
      chunk = [];
      size = { bytes: 0, nodes: 0 };
      return packed;
    };
    for (; job.position < elements.length; job.position++) {
      const part = reduce(elements[job.position], into.length + 1, budget, spent);
      if (part === null) break;
      if (part.lost !== '') job.reduced.set(part.lost, (job.reduced.get(part.lost) ?? 0) + 1);
      if (size.bytes >= sectionBytes) yield flush();
      chunk.push(part.copy.value);
      for (const sum of [size, spent]) {
        sum.bytes += part.copy.bytes;
        sum.nodes += part.copy.nodes;
      }
    }
    if (chunk.length > 0) yield flush();
  }

  /** The last section. */
  end(): Buffer {
    const value = packr.pack({ sections: this.#sections, bytes: this.#bytes });
    return packSection('end', value);
  }

  /** What `missing` gets besides; from a reserve of its own. @param from entries that stand there already */
  lossSection(from: number): Buffer | null {
    for (const { what, elements, position, reduced } of this.#jobs) {
      for (const [lost, count] of reduced) {
        this.#lose(`in ${count} of ${elements.length} ${what}: ${lost}`);
      }
      if (position < elements.length) {
        this.#lose(`${elements.length - position} of ${elements.length} ${what}`);
      }
    }
    if (this.#losses.length === 0) return null;
    const told = this.#losses.slice(0, maxLosses);
    const more = this.#losses.length - told.length;
    if (more > 0) told.push({ what: `${more} other parts of it`, reason: tooLarge });
    const copy = { value: told, bytes: 0, nodes: 0 };
    return this.#pack('missing', copy, { into: ['missing'], from });
  }

  #budget(share: number): Budget {
    if (this.#fits) return { bytes: Infinity, nodes: Infinity };
    return { bytes: this.#left.bytes * share, nodes: this.#left.nodes * share };
  }

  #pack(
    section: SectionName,
    copy: PlainCopy,
    place: { into?: SectionPath; from?: number },
  ): Buffer {
    const packed = packSection(section, packr.pack(copy.value), place);
    this.#left.bytes -= packed.length;
    this.#left.nodes -= copy.nodes;
    this.#sections += 1;
    this.#bytes += packed.length;
    return packed;
  }

  #lose(what: string): void {
    this.#losses.push({ what, reason: tooLarge });
  }
}

/** The element as whole as its budget allows; null when not even the least of it fits. */
function reduce(
  element: unknown,
  depth: number,
  budget: Readonly<Budget>,
  spent: Readonly<Budget>,
): { readonly copy: PlainCopy; readonly lost: string } | null {
  const used = Math.max(spent.bytes / budget.bytes, spent.nodes / budget.nodes);
  const allowed = {
    bytes: Math.min(budget.bytes - spent.bytes, Math.max(budget.bytes * elementShare, 4_096)),
    nodes: Math.min(budget.nodes - spent.nodes, Math.max(budget.nodes * elementShare, 256)),
  };
  // Better more elements than few whole ones: the fuller the list, the less inside each.
  const least = reductions.findLastIndex(({ from }) => used >= from);
  for (const { bounds, lost } of reductions.slice(least)) {
    const copy = copyPlain(element, bounds, allowed, depth);
    if (copy !== null) return { copy, lost };
  }
  return null;
}
