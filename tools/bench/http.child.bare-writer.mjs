/** The bare route's writer; see `http.child.bare.mjs`. */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

const db = new Database(workerData.file);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec('CREATE TABLE messages (channel_id TEXT, seq INTEGER, id TEXT, author_id TEXT, client_msg_id TEXT, content TEXT, at INTEGER, PRIMARY KEY (channel_id, seq)) WITHOUT ROWID');
const insert = db.prepare('INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?)');
const seqs = new Map();
const commit = db.transaction((rows) => rows.map((row) => {
  const seq = (seqs.get(row.channel_id) ?? 0) + 1;
  seqs.set(row.channel_id, seq);
  insert.run(row.channel_id, seq, row.id, row.author_id, row.client_msg_id, row.content, row.at);
  return { id: row.id, seq };
}));
const queue = [];
let running = false;
parentPort.on('message', (rows) => {
  queue.push(...rows);
  if (running) return;
  running = true;
  setImmediate(work);
});
function work() {
  parentPort.postMessage(commit(queue.splice(0, 64)));
  if (queue.length > 0) setImmediate(work);
  else running = false;
}
