/** The program ended itself: somebody called process.exit(), or there was nothing left to wait for. */
import {
  type Death,
  deathVerdict,
  lookAtDeath,
  nameApp,
  nameThread,
  stackEvidence,
} from '../death.ts';
import type { Rule } from '../evidence.ts';
import type { Scene } from '../scene.ts';

const shownTasks = 5;

/** Certain: seen from inside the exit. */
export const exitCalled: Rule = (scene) => {
  const { capture } = scene;
  if (capture.trigger.kind !== 'exit') return null;
  const death = lookAtDeath(scene);
  if (death.thread.frames.length === 0) return ranEmpty(scene, death);
  const status = capture.trigger.exitStatus ?? 0;
  return deathVerdict(death, {
    kind: 'exit-called',
    summary: `process.exit(${status}) was called${nameThread(death.thread)}${nameApp(death, capture)}.`,
    evidence: [
      { text: capture.trigger.reason },
      ...stackEvidence(death, capture),
      ...taskEvidence(scene),
    ],
    advice:
      'If the program should not end here, throw an error instead; SLEEPER_EXITS=none switches these reports off.',
  });
};

/** Nobody called anything: what was waited for could not come any more. */
function ranEmpty(scene: Scene, death: Death): ReturnType<Rule> {
  const count = countTasks(scene);
  const status = scene.capture.trigger.exitStatus ?? 0;
  return deathVerdict(death, {
    kind: 'exit-called',
    summary:
      count === 0
        ? `The event loop ran empty: status ${status}.`
        : `The process ended while ${count} async function${count === 1 ? ' was' : 's were'} waiting: nothing was left that could wake ${count === 1 ? 'it' : 'them'}.`,
    evidence: [{ text: scene.capture.trigger.reason }, ...taskEvidence(scene)],
    advice:
      'Look at what the innermost task awaits: a promise whose resolve() is never called, an event that does not come, a stream that was not consumed.',
  });
}

function countTasks({ capture }: Scene): number {
  return ownTasks(capture).reduce((sum, { count }) => sum + (count ?? 1), 0);
}

/** Node's own wait for the program's. */
function ownTasks({ tasks }: Scene['capture']): Scene['capture']['tasks'] {
  return tasks.filter(({ file }) => file?.startsWith('node:') !== true);
}

function taskEvidence({ capture }: Scene): { text: string }[] {
  return ownTasks(capture)
    .slice(0, shownTasks)
    .map(({ function: name, file, line, count, awaits }) => {
      const place =
        file === undefined ? '' : ` at ${file.replace(/^file:\/\//, '')}:${line ?? '?'}`;
      const many = count === undefined || count === 1 ? '' : ` (${count} times)`;
      const what = typeof awaits === 'string' ? `: awaits ${awaits}` : '';
      return { text: `waiting: ${name}${place}${many}${what}` };
    });
}
