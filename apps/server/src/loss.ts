import { join } from 'node:path'
import { defaultOrigin } from '@oiltrail/evidence'
import { ProblemError } from '@oiltrail/kernel'
import type { Store } from '@oiltrail/store'
import type { ServerConfig } from './config.ts'
import { readLogSigners } from './seal/keys.ts'
import { HeadMark } from './seal/mark.ts'

/** Help of `oiltrail accept-loss`. */
export const ACCEPT_LOSS_HELP = `  --county CODE        six digits (OILTRAIL_COUNTY, 520327) / 县级区划代码
  --origin NAME        name of the log, where it is not the usual one (OILTRAIL_ORIGIN) / 日志名称

For a platform that refuses to start with DATABASE_OLDER, when the newer database and every newer backup are lost. The next
start then states in the log that it goes on from an older copy, with the checkpoint that was given up; whoever kept a
checkpoint of the lost part will find that the log was broken there, and read why.
用于平台因 DATABASE_OLDER 拒绝启动、且较新的数据库与备份均已丢失的情形。下次启动时,日志将载明自旧副本继续,并附上被放弃的检查点。
`

/** `oiltrail accept-loss`: lets a log go on from an older copy of its database. CONFLICT when nothing is lost. */
export async function acceptLoss(store: Store, config: ServerConfig): Promise<number> {
  const county = { number: Number(config.countyCode), code: config.countyCode }
  const keys = join(config.data, 'keys')
  const origin = config.origin ?? defaultOrigin(county.code)
  const mark = await HeadMark.open({ keys, county, origin, signers: await readLogSigners(keys, origin) })
  try {
    await store.transaction((tx) => mark.check(tx))
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.code !== 'DATABASE_OLDER') throw error
    await mark.surrender()
    process.stderr.write(
      `accepted: ${error.problem.detail}\nthe next start states it in the log / 已接受;下次启动时载入日志\n`,
    )
    return 0
  }
  const detail =
    'this database holds what was signed: there is no loss to accept / 该库与已签署的日志一致,无需接受损失'
  throw new ProblemError({ code: 'CONFLICT', detail })
}
