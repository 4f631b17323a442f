/** Whether a process runs Node.js: by the name of what it runs, by its libraries, by the symbols in its binary. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { limits } from '../limits.ts';
import { readFact } from './fact.ts';

/** Names that say it all: node, nodejs, node-22, node22. */
const nodeName = /^node(js)?(-?v?\d[\d.]*)?( \(deleted\))?$/;

/** True when this executable, of this running process, is Node.js, under whatever name. */
export function isNodeExecutable(pid: number, executable: string): boolean {
  return isNodeFile(pid, executable) || usesNodeLibrary(pid);
}

/**
 * The same, by name and file alone: for looking through all processes of a machine. The list of a process's libraries lies
 * behind its memory lock, where a sick one could make us wait.
 */
export function isNodeFile(pid: number, executable: string): boolean {
  return nodeName.test(path.basename(executable)) || searchFile(`/proc/${pid}/exe`);
}

/** Every Node executable exports these names for debuggers (deps/v8/tools/gen-postmortem-metadata.py). */
const v8Symbol = Buffer.from('v8dbg_class_JSFunction__context__Context');
const searchChunkBytes = 4 << 20;
/** Node is about 100 MB, single executables some more; symbol names lie near the start. */
const maxSearchBytes = 256 << 20;
/** A binary with V8 in it has at least twice as much. */
const smallestBinaryBytes = 16 << 20;

/** Answers by device, inode, size and time of change: reading a large binary takes a tenth of a second. */
const answers = new Map<string, boolean>();

function searchFile(file: string): boolean {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return false;
  }
  try {
    const { dev, ino, size, mtimeMs } = fstatSync(fd);
    const key = [dev, ino, size, mtimeMs].join(' ');
    let answer = answers.get(key);
    if (answer === undefined) {
      answer = size >= smallestBinaryBytes && hasV8Symbols(fd);
      if (answers.size >= limits.maxRememberedBinaries) answers.clear();
      answers.set(key, answer);
    }
    return answer;
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}

function usesNodeLibrary(pid: number): boolean {
  const uses = readFact(`/proc/${pid}/maps`, (text) => /\/libnode\.so[.\d]*$/m.test(text));
  return uses.known && uses.value;
}

/** Looks into the file, for executables under another name: renamed, or a program bundled with Node. */
function hasV8Symbols(fd: number): boolean {
  const chunk = Buffer.alloc(searchChunkBytes);
  let position = 0;
  while (position < maxSearchBytes) {
    const count = readSync(fd, chunk, 0, searchChunkBytes, position);
    if (count === 0) return false;
    if (chunk.subarray(0, count).includes(v8Symbol)) return true;
    position += count < searchChunkBytes ? count : searchChunkBytes - v8Symbol.length;
  }
  return false;
}
