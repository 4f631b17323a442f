/**
 * The event loops: what they watch, what they wait for, what the thread pool does, which timers are set; and how full the heaps
 * are. One line
 * for each thing, the same things folded; what libuv and Node keep for themselves is counted only.
 */
import type { Report } from '../report/schema.ts';
import { padText, span, wrap } from './layout.ts';
import type { Line } from './layout.ts';
import { heapObjectWords, httpRequestWords, httpRequestsOf } from './model/extras.ts';
import {
  foldSame,
  handleWords,
  heapWords,
  ownerWords,
  poolWords,
  requestWords,
  timerWords,
} from './model/things.ts';
import { formatCount } from './model/units.ts';

/** Lines of one kind that are shown unless everything is asked for. */
const maxFolded = 8;
const maxFull = 1_000;
const labelColumns = 12;

/** The section; empty when there is nothing to say. */
export function eventLoopLines(report: Report, width: number, full: boolean): Line[] {
  const shape = { width, maxLines: full ? maxFull : maxFolded };
  const owner = (tid: number | undefined): string => ownerWords(report, tid);
  const own = report.handles.filter((handle) => handle.internal !== true || full);
  const hidden = report.handles.length - own.length;
  const lines = [
    ...block(
      'handles',
      own.map((handle) => handleWords(handle, report.process.cwd) + owner(handle.tid)),
      shape,
      hidden > 0
        ? `${formatCount(hidden, 'handle')} that libuv and Node.js keep for themselves`
        : '',
    ),
    ...block(
      'requests',
      report.requests.map((request) => requestWords(request) + owner(request.tid)),
      shape,
    ),
    ...block('thread pool', poolWords(report), shape),
    ...block(
      'timers',
      report.timers.map((timer) => timerWords(timer, report.process.cwd) + owner(timer.tid)),
      shape,
    ),
  ];
  const heaps = report.threads.flatMap(({ heap, tid }) =>
    heap === undefined ? [] : [heapWords(heap) + owner(tid)],
  );
  lines.push(...block('heap', heaps, shape));
  lines.push(...block('largest', (report.heapObjects ?? []).map(heapObjectWords), shape));
  return lines.length === 0 ? [] : [[span('EVENT LOOP AND HEAP', 'heading')], ...lines];
}

/** HTTP requests begun and not answered, the oldest first. */
export function httpLines(report: Report, width: number, full: boolean): Line[] {
  const requests = httpRequestsOf(report);
  if (requests.length === 0) return [];
  const shown = requests.slice(0, full ? maxFull : maxFolded);
  const rest = requests.length - shown.length;
  return [
    [
      span('HTTP IN FLIGHT', 'heading'),
      span(`  ${formatCount(requests.length, 'request')}, oldest first`, 'dim'),
    ],
    ...shown.flatMap((request) =>
      wrap([span(httpRequestWords(request), 'plain', 400)], {
        width,
        indent: 2,
        hanging: 4,
        maxLines: 3,
      }),
    ),
    ...(rest > 0 ? [[span(`  … ${rest} more`, 'dim')]] : []),
  ];
}

function block(
  label: string,
  things: readonly string[],
  { width, maxLines }: { width: number; maxLines: number },
  closing = '',
): Line[] {
  const folded = foldSame(things);
  const shown = folded.slice(0, maxLines);
  const rest = folded.length - shown.length;
  if (rest > 0) shown.push(`… ${rest} more`);
  if (closing !== '') shown.push(closing);
  return shown.flatMap((text, index) =>
    wrap([span(padText(index === 0 ? label : '', labelColumns), 'dim'), span(text, 'plain', 400)], {
      width,
      indent: 2,
      hanging: 2 + labelColumns + 2,
      maxLines: 3,
    }),
  );
}
