/** Sentences several rules cite. Each says only what was seen. Pure. */
import type { Verdict } from '../report/schema.ts';
import type { Scene } from './scene.ts';
import { describeFrame, formatDuration, listVariables } from './words.ts';

/** A rule: a verdict when its picture is there, else null. */
export type Rule = (scene: Scene) => Verdict | null;

/** `main thread 4242` */
export function nameMain(scene: Scene): string {
  return `main thread ${scene.main.tid}`;
}

/** How long the loop has not turned. */
export function loopEvidence(scene: Scene): { text: string }[] {
  const { stalledMs, main, capture } = scene;
  const facts: { text: string }[] = [];
  if (main.loop?.lastTurnAgoMs !== undefined) {
    facts.push({
      text: `the event loop last turned ${formatDuration(main.loop.lastTurnAgoMs)} ago`,
    });
  } else if (stalledMs !== null) {
    facts.push({ text: `the event loop had not turned for ${formatDuration(stalledMs)}` });
  } else if (main.loop !== undefined) {
    facts.push({ text: `the event loop ${main.loop.alive ? 'answers' : 'does not answer'}` });
  }
  if (capture.trigger.kind === 'hang') facts.push({ text: `watchdog: ${capture.trigger.reason}` });
  return facts;
}

/** The innermost frame of the program itself, with its values. */
export function frameEvidence(scene: Scene): { text: string }[] {
  const { capture, main } = scene;
  const top = main.frames[0];
  const app = scene.appFrames[0];
  const facts: { text: string }[] = [];
  if (app === undefined) {
    if (top !== undefined) facts.push({ text: `top frame ${describeFrame(top, capture)}` });
    return facts;
  }
  const word = app === top ? 'top frame' : 'innermost frame of the program';
  facts.push({ text: `${word}: ${describeFrame(app, capture)}` });
  const locals = listVariables(app.locals);
  if (locals !== '') facts.push({ text: `locals of ${app.function}: ${locals}` });
  const caller = scene.appFrames[1];
  if (caller !== undefined) facts.push({ text: `called by ${describeFrame(caller, capture)}` });
  return facts;
}

/** What the two looks at the main thread say. */
export function looksEvidence(scene: Scene): { text: string }[] {
  const { cpuShare, isSteady, betweenLooksMs } = scene;
  if (cpuShare === null) return [];
  const apart = formatDuration(betweenLooksMs);
  if (isSteady)
    return [{ text: `seen twice in the same call, ${apart} apart, without using the CPU` }];
  return [{ text: `it used ${Math.round(cpuShare * 100)} % of a CPU during ${apart}` }];
}

/** Says that frames could not be had, where that weakens the verdict. */
export function blindness(scene: Scene): { text: string }[] {
  if (scene.main.via !== 'proc' || scene.main.frames.length > 0) return [];
  const reader = scene.capture.missing.find(({ what }) => what === 'reader');
  return [{ text: `its stack could not be read: ${reader?.reason ?? 'reason unknown'}` }];
}
