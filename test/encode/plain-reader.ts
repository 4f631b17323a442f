/**
 * A reader as somebody would write it from docs/report-format.md, with a MessagePack library of another make and nothing of ours.
 * No defence against damaged files: it shows what the format is.
 */
import { decodeMulti } from '@msgpack/msgpack';

interface Head {
  readonly section: string;
  readonly into?: readonly (string | number)[];
  readonly from?: number;
}
type Fields = Record<string, unknown>;

/** The report in the bytes of one file. */
export function readPlainly(bytes: Uint8Array): Fields {
  const report: Fields = {};
  const values = [...decodeMulti(bytes)];
  for (let index = 0; index < values.length; index += 2) {
    const { section, into = [], from = 0 } = values[index] as Head;
    const value = values[index + 1];
    if (section === 'end') break;
    if (Array.isArray(value)) {
      const parent = into.slice(0, -1).reduce(step, report);
      const name = String(into.at(-1));
      const list = (parent[name] ??= []) as unknown[];
      for (const [at, element] of value.entries()) list[from + at] = element;
    } else {
      Object.assign(into.reduce(step, report), value);
    }
  }
  return report;
}

function step(parent: Fields, key: string | number): Fields {
  return parent[key] as Fields;
}
