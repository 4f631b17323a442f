/** Calls by name, decoded from the kernel's line, and from a real process. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import {
  describeSyscall,
  epollDescriptorOf,
  parseSyscall,
  readSyscall,
} from '#dist/probe/syscall.js';
import { findSyscallName } from '#dist/probe/syscall-table.js';
import { readTargetString } from '#dist/probe/target-string.js';
import { makeDirectory, spawnCommand } from '../harness/spawn-target.ts';
import { spawnZoo } from '../harness/spawn-zoo.ts';
import { waitForSyscall } from '../harness/wait.ts';

const strings = new Map([[0x7f00, '/etc/hosts']]);
const fakeStrings = (_pid: number, address: number): string | null => strings.get(address) ?? null;
/** A pid that no process has: descriptors cannot be looked up. */
const nobody = 4_194_305;

const rows: readonly (readonly [line: string, words: string | null])[] = [
  ['running', null],
  ['-1 0x7ffd 0x7fa', null],
  ['0 0x11 0x55d0 0x1000 0x0 0x0 0x0 0x7ffd 0x7fa', 'read(fd 17, 4096 bytes)'],
  ['257 0xffffff9c 0x7f00 0x0 0x0 0x0 0x0 0x7ffd 0x7fa', 'openat(/etc/hosts)'],
  ['257 0xffffffffffffff9c 0x9999 0x0 0x0 0x0 0x0 0x7ffd 0x7fa', 'openat(path at 0x9999)'],
  ['232 0xe 0x7ffd 0x400 0xffffffff 0x0 0x0 0x7ffd 0x7fa', 'epoll_wait(fd 14, no timeout)'],
  ['281 0xe 0x7ffd 0x400 0x5dc 0x0 0x8 0x7ffd 0x7fa', 'epoll_pwait(fd 14, timeout 1500 ms)'],
  ['202 0x7f12 0x80 0x0 0x0 0x0 0xffffffff 0x7ffd 0x7fa', 'futex(0x7f12, wait)'],
  ['61 0x1267 0x0 0x0 0x0 0x0 0x0 0x7ffd 0x7fa', 'wait4(pid 4711)'],
  ['35 0x7ffd 0x0 0x0 0x0 0x0 0x0 0x7ffd 0x7fa', 'nanosleep()'],
  ['9999 0x0 0x0 0x0 0x0 0x0 0x0 0x7ffd 0x7fa', 'syscall 9999()'],
];
for (const [line, words] of rows) {
  test(`syscall: ${line.slice(0, 40)}`, () => {
    assert.equal(describeSyscall(nobody, parseSyscall(line, 'x64'), fakeStrings), words);
  });
}

test('syscall: something else is refused', () => {
  assert.throws(() => parseSyscall('<html>'));
});

test('syscall: the table has the numbers of the kernel’s headers', () => {
  for (const [number, name] of [
    [0, 'read'],
    [59, 'execve'],
    [202, 'futex'],
    [231, 'exit_group'],
    [281, 'epoll_pwait'],
    [334, 'rseq'],
    [425, 'io_uring_setup'],
    [441, 'epoll_pwait2'],
    [449, 'futex_waitv'],
  ] as const) {
    assert.equal(findSyscallName(number, 'x64'), name);
  }
  assert.equal(findSyscallName(0, 'arm64'), null);
});

test('syscall: epoll descriptor', () => {
  assert.equal(epollDescriptorOf(parseSyscall('281 0xe 0x0 0x0 0x0 0x0 0x8 0x0 0x0', 'x64')), 14);
  assert.equal(epollDescriptorOf(parseSyscall('0 0xe 0x0 0x0 0x0 0x0 0x8 0x0 0x0', 'x64')), null);
});

test('syscall: a process that reads from a FIFO names the FIFO', async (t) => {
  const target = await spawnZoo(t, 'hang/sync-fifo-read');
  const reading = readSyscall(target.pid, target.pid);
  assert.ok(reading.known);
  assert.match(
    describeSyscall(target.pid, reading.value, readTargetString) ?? '',
    /^read\(fd \d+ → \/.*\/orders\.fifo, 64 bytes\)$/,
  );
});

test('syscall: a path in the memory of a process that opens a FIFO', async (t) => {
  const fifo = path.join(makeDirectory(t, 'fifo'), 'orders ünd more.fifo');
  execFileSync('mkfifo', [fifo]);
  const target = spawnCommand(t, [process.execPath, '-e', `fs.openSync(${JSON.stringify(fifo)})`]);
  await waitForSyscall(target.pid, '257');
  const reading = readSyscall(target.pid, target.pid);
  assert.ok(reading.known);
  assert.equal(describeSyscall(target.pid, reading.value, readTargetString), `openat(${fifo})`);
  assert.ok(fs.existsSync(fifo));
});
