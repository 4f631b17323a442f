/** What an archive holds, by the names of its files. */
import fs from 'node:fs';

/** Names of the sealed reports in an archive, sorted. */
export function reportsIn(directory: string): string[] {
  return fs
    .readdirSync(directory)
    .filter((name) => /\.msgpack(\.gz)?$/.test(name))
    .sort();
}
