import { runVerify } from './cli.ts'

/** `oiltrail-verify`: the auditor's offline checker. Reads files, writes its report, opens no connection. */
process.exitCode = await runVerify(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
})
