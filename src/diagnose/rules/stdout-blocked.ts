/** The program prints, and nobody takes what it prints. */
import {
  type Rule,
  certainIf,
  frameEvidence,
  loopEvidence,
  looksEvidence,
  nameMain,
} from '../evidence.ts';
import { otherEnds, peerEvidence, peersOf } from '../peers.ts';
import { calledBy, describeDoing, nameProcess } from '../words.ts';

const writes = /^(?:write|writev|pwrite64|sendmsg|sendto)$/;
const names: Readonly<Record<number, string>> = { 1: 'standard output', 2: 'standard error' };

/** Blocked in a write to descriptor 1 or 2 that is no file. */
export const stdoutBlocked: Rule = (scene) => {
  const { main, call, capture } = scene;
  if (scene.loop !== 'stuck' || call === null || !writes.test(call.name)) return null;
  const name = call.fd === null ? undefined : names[call.fd];
  const target = call.target ?? '';
  const isTerminal = /^\/dev\/(?:pts|tty)/.test(target);
  const isPipe = target.startsWith('pipe:') || target.startsWith('socket:');
  if (name === undefined || (!isTerminal && !isPipe)) return null;
  const readers = otherEnds(peersOf(capture, call.fd), 'write');
  const [reader] = readers;
  const nobody = isTerminal
    ? 'the terminal takes no more (Ctrl-S, or a dead connection)'
    : reader === undefined
      ? 'whoever should read it does not'
      : `${nameProcess(reader)} should read it, but ${describeDoing(reader)}`;
  return {
    kind: 'stdout-blocked',
    summary: `The main thread is blocked writing to ${name} (${target}): ${nobody}${calledBy(scene.appFrames[0], capture)}.`,
    confidence: certainIf(scene.isLoopKnown && scene.isSteady),
    thread: main.tid,
    evidence: [
      { text: `${nameMain(scene)} is in ${call.text}` },
      ...peerEvidence(readers),
      ...looksEvidence(scene),
      ...loopEvidence(scene),
      ...frameEvidence(scene),
    ],
    advice: isTerminal
      ? 'Press Ctrl-Q in that terminal, or redirect the output to a file.'
      : `See why ${reader === undefined ? 'the reader' : `process ${reader.pid}`} does not read; log to a file or through an asynchronous logger, so that a slow reader cannot stop the program.`,
  };
};
