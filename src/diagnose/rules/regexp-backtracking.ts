/** A regular expression tries one way after another to match. */
import { busyEvidence, firstCalled, isBusyStuck, machineTop, shareOfStacks } from '../busy.ts';
import { type Rule, certainIf, frameEvidence } from '../evidence.ts';
import type { Frame, SampleFrame, Value } from '../../report/schema.ts';
import { calledBy } from '../words.ts';

/** V8's engine: Irregexp, its interpreter, and the builtins that call its generated code. */
const engine = /Irregexp|RegExp/;
/** Methods of RegExp and String that match; as builtins they have no script. */
const methods =
  /^(?:exec|test|match|matchAll|replace|replaceAll|search|split|\[Symbol\.\w+\]|RegExp\w*)$/;
/** Looks that must agree: a loop that calls a small expression is elsewhere most of the time. */
const mostLooks = 0.75;
const maxSubjectChars = 120;

/** In the engine of regular expressions, in most of the looks. */
export const regexpBacktracking: Rule = (scene) => {
  if (!isBusyStuck(scene)) return null;
  const share = shareOfStacks(scene, isMatching);
  if (share === null || share < mostLooks) return null;
  const { main, capture } = scene;
  const method = main.frames.find(isMethod);
  const caller = scene.appFrames[0];
  const pattern = findPattern(method, caller);
  const subject = [...(method?.arguments ?? []), ...receiverOf(method)].find(
    ({ value }) => value.type === 'string',
  )?.value;
  const what = pattern === undefined ? 'A regular expression' : `The regular expression ${pattern}`;
  return {
    kind: 'regexp-backtracking',
    summary: `${what} does not come to an end${onSubject(subject)}${calledBy(caller, capture)}.`,
    confidence: certainIf(scene.isLoopKnown && share === 1 && scene.looks.movement !== 'moving'),
    thread: main.tid,
    evidence: [
      {
        text: `in V8's engine of regular expressions in ${Math.round(share * 100)} % of the looks${below(scene.allFrames)}`,
      },
      ...(pattern === undefined ? [] : [{ text: `pattern: ${pattern}` }]),
      ...(subject === undefined
        ? []
        : [{ text: `subject: ${clip(subject.preview)}${lengthOf(subject)}` }]),
      ...frameEvidence(scene),
      ...busyEvidence(scene),
    ],
    advice:
      'Nested repetitions such as (a+)+ try exponentially many ways on text that does not match: rewrite the pattern without them, check the length of the text first, or use an engine without backtracking (re2).',
  };
};

function isMatching(frames: readonly (Frame | SampleFrame)[]): boolean {
  if (machineTop(frames).some((name) => engine.test(name))) return true;
  const called = firstCalled(frames);
  // Generated code of an expression has no frame of its own: the method stands on top.
  return called !== undefined && isMethod(called) && machineTop(frames).length === 0;
}

function isMethod(frame: Frame | SampleFrame): boolean {
  return (
    (frame.kind === 'builtin' || frame.kind === 'native') &&
    frame.file === undefined &&
    methods.test(frame.function)
  );
}

function receiverOf(frame: Frame | undefined): { value: Value }[] {
  return frame?.receiver === undefined ? [] : [{ value: frame.receiver }];
}

function findPattern(method: Frame | undefined, caller: Frame | undefined): string | undefined {
  const isPattern = ({ value }: { value: Value }): boolean => value.type === 'regexp';
  const passed = [...receiverOf(method), ...(method?.arguments ?? [])].find(isPattern);
  if (passed !== undefined) return passed.value.preview;
  // Only when there is one, and so no other can be meant.
  const near = [
    ...(caller?.arguments ?? []),
    ...(caller?.locals ?? []),
    ...(caller?.closure ?? []),
  ].filter(isPattern);
  return near.length === 1 ? near[0]?.value.preview : undefined;
}

function onSubject(subject: Value | undefined): string {
  if (subject === undefined) return '';
  const text = subject.preview;
  return ` on ${text.length > 60 ? `${text.slice(0, 59)}…` : text}`;
}

function clip(text: string): string {
  return text.length > maxSubjectChars ? `${text.slice(0, maxSubjectChars - 1)}…` : text;
}

function lengthOf({ length }: Value): string {
  return length === undefined ? '' : ` (${length} characters)`;
}

function below(frames: readonly Frame[]): string {
  const name = machineTop(frames).find((one) => engine.test(one));
  return name === undefined ? '' : `: ${name}`;
}
