// What `npm run` does: starts a program by way of a shell, and waits for the shell.
import { spawn } from 'node:child_process';
import fs from 'node:fs';

const idle = 'process.stdin.resume().on("end", () => process.exit())';
// All of them end with this process, whose end of the pipe is closed then.
const shell = spawn('sh', ['-c', `"$0" -e '${idle}' ; true`, process.execPath], {
  stdio: ['pipe', 'ignore', 'ignore'],
});

const look = setInterval(() => {
  const children = fs.readFileSync(`/proc/${shell.pid}/task/${shell.pid}/children`, 'utf8');
  const waits = fs.readFileSync(`/proc/${shell.pid}/wchan`, 'utf8').includes('do_wait');
  const [child] = children.split(' ').filter(Boolean);
  const isNode = child !== undefined && fs.readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('\0-e\0');
  if (!waits || !isNode) return;
  clearInterval(look);
  console.log(`${shell.pid} ${child}`);
  fs.writeSync(3, '.');
}, 20);
