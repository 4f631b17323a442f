/** `sleeper pin` and `sleeper note`: what people keep beside a report. */
import type { Command } from 'commander';
import { archiveOption } from '../arguments.ts';
import { writeJson, writeText } from '../output.ts';

interface PinOptions {
  readonly archive?: string;
  readonly remove?: true;
}

interface NoteOptions {
  readonly archive?: string;
  readonly json?: true;
}

/** Adds `sleeper pin`. */
export function addPinCommand(program: Command): void {
  program
    .command('pin')
    .description('keep a report whatever its age: rotation passes it over')
    .argument('<report...>', '`last`, or the beginning of an id')
    .addOption(archiveOption())
    .option('--remove', 'let it go its way again')
    .action(pin);
}

/** Adds `sleeper note`. */
export function addNoteCommand(program: Command): void {
  program
    .command('note')
    .description('write a remark beside a report, or read what was written')
    .argument('<report>', '`last`, or the beginning of an id')
    .argument('[text...]', 'the remark; none: shows what is there')
    .addOption(archiveOption())
    .option('--json', 'print one JSON object a line')
    .action(note);
}

async function pin(selectors: readonly string[], options: PinOptions): Promise<void> {
  const { locateArchive } = await import('../../archive/location.ts');
  const { findInArchive } = await import('../../archive/find.ts');
  const { setPin } = await import('../../archive/sidecars.ts');
  const path = locateArchive(options.archive);
  const isPinned = options.remove !== true;
  for (const selector of selectors) {
    const { stem, shortId } = await findInArchive(path, selector);
    await setPin(path, stem, isPinned);
    await writeText(`${isPinned ? 'pinned' : 'no longer pinned'}: ${shortId}\n`);
  }
}

async function note(
  selector: string,
  words: readonly string[],
  options: NoteOptions,
): Promise<void> {
  const { locateArchive } = await import('../../archive/location.ts');
  const { findInArchive } = await import('../../archive/find.ts');
  const { addNote, readNotes } = await import('../../archive/sidecars.ts');
  const { sanitize } = await import('../../report/sanitize.ts');
  const path = locateArchive(options.archive);
  const { stem, shortId } = await findInArchive(path, selector);
  const text = words.join(' ').trim();
  if (text !== '') {
    const { userInfo } = await import('node:os');
    await addNote(path, stem, { at: new Date().toISOString(), by: userInfo().username, text });
  }
  const notes = await readNotes(path, stem);
  for (const one of notes) {
    await (options.json === true
      ? writeJson(one)
      : writeText(
          `${sanitize(one.at.slice(0, 16).replace('T', ' '), 40)}  ${sanitize(one.by, 60)}: ${sanitize(one.text)}\n`,
        ));
  }
  if (notes.length === 0 && options.json !== true) await writeText(`No notes on ${shortId}.\n`);
}
