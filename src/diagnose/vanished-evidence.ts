/** Sentences about the end of a process that vanished. Each says only what was seen. Pure. */
import type { Capture } from '../report/schema.ts';
import type { Scene } from './scene.ts';
import { formatDuration } from './words.ts';

type Fact = { text: string };

/** Requests told one by one. */
const maxRequests = 5;

/** `412 MiB` */
export function formatMebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** Whose word the end is. */
export function endEvidence(capture: Capture): Fact[] {
  const { end } = capture;
  const how =
    end?.signal !== undefined
      ? `killed by ${end.signal}`
      : end?.exitCode !== undefined
        ? `ended with status ${end.exitCode}, without running its exit handlers`
        : null;
  const facts: Fact[] = [];
  if (how !== null)
    facts.push({ text: `${end?.source === 'parent' ? 'its exit status' : 'the kernel'}: ${how}` });
  else
    facts.push({
      text: 'its flight recorder was never closed: it did not run its exit handlers',
    });
  if (end?.lastSignAt !== undefined) facts.push({ text: `last sign of life: ${end.lastSignAt}` });
  return facts;
}

/** What its loop did last, and what it held. */
export function lastActsEvidence(scene: Scene): Fact[] {
  const { capture, main } = scene;
  const facts: Fact[] = [];
  if (main.loop !== undefined) {
    const ago = formatDuration(main.loop.lastTurnAgoMs ?? 0);
    facts.push({
      text: main.loop.alive
        ? `its event loop was waiting for events, for ${ago}`
        : `its event loop was at work without a turn for ${ago}${main.vmState === 'GC' ? ', collecting garbage' : ''}`,
    });
  }
  const last = capture.timeline?.filter(({ workerId }) => workerId === undefined).at(-1);
  if (last?.rssBytes !== undefined) {
    const heap =
      last.heapUsedBytes === undefined ? '' : `, ${formatMebibytes(last.heapUsedBytes)} of heap`;
    const limit = capture.end?.memoryLimitBytes;
    const bound =
      limit === undefined ? '' : `; its control group may have ${formatMebibytes(limit)}`;
    facts.push({
      text: `${formatDuration(-last.atMs)} before the report it used ${formatMebibytes(last.rssBytes)} of memory${heap}${bound}`,
    });
  }
  const requests = capture.httpRequests ?? [];
  for (const { kind, method, url, ageMs, workerId } of requests.slice(0, maxRequests)) {
    const where = workerId === undefined ? '' : ` (worker ${workerId})`;
    facts.push({
      text: `${kind === 'server' ? 'HTTP request in work' : 'HTTP request sent'}: ${method} ${url}${where}, begun ${formatDuration(ageMs)} before the report`,
    });
  }
  const crumb = capture.breadcrumbs?.at(-1);
  if (crumb?.text !== undefined) facts.push({ text: `last breadcrumb: ${crumb.text}` });
  return facts;
}
