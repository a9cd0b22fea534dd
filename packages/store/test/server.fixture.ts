// A process that runs the database and waits to be killed.
import { startPostgres } from '../src/postgres.ts'

const log = { info: () => undefined, error: () => undefined }
const server = await startPostgres({ directory: process.argv[2]!, log })
process.stdout.write(`${JSON.stringify({ pid: server.pid, url: server.url })}\n`)
setInterval(() => undefined, 60_000)
