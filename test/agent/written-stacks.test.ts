/** The values at a throw, when JavaScript writes the error's stack down: hooks, and what reads source maps. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import ts from 'typescript';
import type { Report } from '#dist/report/schema.js';
import { type NodeName, nodeBinary } from '../harness/node-versions.ts';
import { agentRegister, root } from '../harness/paths.ts';
import { readReports } from '../harness/reports-in.ts';
import { makeDirectory, patientDeath, spawnCommand, type Owner } from '../harness/spawn-target.ts';

const program = path.join(root, 'test/agent/programs/written-stack.cjs');

async function run(owner: Owner, node: NodeName, args: readonly string[]) {
  const archive = makeDirectory(owner, 'archive');
  const command = [nodeBinary(node), '--require', agentRegister, ...args] as const;
  const env = { SLEEPER_ARCHIVE: archive, ...patientDeath };
  const target = spawnCommand(owner, command, { env });
  const { status } = await target.exited;
  const [report, ...others] = await readReports(archive);
  assert.ok(report !== undefined && others.length === 0);
  return { status, lines: target.lines, report };
}

function previews(report: Report, called: string): string[] {
  const thread = report.threads[0];
  assert.match(thread?.note ?? '', /^the stack at the throw/, JSON.stringify(report.missing));
  const frame = thread?.frames.find(
    ({ function: name, original }) => (original?.function ?? name) === called,
  );
  return [...(frame?.arguments ?? []), ...(frame?.locals ?? [])].map(({ value }) => value.preview);
}

for (const node of ['20', '22', '24', '26'] as const) {
  suite(`node ${node}`, () => {
    test('a hook that has everything collected: frames and values of the throw', async (t) => {
      const { status, report } = await run(t, node, ['--expose-gc', program]);
      assert.equal(status, 1);
      const [line, , fields] = previews(report, 'parse');
      assert.equal(line, '"port-2"');
      assert.equal(fields, '{left: ["port-2"], depth: {n: 5}}');
      assert.match(report.error?.stack ?? '', /at parse .*written-stack\.cjs:7/);
      // Neither the copy nor the helper is the program's.
      assert.deepEqual(
        report.neighbours?.filter(({ relation }) => relation === 'child'),
        [],
      );
    });

    test('--enable-source-maps, all lines of the stack before compilation: the values, too', async (t) => {
      const written = `interface Order { id: string }

        function charge(order: Order, depth: number): number {
          if (depth > 0) return charge(order, depth - 1) + 1;
          throw new Error('refused ' + order.id);
        }
        setImmediate(() => charge({ id: 'A-17' }, 14));`;
      const directory = makeDirectory(t, 'mapped');
      const { outputText, sourceMapText = '' } = ts.transpileModule(written, {
        fileName: path.join(directory, 'order.ts'),
        compilerOptions: { sourceMap: true, target: ts.ScriptTarget.ES2022 },
      });
      fs.writeFileSync(path.join(directory, 'order.ts'), written);
      fs.writeFileSync(path.join(directory, 'order.js'), outputText);
      fs.writeFileSync(path.join(directory, 'order.js.map'), sourceMapText);
      const compiled = path.join(directory, 'order.js');
      const { report } = await run(t, node, ['--enable-source-maps', compiled]);
      assert.doesNotMatch(report.error?.stack ?? '', /order\.js/);
      assert.deepEqual(previews(report, 'charge'), ['{id: "A-17"}', '0']);
    });
  });
}

test('a program that survives: the copy has gone when its handlers run', async (t) => {
  const { status, lines, report } = await run(t, '24', ['--expose-gc', program, 'survives']);
  assert.equal(status, 0);
  assert.deepEqual(lines, ['no children']);
  assert.equal(previews(report, 'parse')[0], '"port-3"');
});
