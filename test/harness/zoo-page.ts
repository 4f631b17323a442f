/** docs/zoo.md, from the folders of the zoo. `npm run docs` writes it; zoo-page.test.ts compares. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { root } from './paths.ts';
import { type Habitat, type ZooKind, loadKinds } from './zoo.ts';

export const zooPage = path.join(root, 'docs/zoo.md');

const chapters: Readonly<Record<Habitat, string>> = {
  hang: `## What does not answer

Looked at from outside on Node.js 18 and 26, and with the agent on 20 and 26; on the versions between with \`SLEEPER_TEST_ZOO=all\`.`,
  crash: `## What dies

Once under \`sleeper run\` and once with the agent alone, on Node.js 20 and 26, each time with the end that the program has without us.`,
  quiet: `## What is well

Looked at like those that hang, and watched by \`sleeper watch\` with its ordinary limit of 5 s beside a program that does hang: of
these no report may come. \`SLEEPER_TEST_QUIET_SECONDS=600\` watches each for ten minutes.`,
};

/** The page as text. */
export async function makeZooPage(): Promise<string> {
  const parts = (Object.keys(chapters) as Habitat[]).map((habitat) => {
    const rows = loadKinds(habitat).map(describeKind);
    const head = '| program | does | must be told as | with |\n| --- | --- | --- | --- |';
    return `${chapters[habitat]}\n\n${head}\n${rows.join('\n')}`;
  });
  return format(
    `# The zoo

Small programs that do one thing wrong each, or nothing wrong at all; the tests run every one of them and read what is said about it.
This page is made from \`test/zoo\` by \`npm run docs\`. [verdicts.md](verdicts.md) says how the verdicts are told apart.

${parts.join('\n\n')}
`,
    { parser: 'markdown', printWidth: 140 },
  );
}

function describeKind({ habitat, id, expected }: ZooKind): string {
  const name = id.slice(habitat.length + 1);
  const { verdict, frames, tasks, thread, held, error, fault } = expected;
  const [top] = frames;
  const facts = [
    top !== undefined &&
      `\`${top.function.join('` or `')}\` on top${thread === 'worker' ? ' of the Worker' : ''}${namesOf(top)}`,
    tasks.length > 0 &&
      `suspended: ${tasks.map((task) => `\`${task.function}\`${namesOf(task)}`).join(', ')}`,
    error !== undefined && `the error: ${error.name ?? 'a value'}`,
    fault !== undefined && `the fault: ${fault.signal}`,
    held !== undefined && `left held by ${held} as it was`,
  ].filter((fact) => fact !== false);
  const folder = `[${name}](../test/zoo/${id})`;
  return `| ${folder} | ${expected.about} | ${verdict.map((kind) => `\`${kind}\``).join(' or ')} | ${facts.join('; ')} |`;
}

function namesOf(place: {
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly locals: Readonly<Record<string, unknown>>;
}): string {
  const names = [...Object.keys(place.arguments), ...Object.keys(place.locals)];
  return names.length === 0 ? '' : ` with ${names.map((name) => `\`${name}\``).join(', ')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  fs.writeFileSync(zooPage, await makeZooPage());
