import type { YAMLError } from 'yaml'

/** What the YAML parser complains of, in Chinese; the English stands in its own message. */
const WORDS: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: '缩进须用空格,不得用制表符(Tab)',
  BAD_INDENT: '缩进不一致',
  DUPLICATE_KEY: '同一项写了两次',
  MULTILINE_IMPLICIT_KEY: '冒号后须有一个空格,或缺少冒号、引号未成对',
  BLOCK_AS_IMPLICIT_KEY: '一行写了两个冒号,或缩进有误',
  BLOCK_IN_FLOW: '方括号、花括号内不得换用缩进写法',
  MISSING_CHAR: '缺少符号:引号、括号未成对,或缺少冒号',
  UNEXPECTED_TOKEN: '此处有多余的内容',
  BAD_SCALAR_START: '值不得以此符号开头,请加引号',
  BAD_DQ_ESCAPE: '双引号内的反斜杠不是合法转义,路径请用单引号',
  MULTIPLE_DOCS: '一个文件只能有一份配置(多了 ---)',
}

/** Punctuation of a Chinese keyboard that YAML takes for text. */
const FULL_WIDTH = /[\uff1a\uff0c\uff5b\uff5d\uff3b\uff3d\uff03\u3010\u3011\u201c\u201d\u2018\u2019]/

/** Words for a fault of syntax, both languages. */
export function syntaxWords(error: YAMLError): string {
  return `YAML 语法错误:${WORDS[error.code] ?? '无法解析'} / YAML syntax: ${error.message}`
}

/** A hint when one of the lines around `line` (from 1) holds full-width punctuation, else nothing. */
export function fullWidthHint(text: string, line: number): string {
  const near = text.split('\n').slice(Math.max(0, line - 2), line + 1)
  const mark = FULL_WIDTH.exec(near.map((each) => each.replace(/(^|\s)#.*/, '')).join('\n'))
  return mark
    ? ` (附近有全角符号 ${mark[0]} 应为半角 / full-width ${mark[0]} nearby: use plain ASCII punctuation)`
    : ''
}

/**
 * Text of a file that must be UTF-8, without its byte order mark. Otherwise the line (from 1) that is not, and why in
 * both languages.
 */
export function decodeUtf8(bytes: Uint8Array): { text: string } | { line: number; says: string } {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    return { line: 1, says: '文件是 UTF-16,请另存为 UTF-8 / the file is UTF-16: save it as UTF-8' }
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    return { text: decoder.decode(bytes) }
  } catch {
    let line = 1
    for (let from = 0; from < bytes.length; line++) {
      const end = bytes.indexOf(0x0a, from)
      const next = end < 0 ? bytes.length : end + 1
      if (!isUtf8(bytes.subarray(from, next))) break
      from = next
    }
    return { line, says: '不是 UTF-8(可能是 GBK),请另存为 UTF-8 / not UTF-8 (GBK?): save it as UTF-8' }
  }
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}
