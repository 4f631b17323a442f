import { execSync } from 'node:child_process';
import { ready } from '../../ready.mjs';

function convert(file) {
  const command = `echo ${file} >&2; exec setpriv --pdeathsig KILL sleep 3600`;
  return execSync(command, { stdio: 'ignore' }); // @stuck
}

function publish(order) {
  const files = [order.invoice];
  return files.map((file) => convert(file)); // @call
}

ready();
publish({ id: 'A-17', invoice: 'a-17.pdf' });
