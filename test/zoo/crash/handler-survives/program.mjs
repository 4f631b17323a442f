import { ready } from '../../ready.mjs';

function parse(line) {
  const at = line.indexOf('=');
  throw new SyntaxError(`no value in ${line}`); // @thrown
}

let caught = 0;
process.on('uncaughtException', () => {
  caught++;
  if (caught < 20) setTimeout(parse, 1, 'port');
});
ready();
setTimeout(parse, 1, 'port');
