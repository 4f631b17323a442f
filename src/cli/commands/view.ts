/** `sleeper view`: a report in the terminal, in the browser, or as JSON. */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { SleeperError } from '../../errors.ts';
import type { Report } from '../../report/schema.ts';
import { type SectionName, sectionNames } from '../../view/section-names.ts';
import { archiveOption, parseNumber, sourceMapOption } from '../arguments.ts';
import { writeJson, writeOwnFile, writeText } from '../output.ts';
import { describeTerminal } from '../terminal.ts';

interface ViewOptions {
  readonly archive?: string;
  readonly sourceMapDir?: string;
  readonly json?: true;
  readonly pretty?: true;
  readonly full?: true;
  readonly section?: readonly SectionName[];
  readonly thread?: string;
  readonly grep?: RegExp;
  readonly pager: boolean;
  readonly html?: string;
  readonly web?: true;
  readonly port: number;
  readonly format: Format;
}

const formats = [
  'text',
  'json',
  'md',
  'node-report',
  'speedscope',
  'cpuprofile',
  'collapsed',
  'pprof',
] as const;
type Format = (typeof formats)[number];

/** Adds `sleeper view <report>`. */
export function addViewCommand(program: Command): void {
  program
    .command('view')
    .description('show a report')
    .argument(
      '[report]',
      '`last`, the beginning of an id, or a file; with --web, none is the archive',
    )
    .addOption(archiveOption())
    .addOption(sourceMapOption())
    .option('--json', 'print the report as JSON: one line, or indented on a terminal')
    .addOption(
      new Option(
        '--format <form>',
        'md: to paste into an issue; node-report: as Node’s own; the last four: the looks as a profile',
      )
        .choices(formats)
        .default('text'),
    )
    .option('--pretty', 'with --json: indented')
    .option('--full', 'fold nothing: all frames, values, environment')
    .addOption(
      new Option('--section <names>', `only these: ${sectionNames.join(', ')}`).argParser(
        parseSections,
      ),
    )
    .option('--thread <which>', 'only this thread, in full: `main`, `worker 2`, a tid, a name')
    .option(
      '--grep <pattern>',
      'only what matches a regular expression, below what it belongs to; in capitals or not, unless it has some',
      parsePattern,
    )
    .option('--no-pager', 'never through $PAGER, though it be longer than the screen')
    .option(
      '--html <file>',
      'write one page that holds the report and needs nothing else; `-` is standard output',
    )
    .option('--web', 'serve the page to this machine alone, at an address that it prints')
    .option(
      '--port <number>',
      'with --web: the port, else any',
      (text) => parseNumber(text, 65_535),
      0,
    )
    .action(view);
}

async function view(selector: string | undefined, options: ViewOptions): Promise<void> {
  const { locateArchive } = await import('../../archive/location.ts');
  const { openArchive } = await import('../../archive/store.ts');
  const archive = openArchive(locateArchive(options.archive));
  const read = async (selected: string): Promise<Report> =>
    complete(await archive.read(selected), options.sourceMapDir);
  if (options.web === true) {
    const { serveArchive, serveReport } = await import('../view-web.ts');
    if (selector === undefined) await serveArchive(archive, options);
    else await serveReport(await read(selector), options.port);
    return;
  }
  if (selector === undefined)
    throw new SleeperError('ERR_SLEEPER_USAGE', 'missing required argument: the report to show.');
  const report = await read(selector);
  if (options.html !== undefined) {
    await writeHtml(report, options.html);
    return;
  }
  await show(report, options);
}

/** With the places before compilation that can be told now. */
async function complete(report: Report, directory: string | undefined): Promise<Report> {
  const isOpen = report.scripts?.some((one) => one.sourceMapUrl !== undefined && !one.sourceMap);
  if (directory === undefined && isOpen !== true) return report;
  const { withOriginals } = await import('../original-places.ts');
  return withOriginals(report, directory);
}

async function show(report: Report, options: ViewOptions): Promise<void> {
  const isPretty = options.pretty ?? describeTerminal(process.stdout, process.env).isTerminal;
  const format = options.json === true ? 'json' : options.format;
  switch (format) {
    case 'text':
      await showText(report, options);
      break;
    case 'json':
      await writeJson(report, isPretty);
      break;
    case 'md': {
      const { renderMarkdown } = await import('../../view/markdown.ts');
      await writeText(renderMarkdown(report));
      break;
    }
    case 'node-report': {
      const { toNodeReport } = await import('../../view/node-report.ts');
      await writeJson(toNodeReport(report), isPretty);
      break;
    }
    default: {
      const { renderProfile } = await import('../../view/profile.ts');
      const profile = renderProfile(report, format);
      if (profile === null)
        throw new SleeperError(
          'ERR_SLEEPER_USAGE',
          `The report holds no looks with stacks, and so no profile: it cannot be shown as ${format}.`,
        );
      if (typeof profile !== 'string' && process.stdout.isTTY)
        throw new SleeperError(
          'ERR_SLEEPER_USAGE',
          `The form ${format} is not text: write it to a file, as in \`sleeper view last --format pprof > profile.pb.gz\`.`,
        );
      await writeText(profile);
    }
  }
}

/** A report may hold what others must not read: the file is its owner's, as a report is. */
async function writeHtml(report: Report, file: string): Promise<void> {
  const { renderPage } = await import('../../view/page.ts');
  const page = renderPage({ kind: 'report', report });
  if (file === '-') await writeText(page);
  else await writeOwnFile(file, page);
}

async function showText(report: Report, options: ViewOptions): Promise<void> {
  const { renderReport } = await import('../../view/render.ts');
  const { pageText } = await import('../pager.ts');
  const { color, width, isTerminal } = describeTerminal(process.stdout, process.env);
  const { full, section, thread, grep, pager } = options;
  const text = renderReport(report, {
    color,
    width,
    ...(full !== undefined && { full }),
    ...(section !== undefined && { sections: section }),
    ...(thread !== undefined && { thread }),
    ...(grep !== undefined && { grep }),
  });
  if (text === '') await tellNothing(report, options);
  else await pageText(text, { isTerminal, pager });
}

/** Nothing to show is an answer for a section and for `--grep`; a thread that is not there is a mistake. */
async function tellNothing(report: Report, options: ViewOptions): Promise<void> {
  const { selectThreads, threadTitle } = await import('../../view/model/thread.ts');
  if (options.thread !== undefined && selectThreads(report, options.thread).length === 0) {
    const titles = report.threads.map((thread) => `${threadTitle(thread)} (${thread.tid})`);
    const names = [...new Set(titles)].slice(0, 12).join(', ');
    throw new SleeperError(
      'ERR_SLEEPER_USAGE',
      `The report has no thread "${options.thread}". It has: ${names}.`,
    );
  }
  await writeText(
    options.grep === undefined
      ? 'The report has nothing there.\n'
      : `Nothing in it matches ${JSON.stringify(options.grep.source).slice(1, -1)}.\n`,
  );
}

function parseSections(text: string, before: readonly SectionName[] = []): SectionName[] {
  const words = text.split(',').map((word) => word.trim());
  const wrong = words.find((word) => !(sectionNames as readonly string[]).includes(word));
  if (wrong !== undefined)
    throw new InvalidArgumentError(`There is no section "${wrong}": ${sectionNames.join(', ')}.`);
  return [...before, ...(words as SectionName[])];
}

function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text, /\p{Lu}/u.test(text) ? 'u' : 'iu');
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}
