/** One line of the catalogue of problems: the HTTP status it maps to, and its words in both languages. */
export interface CatalogueEntry {
  readonly status: number
  readonly zh: string
  readonly remedyZh: string
  readonly en: string
  readonly remedyEn: string
}

function entry(status: number, zh: string, remedyZh: string, en: string, remedyEn: string): CatalogueEntry {
  return { status, zh, remedyZh, en, remedyEn }
}

/**
 * Every refusal the system can give, once. Codes are stable: they stand in the log, in receipts and in documents.
 * A code is never renamed or re-used; a new situation gets a new code.
 */
export const CATALOGUE = {
  // Shape of what arrived
  MALFORMED: entry(
    400,
    '报文格式错误',
    '对照格式文档检查该字段后重发',
    'The message is malformed',
    'Check the named field against the format document and send again',
  ),
  OVERSIZED: entry(
    413,
    '报文超过大小上限',
    '拆成较小的批次后重发',
    'The message is larger than the limit',
    'Split it into smaller batches and send again',
  ),
  UNSUPPORTED_VERSION: entry(
    400,
    '格式版本不受支持',
    '升级采集器或平台',
    'This format version is not supported',
    'Upgrade the collector or the platform',
  ),
  BAD_CHECKSUM: entry(
    400,
    '校验和不符',
    '检查线路质量与接线',
    'The checksum does not match',
    'Check the line and its wiring',
  ),
  TRAILING_BYTES: entry(
    400,
    '报文末尾有多余字节',
    '检查报文长度',
    'There are bytes after the end of the message',
    'Check the length of the message',
  ),
  UNKNOWN_KIND: entry(
    400,
    '未知的记录类型',
    '原始字节已保存;升级平台后可重新解码',
    'The kind of record is unknown',
    'The bytes are kept; decode again after an upgrade',
  ),
  // Who sent it
  UNKNOWN_DEVICE: entry(
    403,
    '设备未登记',
    '先为该设备办理登记(enrol)',
    'The device is not enrolled',
    'Enrol the device first',
  ),
  UNKNOWN_KEY: entry(
    403,
    '未知的设备密钥',
    '确认设备密钥已登记且未吊销',
    'The device key is unknown',
    'Make sure that the key is enrolled and not revoked',
  ),
  BAD_SIGNATURE: entry(
    403,
    '签名验证失败',
    '数据可能被篡改或密钥错误,现场核查采集器',
    'The signature is wrong',
    'The data may have been altered or the key is wrong: inspect the collector on site',
  ),
  BAD_CREDENTIAL: entry(
    401,
    '凭据无效',
    '检查令牌或口令',
    'The credential is not valid',
    'Check the token or password',
  ),
  ENROL_CODE_INVALID: entry(
    403,
    '登记码无效、已使用或已过期',
    '重新签发登记码',
    'The enrolment code is wrong, used or expired',
    'Issue a new code',
  ),
  FORBIDDEN: entry(
    403,
    '无权执行此操作',
    '联系管理员授权',
    'You may not do this',
    'Ask an administrator for permission',
  ),
  // Where it stands in its chain
  CHAIN_BROKEN: entry(
    409,
    '哈希链断裂',
    '记录缺失或被改动,现场核查采集器存储',
    'The hash chain is broken',
    'Records are missing or altered: inspect the collector store',
  ),
  CHAIN_FORK: entry(
    409,
    '同一序号出现两份不同的记录',
    '疑似伪造或克隆采集器,保全现场',
    'Two different records claim the same sequence number',
    'Forgery or a cloned collector is likely: secure the site',
  ),
  REPLAYED: entry(
    200,
    '重复报送,已按首次入库回执',
    '无需处理',
    'Sent before; the first receipt stands',
    'Nothing to do',
  ),
  TOO_MANY_GAPS: entry(
    429,
    '该通道缺口过多',
    '先补传最早的缺口',
    'Too many gaps in this channel',
    'Back-fill the oldest gap first',
  ),
  // Is it believable
  CLOCK_FUTURE: entry(
    422,
    '记录时间晚于接收时间',
    '校准采集器时钟',
    'The time of the record lies in the future',
    'Set the clock of the collector',
  ),
  CLOCK_ANCIENT: entry(
    422,
    '记录时间早于系统允许的最早时间',
    '校准采集器时钟',
    'The time of the record is before anything the system accepts',
    'Set the clock of the collector',
  ),
  OUT_OF_RANGE: entry(
    422,
    '数值超出合理范围',
    '检查设备与接线',
    'A value is outside its plausible range',
    'Check the device and its wiring',
  ),
  UNKNOWN_SUBJECT: entry(
    422,
    '记录指向未登记的油枪、油罐或鹤管',
    '先补充站点登记',
    'The record names a nozzle, tank or arm that is not registered',
    'Complete the registration of the site',
  ),
  WRONG_CHANNEL: entry(
    422,
    '该类记录不属于此通道',
    '检查采集器配置',
    'This kind of record does not belong to this channel',
    'Check the configuration of the collector',
  ),
  // The platform and its people
  NOT_FOUND: entry(404, '没有找到', '检查地址或编号', 'Not found', 'Check the address or number'),
  METHOD_NOT_ALLOWED: entry(
    405,
    '该地址不支持此方法',
    '改用 Allow 所列的方法',
    'This address does not know that method',
    'Use one of those that Allow names',
  ),
  INVALID_REQUEST: entry(
    400,
    '请求参数错误',
    '按提示修改后重试',
    'The request is not valid',
    'Correct the named field and try again',
  ),
  CONFLICT: entry(
    409,
    '与现有数据冲突',
    '刷新后重试',
    'It conflicts with what is there',
    'Reload and try again',
  ),
  TOO_MANY_REQUESTS: entry(429, '请求过于频繁', '稍后重试', 'Too many requests', 'Try again later'),
  OVERLOADED: entry(
    503,
    '系统繁忙,未入库',
    '保留数据,稍后重发',
    'The system is busy; nothing was stored',
    'Keep the data and send again later',
  ),
  STORE_FAILED: entry(
    503,
    '数据库写入失败,未入库',
    '检查数据库与磁盘空间',
    'The database could not store it; nothing was stored',
    'Check the database and the disk space',
  ),
  STORE_AWAY: entry(
    503,
    '数据库暂不可用',
    '稍后重试;持续如此时检查数据库',
    'The database does not answer for now',
    'Try again soon; if it stays so, check the database',
  ),
  DATABASE_LOST: entry(
    500,
    '原有数据库不见了,平台不会用空数据库顶替',
    '找回原目录(如重新挂载磁盘)后再启动;原用自备数据库的,设置 DATABASE_URL;确已丢失的,用 oiltrail restore 将备份恢复到新的数据目录',
    'The database that was there is gone; an empty one will not take its place',
    'Bring its folder back (mount the disk again); if it was a database of your own, set DATABASE_URL; if it is lost, restore a backup into a new data folder with oiltrail restore',
  ),
  DATABASE_OLDER: entry(
    500,
    '数据库比已签署的日志旧,或另有内容;从此继续就会以同一名义签出另一份历史',
    '恢复较新的数据库或备份;确已丢失并接受损失的,执行 oiltrail accept-loss,下次启动时会载入日志',
    'The database is older than the log that was signed, or another one: going on from it would sign a second history under the same name',
    'Bring back the newer database or backup; if it is lost and the loss is accepted, run oiltrail accept-loss, which the log will state at the next start',
  ),
  SHARD_OWNED: entry(
    503,
    '该县日志已由另一服务进程写入',
    '先停止另一服务进程',
    'Another server process owns the log of this county',
    'Stop the other server first',
  ),
  CONFIG_INVALID: entry(
    400,
    '配置文件有误',
    '按所指行修改',
    'The configuration is wrong',
    'Correct the named line',
  ),
  SPOOL_FULL: entry(
    507,
    '采集器存储已满',
    '恢复网络以便补传,或扩容',
    'The spool of the collector is full',
    'Restore the network so that it can back-fill, or enlarge the disk',
  ),
  SPOOL_CORRUPT: entry(
    500,
    '采集器存储损坏',
    '现场核查采集器磁盘',
    'The spool of the collector is damaged',
    'Inspect the disk of the collector',
  ),
  EVIDENCE_INVALID: entry(
    422,
    '存证校验不通过',
    '以所列步骤为准,封存该文件',
    'The evidence does not verify',
    'Rely on the step named; keep the file as it is',
  ),
  INTERNAL: entry(
    500,
    '内部错误',
    '把错误编号交给管理员',
    'Internal error',
    'Give the reference to the administrator',
  ),
} as const satisfies Record<string, CatalogueEntry>

/** A code of the catalogue. */
export type ProblemCode = keyof typeof CATALOGUE

/** Whether a text is a code of the catalogue (for codes that come back from storage). */
export function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(CATALOGUE, text)
}
