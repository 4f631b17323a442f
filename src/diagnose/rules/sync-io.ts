/** The main thread is blocked in a file, pipe or terminal call that was made synchronously. */
import {
  type Rule,
  blindness,
  frameEvidence,
  loopEvidence,
  looksEvidence,
  nameMain,
} from '../evidence.ts';
import { otherEnds, peerEvidence, peersOf } from '../peers.ts';
import { nameFrame } from '../words.ts';

/** Calls on files and pipes that can wait. Source: the section 2 manual pages; what node:fs' …Sync functions call. */
const fileCalls = new Set(
  `read write pread64 pwrite64 readv writev preadv pwritev preadv2 pwritev2 open openat openat2 creat close
   stat lstat fstat statx newfstatat access faccessat faccessat2 readlink readlinkat rename renameat renameat2
   unlink unlinkat mkdir mkdirat rmdir link linkat symlink symlinkat chmod fchmod fchmodat chown fchown lchown
   fchownat utimensat truncate ftruncate fallocate fsync fdatasync sync_file_range flock getdents getdents64
   sendfile copy_file_range splice statfs fstatfs`.split(/\s+/),
);

/** Blocked in one of these calls while the loop stands still. */
export const syncIo: Rule = (scene) => {
  const { main, call, capture } = scene;
  if (call === null || scene.loop !== 'stuck' || !fileCalls.has(call.name)) return null;
  const nodeFs = main.frames.find(
    ({ file, function: name }) => file === 'node:fs' && name.endsWith('Sync'),
  );
  const caller = scene.appFrames[0];
  const made = nodeFs === undefined ? call.name : `fs.${nodeFs.function}`;
  const where = caller === undefined ? '' : `, called by ${nameFrame(caller, capture)}`;
  const target = call.target === null ? '' : ` on ${call.target}`;
  const peers = peersOf(capture, call.fd);
  const ends = otherEnds(peers, /write|send/.test(call.name) ? 'write' : 'read');
  const isPipe = /^(?:pipe|socket):/.test(call.target ?? '') || peers.length > 0;
  const nobody = isPipe && ends.length === 0 && capture.neighbours !== undefined;
  const who = nobody ? '; no other process that could be seen has it open' : '';
  const certain = scene.isLoopKnown && scene.isSteady && main.frames.length > 0;
  return {
    kind: 'sync-io',
    summary: `The main thread is blocked in ${made}()${target}${where}${who}.`,
    confidence: certain ? 'certain' : 'likely',
    thread: main.tid,
    evidence: [
      { text: `${nameMain(scene)} is in ${call.text}` },
      ...peerEvidence(ends.length > 0 ? ends : peers),
      ...looksEvidence(scene),
      ...loopEvidence(scene),
      ...frameEvidence(scene),
      ...blindness(scene),
    ],
    advice: adviceOn(call.name, call.target, made),
  };
};

function adviceOn(name: string, target: string | null, made: string): string {
  const asynchronous = `Use the asynchronous form of ${made} so that the event loop goes on`;
  if (target?.startsWith('pipe:') === true || /fifo|pipe/i.test(target ?? '')) {
    const other = /write/.test(name) ? 'reads from' : 'writes to';
    return `${asynchronous}; and see who ${other} the other end: lsof ${target ?? ''}`.trim();
  }
  if (/^\/dev\/(pts|tty)/.test(target ?? '')) return `${asynchronous}; it waits for a terminal.`;
  return `${asynchronous}; if the file lies on a network file system, see whether that answers.`;
}
