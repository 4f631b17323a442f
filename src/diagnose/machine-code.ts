/** Sentences about a fault in machine code, for the rules about that. Pure. */
import type { Fault } from '../report/schema.ts';
import type { Death } from './death.ts';
import type { Scene } from './scene.ts';
import { nameFrame } from './words.ts';

/** `decode (image.node)`. */
export function nameMachine({ machine }: Death): string {
  if (machine === null) return 'machine code';
  return machine.file === undefined ? machine.function : `${machine.function} (${machine.file})`;
}

/** `, called by resize at images.js:7`, or nothing. */
export function nameCaller({ app }: Death, { capture }: Scene): string {
  return app === null ? '' : `, called by ${nameFrame(app, capture)}`;
}

/** The signal, what is at the address, last words. */
export function faultEvidence(fault: Fault): { text: string }[] {
  const { signal, code, address, mapping, message, senderPid } = fault;
  const at = address === undefined ? '' : ` at ${address}`;
  const from = senderPid === undefined ? '' : ` (process ${senderPid})`;
  return [
    { text: `${signal}${at}${code === undefined ? '' : `: ${code}`}${from}` },
    ...(mapping === undefined ? [] : [{ text: `mapped there: ${mapping}` }]),
    ...(message === undefined ? [] : [{ text: `last words: ${message}` }]),
  ];
}

/** By whose code it was. */
export function adviceFor({ machine }: Death): string {
  const file = machine?.file ?? '';
  if (file.endsWith('.node'))
    return `${file} is a native addon: update it, or report this stack to its maintainers.`;
  if (file === 'node' || file.startsWith('libnode'))
    return 'Node or V8 broke here; often an addon has damaged memory before. Try the newest patch version, and without native addons.';
  return 'Look at the native frames (--full) and at the library that they name.';
}

/** Without its full stop: it goes into a sentence. */
export function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/\.$/, '');
}
