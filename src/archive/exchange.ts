/** Reports out of an archive into one file, and back. What comes from outside is hostile: only what decodes is taken. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { inflate, isCompressed } from '../encode/compress.ts';
import { decodeReport } from '../encode/decode.ts';
import { encodeReport } from '../encode/encode.ts';
import { SleeperError } from '../errors.ts';
import { limits } from '../limits.ts';
import { shareReport } from '../report/share.ts';
import { type BundledReport, packBundle, unpackBundle } from './bundle.ts';
import { defaultPolicy } from './choose.ts';
import { factsOf } from './facts.ts';
import { formatReportName, parseReportName, stemOf } from './file-name.ts';
import { findById, findReport } from './find.ts';
import { errnoOf } from './location.ts';
import { readBytes } from './read.ts';
import { addNote, readNotes, setPin } from './sidecars.ts';
import { openArchive } from './store.ts';

/**
 * Reads reports to be handed out.
 * @param share what goes out was redacted once more; remarks stay at home
 * @throws SleeperError as Archive.find() and Archive.read()
 */
export async function collectReports(
  path: string,
  selectors: readonly string[],
  share: boolean,
): Promise<BundledReport[]> {
  const collected = new Map<string, BundledReport>();
  for (const selector of selectors) {
    const file = await findReport(path, selector);
    const given = await readBytes(file, limits.maxReportBytes);
    const report = decodeReport(given, file);
    const stem = stemOf(basename(file));
    const isNamed = parseReportName(basename(file)) !== null;
    const shared = share ? shareReport(report) : report;
    const fileName = isNamed && !share ? `${stem}.msgpack` : formatReportName(factsOf(shared));
    const plain = isCompressed(given) ? inflate(given).bytes : given;
    collected.set(fileName, {
      fileName,
      bytes: share ? encodeReport(shared) : plain,
      notes: share ? [] : await readNotes(path, stem),
    });
  }
  return [...collected.values()];
}

/** Writes an export. @returns its size @throws SleeperError ERR_SLEEPER_ARCHIVE_WRITE; a file that is there is not touched */
export async function writeExport(
  output: string,
  reports: readonly BundledReport[],
): Promise<number> {
  const bytes = packBundle(reports);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  try {
    const file = await open(output, flags, 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    const errno = errnoOf(cause);
    const reason = errno === 'EEXIST' ? 'there is such a file; name another with -o' : errno;
    throw new SleeperError(
      'ERR_SLEEPER_ARCHIVE_WRITE',
      `Cannot write the reports into ${output}: ${reason}.`,
      { output, errno },
      { cause },
    );
  }
  return bytes.length;
}

/** One report that was taken. */
export interface Imported {
  readonly path: string;
  /** False: the archive had it. */
  readonly isNew: boolean;
  /** It is older than the archive keeps reports, and was pinned. */
  readonly isPinned: boolean;
}

/**
 * Takes the reports of a file into an archive. All are looked at before the first is taken.
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_REPORT, ERR_SLEEPER_NOT_A_REPORT, ERR_SLEEPER_FORMAT_TOO_NEW,
 *         ERR_SLEEPER_ARCHIVE_UNSAFE, ERR_SLEEPER_ARCHIVE_WRITE
 */
export async function importFile(path: string, file: string): Promise<Imported[]> {
  const given = await readBytes(file, limits.maxBundleBytes);
  const bundled = unpackBundle(given, file) ?? [
    {
      fileName: basename(file),
      bytes: isCompressed(given) ? inflate(given).bytes : given,
      notes: [],
    },
  ];
  const reports = bundled.map(({ fileName, bytes, notes }) => {
    const facts = factsOf(decodeReport(bytes, `${file} (${fileName})`));
    const isNamed = parseReportName(fileName) !== null;
    const name = isNamed ? `${stemOf(fileName)}.msgpack` : formatReportName(facts);
    return { name, bytes, notes, facts };
  });
  const archive = openArchive(path);
  const taken: Imported[] = [];
  for (const { name, bytes, notes, facts } of reports) {
    const [there] = await findById(path, facts.id);
    if (there !== undefined) {
      taken.push({ path: there.path, isNew: false, isPinned: false });
      continue;
    }
    // What is older than the archive keeps would be gone with the next seal.
    const isOld = Date.now() - Date.parse(facts.capturedAt) > defaultPolicy.maxAgeMs;
    if (isOld) await setPin(path, stemOf(name), true);
    // Refused, nothing is lost: the file is still there.
    const sealed = await archive.take({ facts, content: () => [bytes], fileName: name });
    for (const one of notes) await addNote(path, stemOf(basename(sealed)), one);
    taken.push({ path: sealed, isNew: true, isPinned: isOld });
  }
  return taken;
}
