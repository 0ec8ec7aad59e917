// Asks the service of this very container whether it lives; ends with 1 when it doesn't.
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';

const { KITH_PORT = '8484', KITH_TLS_CERT } = process.env;
// The certificate names the service, not this address
const [request, options] = KITH_TLS_CERT ? [secure, { rejectUnauthorized: false }] : [plain, {}];

const asked = request({ host: '127.0.0.1', port: KITH_PORT, path: '/health', timeout: 4000, ...options }, (answer) => {
  answer.resume();
  process.exitCode = answer.statusCode === 200 ? 0 : 1;
});
asked.on('timeout', () => asked.destroy(new Error('no answer within 4 s')));
asked.on('error', ({ message }) => {
  console.error(message);
  process.exitCode = 1;
});
asked.end();
