/** The collector works most of the time and gains little: the heap is full. */
import { busyEvidence } from '../busy.ts';
import { type Rule, certainIf, frameEvidence, heapFill } from '../evidence.ts';
import type { Verdict } from '../../report/schema.ts';
import type { Scene } from '../scene.ts';
import { calledBy, formatBytes } from '../words.ts';

/** Share of the time spent collecting. A healthy program spends a few per cent. */
const thrashShare = 0.5;
/** The same, where the heap is nearly full besides. */
const shareWhenFull = 0.3;
const fullShare = 0.8;
/** Fewer readings say nothing about a share. */
const minReadings = 10;

/** The collector at work in many readings of V8's state, and the heap full. */
export const gcThrash: Rule = (scene) => judge(scene, true);

/** The same with room in the heap: only where no other kind of work explains so much garbage. */
export const gcPressure: Rule = (scene) => judge(scene, false);

function judge(scene: Scene, whenFull: boolean): Verdict | null {
  const { main, capture, looks } = scene;
  if (scene.loop !== 'stuck' && scene.loop !== 'late') return null;
  const share = looks.shareOf('GC');
  if (share === null || looks.readings < minReadings) return null;
  const fill = heapFill(scene);
  const isFull = fill !== null && fill.usedBytes > fullShare * fill.limitBytes;
  if (isFull !== whenFull || share < (isFull ? shareWhenFull : thrashShare)) return null;
  const full =
    fill === null
      ? ''
      : `; its heap holds ${formatBytes(fill.usedBytes)} of at most ${formatBytes(fill.limitBytes)}`;
  const percent = `${Math.round(share * 100)} %`;
  const caller = scene.appFrames[0];
  return {
    kind: 'gc-thrash',
    summary: `The main thread spends ${percent} of its time collecting garbage${full}${calledBy(caller, capture)}.`,
    confidence: certainIf(scene.loop === 'stuck' && scene.isLoopKnown && isFull),
    thread: main.tid,
    evidence: [
      { text: `V8 was collecting in ${percent} of ${looks.readings} readings` },
      ...(fill === null
        ? []
        : [
            {
              text: `old generation: ${formatBytes(fill.usedBytes)} used, limit ${formatBytes(fill.limitBytes)} (${Math.round((100 * fill.usedBytes) / fill.limitBytes)} %)`,
            },
          ]),
      ...frameEvidence(scene),
      ...busyEvidence(scene),
    ],
    advice: isFull
      ? 'Something holds on to too much: see what the variables above keep, and take a heap snapshot of a smaller case; --max-old-space-size only gives it time.'
      : 'Something allocates faster than the collector can free: see what is made in the functions above.',
  };
}
