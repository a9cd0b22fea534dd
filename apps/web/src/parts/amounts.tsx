import type { ReactNode } from 'react'
import { formatLitres, formatYuan } from '../text/format.ts'
import { Figure } from '../ui/Figure.tsx'

/** A volume in litres. */
export function Litres({
  millilitres,
  decimals = 0,
  live = false,
}: {
  millilitres: number
  decimals?: number
  live?: boolean
}): ReactNode {
  return <Figure value={formatLitres(millilitres, decimals)} unit="L" live={live} />
}

/** An amount of money in yuan. */
export function Yuan({ fen, live = false }: { fen: number; live?: boolean }): ReactNode {
  return <Figure value={formatYuan(fen)} unit="¥" before live={live} />
}
