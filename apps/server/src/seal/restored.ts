import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RuleEditions } from '@oiltrail/domain'
import { ProblemError } from '@oiltrail/kernel'
import { encodeDesk } from '@oiltrail/protocols/uplink'
import type { Intake } from '../intake/intake.ts'
import { replaceOnDisk, textOf } from './sidefile.ts'

/** Marks and declarations of all counties, as they lie beside the keys. */
const SIDE_FILES = /^(?:checkpoint|log-restored)-[0-9]{6}$/

/**
 * What a log has to say at its next start, because it goes on from a copy of its database: the newest checkpoint of the history
 * that was given up, empty when nobody knows one. Undefined when there is nothing to say.
 */
export async function readDeclaration(keys: string, county: string): Promise<string | undefined> {
  return textOf(declarationPath(keys, county))
}

/**
 * Settles what lies beside the keys after a restore. Files of a log whose own keys went aside go with them, under the same ending;
 * the next start of each restored log says that it goes on from a backup. The mark of the same log stays: it knows whether the
 * backup is older than what was signed.
 */
export async function settleRestored(
  keys: string,
  counties: readonly number[],
  aside: string | undefined,
): Promise<void> {
  if (aside !== undefined)
    for (const name of (await readdir(keys)).filter((file) => SIDE_FILES.test(file)))
      await rename(join(keys, name), join(keys, `${name}${aside}`))
  for (const county of counties) {
    const path = declarationPath(keys, String(county).padStart(6, '0'))
    // A checkpoint that was given up and not told yet stays to be told.
    if ((await textOf(path)) === undefined) await replaceOnDisk(keys, path, '')
  }
}

/** The log has said it. */
export async function forgetDeclaration(keys: string, county: string): Promise<void> {
  await rm(declarationPath(keys, county), { force: true })
}

/**
 * States in the log that it goes on from a copy of its database, with the newest checkpoint of what was given up, if one is known.
 * Throws when it cannot be stated: a log that keeps this to itself is the forger's.
 */
export async function stateRestored(
  intake: Pick<Intake, 'state'>,
  lost: string,
  rules: RuleEditions,
): Promise<void> {
  const restored = lost === '' ? {} : { lost }
  const done = await intake.state({
    action: 'platform-started',
    effect: async (_tx, at) =>
      encodeDesk({ v: 1, action: 'platform-started', actor: 'server', at, away: true, rules, restored }),
  })
  if (!done.ok) throw new ProblemError(done.problem)
}

/** Where the declaration of a county lies. */
export function declarationPath(keys: string, county: string): string {
  return join(keys, `log-restored-${county}`)
}
