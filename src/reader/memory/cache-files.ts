/**
 * Small files that save work from one start to the next, in the directory of cache-directory.cts; whatever is wrong with
 * one, it is as if it were not there. The content names what it is for, and carries its SHA-256: a file cut short, or another
 * one's put in its place, is deleted.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { limits } from '../../limits.ts';
import { inCacheDirectory, keepNewest, readOwnFile, replaceFile } from './cache-directory.cts';

/** @param key what the content is for, in full: other keys never get it. @returns null when there is none */
export function readCacheFile(key: string): unknown {
  return inCacheDirectory(null, (directory) => {
    const file = path.join(directory, nameOf(key));
    const bytes = readOwnFile(file, limits.maxCacheBytes);
    const content = bytes === null ? null : parseContent(bytes.toString('utf8'), key);
    if (content === null) rmSync(file, { force: true });
    return content;
  });
}

/** Keeps a value that JSON can hold. Does nothing where that cannot be done safely. */
export function writeCacheFile(key: string, value: unknown): void {
  const body = JSON.stringify({ key, value });
  if (body.length > limits.maxCacheBytes) return;
  inCacheDirectory(null, (directory) => {
    replaceFile(directory, nameOf(key), [Buffer.from(`${digestOf(body)}\n${body}`)]);
    keepNewest(directory, limits.maxCacheFiles);
    return null;
  });
}

function nameOf(key: string): string {
  return `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.cache`;
}

function digestOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}

function parseContent(text: string, key: string): unknown {
  const end = text.indexOf('\n');
  const body = text.slice(end + 1);
  if (end < 0 || digestOf(body) !== text.slice(0, end)) return null;
  const content = JSON.parse(body) as { key: unknown; value: unknown };
  return content.key === key ? content.value : null;
}
