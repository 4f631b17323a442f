import { ready } from '../../ready.mjs';

const jobs = ['resize', 'rotate'];

function nextJob(turn) {
  const job = jobs[turn % 2];
  return Promise.resolve(job);
}

function drain(turn) {
  void nextJob(turn % 1000).then((job) => drain(turn + job.length)); // @stuck
}

ready();
drain(0);
