/** Sentences several rules cite. Each says only what was seen. Pure. */
import { oldGenerationBytes } from '../report/old-generation.ts';
import type { Frame, SampleFrame, Verdict } from '../report/schema.ts';
import { subjectBehind, subjectOf } from '../report/subject.ts';
import { isAppFrame, type Scene } from './scene.ts';
import { describeFrame, formatDuration, functionOf, listVariables } from './words.ts';

/** A rule: a verdict when its picture is there, else null. */
export type Rule = (scene: Scene) => Verdict | null;

/** `main thread 4242` */
export function nameMain(scene: Scene): string {
  return `main thread ${scene.main.tid}`;
}

/** How long the loop has not turned. */
export function loopEvidence(scene: Scene): { text: string }[] {
  const { stalledMs, main, capture, looks } = scene;
  const facts: { text: string }[] = [];
  if (main.loop?.lastTurnAgoMs !== undefined) {
    const meanwhile = looks.isInOneTurn ? ', and not once while it was looked at' : '';
    facts.push({
      text: `the event loop last turned ${formatDuration(main.loop.lastTurnAgoMs)} ago${meanwhile}`,
    });
  } else if (stalledMs !== null) {
    facts.push({ text: `the event loop had not turned for ${formatDuration(stalledMs)}` });
  } else if (main.loop !== undefined) {
    facts.push({ text: `the event loop ${main.loop.alive ? 'answers' : 'does not answer'}` });
  }
  if (looks.hasComeBack && main.loop?.alive === false) {
    const meaning = capture.trigger.kind === 'hang' ? ': the hang was over then' : '';
    facts.push({ text: `it waited for work again while it was looked at${meaning}` });
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
  if (locals !== '') facts.push({ text: `locals of ${functionOf(app)}: ${locals}` });
  const caller = scene.appFrames[1];
  if (caller !== undefined) facts.push({ text: `called by ${describeFrame(caller, capture)}` });
  const subject = subjectOnStack(main.frames.slice(main.frames.indexOf(app)));
  if (subject !== null) facts.push({ text: `as part of ${subject}` });
  return facts;
}

/** What the nearest function that is not the program's own works on. @param frames innermost first */
function subjectOnStack(frames: readonly Frame[]): string | null {
  for (const frame of frames) {
    if (frame.kind !== 'js') continue;
    const subject = isAppFrame(frame) ? subjectBehind(frame) : subjectOf(frame);
    if (subject !== null) return subject;
  }
  return null;
}

/** What the looks at the main thread say: whether it moves, and what it used. */
export function looksEvidence(scene: Scene): { text: string }[] {
  const { cpuShare, isSteady, betweenLooksMs, looks } = scene;
  if (cpuShare === null) return [];
  const over = formatDuration(betweenLooksMs);
  if (isSteady) {
    const times = looks.count === 2 ? 'twice' : `${looks.count} times`;
    return [{ text: `seen ${times} in the same call within ${over}, without using the CPU` }];
  }
  return [
    ...movementEvidence(scene),
    { text: `it used ${Math.round(cpuShare * 100)} % of a CPU during ${over}` },
    ...machineEvidence(scene),
  ];
}

/** Percent of the time in which some task waited for a CPU: then it is the machine that is slow, too. */
const crowded = 50;

/** A thread that wants to run and does not get to. */
function machineEvidence({ capture, looks }: Scene): { text: string }[] {
  const waited = capture.host.pressure?.cpu ?? 0;
  if (waited < crowded || (looks.cpuShare ?? 1) > looks.runnableShare - 0.2) return [];
  return [
    {
      text: `the machine is short of CPUs: some task waited for one during ${Math.round(waited)} % of the last 10 s`,
    },
  ];
}

/** Whether its stack changes. */
function movementEvidence({ looks, betweenLooksMs }: Scene): { text: string }[] {
  const seen = `seen ${looks.stacks.length} times within ${formatDuration(betweenLooksMs)}`;
  if (looks.movement === 'unknown') return [];
  if (looks.movement === 'still') return [{ text: `${seen}, always at the same place` }];
  const chains = looks.stacks.map(appChain);
  const [first = ''] = chains;
  const isSame = first !== '' && chains.every((chain) => chain === first);
  const inner = innermostApp(looks.stacks[0] ?? []);
  if (isSame && inner !== null) return [{ text: `${seen}: it moves, but never left ${inner}()` }];
  const places = [...new Set(looks.stacks.flatMap((stack) => innermostApp(stack) ?? []))];
  if (places.length === 0) return [];
  return [{ text: `${seen}: it moves, in ${places.slice(0, 4).join(', ')}` }];
}

function appChain(stack: readonly SampleFrame[]): string {
  return stack.filter(isAppFrame).map(functionOf).join(' < ');
}

function innermostApp(stack: readonly SampleFrame[]): string | null {
  const frame = stack.find(isAppFrame);
  return frame === undefined ? null : functionOf(frame);
}

/** `certain` when the loop's own clock or a watchdog says that it stands still, and the stack was seen. */
export function certainIf(isCertain: boolean): 'certain' | 'likely' {
  return isCertain ? 'certain' : 'likely';
}

/** How full V8's old generation is; null when not known. */
export function heapFill({ main }: Scene): { usedBytes: number; limitBytes: number } | null {
  const { heap } = main;
  if (heap?.limitBytes === undefined) return null;
  return { usedBytes: oldGenerationBytes(heap), limitBytes: heap.limitBytes };
}

/** Says that frames could not be had, where that weakens the verdict. */
export function blindness(scene: Scene): { text: string }[] {
  if (scene.main.via !== 'proc' || scene.main.frames.length > 0) return [];
  const reader = scene.capture.missing.find(({ what }) => what === 'reader');
  return [{ text: `its stack could not be read: ${reader?.reason ?? 'reason unknown'}` }];
}
