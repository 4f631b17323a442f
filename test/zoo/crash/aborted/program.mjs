import { ready } from '../../ready.mjs';

function giveUp(reason) {
  process.abort(); // @crash
}

ready();
setTimeout(() => giveUp({ code: 'E_LICENCE' }), 1);
