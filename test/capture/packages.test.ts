/** The packages that a program runs through, with their versions, and how many descriptors it has open. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { faultAddon } from '../harness/fault-addon.ts';
import { runSleeper } from '../harness/cli.ts';
import { nodeBinary } from '../harness/node-versions.ts';
import { assertStrictReport } from '../harness/schema-strict.ts';
import { makeDirectory, spawnCommand, type Owner } from '../harness/spawn-target.ts';

interface Files {
  readonly [name: string]: string;
}

function makeProject(owner: Owner, files: Files): string {
  const directory = fs.realpathSync(makeDirectory(owner, 'project'));
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(directory, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
  return directory;
}

const project: Files = {
  'package.json': '{ "name": "shop", "version": "4.2.0", "dependencies": {} }',
  // Says only how its modules are to be read.
  'server/package.json': '{ "type": "commonjs" }',
  'server/main.js': `
    require('@shop/pricing').applyAll(() => {
      const files = Array.from({ length: 7 }, () => require('node:fs').openSync(__filename));
      console.log('ready');
      for (;;) files.length;
    });`,
  'node_modules/@shop/pricing/package.json':
    '{ "name": "@shop/pricing", "version": "1.9.3-beta.1" }',
  'node_modules/@shop/pricing/index.js': `
    require('image-codec');
    exports.applyAll = (work) => require('pipeline').run(work);`,
  'node_modules/@shop/pricing/node_modules/pipeline/package.json': '{ "name": "pipeline" }',
  'node_modules/@shop/pricing/node_modules/pipeline/index.js': 'exports.run = (work) => work();',
  'node_modules/unused/package.json': '{ "name": "unused", "version": "1.0.0" }',
  'node_modules/image-codec/package.json':
    '{ "name": "image-codec", "version": "0.3.1", "main": "codec.node" }',
};

async function dump(owner: Owner, change: (directory: string) => void = () => undefined) {
  const directory = makeProject(owner, project);
  fs.copyFileSync(faultAddon(), path.join(directory, 'node_modules/image-codec/codec.node'));
  const program = path.join(directory, 'server/main.js');
  const target = spawnCommand(owner, [nodeBinary('22'), program]);
  await target.expect(/^ready$/);
  change(directory);
  const archive = makeDirectory(owner, 'archive');
  const run = (...args: string[]) => runSleeper(args, { archive });
  const { stdout } = await run('dump', String(target.pid), '--json');
  const report = assertStrictReport(JSON.parse(stdout));
  const shown = await run('view', 'last');
  return { report, directory, text: shown.stdout };
}

test('packages of the stack and of loaded addons, the program first; descriptors by kind', async (t) => {
  const { report, directory, text } = await dump(t);
  const at = (name: string) => path.join(directory, name);
  assert.deepEqual(report.packages, [
    { name: 'shop', version: '4.2.0', directory },
    { name: '@shop/pricing', version: '1.9.3-beta.1', directory: at('node_modules/@shop/pricing') },
    { name: 'image-codec', version: '0.3.1', directory: at('node_modules/image-codec') },
    { name: 'pipeline', directory: at('node_modules/@shop/pricing/node_modules/pipeline') },
  ]);
  const { count, kinds } = report.process.descriptors ?? { count: 0, kinds: {} };
  assert.equal(kinds['file'], 7);
  assert.equal(
    Object.values(kinds).reduce((sum, one) => sum + one, 0),
    count,
  );
  assert.match(text, /shop 4\.2\.0, @shop\/pricing 1\.9\.3-beta\.1, image-codec 0\.3\.1, pipeline/);
  assert.match(text, /fds\s+\d+ open of at most \d+: .*7 file/s);
});

test('what was installed anew says so; what is no package is left out', async (t) => {
  const { report, text } = await dump(t, (directory) => {
    const pricing = path.join(directory, 'node_modules/@shop/pricing');
    const renewed = path.join(pricing, 'package.json');
    fs.writeFileSync(renewed, '{"name":"@shop/pricing","version":"2.0.0"}');
    // The program may have started some 40 ms ago: less than the clocks are trusted to tell apart.
    const laterS = Date.now() / 1000 + 1;
    fs.utimesSync(renewed, laterS, laterS);
    fs.writeFileSync(path.join(pricing, 'node_modules/pipeline/package.json'), '{ broken');
    // A link may lead anywhere.
    const codec = path.join(directory, 'node_modules/image-codec/package.json');
    fs.rmSync(codec);
    fs.symlinkSync('/etc/passwd', codec);
  });
  assert.deepEqual(
    report.packages?.map(({ name, version, changedSinceStart = false }) => [
      name,
      version,
      changedSinceStart,
    ]),
    [
      ['shop', '4.2.0', false],
      ['@shop/pricing', '2.0.0', true],
    ],
  );
  assert.match(text, /@shop\/pricing 2\.0\.0 \(changed on disk\s+since the start\)/);
});
